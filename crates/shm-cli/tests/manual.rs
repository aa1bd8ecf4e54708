//! Completions and manual pages: the ones in the source tree are what the program prints, and their readers
//! understand them.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::{Process, shm};

/// The shells, and what the file of each is called where it looks for it.
const SHELLS: [(&str, &str); 3] = [("bash", "shm.bash"), ("zsh", "_shm"), ("fish", "shm.fish")];

/// A folder of the crate.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What `shm ARGS` prints.
#[track_caller]
fn printed(args: &[&str]) -> String {
    let ended = Process::spawn(&mut shm(args))
        .finish()
        .expect_code(0)
        .expect_quiet();
    String::from_utf8(ended.output).expect("it is UTF-8")
}

#[track_caller]
fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_manual_pages_are_those_of_the_program() {
    let stored: BTreeSet<_> = fs::read_dir(folder("man"))
        .expect("there are pages")
        .map(|file| {
            file.expect("a file")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect();
    let mut named = BTreeSet::from(["shm.1".to_owned()]);
    let main = printed(&["man"]);
    assert_eq!(
        main,
        read(&folder("man/shm.1")),
        "cargo xtask manual writes them anew"
    );
    // The page of the program names all others.
    for line in main.lines().filter(|line| line.starts_with("shm\\-")) {
        let command = line["shm\\-".len()..].split('(').next().expect("a name");
        let page = format!("shm-{command}.1");
        let same = printed(&["man", command]) == read(&folder("man").join(&page));
        assert!(same, "{page}: cargo xtask manual writes it anew");
        named.insert(page);
    }
    assert!(named.len() > 5, "{named:?}");
    assert_eq!(named, stored);
}

#[test]
fn the_completions_are_those_of_the_program() {
    for (shell, file) in SHELLS {
        let same = printed(&["completions", shell]) == read(&folder("completions").join(file));
        assert!(same, "{file}: cargo xtask manual writes it anew");
    }
}

#[test]
fn all_pages_are_written_to_a_directory_at_once() {
    let directory = support::object::unique("shm-man");
    let directory = std::env::temp_dir().join(directory);
    let path = directory.to_str().expect("UTF-8");
    let absent = Process::spawn(&mut shm(["man", "--dir", path])).finish();
    absent
        .expect_code(1)
        .expect_errors(&[path, "No such file", "next: "]);
    fs::create_dir(&directory).expect("it is new");
    printed(&["man", "--dir", path]);
    let written = fs::read_dir(&directory).expect("it is there").count();
    let page = read(&directory.join("shm-writer.1"));
    fs::remove_dir_all(&directory).expect("it is ours");
    assert_eq!(
        written,
        fs::read_dir(folder("man"))
            .expect("there are pages")
            .count()
    );
    assert_eq!(page, printed(&["man", "writer"]));
}

#[test]
fn a_page_that_there_is_not_is_a_wrong_use() {
    let ended = Process::spawn(&mut shm(["man", "bench-peer"])).finish();
    ended
        .expect_code(2)
        .expect_errors(&["no page", "bench-peer", "next: "]);
}

#[test]
fn the_shells_and_man_understand_them() {
    let check = |program: &str, args: &[&str], file: &Path| {
        let mut command = Command::new(program);
        let output = command.args(args).arg(file).stdin(Stdio::null()).output();
        let output = output.expect("it runs");
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && errors.is_empty(),
            "{}: {errors}",
            file.display()
        );
    };
    check("bash", &["-n"], &folder("completions/shm.bash"));
    for (program, file) in [("zsh", "_shm"), ("fish", "shm.fish")] {
        if support::has(program, program, &["--version"]) {
            // Reads it, and carries nothing out.
            check(program, &["-n"], &folder("completions").join(file));
        }
    }
    if support::has("man, as man-db has it", "man", &["--version"]) {
        for page in fs::read_dir(folder("man")).expect("there are pages") {
            check(
                "man",
                &["--warnings", "-E", "UTF-8", "-l", "-Tutf8"],
                &page.expect("a file").path(),
            );
        }
    }
}

#[test]
fn bash_completes_commands_and_flags() {
    let complete = |line: &[&str]| {
        let script = format!(
            "source '{}'; COMP_WORDS=({}); COMP_CWORD={}; _shm shm '{}' '{}'; echo \"${{COMPREPLY[@]}}\"",
            folder("completions/shm.bash").display(),
            line.join(" "),
            line.len() - 1,
            line[line.len() - 1],
            line[line.len() - 2],
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .output()
            .expect("bash runs");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    assert_eq!(complete(&["shm", "wri"]), "writer");
    assert_eq!(complete(&["shm", "ls", "--st"]), "--stale");
    assert_eq!(complete(&["shm", "writer", "--wait", "ad"]), "adaptive");
    assert!(!complete(&["shm", "bench"]).contains("bench-peer"));
}
