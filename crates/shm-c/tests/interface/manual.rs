//! The manual pages are those of the header, and man understands them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use test_support::{Process, Scratch, has};

use crate::{file, functions};

fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).expect("there are pages");
    let name = |file: fs::DirEntry| file.file_name().into_string().expect("ASCII");
    files.map(|it| name(it.expect("a file"))).collect()
}

#[test]
fn the_manual_pages_are_those_of_the_header() {
    let folder = Scratch::folder("c-manual");
    let mut script = Command::new("sh");
    script.arg(file("manual.sh")).arg(folder.path());
    Process::spawn(&mut script)
        .finish()
        .expect_code(0)
        .expect_quiet();
    let stored = names(&file("man"));
    assert_eq!(names(folder.path()), stored);
    for name in &stored {
        let read = |folder: &Path| fs::read_to_string(folder.join(name)).expect("it is there");
        let is_same = read(folder.path()) == read(&file("man"));
        assert!(is_same, "{name}: cargo xtask manual writes it again");
    }
    for function in functions() {
        assert!(stored.contains(&format!("{function}.3")), "{function}");
    }
}

#[test]
fn man_understands_the_pages() {
    if !has("man, as man-db has it", "man", &["--version"]) {
        return;
    }
    for name in names(&file("man")) {
        let page = file("man").join(&name);
        // Those of functions lead to the page of their section, below a folder man3.
        let text = fs::read_to_string(&page).expect("it is there");
        if let Some(target) = text.strip_prefix(".so man3/") {
            assert!(file("man").join(target.trim_end()).exists(), "{name}");
            continue;
        }
        let mut man = Command::new("man");
        man.args(["--warnings", "-E", "UTF-8", "-l", "-Tutf8"])
            .arg(&page);
        let shown = Process::spawn(&mut man).finish().expect_quiet().text();
        assert!(shown.contains("#include <shm_mailbox.h>"), "{name}");
    }
}
