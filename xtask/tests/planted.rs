//! Plants a mistake in front of each check that sees real processes, and requires it to be told.
//!
//! - the room: time limits, and what a command leaves
//! - the parts: tests that fail, crash, are skipped, or do not run
//! - the pages: examples, blocks, links, quotes, prose

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether a command of xtask succeeds, and what it prints.
fn xtask(arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let output = command
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("it starts");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stdout).into_owned(),
    )
}

/// Where rooms cannot have a `/dev/shm` of their own, what one leaves would be told of another.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn room(seconds: &str, script: &str) -> (bool, String) {
    xtask(&["room", seconds, "--", "sh", "-c", script])
}

/// Other programs may leave objects as well, where rooms have no `/dev/shm` of their own.
#[test]
fn what_a_command_does_wrong_and_leaves_is_told() {
    let _turn = turn();
    let (succeeded, told) = room("600", "echo one; sleep 0.1 &");
    let others = told.contains("\nleft in /dev/shm: ");
    assert!(
        told.starts_with("one\n") && (succeeded && told == "one\n" || others),
        "{told}"
    );
    let (succeeded, told) = room("600", "exit 3");
    assert!(
        !succeeded && told.starts_with("ended with exit status: 3\n"),
        "{told}"
    );
    let (_, told) = room("600", "kill -SEGV $$");
    assert!(told.starts_with("ended with signal: 11"), "{told}");

    let object = format!("xtask-planted-{}", std::process::id());
    let script = format!("touch /dev/shm/{object}; (setsid sleep 1001 & echo $!)");
    let (succeeded, told) = room("600", &script);
    fs::remove_file(Path::new("/dev/shm").join(&object)).expect("it was left");
    let number = told.lines().next().expect("it has said its number");
    assert!(!succeeded && !Path::new("/proc").join(number).exists());
    let process = format!("left a process running, now killed: {number} sleep 1001\n");
    assert!(told.contains(&process), "{told}");
    assert!(
        told.contains(&format!("left in /dev/shm: {object}\n")),
        "{told}"
    );
}

#[test]
fn a_command_and_its_children_end_at_the_time_limit() {
    let (succeeded, told) = room("1", "echo $$; setsid sleep 1000 & sleep 1000");
    assert!(
        !succeeded && told.contains("killed at the time limit, after "),
        "{told}"
    );
    let shell = told.lines().next().expect("it has said its number");
    assert!(!Path::new("/proc").join(shell).exists());
}

/// Cases of xtask/planted, parted by dashes: what is planted, and after `====` what is told of it.
fn cases(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let cases = text.trim_end().split("\n----\n");
    cases.map(|case| case.split_once("\n====\n").expect("something is told"))
}

/// What is told of parts.
fn told_of_parts(parts: &str, arguments: &[&str]) -> (bool, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted.parts");
    fs::write(&file, parts).expect("the target directory is writable");
    let from = file.to_str().expect("the workspace's path is UTF-8");
    xtask(&[&["test", "--from", from], arguments].concat())
}

#[test]
fn the_table_of_parts_ends_with_what_passed_failed_and_was_skipped() {
    let _turn = turn();
    for (parts, expected) in cases(include_str!("../planted/parts.txt")) {
        let (succeeded, told) = told_of_parts(parts, &[]);
        assert!(told.trim_end().ends_with(expected), "{parts}\n{told}");
        assert_eq!(succeeded, !expected.contains("failed: "), "{parts}\n{told}");
    }
}

#[test]
fn a_test_that_is_nowhere_is_an_error() {
    let _turn = turn();
    let parts = "a: b\n    cargo test --package xtask --bin xtask\nb: b\n    false";
    let (succeeded, told) = told_of_parts(parts, &["--only", "no_such_test"]);
    let expected = "no test has \"no_such_test\" in its name\n0 passed, 0 failed, 0 skipped\n";
    assert!(!succeeded && told.ends_with(expected), "{told}");
}

/// What is told of a page.
fn told_of(name: &str, page: &str) -> (bool, String) {
    told_of_pages(&[(name.to_owned(), page)])
}

/// The output of one run about pages, which have names.
fn told_of_pages(pages: &[(String, &str)]) -> (bool, String) {
    let mut arguments = vec!["documents".to_owned()];
    for (name, page) in pages {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&file, page).expect("the target directory is writable");
        let file = file.to_str().expect("the workspace's path is UTF-8");
        arguments.push(file.to_owned());
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    xtask(&arguments)
}

#[test]
fn a_page_without_a_mistake_is_fine() {
    let _turn = turn();
    let (succeeded, told) = told_of("right.md", include_str!("../planted/right.md"));
    assert!(succeeded, "{told}");
    assert!(
        told.contains("test result: ok. 7 passed; 0 failed"),
        "{told}"
    );
}

#[test]
fn each_mistake_on_a_page_is_told() {
    let _turn = turn();
    let mistakes: Vec<_> = cases(include_str!("../planted/mistakes.txt")).collect();
    let named = |(number, &(page, _))| (format!("mistake-{number}.md"), page);
    let pages: Vec<_> = mistakes.iter().enumerate().map(named).collect();
    let (_, told) = told_of_pages(&pages);
    let told = format!("\n{told}");
    for ((name, page), (_, telling)) in pages.iter().zip(&mistakes) {
        // From the line with the page's name to that of the next check.
        let own = |check: &&str| {
            check
                .split(" ... ")
                .next()
                .unwrap_or_default()
                .contains(name)
        };
        let of_page = told.split("\ntest ").filter(own).collect::<Vec<_>>();
        let is_failed = of_page.iter().any(|check| check.contains(" ... FAILED\n"));
        let is_told = of_page.iter().any(|check| check.contains(telling));
        assert!(is_failed && is_told, "{page}\n{of_page:?}");
    }
    let _ = fs::remove_file("/dev/shm/xtask-left");
}

#[test]
fn the_first_pages_leave_out_nothing_that_is_printed() {
    let _turn = turn();
    for left_out in ["a [..]", "..."] {
        let page = format!("```console\n$ echo a b\n{left_out}\n```");
        let (succeeded, told) = told_of("README.md", &page);
        assert!(
            !succeeded && told.contains("line 1: show what is printed"),
            "{told}"
        );
    }
}
