//! `cargo xtask documents`: replays the console examples of README.md and docs/ with the built
//! `shm`, follows their links, and checks their quotes and their prose.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use regex::Regex;

use crate::Verdict;
use crate::page::{Block, Heading, Page};
use crate::prose;
use crate::replay;
use crate::run;
use crate::tally;

/// Check the pages: their console examples, links, quotes and prose
///
/// Checks the files; if none is named, README.md and all others in Markdown there, in docs/ and in
/// docs/labs/. It replays their console examples and compares what the commands print, follows
/// their links to files and to headings, and checks that the messages quoted in headings are in the
/// sources.
///
/// It reports the phrases of xtask/phrases.txt, lines of prose over 100 columns and of code over
/// 80, and tables of more than four columns. It leaves out what stands between `generated` marks.
/// README.md, start.md and lesson.md show all that their examples print. If no file is named, it
/// checks the prose of the packages' own README.md and of the help of shm, too.
///
/// Each file's commands run in a directory of their own, with the built shm first on PATH, the C
/// library where pkg-config finds it, the pages as docs/, the crates as crates/, and where the
/// system allows it in a /dev/shm of their own.
///
/// A block that is marked `console` is one terminal. A line `$ COMMAND` runs; it has to exit with
/// status 0, unless `$ echo $?` is the next. `> MORE` continues the command. Other lines are what
/// it prints; `...` is any lines, `[..]` any text in a line, and blanks are any number of blanks.
/// `console meanwhile` is a second terminal, in use at the same time as the block after it. The
/// examples of docs/two-machines.md run only if it is named, with shm-bridge on PATH and as root.
///
/// A line `<!-- numbers vary -->` above a block says that its numbers differ from run to run: any
/// number matches, and any time where there is a time. Other texts that differ are named, as in
/// `<!-- numbers and alice vary -->`: a text without blanks matches each. A status does not vary.
///
/// A block that is marked `sh` is for the reader to type, since it takes long or changes the
/// machine: its syntax is checked, and whether shm and xtask would take their arguments. Blocks
/// marked `rust` run with the doctests, and a page that has one must be among them. Blocks marked
/// `c` and `cpp` are quoted from files, which tests of docs check, and which console blocks build.
/// A block without a mark is an error, and so is a page that docs/SUMMARY.md does not list.
#[derive(clap::Args)]
pub(crate) struct Options {
    files: Vec<PathBuf>,
}

/// What a block may be marked as.
const LANGUAGES: [&str; 7] = ["console", "sh", "rust", "c", "cpp", "text", "ini"];

/// The pages that show all that a person sees.
const SHOWN_WHOLE: [&str; 3] = ["README.md", "docs/start.md", "docs/lesson.md"];

/// The source that gives the pages' Rust blocks to the doctests, from the workspace's root.
const DOCTESTS: &str = "docs/examples.rs";

/// The page whose examples run only if it is named, because they need the program `shm-bridge` and
/// root.
const ON_REQUEST: &str = "docs/two-machines.md";

/// Runs the command; true if every check held.
pub(crate) fn run(options: &Options) -> Verdict {
    run::build("cargo build --quiet --package shm-cli --package shm-c")?;
    run::build("xtask/install.sh $CARGO_TARGET_DIR/xtask/c $CARGO_TARGET_DIR/debug")?;
    let mut files = options.files.clone();
    let everything = files.is_empty();
    if everything {
        files = run::files_with_extension(&run::root(), "md");
        files.extend(pages());
    }
    let (mut passed, mut failed) = (0, 0);
    let mut tell = |name: &str, problems: &[String]| {
        if problems.is_empty() {
            passed += 1;
            println!("test {name} ... ok");
        } else {
            failed += 1;
            println!("test {name} ... FAILED\n{}", problems.join("\n"));
        }
    };
    for file in files {
        let shown = file.strip_prefix(run::root()).unwrap_or(&file).display();
        for (name, problems) in check(&file, everything).with_context(|| shown.to_string())? {
            tell(&format!("{shown} {name}"), &problems);
        }
    }
    if everything {
        for file in readmes() {
            let shown = file.strip_prefix(run::root()).unwrap_or(&file).display();
            let problems = prose::of_page(&fs::read_to_string(&file)?);
            tell(&format!("{shown} prose"), &problems);
        }
        tell("shm --help prose", &help()?);
    }
    println!("{}", tally::result(passed, failed));
    Ok(failed == 0)
}

