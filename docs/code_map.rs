//! The code map of architecture.md is the tree, "The path of a message" is the code, and comments
//! are as wide as code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("architecture.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The lines of the page from a heading to the next.
fn section(heading: &str) -> impl Iterator<Item = &'static str> {
    let start = PAGE.find(heading).expect("the page has this section");
    let lines = PAGE[start..].lines().skip(1);
    lines.take_while(|line| !line.starts_with("## "))
}

/// The Rust files and the folders with Rust files in a folder, as the map writes them.
fn entries(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("the map names folders that exist");
    let names = entries.filter_map(|entry| {
        let path = entry.expect("it can be read").path();
        let name = path.file_name()?.to_str()?.to_owned();
        if path.is_dir() {
            has_code(&path).then(|| format!("{name}/"))
        } else {
            name.ends_with(".rs").then_some(name)
        }
    });
    names.collect()
}

fn has_code(folder: &Path) -> bool {
    let rust = |path: PathBuf| path.extension().is_some_and(|end| end == "rs");
    let code = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).any(rust)
    };
    code(folder) || code(&folder.join("src"))
}

#[test]
fn the_code_map_is_the_tree() {
    let mut folder: Option<PathBuf> = None;
    let mut mapped = BTreeSet::new();
    let mut folders = 0;
    let block = section("## Code map").skip_while(|line| !line.starts_with("```"));
    for line in block.skip(1) {
        if line.starts_with("  ") {
            let names = line.split_whitespace();
            let names = names.take_while(|name| name.ends_with(".rs") || name.ends_with('/'));
            mapped.extend(names.map(str::to_owned));
            continue;
        }
        if let Some(folder) = folder.take() {
            assert_eq!(mapped, entries(&folder), "in {}", folder.display());
            mapped.clear();
            folders += 1;
        }
        if line.starts_with("```") {
            break;
        }
        folder = line.split_whitespace().next().map(|name| root().join(name));
    }
    assert!(folders >= 10, "{folders} folders");
}

/// The bodies of all functions of this name in a file of the mailbox.
fn bodies(file: &str, function: &str) -> Vec<String> {
    let path = root().join("crates/shm-mailbox/src").join(file);
    let code = fs::read_to_string(&path).expect("the page names files that exist");
    let starts = [format!("fn {function}("), format!("fn {function}<")];
    let found = starts.iter().flat_map(|start| code.match_indices(start));
    let body = |at: usize| {
        let code = &code[at..];
        let start = code.find(['{', ';']).expect("it has a body, or none");
        let mut depth = 0;
        let end = code[start..].find(|c| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            depth == 0
        });
        code[start..start + end.expect("braces are balanced")].to_owned()
    };
    found.map(|(at, _)| body(at)).collect()
}

#[test]
fn a_message_goes_the_way_that_the_page_tells() {
    let mut way: Vec<Vec<String>> = Vec::new();
    let mut steps = 0;
    for line in section("## The path of a message") {
        let Some((indent, step)) = line.split_once("* `") else {
            continue;
        };
        let (function, rest) = step.split_once("` in `").expect("a function in a file");
        let (file, _) = rest.split_once('`').expect("a file");
        way.truncate(indent.len() / 2);
        let bodies = bodies(file, function);
        assert!(!bodies.is_empty(), "{function} is not in {file}");
        if let Some(callers) = way.last() {
            let call = format!("{function}(");
            let calls = callers.iter().any(|body| body.contains(&call));
            assert!(calls, "{function} in {file} is not called there: {line}");
        }
        way.push(bodies);
        steps += 1;
    }
    assert!(steps > 20, "{steps} steps");
}

/// All Rust files in a folder and below it, those that a build made aside.
fn code_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("it can be read") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() && !path.ends_with("target") {
            code_below(&path, files);
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
}

/// rustfmt sees to the code.
#[test]
fn comments_are_within_100_columns() {
    let mut files = Vec::new();
    for folder in ["crates", "xtask", "benches", "docs"] {
        code_below(&root().join(folder), &mut files);
    }
    assert!(files.len() > 200, "{} files", files.len());
    for file in files {
        let code = fs::read_to_string(&file).expect("it can be read");
        for (number, line) in (1..).zip(code.lines()) {
            let is_comment = line.trim_start().starts_with("//");
            // A row of a table is a line, and so is a usage line; a link has no place to break.
            let may_be_long =
                line.contains("](") || line.contains("/// |") || line.contains(" -- [");
            let width = line.chars().count();
            let place = format!("{}:{number}", file.display());
            assert!(
                !is_comment || may_be_long || width <= 100,
                "{place}: {width} columns"
            );
        }
    }
}
