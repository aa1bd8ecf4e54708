//! A wrong argument is answered with what is expected, in the words of whoever typed it.

mod support;

use support::{Process, shm};

/// What is said of a command line, with exit 2.
#[track_caller]
fn refused(args: &[&str]) -> String {
    let ended = Process::spawn(&mut shm(args)).finish().expect_code(2);
    // Wherever the lines are broken.
    let words: Vec<_> = ended.errors.split_whitespace().collect();
    words.join(" ")
}

#[test]
fn a_wrong_value_is_told_what_is_expected() {
    let time = "expected a duration like 50us, 100ms or 2s";
    let group = "expected a name of /etc/group, or a number from 0 to 4294967294";
    let cases: [(&[&str], &str); 19] = [
        (
            &["reader", "-c", "abc"],
            "expected a number of messages, 1 or more",
        ),
        (
            &["reader", "-c", "0"],
            "expected a number of messages, 1 or more",
        ),
        (
            &["reader", "-c", "-1"],
            "expected a number of messages, 1 or more",
        ),
        (&["reader", "--timeout", "-1s"], time),
        (&["reader", "--timeout", "soon"], time),
        (&["reader", "--timeout", "5"], time),
        (&["writer", "--drain", "-1s"], time),
        (&["writer", "--drain", "1M"], "minutes are written like 1m"),
        (
            &["writer", "--drain", "9999999d"],
            "expected at most a year",
        ),
        (
            &["writer", "--interval", "0s", "--wait", "poll"],
            "longer than 0",
        ),
        (&["writer", "--group", "99999999999"], group),
        (&["writer", "--group", "-1"], group),
        (&["writer", "--group", "no-such-group"], group),
        (
            &["writer", "--slots", "-1"],
            "expected a power of two from 1 to 65536",
        ),
        (
            &["writer", "--mode", "9"],
            "expected an octal number from 0600 to 0777",
        ),
        (&["bench", "--interval", "-1ms"], time),
        (&["bench", "--duration", "-1s"], time),
        (&["bench", "--duration", "1ns"], "expected at least 1ms"),
        (&["bench", "--size", "9"], "expected 10 to 1024 bytes"),
    ];
    for (args, expected) in cases {
        let told = refused(args);
        assert!(told.contains(expected), "{args:?}: {told}");
    }
}

#[test]
fn positions_are_counted_from_1_and_say_of_what() {
    for (args, expected) in [
        (&["stat", "a/b"][..], r#"byte 2 of name "a/b" is a slash"#),
        (&["stat", "/a/b"], r#"byte 3 of name "/a/b" is a slash"#),
        (&["ls", "a[b"], "character 2 of the pattern is wrong"),
        (&["ls", "/a[b"], "character 3 of the pattern is wrong"),
    ] {
        let told = refused(args);
        assert!(told.contains(expected), "{args:?}: {told}");
    }
}

#[test]
fn the_command_speaks_of_writers_and_readers() {
    let mut pages = vec![vec!["--help"]];
    for command in [
        "writer",
        "reader",
        "ls",
        "stat",
        "rm",
        "doctor",
        "bench",
        "completions",
        "man",
    ] {
        pages.push(vec![command, "--help"]);
        pages.push(vec!["man", command]);
    }
    for page in pages {
        let ended = Process::spawn(&mut shm(&page)).finish().expect_code(0);
        let text = String::from_utf8_lossy(&ended.output).to_lowercase();
        for word in ["sender", "receiver"] {
            assert!(!text.contains(word), "{page:?}: {word}");
        }
    }
}
