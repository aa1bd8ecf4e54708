//! Looks whether the messages that a page quotes are those of the programs.
//!
//! A heading that is in backquotes, and has a blank, quotes a message. `…` in it stands for what differs
//! from one message to the next, where the source has a placeholder.

use std::fs;
use std::path::Path;

use crate::workspace::{self, CRATES};

/// The messages that `document` quotes, with their lines.
fn quoted(document: &str) -> Vec<(usize, &str)> {
    (1..)
        .zip(document.lines())
        .filter(|(_, line)| line.starts_with('#'))
        .filter_map(|(line, text)| {
            let text = text.trim_start_matches('#').trim();
            let message = text.strip_prefix('`')?.strip_suffix('`')?;
            message.contains(' ').then_some((line, message))
        })
        .collect()
}

/// The messages quoted in `document` that no crate's source has: one line each.
pub(crate) fn unknown(document: &str) -> String {
    let quoted = quoted(document);
    if quoted.is_empty() {
        return String::new();
    }
    let sources = sources();
    quoted
        .into_iter()
        .filter(|(_, message)| !sources.contains(message))
        .map(|(line, message)| format!("line {line}: no source says: {message}\n"))
        .collect()
}

/// All sources of the product in one text, as its messages appear.
fn sources() -> String {
    let mut text = String::new();
    for name in CRATES {
        let folder = workspace::root().join("crates").join(name).join("src");
        collect(&folder, &mut text);
    }
    text
}

fn collect(folder: &Path, text: &mut String) {
    for file in workspace::files_with_extension(folder, "rs") {
        text.push_str(&printed(&fs::read_to_string(file).unwrap_or_default()));
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), text);
        }
    }
}

/// A source as its string literals are printed: lines that go on joined, quotation marks and placeholders
/// as the reader sees them.
fn printed(source: &str) -> String {
    let mut joined = String::with_capacity(source.len());
    let mut pieces = source.split("\\\n");
    joined.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        joined.push_str(piece.trim_start());
    }
    let joined = joined.replace("\\\"", "\"");
    let mut printed = String::with_capacity(joined.len());
    let mut rest = joined.as_str();
    while let Some((before, after)) = rest.split_once('{') {
        printed.push_str(before);
        let placeholder = after
            .split_once('}')
            .filter(|(name, _)| !name.contains(char::is_whitespace));
        match placeholder {
            Some((_, after)) => {
                printed.push('…');
                rest = after;
            }
            None => {
                printed.push('{');
                rest = after;
            }
        }
    }
    printed.push_str(rest);
    printed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_is_read_as_it_is_printed() {
        let source = "f(\"object {name:?} is \\\n      {found:04o}, \\\"so\\\"\") { x }";
        assert_eq!(printed(source), "f(\"object … is …, \"so\"\") { x }");
    }

    #[test]
    fn headings_in_backquotes_with_a_blank_are_messages() {
        let document = "# FAQ\n## `a message`\n`no heading`\n## `word`\n";
        assert_eq!(quoted(document), [(2, "a message")]);
    }

    #[test]
    fn a_message_that_nobody_prints_is_told() {
        let document = "## `the mailbox is full`\n## `the mailbox is on fire`\n";
        assert_eq!(
            unknown(document),
            "line 2: no source says: the mailbox is on fire\n"
        );
    }
}
