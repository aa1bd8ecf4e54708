//! The whole terminal, for a page that is drawn again and again, and single keys; given back as it
//! was, whatever ends the program.

use std::io::{self, IsTerminal, Stdin, Stdout};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

use super::signals::{Signals, Woken};
use super::stdio;

/// Another page than the shell's, without a cursor; and back.
const ENTER: &str = "\x1b[?1049h\x1b[?25l";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

/// To the first line; forget the rest of this line; forget all lines below.
const HOME: &str = "\x1b[H";
const REST_OF_LINE: &str = "\x1b[K";
const REST: &str = "\x1b[J";

/// How often it looks whether the size is another. A handler would be told at once, and would end
/// waits of others.
const LOOK: Duration = Duration::from_millis(100);

/// The size of a terminal that does not say, in columns and lines.
const USUAL: Size = Size {
    columns: 80,
    lines: 24,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) lines: usize,
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Key(u8),
    Resized,
    /// A signal came that ends the program.
    Signal,
    TimedOut,
}

/// Standard output as a page of its own, and standard input as keys if it is a terminal, too.
#[derive(Debug)]
pub(crate) struct Screen<'a> {
    signals: &'a Signals,
    output: Stdout,
    /// With the modes to go back to.
    keys: Option<(Stdin, Termios)>,
    size: Size,
}

impl<'a> Screen<'a> {
    /// Takes the terminal that standard output is.
    pub(crate) fn open(signals: &'a Signals) -> io::Result<Self> {
        let output = stdio::output()?;
        let size = size(&output);
        let keys = stdio::input().ok().filter(IsTerminal::is_terminal);
        // First of all something that gives the terminal back.
        let mut screen = Self {
            signals,
            output,
            keys: None,
            size,
        };
        if let Some(input) = keys {
            let before = tcgetattr(&input)?;
            let mut modes = before.clone();
            // Single keys, which are not shown. Ctrl-C stays a signal; a program that is suspended
            // would leave the shell with this page.
            modes.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
            modes.special_codes[SpecialCodeIndex::VSUSP] = 0;
            modes.special_codes[SpecialCodeIndex::VMIN] = 1;
            modes.special_codes[SpecialCodeIndex::VTIME] = 0;
            screen.keys = Some((input, before));
            let (input, _) = screen.keys.as_ref().expect("it was set just now");
            tcsetattr(input, OptionalActions::Now, &modes)?;
        }
        screen.write(ENTER)?;
        Ok(screen)
    }

    pub(crate) fn size(&self) -> Size {
        self.size
    }

    /// Shows these lines instead of all others, as far as they fit.
    pub(crate) fn draw(&self, page: &str) -> io::Result<()> {
        let lines = page.lines().take(self.size.lines);
        let lines: Vec<_> = lines.map(|line| format!("{line}{REST_OF_LINE}")).collect();
        self.write(&format!("{HOME}{}{REST}", lines.join("\r\n")))
    }

    /// Waits until `deadline` for something to happen.
    pub(crate) fn wait(&mut self, deadline: Instant) -> io::Result<Event> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let time = left.min(LOOK);
            let woken = match &self.keys {
                Some((input, _)) => self.signals.wait_readable_for(input.as_fd(), time)?,
                None => self.signals.sleep(time)?,
            };
            if self.signals.caught().is_some() {
                return Ok(Event::Signal);
            }
            let now = size(&self.output);
            if now != self.size {
                self.size = now;
                return Ok(Event::Resized);
            }
            match woken {
                Woken::Ready => {
                    if let Some(key) = self.key() {
                        return Ok(Event::Key(key));
                    }
                }
                Woken::Signal => return Ok(Event::Signal),
                Woken::TimedOut if left <= LOOK => return Ok(Event::TimedOut),
                Woken::TimedOut => {}
            }
        }
    }

    /// The key that was pressed; none if there are no keys any more.
    fn key(&mut self) -> Option<u8> {
        let (input, _) = self.keys.as_ref()?;
        let mut key = [0];
        match rustix::io::read(input, &mut key) {
            Ok(1) => Some(key[0]),
            Err(Errno::INTR | Errno::AGAIN) => None,
            // The terminal is gone, and its signal is on the way.
            _ => {
                self.keys = None;
                None
            }
        }
    }

    /// Writes all of it, unless a signal comes while the terminal takes nothing.
    fn write(&self, text: &str) -> io::Result<()> {
        let mut left = text.as_bytes();
        while !left.is_empty() {
            match self.signals.wait_writable(self.output.as_fd())? {
                Woken::Signal => return Ok(()),
                Woken::Ready | Woken::TimedOut => {}
            }
            match rustix::io::write(&self.output, left) {
                Ok(count) => left = &left[count..],
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        // There is nothing to be done if the terminal is gone.
        let _ = self.write(LEAVE);
        if let Some((input, before)) = &self.keys {
            let _ = tcsetattr(input, OptionalActions::Now, before);
        }
    }
}

fn size(output: &Stdout) -> Size {
    match tcgetwinsize(output) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size {
            columns: size.ws_col.into(),
            lines: size.ws_row.into(),
        },
        _ => USUAL,
    }
}
