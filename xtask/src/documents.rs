//! `cargo xtask documents`: replays the console examples of README.md and docs/ with the built `shm`, follows
//! their links, and looks whether what they quote is true.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Verdict;
use crate::console;
use crate::leftovers::Snapshot;
use crate::links;
use crate::private::{self, Who};
use crate::quotes;
use crate::replay;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask documents [FILE…]

Checks the files, if none is named README.md and all others in Markdown there, in docs/ and in
docs/labs/: replays their console examples and compares what the commands print; follows their links,
to files and to headings; looks whether the messages quoted in headings are in the sources. Each file's
commands run in a directory of their own, with the built shm first on PATH, the pages as docs/, and where
the system allows it in a /dev/shm of their own.

A block that is marked `console` is one terminal:

  $ COMMAND     runs; it has to end with status 0, unless `$ echo $?` is the next
  > MORE        continues the command
  other lines   are what it prints; `...` is any lines, `[..]` any text in a line

`console meanwhile` is a second terminal, in use at the same time as the block after it. A block that is
marked `sh` is to be typed by hand, since it takes long or changes the machine: its syntax is checked,
and whether shm and xtask would take their arguments. Blocks marked `rust` run with the doctests, and a page that has one must be among them. A
block without a mark is an error, and so is a page that docs/SUMMARY.md does not list.
";

/// What a block may be marked as.
const LANGUAGES: [&str; 5] = ["console", "sh", "rust", "text", "ini"];

/// The source that gives the pages' Rust blocks to the doctests, from the workspace's root.
const DOCTESTS: &str = "docs/examples.rs";

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
        files.extend(pages());
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
    let mut checked = vec![
        ("links".to_owned(), links::broken(file, &text)),
        ("blocks".to_owned(), blocks_are_checked(file, &text)?),
        ("quotes".to_owned(), quotes::unknown(&text)),
    ];
    if file.ends_with("docs/SUMMARY.md") {
        checked.push(("pages".to_owned(), unlisted(&text)));
    }
    let scratch = Scratch::new(&file.file_name().unwrap_or_default().to_string_lossy())?;
    std::os::unix::fs::symlink(workspace::root().join("docs"), scratch.path().join("docs"))
        .map_err(|error| format!("no link to docs/: {error}"))?;
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

/// The pages of docs/ and its folders.
fn pages() -> Vec<PathBuf> {
    let docs = workspace::root().join("docs");
    let mut pages = workspace::files_with_extension(&docs, "md");
    pages.extend(workspace::files_with_extension(&docs.join("labs"), "md"));
    pages
}

/// What is wrong with the blocks of `file`, apart from what they print.
fn blocks_are_checked(file: &Path, text: &str) -> Result<String, String> {
    let mut problems = String::new();
    let fences = console::fences(text).map_err(|error| format!("{}: {error}", file.display()))?;
    for fence in &fences {
        let language = fence.language();
        if !LANGUAGES.contains(&language) {
            problems.push_str(&format!("line {}: a block of \"{language}\"\n", fence.line));
        }
        if language == "sh" {
            let lines: Vec<&str> = fence.content.iter().map(|(_, line)| *line).collect();
            problems.push_str(&replay::syntax(fence.line, &lines.join("\n")));
            // What follows another program's command may depend on what that has set up.
            let ours = fence
                .content
                .iter()
                .take_while(|(_, text)| text.starts_with("shm ") || text.starts_with("cargo "));
            for (line, text) in ours {
                problems.push_str(&replay::arguments(*line, text));
            }
        }
    }
    let has_rust = fences.iter().any(|fence| fence.language() == "rust");
    if has_rust && !is_doctested(file)? {
        problems.push_str(&format!(
            "its Rust blocks are not run: name it in {DOCTESTS}\n"
        ));
    }
    Ok(problems)
}

fn is_doctested(file: &Path) -> Result<bool, String> {
    let source = fs::read_to_string(workspace::root().join(DOCTESTS))
        .map_err(|error| format!("{DOCTESTS} cannot be read: {error}"))?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    Ok(source.contains(&format!("include_str!(\"{name}\")")))
}

/// The pages that the table of contents, whose text is `text`, does not have, or has twice.
fn unlisted(text: &str) -> String {
    let folder = workspace::root().join("docs");
    let listed: Vec<PathBuf> = links::files(text)
        .iter()
        .map(|link| folder.join(link))
        .collect();
    pages()
        .iter()
        .filter(|page| !page.ends_with("SUMMARY.md"))
        .map(|page| (page, listed.iter().filter(|link| *link == page).count()))
        .filter(|(_, count)| *count != 1)
        .map(|(page, count)| format!("{} is listed {count} times\n", page.display()))
        .collect()
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
