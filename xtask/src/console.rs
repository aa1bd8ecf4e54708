//! Reads the console examples of a document, and compares what they promise with what was printed.
//!
//! A fenced block marked `console` shows a terminal. A line that starts with `$ ` is a command, one
//! that starts with `> ` continues it, and what follows is what it prints, errors included. A line
//! `...` stands for any number of lines, `[..]` within a line for any text. A block marked
//! `console meanwhile` is another terminal, used at the same time as the block after it.

/// A block of a document.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Block {
    /// The line at which the block starts, from 1.
    pub(crate) line: usize,
    /// Whether the next block goes on at the same time.
    pub(crate) meanwhile: bool,
    /// What is typed, in order.
    pub(crate) entries: Vec<Entry>,
}

/// A command and what it prints.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Entry {
    /// The line of the command in the document, from 1.
    pub(crate) line: usize,
    /// What is typed, in one or several lines.
    pub(crate) command: String,
    /// The lines that are promised.
    pub(crate) expected: Vec<String>,
}

/// A fenced block, of any kind.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Fence<'a> {
    /// The line at which it starts, from 1.
    pub(crate) line: usize,
    /// What is written behind the opening fence.
    pub(crate) info: &'a str,
    /// The lines between the fences, with their numbers.
    pub(crate) content: Vec<(usize, &'a str)>,
}

impl Fence<'_> {
    /// The first word of what is written behind the opening fence.
    pub(crate) fn language(&self) -> &str {
        self.info.split([' ', ',']).next().unwrap_or_default()
    }
}

/// The fenced blocks of `document`, a text in Markdown.
pub(crate) fn fences(document: &str) -> Result<Vec<Fence<'_>>, String> {
    let mut fences = Vec::new();
    let mut lines = (1..).zip(document.lines());
    while let Some((start, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        let mut content = Vec::new();
        loop {
            match lines.next() {
                None => return Err(format!("line {start}: the block has no end")),
                Some((_, "```")) => break,
                Some(numbered) => content.push(numbered),
            }
        }
        fences.push(Fence {
            line: start,
            info,
            content,
        });
    }
    Ok(fences)
}

/// The console blocks of `document`, a text in Markdown.
pub(crate) fn blocks(document: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    for fence in fences(document)? {
        let start = fence.line;
        let mut words = fence.info.split_whitespace();
        if words.next() != Some("console") {
            continue;
        }
        let meanwhile = match words.next() {
            None => false,
            Some("meanwhile") => true,
            Some(other) => return Err(format!("line {start}: a console block knows no {other}")),
        };
        blocks.push(Block {
            line: start,
            meanwhile,
            entries: entries(&fence.content)?,
        });
    }
    match blocks.last() {
        Some(last) if last.meanwhile => {
            Err(format!("line {}: meanwhile needs another block", last.line))
        }
        _ => Ok(blocks),
    }
}

fn entries(lines: &[(usize, &str)]) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    for &(line, text) in lines {
        if let Some(command) = text.strip_prefix("$ ") {
            entries.push(Entry {
                line,
                command: command.to_owned(),
                expected: Vec::new(),
            });
            continue;
        }
        let Some(entry) = entries.last_mut() else {
            return Err(format!(
                "line {line}: a console block starts with a command"
            ));
        };
        match text.strip_prefix("> ") {
            Some(more) if entry.expected.is_empty() => {
                entry.command.push('\n');
                entry.command.push_str(more);
            }
            _ => entry.expected.push(text.to_owned()),
        }
    }
    Ok(entries)
}

/// Whether `found` is what the lines of `expected` promise; blanks at the end of a line do not count.
pub(crate) fn matches(expected: &[String], found: &[&str]) -> bool {
    let Some((first, rest)) = expected.split_first() else {
        return found.is_empty();
    };
    if first == "..." {
        return (0..=found.len()).any(|skipped| matches(rest, &found[skipped..]));
    }
    match found.split_first() {
        Some((line, others)) => line_matches(first, line) && matches(rest, others),
        None => false,
    }
}

