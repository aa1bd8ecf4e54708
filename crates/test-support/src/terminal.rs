//! A pseudo-terminal, to see what a person would see.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::{Process, until};

/// A pseudo-terminal with both of its descriptors, and what it has shown.
pub struct Terminal {
    screen: File,
    line: File,
    shown: String,
}

impl Terminal {
    /// A new one, so many characters wide.
    pub fn of_width(columns: u16) -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo-terminal");
        grantpt(&screen).expect("a pseudo-terminal");
        unlockpt(&screen).expect("a pseudo-terminal");
        let path = ptsname(&screen, Vec::new()).expect("a pseudo-terminal has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let line = rustix::fs::open(path, flags, Mode::empty()).expect("a pseudo-terminal opens");
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&line, size).expect("a pseudo-terminal has a size");
        Self {
            screen: screen.into(),
            line: line.into(),
            shown: String::new(),
        }
    }

    /// The end for a process, as one of its streams.
    pub fn stdio(&self) -> Stdio {
        let line = self.line.try_clone();
        line.expect("a descriptor can be duplicated").into()
    }

    /// Starts the command with its errors, and nothing else, on this terminal.
    #[track_caller]
    pub fn with_errors_of(&self, mut command: Command) -> Process {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Process::spawn_as_is(command.stderr(self.stdio()))
    }

    /// Starts the command with its output and errors on this terminal.
    #[track_caller]
    pub fn with_output_of(&self, command: &mut Command) -> Process {
        command.stdout(self.stdio()).stderr(self.stdio());
        let process = Process::spawn_as_is(command);
        // Only the process keeps the terminal.
        command.stdout(Stdio::null()).stderr(Stdio::null());
        process
    }

    /// What a person types.
    pub fn types(&mut self, text: &str) {
        let typed = self.screen.write_all(text.as_bytes());
        typed.expect("the terminal takes it");
    }

    /// Waits until it has shown this.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let mut buffer = [0; 4096];
        until(text, || {
            if !self.shown.contains(text) {
                let len = self.screen.read(&mut buffer).expect("the line is open");
                let more = String::from_utf8_lossy(&buffer[..len]);
                self.shown.push_str(&more);
            }
            self.shown.contains(text)
        });
    }

    /// Everything that it has shown, once no process has it any more.
    pub fn finish(self) -> String {
        let Self {
            mut screen,
            line,
            mut shown,
        } = self;
        drop(line);
        let mut buffer = [0; 4096];
        // Linux reports the end as an error (EIO).
        let mut rest = Vec::new();
        while let Ok(len @ 1..) = screen.read(&mut buffer) {
            rest.extend_from_slice(&buffer[..len]);
        }
        shown.push_str(&String::from_utf8_lossy(&rest));
        shown
    }
}

/// What the program shows on a terminal on which its output and errors are.
#[track_caller]
pub fn shown(command: &mut Command) -> String {
    let terminal = Terminal::of_width(100);
    terminal.with_output_of(command.stdin(Stdio::null())).wait();
    terminal.finish()
}
