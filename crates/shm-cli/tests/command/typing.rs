//! What somebody sees who types messages: prompts, the end of the input, and what comes after a
//! stop.

use test_support::shm::{reader, shm};
use test_support::{Name, Process, Signal, Terminal, until};

/// A writer at a terminal, which shows its first prompt.
fn start(name: &Name) -> (Process, Terminal) {
    let mut terminal = Terminal::of_width(100);
    let mut command = shm(["writer", name.as_str()]);
    let writer = terminal.with_output_of(command.stdin(terminal.stdio()));
    drop(command);
    terminal.wait_for("? ");
    (writer, terminal)
}

#[test]
fn a_note_after_the_end_of_the_input_begins_a_line() {
    let name = Name::new();
    let (mut writer, mut terminal) = start(&name);
    terminal.types("hello\n");
    terminal.wait_for("hello\r\n? ");
    terminal.types("\x04");
    // Nobody reads, so it says what it waits for.
    terminal.wait_for("? \r\nshm: waiting for: shm reader");
    reader(&name, &[]).wait_for_success(b"hello\n");
    writer.wait().expect_code(0);
}

#[test]
fn a_note_after_an_end_in_the_middle_of_a_line_begins_one() {
    let name = Name::new();
    let (mut writer, mut terminal) = start(&name);
    // The first hands over what was typed so far, the second ends the input.
    terminal.types("hello\x04\x04");
    terminal.wait_for("hello\r\nshm: waiting for: shm reader");
    reader(&name, &[]).wait_for_success(b"hello");
    writer.wait().expect_code(0);
}

#[test]
fn a_note_after_an_interrupt_begins_a_line() {
    let name = Name::new();
    let (mut writer, mut terminal) = start(&name);
    terminal.types("hello\n");
    terminal.wait_for("hello\r\n? ");
    writer.signal(Signal::SIGINT);
    terminal.wait_for("? \r\nshm: messages are left");
    writer.wait().expect_signal(Signal::SIGINT);
}

#[test]
fn after_a_stop_the_prompt_is_shown_again() {
    let name = Name::new();
    let (mut writer, mut terminal) = start(&name);
    writer.wait_until_asleep();
    writer.signal(Signal::SIGSTOP);
    until("it is stopped", || writer.state() == Some('T'));
    writer.signal(Signal::SIGCONT);
    terminal.wait_for("? ? ");
    terminal.types("hello\n");
    reader(&name, &["-c", "1"]).wait_for_success(b"hello\n");
    terminal.types("\x04");
    writer.wait().expect_code(0);
}
