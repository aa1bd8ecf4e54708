//! `shm writer`: standard input, or the texts of the command line, becomes messages.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Stdin, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::io::Errno;

use crate::args::WriterArgs;
use crate::ending::{Ending, Halt};
use crate::errors;
use crate::failure::{Failure, Status, note};
use crate::framing::{Framer, Framing, FramingError};
use crate::signals::{Signals, Woken};
use crate::sink::{Progress, Sink};
use crate::stats::Stats;

/// How long a writer that failed lets its reader take what was sent, so that no object is left behind.
const GRACE: Duration = Duration::from_secs(1);

/// Runs the command.
pub(crate) fn run(args: &WriterArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::stream("catch signals", &error))?;
    let sink = Sink::attach(&args.channel, &signals)?;
    let mut writer = Writer {
        framer: Framer::new(args.channel.framing(), args.oversize, sink.limit()),
        sink,
        signals,
        stats: Stats::new(),
    };
    let fed = match args.message.as_slice() {
        [] => writer.send_input(),
        texts => writer.send_texts(texts, args.channel.framing()),
    };
    let stats = args.channel.stats;
    let (ending, figures) = writer.finish(args, fed);
    if stats {
        note(figures.figures());
    }
    ending
}

/// A writer at work.
struct Writer {
    framer: Framer,
    sink: Sink,
    signals: Signals,
    stats: Stats,
}

impl Writer {
    /// Sends standard input until it ends: what a read returned goes out before the next read.
    fn send_input(&mut self) -> Result<(), Halt> {
        let stdin = io::stdin();
        let prompts = stdin.is_terminal() && io::stderr().is_terminal();
        loop {
            if prompts && !self.framer.is_inside_message() {
                prompt();
            }
            match self.read(&stdin)? {
                0 => break,
                count => self.framer.filled(count),
            }
            self.send_complete()?;
        }
        self.framer.end();
        self.send_complete()
    }

    /// Sends each text as if standard input had held it, with the terminator that its framing asks for.
    fn send_texts(&mut self, texts: &[OsString], framing: Framing) -> Result<(), Halt> {
        for text in texts {
            match framing {
                Framing::Terminated(terminator) => {
                    self.pour(text.as_bytes())?;
                    self.pour(&[terminator])?;
                }
                Framing::Raw => self.pour(text.as_bytes())?,
                // Its length is known; it needs no framing.
                Framing::LengthDelimited => {
                    self.sink.send(text.as_bytes())?;
                    self.stats.count(text.len());
                }
            }
        }
        Ok(())
    }

    /// Sends the messages that `bytes` complete.
    fn pour(&mut self, mut bytes: &[u8]) -> Result<(), Halt> {
        while !bytes.is_empty() {
            let room = self.framer.room();
            let count = room.len().min(bytes.len());
            room[..count].copy_from_slice(&bytes[..count]);
            self.framer.filled(count);
            bytes = &bytes[count..];
            self.send_complete()?;
        }
        Ok(())
    }

    fn send_complete(&mut self) -> Result<(), Halt> {
        while let Some(message) = self.framer.next().map_err(|error| bad_framing(&error))? {
            self.sink.send(message)?;
            self.stats.count(message.len());
        }
        Ok(())
    }

    /// Waits for input, and reads what there is into the framer's room. 0 is the end.
    fn read(&mut self, stdin: &Stdin) -> Result<usize, Halt> {
        loop {
            if self.signals.caught().is_some() {
                return Err(Halt::Signal);
            }
            match self.signals.wait_readable(stdin.as_fd()) {
                Ok(Woken::Signal) => return Err(Halt::Signal),
                Ok(Woken::Ready | Woken::TimedOut) => {}
                Err(error) => return Err(unreadable(&error)),
            }
            match rustix::io::read(stdin, self.framer.room()) {
                Ok(count) => return Ok(count),
                // Someone else read first, or the terminal has a signal for us.
                Err(Errno::AGAIN | Errno::INTR) => {}
                Err(error) => return Err(unreadable(&error.into())),
            }
        }
    }

    /// Leaves the channel as the end of the input, a signal or a failure asks for.
    fn finish(
        mut self,
        args: &WriterArgs,
        fed: Result<(), Halt>,
    ) -> (Result<Ending, Failure>, Stats) {
        let ended = match fed {
            Ok(()) if args.keep => Ok(Progress::Done),
            Ok(()) => self.sink.drain(args.drain),
            Err(halt) => Err(halt),
        };
        let ending = match ended {
            Ok(Progress::Done) => leave(self.sink, args.keep).map(|()| Ending::Done),
            Ok(Progress::TimedOut) => self
                .sink
                .give_up(args.drain.unwrap_or_default())
                .map(|()| Ending::Done),
            Err(Halt::Signal) => {
                if let Err(failure) = leave(self.sink, args.keep) {
                    // The signal decides how the process ends.
                    failure.report();
                }
                Ok(self.signals.ending())
            }
            Err(Halt::Failed(failure)) => {
                if self.sink.has_reader() {
                    // Whatever comes of it, the failure is what is told.
                    let _ = self.sink.drain(Some(GRACE));
                }
                let _ = leave(self.sink, args.keep);
                Err(failure)
            }
        };
        (ending, self.stats)
    }
}

fn leave(sink: Sink, keep: bool) -> Result<(), Failure> {
    if keep { sink.keep() } else { sink.close() }.map(|_left| ())
}

/// The lesson's prompt. Where it cannot be shown, there is nobody to see it.
fn prompt() {
    let _ = io::stderr().write_all(b"? ");
}

fn bad_framing(error: &FramingError) -> Halt {
    let failure = Failure::new(Status::BadMessage, error);
    Halt::Failed(match error {
        FramingError::Long { .. } => failure.next("--oversize split, or shorter messages"),
        FramingError::Length { .. } | FramingError::Truncated { .. } => {
            failure.next("check that the input has a length (u32, big-endian) before each message")
        }
    })
}

fn unreadable(error: &io::Error) -> Halt {
    Halt::Failed(errors::stream("read standard input", error))
}