/// The first pages of the packages, whose examples are doctests.
fn readmes() -> Vec<PathBuf> {
    let crates = fs::read_dir(run::root().join("crates"));
    let crates = crates.into_iter().flatten().flatten().map(|it| it.path());
    let folders = crates.chain([run::root().join("benches/peers")]);
    folders
        .flat_map(|folder| run::files_with_extension(&folder, "md"))
        .collect()
}

/// The phrases in the help of `shm` and of all commands that it lists.
fn help() -> anyhow::Result<Vec<String>> {
    let help = |command: Option<&str>| {
        let mut shm = Command::new(run::shm());
        let output = shm.args(command).arg("--help").output()?;
        anyhow::Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let own = help(None)?;
    let listed = own.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.map_while(|line| line.split_whitespace().next());
    let mut listed = listed.filter(|it| *it != "help").peekable();
    ensure!(listed.peek().is_some(), "shm --help lists no commands");
    let mut problems = Vec::new();
    for command in [None].into_iter().chain(listed.map(Some)) {
        let phrases = prose::phrases(&help(command)?).into_iter();
        let of = command.unwrap_or("shm");
        problems.extend(phrases.map(|(line, it)| format!("{of} --help, line {line}: {it}")));
    }
    Ok(problems)
}

/// The pages of docs/ and its folders.
fn pages() -> Vec<PathBuf> {
    let docs = run::root().join("docs");
    let folders = [docs.join("labs"), docs].into_iter();
    folders
        .flat_map(|folder| run::files_with_extension(&folder, "md"))
        .collect()
}

/// What was checked in `file`, and what was wrong with it. The examples of a page that needs more
/// than `shm` run only if the page is named.
fn check(file: &Path, everything: bool) -> anyhow::Result<Vec<(String, Vec<String>)>> {
    let text = fs::read_to_string(file)?;
    let page = Page::read(&text);
    let mut checked = vec![
        ("links".to_owned(), page.broken_links(file)),
        ("blocks".to_owned(), page.unchecked_blocks(file)?),
        ("quotes".to_owned(), page.unknown_quotes()),
        ("prose".to_owned(), prose::of_page(&text)),
    ];
    if file.ends_with("docs/SUMMARY.md") {
        checked.push(("pages".to_owned(), page.unlisted_pages()));
    }
    let scratch = run::target().join(format!("xtask/scratch-{}", std::process::id()));
    fs::create_dir_all(&scratch)?;
    for folder in ["docs", "crates"] {
        symlink(run::root().join(folder), scratch.join(folder))?;
    }
    let mut consoles: Vec<&Block> = page.blocks.iter().collect();
    let are_run = !(everything && file.ends_with(ON_REQUEST));
    consoles.retain(|block| are_run && block.language() == "console");
    for terminals in consoles.split_inclusive(|block| !block.info.ends_with(" meanwhile")) {
        let problems = replay::replay(terminals, &scratch)?;
        checked.push((format!("line {}", terminals[0].line), problems));
    }
    fs::remove_dir_all(scratch)?;
    Ok(checked)
}

impl Page {
    /// The links to files and headings that are not there. Those to pages elsewhere are not
    /// followed.
    fn broken_links(&self, file: &Path) -> Vec<String> {
        let problem = |target: &str| {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let other = match path {
                "" => file.to_owned(),
                path => file.with_file_name(path),
            };
            if !other.exists() {
                return Some(format!("no such file: {target}"));
            }
            let text = fs::read_to_string(&other).unwrap_or_default();
            let has =
                anchor.is_empty() || Self::read(&text).headings.iter().any(|it| it.is(anchor));
            (!has).then(|| format!("no such heading: {target}"))
        };
        let own = self
            .links
            .iter()
            .filter(|(_, target)| !target.contains("://") && !target.starts_with("mailto:"));
        own.filter_map(|(line, target)| Some(format!("line {line}: {}", problem(target)?)))
            .collect()
    }

    /// What is wrong with the blocks, apart from what they print.
    fn unchecked_blocks(&self, file: &Path) -> anyhow::Result<Vec<String>> {
        let mut problems = Vec::new();
        for block in &self.blocks {
            let line = block.line;
            if !block.is_closed {
                problems.push(format!("line {line}: the block has no end"));
            }
            if !LANGUAGES.contains(&block.language()) {
                problems.push(format!("line {line}: a block of \"{}\"", block.info));
            }
            let mut printed = block.content.lines();
            let leaves_out = printed.any(|line| line == "..." || line.contains("[..]"));
            if leaves_out && SHOWN_WHOLE.iter().any(|page| file.ends_with(page)) {
                problems.push(format!(
                    "line {line}: show what is printed, and list above what varies"
                ));
            }
            if block.language() == "sh" {
                problems.extend(replay::look_at(block)?);
            }
        }
        if self.blocks.iter().any(|block| block.language() == "rust") {
            let tested = fs::read_to_string(run::root().join(DOCTESTS)).context(DOCTESTS)?;
            let name = file.file_name().unwrap_or_default().display();
            if !tested.contains(&format!("{name}\")")) {
                problems.push(format!(
                    "its Rust blocks are not run: name it in {DOCTESTS}"
                ));
            }
        }
        Ok(problems)
    }

    /// The messages that no source of the product has. A heading in backquotes that has a blank
    /// quotes a message; `…` in it stands for what differs from one message to the next.
    fn unknown_quotes(&self) -> Vec<String> {
        let quotes = self
            .headings
            .iter()
            .filter_map(|Heading { line, written, .. }| {
                let message = written.strip_prefix('`')?.strip_suffix('`')?;
                message
                    .contains(' ')
                    .then(|| format!("line {line}: no source says: {message}"))
            });
        let mut unknown: Vec<String> = quotes.collect();
        if !unknown.is_empty() {
            let sources = sources();
            unknown.retain(|it| {
                !it.split_once("says: ")
                    .is_some_and(|(_, it)| sources.contains(it))
            });
        }
        unknown
    }

    /// The pages that this table of contents does not have, or has twice.
    fn unlisted_pages(&self) -> Vec<String> {
        let docs = run::root().join("docs");
        let mut problems = Vec::new();
        for page in pages()
            .into_iter()
            .filter(|page| !page.ends_with("SUMMARY.md"))
        {
            let links = self
                .links
                .iter()
                .filter(|(_, link)| docs.join(link) == page);
            let count = links.count();
            if count != 1 {
                problems.push(format!("{} is listed {count} times", page.display()));
            }
        }
        problems
    }
}

/// All sources of the product in one text, as their string literals are printed: lines that go on
/// joined, quotation marks as the reader sees them, `…` for placeholders.
fn sources() -> String {
    let mut text = String::new();
    let mut folders = vec![run::root().join("crates")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("tests") {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                text.push_str(&fs::read_to_string(path).unwrap_or_default());
            }
        }
    }
    let known = |pattern| Regex::new(pattern).expect("a pattern of ours");
    let text = known(r"\\\n\s*").replace_all(&text, "");
    let text = text.replace("\\\"", "\"");
    known(r"\{[^\s}]*\}").replace_all(&text, "…").into_owned()
}
