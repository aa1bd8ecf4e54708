//! `cargo xtask documents`: replays the console examples of README.md and docs/ with the built `shm`.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::Verdict;
use crate::console::{self, Block};
use crate::leftovers::Snapshot;
use crate::process;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask documents [FILE…]

Replays the console examples of the files, README.md and docs/*.md if none is named, compares what
the commands print, and looks whether the files that they link to exist. Each file's commands run in a directory of
their own, with the built shm first on PATH, and where the system allows it in a /dev/shm of their own.

A block that is marked `console` is one terminal:

  $ COMMAND     runs; it has to end with status 0, unless `$ echo $?` is the next
  > MORE        continues the command
  other lines   are what it prints; `...` is any lines, `[..]` any text in a line

`console meanwhile` is a second terminal, in use at the same time as the block after it.
";

/// The longest that one block may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Ends the output of a command, before its status.
const END: char = '\u{1e}';

/// Says that `/dev/shm` is ours alone already.
const HERE: &str = "--here";

/// Runs the command; true if every example printed what it says.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut files = Vec::new();
    let mut here = false;
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            HERE => here = true,
            option if option.starts_with('-') => {
                return Err(format!("documents knows no {option}; see --help"));
            }
            file => files.push(PathBuf::from(file)),
        }
    }
    if here {
        return replay_all(&files);
    }
    workspace::build_shm()?;
    match private_shm() {
        Some(mut command) => {
            let program = std::env::current_exe().map_err(|error| error.to_string())?;
            let status = command
                .arg(program)
                .args(["documents", HERE])
                .args(files)
                .status()
                .map_err(|error| format!("unshare does not start: {error}"))?;
            Ok(status.success())
        }
        None => replay_all(&files),
    }
}

/// A command that runs the one added to it in a `/dev/shm` of its own, if the system allows that.
fn private_shm() -> Option<Command> {
    let root = fs::metadata("/proc/self").is_ok_and(|status| status.uid() == 0);
    let make = || {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        if !root {
            command.arg("--map-root-user");
        }
        let script = "mount -t tmpfs tmpfs /dev/shm && exec \"$@\"";
        command.args(["sh", "-c", script, "sh"]);
        command
    };
    let allowed = make()
        .arg("true")
        .output()
        .is_ok_and(|output| output.status.success());
    allowed.then(make)
}

/// Replays the examples of `files`, and reports in libtest's manner.
fn replay_all(files: &[PathBuf]) -> Verdict {
    let begun = Instant::now();
    let (mut passed, mut failed) = (0, 0);
    let files = if files.is_empty() {
        let root = workspace::root();
        let mut files = vec![root.join("README.md")];
        files.extend(workspace::files_with_extension(&root.join("docs"), "md"));
        files
    } else {
        files.to_vec()
    };
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&file)
            .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let blocks =
            console::blocks(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new("."));
        let broken: Vec<&str> = console::linked_files(&text)
            .into_iter()
            .filter(|target| !folder.join(target).exists())
            .collect();
        if broken.is_empty() {
            passed += 1;
            println!("test {name} links ... ok");
        } else {
            failed += 1;
            println!("test {name} links ... FAILED");
            println!("no such file: {}", broken.join(", "));
        }
        let scratch = Scratch::new(&name)?;
        for group in groups(&blocks) {
            let before = Snapshot::now();
            let mut report = replay(group, &scratch.0);
            for left in before.left_since(Duration::from_secs(1)) {
                report.push_str(&format!("left in /dev/shm: {left}\n"));
            }
            let line = group[0].line;
            if report.is_empty() {
                passed += 1;
                println!("test {name} line {line} ... ok");
            } else {
                failed += 1;
                println!("test {name} line {line} ... FAILED\n{report}");
            }
        }
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; \
         0 filtered out; finished in {:.2}s",
        begun.elapsed().as_secs_f64()
    );
    Ok(failed == 0)
}

/// Cuts the blocks into those that go on at the same time.
fn groups(blocks: &[Block]) -> Vec<&[Block]> {
    blocks
        .split_inclusive(|block| !block.meanwhile)
        .filter(|group| !group.is_empty())
        .collect()
}

/// Replays blocks side by side; returns what was wrong, in words.
fn replay(blocks: &[Block], directory: &Path) -> String {
    thread::scope(|scope| {
        let replays: Vec<_> = blocks
            .iter()
            .map(|block| scope.spawn(|| replay_block(block, directory)))
            .collect();
        replays
            .into_iter()
            .map(|replay| {
                replay
                    .join()
                    .unwrap_or_else(|_| "the replay panicked\n".to_owned())
            })
            .collect()
    })
}

fn replay_block(block: &Block, directory: &Path) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = workspace::shm();
    let mut directories: Vec<PathBuf> = programs.parent().map(Path::to_owned).into_iter().collect();
    directories.extend(std::env::split_paths(&path));
    let path = match std::env::join_paths(directories) {
        Ok(path) => path,
        Err(error) => return format!("{error}\n"),
    };
    let mut bash = Command::new("bash");
    bash.args(["-c", &script(block)])
        .current_dir(directory)
        .env("PATH", path)
        .env_remove("SHM_NAME");
    match process::run(&mut bash, LIMIT) {
        Ok(finished) => {
            let mut report = judge(block, &finished.output);
            if !finished.succeeded() {
                report.push_str(&finished.report());
            }
            report
        }
        Err(reason) => format!("{reason}\n"),
    }
}

/// One shell runs all commands of a block, and says after each that it is done, and its status.
fn script(block: &Block) -> String {
    let mut script = String::new();
    for entry in &block.entries {
        // The status is put back for a command that asks for it.
        script.push_str(&format!(
            "{}\n__=$?; printf '\\n{END}%s\\n' $__; (exit $__)\n",
            entry.command
        ));
    }
    script.push_str("exit 0\n");
    script
}

/// Compares what the commands of `block` printed with what they promise; returns the differences.
fn judge(block: &Block, output: &str) -> String {
    let mut report = String::new();
    let mut rest = output;
    let mut entries = block.entries.iter().peekable();
    while let Some(entry) = entries.next() {
        let place = format!("line {}: $ {}\n", entry.line, entry.command);
        let end = format!("\n{END}");
        let Some((printed, after)) = rest.split_once(&end) else {
            report.push_str(&format!(
                "{place}did not come to its end; printed:\n{rest}\n"
            ));
            return report;
        };
        let (status, after) = after.split_once('\n').unwrap_or((after, ""));
        rest = after;
        let asked = entries.peek().is_some_and(|next| next.command == "echo $?");
        if status != "0" && !asked {
            report.push_str(&format!("{place}ended with status {status}\n"));
        }
        let found: Vec<&str> = printed.lines().collect();
        if !console::matches(&entry.expected, &found) {
            let expected = entry.expected.join("\n");
            report.push_str(&format!(
                "{place}should print:\n{expected}\nprinted:\n{printed}\n"
            ));
        }
    }
    report
}

/// An empty directory, gone at the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Result<Self, String> {
        let path = workspace::target()
            .join("documents")
            .join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path)
            .map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with the blocks of `document` when they are really replayed.
    fn wrong(label: &str, document: &str) -> String {
        let blocks = console::blocks(document).expect("the document is well formed");
        let scratch = Scratch::new(label).expect("the target directory is writable");
        groups(&blocks)
            .into_iter()
            .map(|group| replay(group, &scratch.0))
            .collect()
    }

    #[test]
    fn an_example_that_holds_is_fine() {
        let document =
            "```console\n$ x=1\n$ echo a$x; printf b\na1\nb\n$ (exit 3)\n$ echo $?\n3\n```\n";
        assert_eq!(wrong("holds", document), "");
    }

    #[test]
    fn other_output_is_shown_beside_the_promise() {
        let report = wrong("differs", "```console\n$ echo new\nold\n```\n");
        assert!(
            report.contains("should print:\nold\nprinted:\nnew"),
            "{report}"
        );
    }

    #[test]
    fn a_failing_command_must_be_asked_for_its_status() {
        let report = wrong("status", "```console\n$ (exit 3)\n$ true\n```\n");
        assert_eq!(report, "line 2: $ (exit 3)\nended with status 3\n");
    }

    #[test]
    fn a_command_that_leaves_the_shell_is_found() {
        let report = wrong("leaves", "```console\n$ exit 0\n$ echo never\nnever\n```\n");
        assert!(report.contains("did not come to its end"), "{report}");
    }

    #[test]
    fn two_terminals_run_at_the_same_time() {
        // Each waits for the other's file: one after the other could not end.
        let wait = |own: &str, other: &str| {
            format!("$ touch {own}; until [ -e {other} ]; do sleep 0.01; done\n")
        };
        let document = format!(
            "```console meanwhile\n{}```\n\n```console\n{}```\n",
            wait("left", "right"),
            wait("right", "left")
        );
        assert_eq!(wrong("terminals", &document), "");
    }
}
