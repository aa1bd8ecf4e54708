//! The mailbox when somebody wants to stop: signals that end a program leave the channel clean and
//! the messages where they are, and are seen as deaths by signal, also by the reader of a writer.

use std::io::Read as _;
use std::process::{Command, Stdio};

use test_support::shm::{
    ENDING_SIGNALS, attached_reader, attached_writer, expect_cut_off, program, reader, shm, writer,
};
use test_support::{Name, Process, Signal, assert_same, lines, until};

#[test]
fn an_interrupted_writer_leaves_nothing_that_was_taken_and_its_reader_learns_of_it() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut reader = attached_reader(&name, &[]);
        let mut writer = attached_writer(&name, &[]);
        writer.send("one\n");
        until("the message was acknowledged", || name.received() == 1);
        writer.signal(signal);
        writer.wait().expect_signal(signal);
        assert!(!name.exists());
        let ended = reader.wait().expect_code(6).expect_output(b"one\n");
        ended.expect_errors(&["died"]);
    }
}

#[test]
fn what_an_interrupted_writer_had_sent_stays() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = attached_writer(&name, &["--slots", "2"]);
        // One more than there is room for: the writer blocks in sending.
        writer.send("one\ntwo\nthree\n");
        until("the mailbox is full", || name.sent() == 2);
        writer.signal(signal);
        writer.wait().expect_signal(signal);
        expect_cut_off(&name, "one\ntwo\n");
    }
}

#[test]
fn a_writer_interrupted_while_it_waits_for_the_last_reader_leaves_the_messages() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = writer(&name, &["-m", "one", "-m", "two"]);
        name.wait_for_sender();
        until("both are in the mailbox", || name.sent() == 2);
        writer.signal(signal);
        writer.wait().expect_signal(signal);
        expect_cut_off(&name, "one\ntwo\n");
    }
}

#[test]
fn an_interrupted_reader_closes_and_the_next_one_carries_on() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut writer = attached_writer(&name, &[]);
        let mut reader = attached_reader(&name, &[]);
        writer.send("one\n");
        reader.wait_for_exactly(b"one\n");
        reader.signal(signal);
        reader.wait().expect_signal(signal).expect_output(b"one\n");
        let mut next = attached_reader(&name, &[]);
        writer.send("two\n");
        writer.finish().expect_code(0);
        next.wait_for_success(b"two\n");
    }
}

#[test]
fn an_interrupted_reader_removes_what_no_writer_ever_used() {
    for signal in ENDING_SIGNALS {
        let name = Name::new();
        let mut reader = attached_reader(&name, &[]);
        reader.signal(signal);
        reader.wait().expect_signal(signal);
        assert!(!name.exists());
    }
}

#[test]
fn a_writer_that_only_waits_for_input_notices_a_signal() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.wait_until_asleep();
    writer.signal(Signal::SIGINT);
    writer.wait().expect_signal(Signal::SIGINT).expect_quiet();
    assert!(!name.exists());
}

#[test]
fn a_reader_that_was_started_with_a_signal_ignored_goes_on_when_it_comes() {
    for (ignored, signal) in [("INT", Signal::SIGINT), ("HUP", Signal::SIGHUP)] {
        let name = Name::new();
        let mut command = Command::new("env");
        command.arg(format!("--ignore-signal={ignored}"));
        command.args([program(), "reader", name.as_str()]);
        let mut reader = Process::spawn(command.env_remove("SHM_NAME"));
        name.wait_for_receiver();
        reader.signal(signal);
        writer(&name, &["-m", "hello"]).wait_for_success(b"");
        reader.wait_for_success(b"hello\n");
    }
}

#[test]
fn a_reader_interrupted_while_its_output_is_stuck_loses_nothing() {
    let (name, text) = (Name::new(), lines(10_000, 13));
    let mut writer = attached_writer(&name, &[]);
    writer.feed(text.clone());
    let (mut pipe, output) = std::io::pipe().expect("a pipe");
    let mut command = shm(["reader", name.as_str()]);
    let mut stuck = Process::spawn_as_is(command.stdout(output).stderr(Stdio::piped()));
    drop(command);
    until("the mailbox stays full behind a full pipe", || {
        let acknowledged = name.received();
        stuck.wait_until_asleep();
        acknowledged > 0 && name.sent() - acknowledged == 256 && name.received() == acknowledged
    });
    stuck.signal(Signal::SIGTERM);
    stuck.wait().expect_signal(Signal::SIGTERM);
    let mut first = Vec::new();
    pipe.read_to_end(&mut first).expect("a pipe can be read");

    let rest = reader(&name, &[]).wait().expect_code(0).output;
    writer.wait().expect_code(0);
    // The message that was cut by the end of the pipe comes again, and no other.
    let again = (first.len() + rest.len())
        .checked_sub(text.len())
        .expect("nothing is lost");
    assert!(again < 1024, "{again} bytes came twice");
    assert_same(&first, &text[..first.len()]);
    assert_same(&rest, &text[text.len() - rest.len()..]);
}