fn line_matches(expected: &str, found: &str) -> bool {
    let (expected, mut found) = (expected.trim_end(), found.trim_end());
    let mut pieces = expected.split("[..]");
    let first = pieces.next().unwrap_or_default();
    let Some(rest) = found.strip_prefix(first) else {
        return false;
    };
    found = rest;
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else {
        return found.is_empty();
    };
    for piece in pieces {
        match found.split_once(piece) {
            Some((_, rest)) => found = rest,
            None => return false,
        }
    }
    found.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(expected: &[&str], found: &[&str]) -> bool {
        let expected: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        matches(&expected, found)
    }

    #[test]
    fn only_console_blocks_count() {
        let document = "text\n```sh\n$ rm -rf /\n```\n```console\n$ true\n```\n";
        let blocks = blocks(document).expect("it is well formed");
        assert_eq!(blocks.len(), 1);
        assert_eq!(blocks[0].line, 5);
        assert_eq!(blocks[0].entries[0].command, "true");
    }

    #[test]
    fn a_command_goes_on_over_lines_and_its_output_follows() {
        let document = "```console\n$ for i in 1 2; do\n> echo $i; done\n1\n2\n$ true\n```\n";
        let blocks = blocks(document).expect("it is well formed");
        let entries = &blocks[0].entries;
        assert_eq!(entries[0].command, "for i in 1 2; do\necho $i; done");
        assert_eq!(entries[0].expected, ["1", "2"]);
        assert_eq!((entries[1].line, entries[1].expected.len()), (6, 0));
    }

    #[test]
    fn two_terminals_are_told_from_one() {
        let document = "```console meanwhile\n$ a\n```\n```console\n$ b\n```\n";
        let blocks = blocks(document).expect("it is well formed");
        assert_eq!((blocks[0].meanwhile, blocks[1].meanwhile), (true, false));
    }

    #[test]
    fn malformed_blocks_are_refused_with_their_line() {
        for (document, line) in [
            ("\n```console\n$ a\n", "line 2"),
            ("```console\noutput\n```\n", "line 2"),
            ("```console later\n$ a\n```\n", "line 1"),
            ("```console meanwhile\n$ a\n```\n", "line 1"),
        ] {
            let error = blocks(document).expect_err(document);
            assert!(error.starts_with(line), "{error}");
        }
    }

    #[test]
    fn a_fence_has_a_language_and_numbered_lines() {
        let document = "a\n```rust,no_run\nx\ny\n```\n```\n```\n";
        let fences = fences(document).expect("it is well formed");
        assert_eq!(fences[0].language(), "rust");
        assert_eq!(fences[0].content, [(3, "x"), (4, "y")]);
        assert_eq!((fences[1].line, fences[1].language()), (6, ""));
    }

    #[test]
    fn output_is_compared_line_by_line() {
        assert!(fits(&["a", "b "], &["a ", "b"]));
        assert!(!fits(&["a"], &["a", "b"]));
        assert!(!fits(&["a", "b"], &["a"]));
        assert!(!fits(&[], &["a"]));
    }

    #[test]
    fn three_dots_stand_for_any_lines() {
        assert!(fits(&["a", "...", "z"], &["a", "b", "c", "z"]));
        assert!(fits(&["a", "..."], &["a"]));
        assert!(!fits(&["a", "...", "z"], &["a", "b"]));
    }

    #[test]
    fn brackets_stand_for_any_text_in_a_line() {
        assert!(fits(&["pid [..] holds [..]"], &["pid 17 holds it"]));
        assert!(fits(&["[..]"], &[""]));
        assert!(!fits(&["pid [..] holds"], &["pid 17 held"]));
        assert!(!fits(&["pid [..]"], &["a pid 17"]));
    }
}
