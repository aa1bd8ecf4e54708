//! The generated parts of a page, between marks; what is around them stays.

/// The document with another text between the marks of a part; what is around them stays.
pub(crate) fn with_part(document: &str, name: &str, text: &str) -> Result<String, String> {
    let (before, _, after) = around_part(document, name)?;
    Ok(format!("{before}{text}{after}"))
}

/// What stands between the marks of a part.
pub(crate) fn part_of<'a>(document: &'a str, name: &str) -> Result<&'a str, String> {
    around_part(document, name).map(|(_, part, _)| part)
}

/// The document up to and with the first mark of a part, the part, and from the second mark on.
fn around_part<'a>(document: &'a str, name: &str) -> Result<(&'a str, &'a str, String), String> {
    let missing = || format!("the page has no marks of the part \"{name}\"");
    let begin = format!("<!-- generated: {name} -->\n");
    let end = format!("<!-- end: {name} -->");
    let at = document.find(&begin).ok_or_else(missing)? + begin.len();
    let (before, rest) = document.split_at(at);
    let (part, after) = rest.split_once(&end).ok_or_else(missing)?;
    // An empty part has no newline of its own before the second mark.
    Ok((
        before,
        part.trim_end_matches('\n'),
        format!("\n{end}{after}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "prose\n<!-- generated: one -->\nold\n<!-- end: one -->\nmore prose\n";

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let after = with_part(BEFORE, "one", "new\nlines").expect("the marks are there");
        let expected = BEFORE.replace("old", "new\nlines");
        assert_eq!(after, expected);
        assert_eq!(with_part(&after, "one", "old").as_deref(), Ok(BEFORE));
    }

    #[test]
    fn a_part_may_have_been_empty() {
        let empty = "<!-- generated: one -->\n<!-- end: one -->\n";
        let after = with_part(empty, "one", "new").expect("the marks are there");
        assert_eq!(after, "<!-- generated: one -->\nnew\n<!-- end: one -->\n");
    }

    #[test]
    fn a_part_without_marks_is_an_error() {
        let error = with_part(BEFORE, "two", "new").expect_err("there are none");
        assert!(error.contains("two"), "{error}");
    }
}
