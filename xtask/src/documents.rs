//! `cargo xtask documents`: replays the console examples of README.md and docs/ with the built `shm`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Verdict;
use crate::console;
use crate::leftovers::Snapshot;
use crate::private::{self, Who};
use crate::replay;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask documents [FILE…]

Replays the console examples of the files, if none is named of README.md and all others in Markdown
there and in docs/, compares what the commands print, and looks whether the files that they link to
exist. Each file's commands run in
a directory of their own, with the built shm first on PATH, and where the system allows it in a
/dev/shm of their own.

A block that is marked `console` is one terminal:

  $ COMMAND     runs; it has to end with status 0, unless `$ echo $?` is the next
  > MORE        continues the command
  other lines   are what it prints; `...` is any lines, `[..]` any text in a line

`console meanwhile` is a second terminal, in use at the same time as the block after it.
";

/// Runs the command; true if every example printed what it says.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut files = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            option if option.starts_with('-') => {
                return Err(format!("documents knows no {option}; see --help"));
            }
            file => files.push(PathBuf::from(file)),
        }
    }
    if let Some(verdict) = private::rerun("documents", arguments, Who::Everyone) {
        return verdict;
    }
    workspace::build_shm()?;
    replay_all(&files)
}

/// Replays the examples of `files`, and reports in libtest's manner.
fn replay_all(files: &[PathBuf]) -> Verdict {
    let begun = Instant::now();
    let (mut passed, mut failed) = (0, 0);
    let files = if files.is_empty() {
        let root = workspace::root();
        let mut files = workspace::files_with_extension(&root, "md");
        files.extend(workspace::files_with_extension(&root.join("docs"), "md"));
        files
    } else {
        files.to_vec()
    };
    for file in files {
        for (name, problems) in check(&file)? {
            let file = file.strip_prefix(workspace::root()).unwrap_or(&file);
            let file = file.display();
            if problems.is_empty() {
                passed += 1;
                println!("test {file} {name} ... ok");
            } else {
                failed += 1;
                println!("test {file} {name} ... FAILED\n{problems}");
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

/// Follows the links of `file` and replays its examples; returns for each its name and what was wrong.
fn check(file: &Path) -> Result<Vec<(String, String)>, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
    let blocks = console::blocks(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let broken: String = console::linked_files(&text)
        .into_iter()
        .filter(|target| !folder.join(target).exists())
        .map(|target| format!("no such file: {target}\n"))
        .collect();
    let mut checked = vec![("links".to_owned(), broken)];
    let scratch = Scratch::new(&file.file_name().unwrap_or_default().to_string_lossy())?;
    for group in replay::groups(&blocks) {
        let before = Snapshot::now();
        let mut problems = replay::replay(group, scratch.path());
        for left in before.left_since(Duration::from_secs(1)) {
            problems.push_str(&format!("left in /dev/shm: {left}\n"));
        }
        checked.push((format!("line {}", group[0].line), problems));
    }
    Ok(checked)
}

/// An empty directory, gone at the end.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    /// Makes one that is called after `name` and this process.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let path = workspace::target()
            .join("documents")
            .join(format!("{name}-{}", std::process::id()));
        fs::create_dir_all(&path)
            .map_err(|error| format!("{} cannot be made: {error}", path.display()))?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
