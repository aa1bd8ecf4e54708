//! What a person at a terminal sees and nobody else: escaped control bytes, progress, remarks,
//! colours.

use std::process::Command;

use test_support::shm::{
    attached_reader, expect_cut_off, into_closed_pipe, leave, reader, run, shm, writer,
};
use test_support::{Name, Process, Signal, Terminal, shown};

/// Starts the program with its errors, and nothing else, on a terminal.
#[track_caller]
fn with_errors_on_terminal(command: Command) -> (Process, Terminal) {
    let terminal = Terminal::of_width(100);
    (terminal.with_errors_of(command), terminal)
}

const EVIL: &[u8] = b"title \x1b]0;owned\x07, up \x1b[1A, old \x9b2J, tab\tand gr\xc3\xbcn\n";
const HARMLESS: &str = "title \\x1b]0;owned\\x07, up \\x1b[1A, old \\x9b2J, tab\tand grün\r\n";

#[test]
fn control_bytes_are_escaped_on_a_terminal_in_every_framing() {
    let name = Name::new();
    let cases: [(&[&str], &[u8], &str); 4] = [
        (&[], EVIL, HARMLESS),
        (&["--raw"], EVIL, HARMLESS),
        (&["-0"], b"one\0two\0", "one\\x00two\\x00"),
        (
            &["--length-delimited"],
            b"\0\0\0\x02\x1b!",
            "\\x00\\x00\\x00\\x02\\x1b!",
        ),
    ];
    for (framing, input, expected) in cases {
        leave(&name, framing, input);
        let mut command = shm([&["reader", name.as_str()], framing].concat());
        assert_eq!(shown(&mut command), expected, "{framing:?}");
    }
}

#[test]
fn elsewhere_bytes_are_written_as_they_came() {
    let name = Name::new();
    leave(&name, &[], EVIL);
    reader(&name, &[])
        .finish()
        .expect_code(0)
        .expect_output(EVIL);
}

#[test]
fn a_writer_shows_its_progress_on_a_terminal_and_takes_it_away() {
    let name = Name::new();
    let command = shm(["writer", "--progress", "--stats", name.as_str()]);
    let (mut writer, mut terminal) = with_errors_on_terminal(command);
    writer.send("one\ntwo\n");
    terminal.wait_for("2 messages, 8 bytes");
    let mut reader = attached_reader(&name, &[]);
    writer.finish().expect_code(0).expect_output(b"");
    reader.wait_for_success(b"one\ntwo\n");
    let rest = terminal.finish();
    // The line is cleared before the figures of `--stats` take its place.
    let (_, last) = rest
        .rsplit_once("shm: 2 messages, 8 bytes")
        .expect("the figures");
    assert!(
        last.ends_with("\r\n") && !last.contains("2 messages,"),
        "{rest:?}"
    );
    assert!(rest.contains("\x1b[2K"), "{rest:?}");
}

#[test]
fn a_reader_shows_its_progress_if_its_output_goes_elsewhere() {
    let name = Name::new();
    let command = shm(["reader", "--progress", name.as_str()]);
    let (mut reader, mut terminal) = with_errors_on_terminal(command);
    name.wait_for_receiver();
    let mut writer = writer(&name, &[]);
    writer.send("hello\n");
    terminal.wait_for("1 messages, 6 bytes");
    writer.finish().expect_code(0);
    reader.wait_for_success(b"hello\n");

    leave(&name, &[], b"hello\n");
    let both = shown(&mut shm(["reader", "--progress", name.as_str()]));
    assert_eq!(both, "hello\r\n", "the messages are the progress");
}

#[test]
fn progress_is_for_terminals_only() {
    let name = Name::new();
    let mut writer = writer(&name, &["--progress", "--keep", "-m", "hello"]);
    writer.wait_for_success(b"");
    let mut reader = reader(&name, &["--progress"]);
    reader.wait_for_success(b"hello\n");
}

#[test]
fn who_waits_for_a_reader_is_told_so_on_a_terminal_with_progress_or_without() {
    for flags in [&[][..], &["--progress"]] {
        let name = Name::new();
        let command = shm([&["writer", "-m", "hello", name.as_str()], flags].concat());
        let (mut writer, mut terminal) = with_errors_on_terminal(command);
        terminal.wait_for(&format!(
            "shm: waiting for: shm reader {}\r\n",
            name.as_str()
        ));
        reader(&name, &[]).wait_for_success(b"hello\n");
        writer.wait().expect_code(0);
    }
}

#[test]
fn colours_are_for_terminals_of_people_who_want_them() {
    let usage = |variable: Option<(&str, &str)>| {
        let mut command = shm(["no-such-command"]);
        command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
        command.envs(variable);
        shown(&mut command)
    };
    assert!(usage(None).contains("\x1b["));
    assert!(!usage(Some(("NO_COLOR", "1"))).contains('\x1b'));
    // Tables have none in any case, nor has what goes elsewhere.
    let name = Name::new();
    leave(&name, &[], b"hello\n");
    assert!(!shown(&mut shm(["ls", name.as_str()])).contains('\x1b'));
    let ended = run(["no-such-command"]);
    assert!(!ended.errors.contains('\x1b'));
}

#[test]
fn a_page_into_a_closed_pipe_is_a_quiet_end() {
    let name = Name::new();
    leave(&name, &[], b"");
    for args in [
        &["ls"][..],
        &["ls", "--json"],
        &["stat", name.as_str()],
        &["doctor"],
        &["man", "writer"],
        &["completions", "bash"],
        &["rm", "--dry-run", name.as_str()],
    ] {
        let ended = into_closed_pipe(shm(args)).wait();
        // What the doctor finds on this machine is told all the same.
        if args != ["doctor"] {
            ended.expect_code(0).expect_quiet();
        }
    }
}

#[test]
fn a_reader_that_comes_after_everything_waits_and_says_for_what() {
    let name = Name::new();
    leave(&name, &[], b"hello\n");
    reader(&name, &[]).wait_for_success(b"hello\n");
    let command = shm(["reader", name.as_str()]);
    let (mut reader, mut terminal) = with_errors_on_terminal(command);
    let waits = format!("waiting for: shm writer {}\r\n", name.as_str());
    terminal.wait_for(&waits);
    writer(&name, &["-m", "next"]).wait_for_success(b"");
    reader.wait_for_success(b"next\n");
}

#[test]
fn who_interrupts_a_writer_is_told_what_it_leaves() {
    let name = Name::new();
    let command = shm(["writer", "-m", "hello", name.as_str()]);
    let (mut writer, mut terminal) = with_errors_on_terminal(command);
    terminal.wait_for("waiting for: shm reader");
    writer.signal(Signal::SIGINT);
    let left = format!("shm: messages are left in object {:?}: 1", name.as_str());
    terminal.wait_for(&left);
    writer.wait().expect_signal(Signal::SIGINT);
    expect_cut_off(&name, "hello\n");
}

#[test]
fn who_interrupts_a_classic_writer_is_told_that_the_message_is_lost() {
    let name = Name::new();
    let command = shm(["writer", "--classic", "-m", "hello", name.as_str()]);
    let (mut writer, mut terminal) = with_errors_on_terminal(command);
    let waits = format!("waiting for: shm reader --classic {}\r\n", name.as_str());
    terminal.wait_for(&waits);
    writer.signal(Signal::SIGINT);
    terminal.wait_for("shm: a message was not sent");
    writer.wait().expect_signal(Signal::SIGINT);
}
