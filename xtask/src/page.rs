//! A page of the documentation, taken apart.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// What is checked of a page.
#[derive(Default)]
pub(crate) struct Page {
    pub(crate) blocks: Vec<Block>,
    /// Where the links lead, as it is written, with their lines.
    pub(crate) links: Vec<(usize, String)>,
    pub(crate) headings: Vec<Heading>,
}

pub(crate) struct Heading {
    pub(crate) line: usize,
    /// As it is written, but for the signs before it.
    pub(crate) written: String,
    /// As it is read.
    pub(crate) words: String,
}

/// A fenced block.
#[derive(Default)]
pub(crate) struct Block {
    /// The line at which it starts, from 1.
    pub(crate) line: usize,
    /// What is written behind the opening fence.
    pub(crate) info: String,
    /// What differs from run to run, as a comment above the block lists it.
    pub(crate) varies: Vec<String>,
    /// The lines between the fences.
    pub(crate) content: String,
    pub(crate) is_closed: bool,
}

impl Block {
    pub(crate) fn language(&self) -> &str {
        self.info.split([' ', ',']).next().unwrap_or_default()
    }
}

impl Page {
    pub(crate) fn read(text: &str) -> Self {
        let mut page = Self::default();
        let (mut in_block, mut in_heading) = (false, false);
        for (event, range) in Parser::new_ext(text, Options::ENABLE_TABLES).into_offset_iter() {
            let line = 1 + text[..range.start].matches('\n').count();
            let source = text[range.clone()].trim_end();
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    in_block = true;
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => String::new(),
                    };
                    let is_closed = source.ends_with("\n```");
                    page.blocks.push(Block {
                        line,
                        info,
                        varies: varying(&text[..range.start]),
                        is_closed,
                        ..Block::default()
                    });
                }
                Event::End(TagEnd::CodeBlock) => in_block = false,
                Event::Start(Tag::Heading { .. }) => {
                    in_heading = true;
                    let written = source.trim_start_matches('#').trim().to_owned();
                    page.headings.push(Heading {
                        line,
                        written,
                        words: String::new(),
                    });
                }
                Event::End(TagEnd::Heading(_)) => in_heading = false,
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push((line, dest_url.to_string()));
                }
                Event::Text(words) | Event::Code(words) => {
                    if let Some(block) = page.blocks.last_mut().filter(|_| in_block) {
                        block.content.push_str(&words);
                    }
                    if let Some(heading) = page.headings.last_mut().filter(|_| in_heading) {
                        heading.words.push_str(&words);
                    }
                }
                _ => {}
            }
        }
        page
    }
}

impl Heading {
    /// Whether it is called so in links, as GitHub and mdBook do it.
    pub(crate) fn is(&self, anchor: &str) -> bool {
        let words = self.words.to_lowercase().replace(' ', "-");
        words.replace(
            |it: char| !it.is_alphanumeric() && it != '-' && it != '_',
            "",
        ) == anchor
    }
}

/// What varies in the block that follows `text`, if its last line is a comment with that list.
fn varying(text: &str) -> Vec<String> {
    let listed = text.trim_end().lines().last().and_then(|line| {
        let comment = line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")?;
        let one = comment.strip_suffix(" varies");
        one.or_else(|| comment.strip_suffix(" vary"))
    });
    let parts = listed.into_iter().flat_map(|it| it.split(" and "));
    let parts = parts.flat_map(|it| it.split(", "));
    parts.map(str::to_owned).collect()
}
