//! A pseudo-terminal, to see what a person would see.

use std::fs::File;
use std::io::Read as _;
use std::process::{Command, Stdio};

use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use super::Process;

/// Both ends of a pseudo-terminal.
pub(crate) struct Terminal {
    screen: File,
    line: File,
}

impl Terminal {
    pub(crate) fn open() -> Self {
        let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo-terminal");
        grantpt(&screen).expect("a pseudo-terminal");
        unlockpt(&screen).expect("a pseudo-terminal");
        let path = ptsname(&screen, Vec::new()).expect("a pseudo-terminal has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let line = rustix::fs::open(path, flags, rustix::fs::Mode::empty())
            .expect("a pseudo-terminal opens");
        Self {
            screen: screen.into(),
            line: line.into(),
        }
    }

    /// As [`open`](Self::open), so many characters wide.
    pub(crate) fn of_width(columns: u16) -> Self {
        let terminal = Self::open();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&terminal.line, size).expect("a pseudo-terminal has a size");
        terminal
    }

    /// The end for a process, as one of its streams.
    pub(crate) fn stdio(&self) -> Stdio {
        self.line
            .try_clone()
            .expect("a descriptor can be duplicated")
            .into()
    }

    /// What a person types.
    pub(crate) fn screen(&self) -> File {
        self.screen
            .try_clone()
            .expect("a descriptor can be duplicated")
    }

    /// Everything on the screen, once no process has the terminal any more.
    pub(crate) fn finish(self) -> String {
        drop(self.line);
        let mut shown = Vec::new();
        let mut screen = self.screen;
        let mut buffer = [0; 4096];
        // Linux reports the end as an error (EIO).
        while let Ok(len @ 1..) = screen.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..len]);
        }
        String::from_utf8_lossy(&shown).into_owned()
    }
}

/// What the program shows on a terminal on which its output and errors are.
#[track_caller]
pub(crate) fn shown(command: &mut Command) -> String {
    let terminal = Terminal::of_width(100);
    command
        .stdin(Stdio::null())
        .stdout(terminal.stdio())
        .stderr(terminal.stdio());
    let mut process = Process::spawn_as_is(command);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    process.wait();
    terminal.finish()
}
