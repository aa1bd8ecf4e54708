//! How the pages are written: their phrases, and what fits a line and a table.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

/// The phrases that nothing has: patterns, and what to write instead.
const PHRASES: &str = include_str!("../phrases.txt");

/// The columns of a line of prose.
const WIDTH: usize = 100;

/// The columns of a line of code. What a program prints is as wide as it is.
const CODE_WIDTH: usize = 80;

/// The marks of the blocks that show what is printed or drawn.
const PRINTED: [&str; 2] = ["console", "text"];

/// The columns of a table, and the words of a cell.
const COLUMNS: usize = 4;
const CELL: usize = 12;

/// What is wrong with the prose of a page in Markdown. Code and what a tool has written between
/// marks are no prose; headings, tables and lines without a blank may be of any length.
pub(crate) fn of_page(text: &str) -> Vec<String> {
    let mut widths: BTreeMap<usize, usize> = (1..).zip(text.lines().map(width_of)).collect();
    let mut prose = text.to_owned();
    let mut problems = Vec::new();
    let generated = generated(text);
    let mut cell = String::new();
    for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
        let first = line_of(text, range.start);
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                let is_printed = match &kind {
                    CodeBlockKind::Fenced(info) => PRINTED.iter().any(|it| info.starts_with(it)),
                    CodeBlockKind::Indented => false,
                };
                let width = if is_printed { usize::MAX } else { CODE_WIDTH };
                widths.extend((first..=line_of(text, range.end - 1)).map(|line| (line, width)));
                blank(&mut prose, range);
            }
            Event::Start(Tag::TableCell) => cell.clear(),
            Event::Text(words) => cell.push_str(&words),
            Event::Code(words) => {
                cell.push_str(&words);
                blank(&mut prose, range);
            }
            Event::End(TagEnd::TableCell) => {
                let words = cell.split_whitespace().count();
                if words > CELL {
                    problems.push((first, format!("a cell of {words} words, more than {CELL}")));
                }
            }
            Event::Start(Tag::Table(columns)) if columns.len() > COLUMNS => {
                problems.push((first, format!("a table of {} columns", columns.len())));
            }
            _ => {}
        }
    }
    for ((number, width), line) in widths.into_iter().zip(text.lines()) {
        let columns = line.chars().count();
        if columns > width {
            problems.push((number, format!("{columns} columns, more than {width}")));
        }
    }
    problems.extend(phrases(&prose));
    problems.retain(|(line, _)| !generated.contains(line));
    problems.sort();
    let problems = problems.into_iter();
    problems
        .map(|(line, it)| format!("line {line}: {it}"))
        .collect()
}

/// How many columns a line may have, unless it is code.
fn width_of(line: &str) -> usize {
    let words = line.trim();
    let breaks = words.contains(' ') && !words.starts_with(['#', '|']);
    if breaks { WIDTH } else { usize::MAX }
}

/// The phrases in a text, each with its line.
pub(crate) fn phrases(text: &str) -> Vec<(usize, String)> {
    let listed = PHRASES.lines().filter(|line| !line.starts_with('#'));
    let listed = listed.filter_map(|line| line.split_once(" -> "));
    let mut found = Vec::new();
    for (pattern, advice) in listed {
        let pattern = pattern.trim().replace(' ', r"\s+");
        let pattern = Regex::new(&format!(r"(?i)\b(?:{pattern})")).expect("a pattern of ours");
        for phrase in pattern.find_iter(text) {
            let words: Vec<_> = phrase.as_str().split_whitespace().collect();
            let problem = format!("\"{}\": write {advice}", words.join(" "));
            found.push((line_of(text, phrase.start()), problem));
        }
    }
    found
}

/// The lines from a mark `<!-- generated: … -->` to its end.
fn generated(text: &str) -> BTreeSet<usize> {
    let mut inside = false;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| {
        inside = inside && !line.starts_with("<!-- end: ") || line.starts_with("<!-- generated: ");
        inside
    });
    lines.map(|(number, _)| number).collect()
}

/// The line, from 1, of a byte of `text`.
fn line_of(text: &str, byte: usize) -> usize {
    1 + text[..byte].matches('\n').count()
}

/// Puts a word that no phrase has in the place of code, for as long as the code was.
fn blank(text: &mut String, range: Range<usize>) {
    let code = text[range.clone()].bytes();
    let code: Vec<u8> = code.map(|it| if it == b'\n' { it } else { b'_' }).collect();
    text.replace_range(range, &String::from_utf8_lossy(&code));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_is_found_across_a_line_break_and_not_in_code() {
        let page = "# A\n\nThere\nand back. `there and back`\n\n```text\nthere and back\n```\n";
        assert_eq!(
            of_page(page),
            ["line 3: \"There and back\": write \"round trip\""]
        );
    }

    #[test]
    fn what_a_tool_has_written_is_no_prose() {
        let page = "<!-- generated: it -->\nthere and back\n<!-- end: it -->\nanew\n";
        assert_eq!(of_page(page), ["line 4: \"anew\": write \"again\""]);
    }

    #[test]
    fn lines_of_prose_and_code_and_tables_have_a_limit() {
        let (fits, code) = ("a".repeat(98) + " b", "c".repeat(81));
        let page = format!(
            "{fits}\n{fits}b\n\n```sh\n{code}\n```\n```text\n{code}\n```\n\n\
             | 1 | 2 | 3 | 4 | 5 |\n|---|---|---|---|---|\n\n\
             | {words} `b` |\n|---|\n| {words} |\n",
            words = "a ".repeat(12),
        );
        let told = [
            "line 2: 101 columns, more than 100",
            "line 5: 81 columns, more than 80",
            "line 11: a table of 5 columns",
            "line 14: a cell of 13 words, more than 12",
        ];
        assert_eq!(of_page(&page), told);
    }
}
