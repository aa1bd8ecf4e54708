//! Types the commands of console blocks into a shell, and judges what it prints.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use regex::Regex;

use crate::page::Block;
use crate::run::{self, Private};

/// Stands before the status of a command, after what it has printed.
const END: char = '\u{1e}';

/// Any text in a line.
const ANY: &str = r"[^\n\x1e]*";

/// The longest that one block may take.
const LIMIT: Duration = Duration::from_secs(30);

/// Stands for all numbers in a comment that lists what varies.
const NUMBERS: &str = "numbers";

/// A number, with the unit if it is a time; or an object's identity.
const NUMBER: &str = r"(?:[0-9a-f]{16,}|[0-9]+(?:\.[0-9]+)?(?: ?(?:ns|µs|ms|s)\b)?)";

/// Replays blocks, each in a terminal of its own, at the same time; returns what was wrong.
pub(crate) fn replay(terminals: &[&Block], directory: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    // With job control: without it, what runs beside others could not be interrupted by a signal.
    let side_by_side = r#"set -m; for it; do n=$((n + 1)); bash -c "$it" > .$n 2>&1 & done; wait"#;
    let mut shell = bash(side_by_side);
    shell.arg("bash").current_dir(directory);
    let mut promises = Vec::new();
    for block in terminals {
        let Block { line, info, .. } = block;
        let meanwhile = info.trim_start_matches("console").trim_start();
        if !["", "meanwhile"].contains(&meanwhile) {
            problems.push(format!("line {line}: a console block knows no {meanwhile}"));
        }
        match read(block) {
            Some((script, promise)) => {
                shell.arg(script);
                promises.push((block, promise));
            }
            None => problems.push(format!(
                "line {line}: a console block starts with a command"
            )),
        }
        let absent = block.varies.iter().filter(|it| !has(block, it));
        problems.extend(absent.map(|it| format!("line {line}: the block has no {it} to vary")));
    }
    if terminals[terminals.len() - 1].info.ends_with(" meanwhile") {
        problems.push("meanwhile needs another block".to_owned());
    }
    let finished = run::run(&shell, LIMIT, Private::AsEveryone)?;
    for (number, (block, promise)) in (1..).zip(promises) {
        let printed = fs::read(directory.join(format!(".{number}"))).unwrap_or_default();
        let printed = String::from_utf8_lossy(&printed);
        if !promise.is_match(&printed) {
            let Block { line, content, .. } = block;
            let printed = printed.replace(END, "status ");
            problems.push(format!(
                "line {line}: should be:\n{content}printed:\n{printed}"
            ));
        }
    }
    if !finished.succeeded {
        problems.push(finished.output);
    }
    Ok(problems)
}

/// What the shell of a terminal runs, and the pattern of what it prints; `None` if the block does
/// not start with a command.
///
/// The shell says after each command that it is done, and its status.
fn read(block: &Block) -> Option<(String, Regex)> {
    let (mut script, mut promise) = (String::new(), "^".to_owned());
    let mut lines = block.content.lines().peekable();
    while let Some(line) = lines.next() {
        script.push_str(line.strip_prefix("$ ")?);
        while let Some(more) = lines.peek().and_then(|line| line.strip_prefix("> ")) {
            script.push('\n');
            script.push_str(more);
            lines.next();
        }
        // The status is put back for a command that asks for it.
        script.push_str(&format!("\n__=$?; printf '\n{END}%s\n' $__; (exit $__)\n"));
        // A status is one that the page promises.
        let varies = match line {
            "$ echo $?" => &[],
            _ => block.varies.as_slice(),
        };
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            promise.push_str(&match line.trim() {
                "..." => format!("({ANY}\n)*"),
                line => pattern(line, varies)?,
            });
        }
        let asked = lines.peek().is_some_and(|line| *line == "$ echo $?");
        let status = if asked { "[0-9]+" } else { "0" };
        promise.push_str(&format!("\n?{END}{status}\n"));
    }
    Some((script, Regex::new(&format!("{promise}$")).ok()?))
}

/// The pattern of a printed line. Any blanks match any others, and what `varies` any such.
fn pattern(line: &str, varies: &[String]) -> Option<String> {
    let (numbers, texts): (Vec<_>, Vec<_>) = varies.iter().partition(|it| *it == NUMBERS);
    let mut marks = vec![r"\[\.\.\]".to_owned(), r"[ \t]+".to_owned()];
    marks.extend(texts.iter().map(|it| regex::escape(it.as_str())));
    marks.extend(numbers.iter().map(|_| NUMBER.to_owned()));
    let (mut pattern, mut end) = (r"[ \t]*".to_owned(), 0);
    for mark in Regex::new(&marks.join("|")).ok()?.find_iter(line) {
        pattern.push_str(&regex::escape(&line[end..mark.start()]));
        pattern.push_str(match mark.as_str() {
            "[..]" => ANY,
            blanks if blanks.trim().is_empty() => r"[ \t]+",
            text if varies.iter().any(|it| it == text) => r"\S+",
            _ => NUMBER,
        });
        end = mark.end();
    }
    pattern.push_str(&regex::escape(&line[end..]));
    Some(pattern + r"[ \t]*" + "\n")
}

/// Whether a command of the block prints `varying` on the page.
fn has(block: &Block, varying: &str) -> bool {
    let is_number = |it: char| it.is_ascii_digit();
    let mut printed = block.content.lines();
    printed.any(|line| {
        !line.starts_with(['$', '>'])
            && match varying {
                NUMBERS => line.contains(is_number),
                text => line.contains(text),
            }
    })
}

/// A shell that runs `script` and finds the built shm and the C library.
fn bash(script: &str) -> Command {
    let mut path = run::target().join("debug").into_os_string();
    path.push(":");
    path.push(env::var_os("PATH").unwrap_or_default());
    let library = run::target().join("xtask/c/lib");
    let mut bash = Command::new("bash");
    bash.args(["-c", script])
        .env("PATH", path)
        .env("PKG_CONFIG_PATH", library.join("pkgconfig"))
        .env("LD_LIBRARY_PATH", library)
        .env_remove("SHM_NAME");
    bash
}

/// What is wrong with a block that the reader is to type. Nothing of it runs.
pub(crate) fn look_at(block: &Block) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut look = |line: usize, command: &Command| {
        let finished = run::run(command, LIMIT, Private::AsEveryone)?;
        if !finished.succeeded {
            problems.push(format!("line {line}: {}", finished.output));
        }
        anyhow::Ok(())
    };
    let script = &block.content;
    look(block.line, Command::new("bash").args(["-n", "-c", script]))?;
    // What follows another program's command may depend on what that has set up.
    let ours = |line: &&str| line.starts_with("shm ") || line.starts_with("cargo ");
    for (line, text) in (block.line + 1..).zip(script.lines().take_while(ours)) {
        let typed = text.split(" #").next().unwrap_or_default();
        let typed = typed.replace("cargo xtask", &run::own_program());
        // The help is asked for behind the arguments, which are looked at first.
        if !typed.starts_with("cargo ") {
            look(line, &bash(&format!("{typed} --help")))?;
        }
    }
    Ok(problems)
}
