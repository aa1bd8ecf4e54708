//! `cargo xtask book`: what `mdbook build docs` calls, so that links work in the book as they do in
//! the repository.

use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::Context;
use regex::{Captures, Regex};
use serde_json::Value;

use crate::Verdict;
use crate::run;

/// Rewrite the links of the book's pages
///
/// Speaks as a preprocessor of mdbook: a book comes in as JSON, and goes out again.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// With `supports`, whether these links suit a renderer: they suit all
    #[arg(num_args = 0..=2)]
    question: Vec<String>,
}

/// The page that includes README.md, whose links count from the folder above.
const INTRODUCTION: &str = "introduction.md";

/// Runs the command.
pub(crate) fn run(options: &Options) -> Verdict {
    if !options.question.is_empty() {
        return Ok(true);
    }
    let mut input: Value = serde_json::from_reader(io::stdin()).context("no book comes in")?;
    let repository = input[0]["config"]["output"]["html"]["git-repository-url"].clone();
    let links = Links {
        repository: repository
            .as_str()
            .context("book.toml names no repository")?,
        pattern: Regex::new(r"(\]\(|^\[[^\]\n]+\]: )([^)\s]+)").expect("a pattern of ours"),
    };
    links.rewrite(&mut input[1]);
    serde_json::to_writer(io::stdout(), &input[1])?;
    Ok(true)
}

struct Links<'a> {
    repository: &'a str,
    pattern: Regex,
}

impl Links<'_> {
    /// Goes through the chapters, and their chapters, wherever they are.
    fn rewrite(&self, part: &mut Value) {
        match part {
            Value::Array(parts) => parts.iter_mut().for_each(|part| self.rewrite(part)),
            Value::Object(fields) => {
                let page = fields
                    .get("path")
                    .and_then(Value::as_str)
                    .map(PathBuf::from);
                let content = fields.get("content").and_then(Value::as_str);
                if let (Some(page), Some(content)) = (page, content) {
                    let content = self.rewritten(content, &page);
                    fields.insert("content".to_owned(), Value::String(content));
                }
                fields.values_mut().for_each(|part| self.rewrite(part));
            }
            _ => {}
        }
    }

    fn rewritten(&self, content: &str, page: &Path) -> String {
        let with = |found: &Captures<'_>| format!("{}{}", &found[1], self.target(&found[2], page));
        self.pattern.replace_all(content, with).into_owned()
    }

    /// Where a link leads from the book: to a page or picture of it, or into the repository.
    fn target(&self, link: &str, page: &Path) -> String {
        let (path, anchor) = link.split_at(link.find('#').unwrap_or(link.len()));
        if path.is_empty() || path.contains("://") {
            return link.to_owned();
        }
        let introduction = page == Path::new(INTRODUCTION);
        let folder = match introduction {
            true => PathBuf::new(),
            false => Path::new("docs").join(page.parent().unwrap_or(page)),
        };
        let target = normal(&folder.join(path));
        match target.strip_prefix("docs") {
            Ok(inside) if introduction => format!("{}{anchor}", inside.display()),
            Ok(_) => link.to_owned(),
            // What is not there is left as it is: the book would lack it.
            Err(_) if !run::root().join(&target).exists() => link.to_owned(),
            Err(_) => format!("{}/blob/main/{}{anchor}", self.repository, target.display()),
        }
    }
}

/// A path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn links_lead_to_pages_of_the_book_or_into_the_repository() {
        let links = Links {
            repository: "https://example.org/it",
            pattern: Regex::new(r"(\]\()([^)\s]+)").expect("a pattern of ours"),
        };
        let page = |path: &str, content: &str| json!({"path": path, "content": content});
        let mut book = json!({"items": [
            {"Chapter": page("introduction.md", "[a](docs/start.md#b) ![c](docs/x.svg) [d](LICENSE-MIT)")},
            {"Chapter": page("labs/index.md", "[a](two-readers.md) [b](../faq.md) [c](../../xtask/src/main.rs)")},
        ]});
        links.rewrite(&mut book);
        let content = |index: usize| book["items"][index]["Chapter"]["content"].clone();
        let expected =
            "[a](start.md#b) ![c](x.svg) [d](https://example.org/it/blob/main/LICENSE-MIT)";
        assert_eq!(content(0), expected);
        let expected = "[a](two-readers.md) [b](../faq.md) \
                        [c](https://example.org/it/blob/main/xtask/src/main.rs)";
        assert_eq!(content(1), expected);
    }
}
