//! Types the commands of console blocks into a shell, and judges what it prints.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::console::{self, Block};
use crate::process;
use crate::workspace;

/// The longest that one block may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Ends the output of a command, before its status.
const END: char = '\u{1e}';

/// Cuts the blocks into those that go on at the same time.
pub(crate) fn groups(blocks: &[Block]) -> Vec<&[Block]> {
    blocks
        .split_inclusive(|block| !block.meanwhile)
        .filter(|group| !group.is_empty())
        .collect()
}

/// Replays blocks side by side; returns what was wrong, in words.
pub(crate) fn replay(blocks: &[Block], directory: &Path) -> String {
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

/// What bash finds wrong with a script that starts after `line`, without running it.
pub(crate) fn syntax(line: usize, script: &str) -> String {
    match process::run(Command::new("bash").args(["-n", "-c", script]), LIMIT) {
        Ok(finished) if finished.succeeded() => String::new(),
        Ok(finished) => format!("line {line}: {}", finished.report()),
        Err(reason) => format!("line {line}: {reason}\n"),
    }
}

/// Whether the programs would take the arguments of a command that is to be typed by hand; what they say if not.
///
/// The command is not run: the help is asked for behind its arguments, which are looked at first. Commands of
/// others are left alone.
pub(crate) fn arguments(line: usize, command: &str) -> String {
    let typed = command.split(" #").next().unwrap_or_default().trim_end();
    let own = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("xtask"));
    let script = match typed.strip_prefix("cargo xtask ") {
        Some(rest) => format!("'{}' {rest} --help", own.display()),
        None if typed.starts_with("shm ") => format!("{typed} --help"),
        None => return String::new(),
    };
    match process::run(&mut bash(&script), LIMIT) {
        Ok(finished) if finished.succeeded() => String::new(),
        Ok(finished) => format!("line {line}: {typed}\n{}", finished.report()),
        Err(reason) => format!("line {line}: {reason}\n"),
    }
}

/// A shell that runs `script` and finds the built shm.
fn bash(script: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let programs = workspace::shm();
    let mut directories: Vec<PathBuf> = programs.parent().map(Path::to_owned).into_iter().collect();
    directories.extend(std::env::split_paths(&path));
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).env_remove("SHM_NAME");
    // Only a folder with a colon in its name cannot be joined, and then shm is not found.
    if let Ok(path) = std::env::join_paths(directories) {
        bash.env("PATH", path);
    }
    bash
}

fn replay_block(block: &Block, directory: &Path) -> String {
    let mut bash = bash(&script(block));
    bash.current_dir(directory);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::Scratch;

    /// What is wrong with the blocks of `document` when they are really replayed.
    fn wrong(label: &str, document: &str) -> String {
        let blocks = console::blocks(document).expect("the document is well formed");
        let scratch = Scratch::new(label).expect("the target directory is writable");
        groups(&blocks)
            .into_iter()
            .map(|group| replay(group, scratch.path()))
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
    fn a_script_is_parsed_and_not_run() {
        assert_eq!(syntax(1, "no-such-command --at-all # comment"), "");
        assert!(syntax(7, "if true; then").starts_with("line 7: "));
    }

    #[test]
    fn arguments_that_a_program_does_not_know_are_told() {
        assert_eq!(arguments(1, "rm -rf / --no-such-option"), "");
        let report = arguments(3, "shm --no-such-option    # comment");
        assert!(
            report.starts_with("line 3: shm --no-such-option\n"),
            "{report}"
        );
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
