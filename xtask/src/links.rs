//! Follows the links of a page: files that must exist, and headings that must be there.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// A link of a page.
#[derive(Debug, Eq, PartialEq)]
struct Link {
    /// The line it stands in, from 1.
    line: usize,
    /// Where it leads, as it is written.
    target: String,
}

/// What is wrong with the links of `file`, whose text is `document`: one line each.
///
/// Links to pages elsewhere are not followed.
pub(crate) fn broken(file: &Path, document: &str) -> String {
    let folder = file.parent().unwrap_or(Path::new("."));
    links(document)
        .into_iter()
        .filter_map(|link| {
            let problem = problem(folder, document, &link.target)?;
            Some(format!("line {}: {problem}\n", link.line))
        })
        .collect()
}

/// The files that `document` links to, as they are written, each as often as it is named.
pub(crate) fn files(document: &str) -> Vec<String> {
    links(document)
        .into_iter()
        .filter(|link| !elsewhere(&link.target))
        .map(|link| link.target.split('#').next().unwrap_or_default().to_owned())
        .filter(|target| !target.is_empty())
        .collect()
}

fn problem(folder: &Path, document: &str, target: &str) -> Option<String> {
    if elsewhere(target) {
        return None;
    }
    let (path, fragment) = match target.split_once('#') {
        Some((path, fragment)) => (path, Some(fragment)),
        None => (target, None),
    };
    let path = folder.join(path);
    if !target.starts_with('#') && !path.exists() {
        return Some(format!("no such file: {target}"));
    }
    let fragment = fragment?;
    let other;
    let page = if target.starts_with('#') {
        document
    } else {
        other = fs::read_to_string(&path).unwrap_or_default();
        &other
    };
    let found = anchors(page).iter().any(|anchor| anchor == fragment);
    (!found).then(|| format!("no such heading: {target}"))
}

fn elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

/// The lines outside of fenced blocks, numbered.
fn prose(document: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    (1..).zip(document.lines()).filter(move |(_, line)| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fence && !fenced
    })
}

fn links(document: &str) -> Vec<Link> {
    let mut found = Vec::new();
    for (line, text) in prose(document) {
        let text = without_code(text);
        for rest in text.split("](").skip(1) {
            if let Some((target, _)) = rest.split_once(')') {
                let target = target.to_owned();
                found.push(Link { line, target });
            }
        }
    }
    found
}

/// A line without what stands between backquotes.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// What the headings of a page are called in links, as GitHub and mdBook do it.
fn anchors(document: &str) -> Vec<String> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut anchors = Vec::new();
    for (_, line) in prose(document) {
        let Some(heading) = line
            .trim_start_matches('#')
            .strip_prefix(' ')
            .filter(|_| line.starts_with('#'))
        else {
            continue;
        };
        let slug: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter_map(|letter| match letter {
                ' ' => Some('-'),
                '-' | '_' => Some(letter),
                _ => letter.is_alphanumeric().then_some(letter),
            })
            .collect();
        let count = seen.entry(slug.clone()).or_default();
        anchors.push(match *count {
            0 => slug,
            number => format!("{slug}-{number}"),
        });
        *count += 1;
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_in_prose_only() {
        let document = "[a](x.md#b) and [c](#d)\n`[e](f)`\n```text\n[g](h)\n```\n![i](j.svg)\n";
        let targets: Vec<_> = links(document)
            .into_iter()
            .map(|link| (link.line, link.target))
            .collect();
        assert_eq!(
            targets,
            [
                (1, "x.md#b".to_owned()),
                (1, "#d".to_owned()),
                (6, "j.svg".to_owned())
            ]
        );
        assert_eq!(files(document), ["x.md", "j.svg"]);
    }

    #[test]
    fn a_heading_is_called_by_its_words() {
        let document = "# Who fences?\n## `mmap`, and *errno*\n#no heading\n## Who fences?\n";
        assert_eq!(
            anchors(document),
            ["who-fences", "mmap-and-errno", "who-fences-1"]
        );
    }

    #[test]
    fn a_link_into_nothing_is_told_with_its_line() {
        let here = Path::new(file!());
        let document = "# A\n[a](#a) [b](https://example.org/x)\n[c](#c) [d](no-such-file.md)\n";
        assert_eq!(
            broken(here, document),
            "line 3: no such heading: #c\nline 3: no such file: no-such-file.md\n"
        );
    }
}
