//! Plants a mistake for each check that sees real processes, and requires a report of it.
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

/// Where rooms cannot have a `/dev/shm` of their own, what one leaves would be reported of another.
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

/// Parts, the arguments with which they run, and the last lines of the report.
const PARTS: [(&str, &[&str], &str); 8] = [
    (
        "a: b\n    true\n    true",
        &[],
        "2 passed, 0 failed, 0 skipped\n",
    ),
    (
        "a: b\n    false",
        &[],
        "failed: a\n0 passed, 1 failed, 0 skipped\n",
    ),
    (
        "a: b\n    sleep 1004 &",
        &[],
        "failed: a\n0 passed, 1 failed, 0 skipped\n",
    ),
    (
        "a: b\n    true\nb: b\n    exit\n        3",
        &[],
        "failed: b\n1 passed, 1 failed, 0 skipped\n",
    ),
    (
        "a: b\n    needs luck: false\n    false",
        &[],
        "0 passed, 0 failed, 1 skipped\n",
    ),
    (
        "a: b\n    echo skipped: needs luck",
        &[],
        "0 passed, 0 failed, 1 skipped\n",
    ),
    (
        "a: b\n    cargo test --package xtask --bin nothing",
        &[],
        "failed: a\n0 passed, 1 failed, 0 skipped\n",
    ),
    (
        "a: b\n    cargo test --package xtask --bin xtask\nb: b\n    false",
        &["--only", "no_such_test"],
        "no test has \"no_such_test\" in its name\n0 passed, 0 failed, 0 skipped\n",
    ),
];

#[test]
fn the_table_of_parts_ends_with_what_passed_failed_and_was_skipped() {
    let _turn = turn();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted.parts");
    let from = file.to_str().expect("the workspace's path is UTF-8");
    for (parts, arguments, expected) in PARTS {
        fs::write(&file, parts).expect("the target directory is writable");
        let (succeeded, told) = xtask(&[&["test", "--from", from], arguments].concat());
        assert!(told.ends_with(expected), "{parts}\n{told}");
        let fine = !expected.contains("failed: ") && !expected.contains("no test");
        assert_eq!(succeeded, fine, "{parts}\n{told}");
    }
}

/// What is reported of a page.
fn told_of(name: &str, page: &str) -> (bool, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, page).expect("the target directory is writable");
    xtask(&[
        "documents",
        file.to_str().expect("the workspace's path is UTF-8"),
    ])
}

const RIGHT: &str = r#"
# Who waits?
## `mmap`, and *errno*
## `the mailbox is full`

[to](#who-waits) [to](#mmap-and-errno) `[not](code)` [away](https://example.org/x)

```console
$ x=1
$ echo a$x; printf b
a1
b
$ (exit 3)
$ echo $?
3
$ seq 9; echo pid 17
1
...
9
pid [..]
```

<!-- numbers, alice and 2b varies -->
```console
$ printf '  90 of    1234\n12.5 µs by  bob, x\n0.3 s %s\n' 0123456789abcdef
17 of 4
1 ns by alice, 2b
12 s fedcba9876543210
$ (exit 3)
$ echo $?
3
```

Each waits for the other's file, so one after the other could not end.

```console meanwhile
$ touch left; until [ -e right ]; do sleep 0.01; done
```

```console
$ touch right; until [ -e left ]; do sleep 0.01; done
```

```sh
no-such-command --at-all # it is not run
```
"#;

#[test]
fn a_page_without_a_mistake_is_fine() {
    let _turn = turn();
    let (succeeded, told) = told_of("right.md", RIGHT);
    assert!(succeeded, "{told}");
    assert!(
        told.contains("test result: ok. 7 passed; 0 failed"),
        "{told}"
    );
}

/// A mistake on a page, and the report of it.
const MISTAKES: [(&str, &str); 22] = [
    ("[a](#nowhere)", "line 1: no such heading: #nowhere"),
    (
        "[a](no-such-file.md#a)",
        "line 1: no such file: no-such-file.md#a",
    ),
    (
        "## `the mailbox is on fire`",
        "line 1: no source says: the mailbox is on fire",
    ),
    (
        "The reader is told of the end, whoever\ncloses.",
        "line 1: \"told\": write what the call returns",
    ),
    ("```text\nno end", "line 1: the block has no end"),
    ("```\nno mark\n```", "line 1: a block of \"\""),
    (
        "```rust\nfn main() {}\n```",
        "its Rust blocks are not run: name it in docs/examples.rs",
    ),
    ("```sh\nif true; then\n```", "line 1: bash: "),
    (
        "```sh\nshm --no-such-option    # comment\n```",
        "line 2: error: unexpected argument",
    ),
    (
        "```sh\ncargo xtask test nonsense\n```",
        "line 2: error: invalid value 'nonsense'",
    ),
    (
        "```console\noutput\n```",
        "line 1: a console block starts with a command",
    ),
    (
        "```console later\n$ true\n```",
        "line 1: a console block knows no later",
    ),
    (
        "```console meanwhile\n$ true\n```",
        "meanwhile needs another block",
    ),
    (
        "```console\n$ echo new\nold\n```",
        "old\nprinted:\nnew\n\nstatus 0",
    ),
    ("```console\n$ echo 1\n2\n```", "2\nprinted:\n1\n"),
    ("```console\n$ echo ab\na b\n```", "a b\nprinted:\nab\n"),
    (
        "<!-- numbers vary -->\n```console\n$ echo 1 a\n2 b\n```",
        "2 b\nprinted:\n1 a\n",
    ),
    (
        "<!-- numbers vary -->\n```console\n$ (exit 3)\n$ echo $?\n4\n```",
        "4\nprinted:\n\nstatus 3",
    ),
    (
        "<!-- alice varies -->\n```console\n$ echo bob\nbob\n```",
        "line 2: the block has no alice to vary",
    ),
    (
        "```console\n$ (exit 3)\n$ true\n```",
        "line 1: should be:\n$ (exit 3)\n$ true\nprinted:\n\nstatus 3",
    ),
    (
        "```console\n$ exit 0\n$ echo never\nnever\n```",
        "never\nprinted:\n",
    ),
    (
        "```console\n$ shm writer --keep -m a left\n```",
        "left in /dev/shm: left",
    ),
];

#[test]
fn each_mistake_on_a_page_is_told() {
    let _turn = turn();
    for (number, (page, telling)) in MISTAKES.into_iter().enumerate() {
        let (succeeded, told) = told_of(&format!("mistake-{number}.md"), page);
        assert!(!succeeded && told.contains(telling), "{page}\n{told}");
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
