//! What somebody sees who types messages: prompts, the end of the input, and what comes after a stop.

mod support;

use std::fs::File;
use std::io::{Read as _, Write as _};

use rustix::process::Signal;
use support::terminal::Terminal;
use support::{Name, Process, reader, shm, until};

/// A writer at a terminal.
struct Typing {
    writer: Process,
    screen: File,
    shown: String,
}

impl Typing {
    fn start(name: &Name, args: &[&str]) -> Self {
        let terminal = Terminal::of_width(100);
        let mut command = shm([&["writer", name.as_str()], args].concat());
        command
            .stdin(terminal.stdio())
            .stdout(terminal.stdio())
            .stderr(terminal.stdio());
        Self {
            writer: Process::spawn_as_is(&mut command),
            screen: terminal.screen(),
            shown: String::new(),
        }
    }

    fn types(&mut self, text: &str) {
        self.screen
            .write_all(text.as_bytes())
            .expect("the terminal takes it");
    }

    /// Waits until this is on the screen.
    #[track_caller]
    fn wait_for(&mut self, text: &str) {
        let mut buffer = [0; 4096];
        until(text, || {
            if !self.shown.contains(text) {
                let len = self
                    .screen
                    .read(&mut buffer)
                    .expect("the terminal is there");
                self.shown
                    .push_str(&String::from_utf8_lossy(&buffer[..len]));
            }
            self.shown.contains(text)
        });
    }
}

#[test]
fn a_note_after_the_end_of_the_input_begins_a_line() {
    let name = Name::new();
    let mut typing = Typing::start(&name, &[]);
    typing.wait_for("? ");
    typing.types("hello\n");
    typing.wait_for("hello\r\n? ");
    typing.types("\x04");
    // Nobody reads, so it says what it waits for.
    typing.wait_for("? \r\nshm: waiting for: shm reader");
    reader(&name, &[]).wait_for_success(b"hello\n");
    typing.writer.wait().expect_code(0);
}

#[test]
fn a_note_after_an_end_in_the_middle_of_a_line_begins_one() {
    let name = Name::new();
    let mut typing = Typing::start(&name, &[]);
    typing.wait_for("? ");
    // The first hands over what was typed so far, the second ends the input.
    typing.types("hello\x04\x04");
    typing.wait_for("hello\r\nshm: waiting for: shm reader");
    reader(&name, &[]).wait_for_success(b"hello");
    typing.writer.wait().expect_code(0);
}

#[test]
fn a_note_after_an_interrupt_begins_a_line() {
    let name = Name::new();
    let mut typing = Typing::start(&name, &[]);
    typing.wait_for("? ");
    typing.types("hello\n");
    typing.wait_for("hello\r\n? ");
    typing.writer.signal(Signal::INT);
    typing.wait_for("? \r\nshm: messages are left");
    typing.writer.wait().expect_signal(Signal::INT);
}

#[test]
fn after_a_stop_the_prompt_is_shown_again() {
    let name = Name::new();
    let mut typing = Typing::start(&name, &[]);
    typing.wait_for("? ");
    typing.writer.wait_until_asleep();
    typing.writer.signal(Signal::STOP);
    until("it is stopped", || typing.writer.state() == Some('T'));
    typing.writer.signal(Signal::CONT);
    typing.wait_for("? ? ");
    typing.types("hello\n");
    reader(&name, &["-c", "1"]).wait_for_success(b"hello\n");
    typing.types("\x04");
    typing.writer.wait().expect_code(0);
}
