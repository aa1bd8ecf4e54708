//! The programs on c.md and in README.md are the examples of the C library, whose own tests run
//! them.

use std::fs;
use std::path::Path;

/// The blocks of a page in these languages.
fn blocks<'a>(page: &'a str, languages: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    for language in languages {
        let fence = format!("```{language}\n");
        let parts = page.split(fence.as_str()).skip(1);
        found.extend(parts.map(|rest| rest.split("```\n").next().unwrap_or_default()));
    }
    found
}

#[test]
fn each_c_program_on_the_pages_is_quoted_from_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |path: &Path| fs::read_to_string(path).expect("it is there");
    let folder = fs::read_dir(root.join("crates/shm-c/examples")).expect("there are examples");
    let examples: Vec<String> = folder
        .map(|example| read(&example.expect("it can be read").path()))
        .collect();
    for (page, least) in [("docs/c.md", 6), ("README.md", 1)] {
        let page = read(&root.join(page));
        let quotes = blocks(&page, &["c", "cpp"]);
        assert!(quotes.len() >= least, "{}", quotes.len());
        for quote in quotes {
            let is_quoted = examples.iter().any(|example| example.contains(quote));
            assert!(is_quoted, "no example has these lines:\n{quote}");
        }
    }
}
