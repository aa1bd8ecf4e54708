//! `shm reader`: messages become bytes on standard output, and are acknowledged once they have been written.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use shm_mailbox::Message;

use crate::args::ReaderArgs;
use crate::ending::{Ending, Halt};
use crate::errors;
use crate::failure::{Failure, Status, note};
use crate::framing::Framing;
use crate::output::{Form, Output, Stop};
use crate::progress;
use crate::signals::Signals;
use crate::source::{Arrival, Layout, Source};
use crate::stats::Stats;
use crate::stdio;

/// Runs the command.
pub(crate) fn run(args: &ReaderArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::signals(&error))?;
    let output = stdio::output()
        .and_then(|stdout| Output::new(stdout.as_fd(), form(args)))
        .map_err(|error| errors::messages(&error))?;
    let mut reader = Reader {
        args,
        output,
        signals,
        message: Message::new(),
        left: args.count,
        deadline: None,
        gathered: Vec::new(),
        stats: Stats::new(),
    };
    reader.restart_clock();
    if args.channel.progress && !io::stdout().is_terminal() {
        reader.stats.show();
    }
    let result = reader.serve();
    progress::end();
    if args.channel.stats {
        note(reader.stats.figures());
    }
    match result {
        Ok(()) => Ok(Ending::Done),
        Err(Halt::Signal) => Ok(reader.signals.ending()),
        Err(Halt::TimedOut) if args.no_wait => Ok(Ending::Done),
        Err(Halt::TimedOut) => Err(timed_out(args)),
        Err(Halt::Failed(failure)) => Err(failure),
    }
}

/// A reader at work.
struct Reader<'a> {
    args: &'a ReaderArgs,
    output: Output,
    signals: Signals,
    message: Message,
    /// How many messages are still asked for.
    left: Option<u64>,
    /// Until when the next message may come, from whichever writer and object.
    deadline: Option<Instant>,
    /// Length in bytes of each message that the output has and may not have written.
    gathered: Vec<usize>,
    stats: Stats,
}

/// Why a reader is done with a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// It has what it came for, or nobody wants it any more.
    Satisfied,
    /// The writer is gone, and everything it sent has been written.
    WriterGone,
}

impl Reader<'_> {
    /// Serves one writer, or, if asked to, one after the other.
    fn serve(&mut self) -> Result<(), Halt> {
        let mut layout = if self.args.channel.classic {
            Layout::Classic
        } else {
            Layout::Any
        };
        loop {
            let mut source = Source::attach(self.args, layout, self.deadline, &self.signals)?;
            layout = source.layout();
            let done = self.receive(&mut source);
            let closed = source.close();
            let done = done?;
            closed?;
            if done == Done::WriterGone && !self.args.follow && self.stats.messages() == 0 {
                self.explain();
            }
            if done == Done::Satisfied || !self.args.follow {
                return Ok(());
            }
        }
    }

    /// Tells a person why nothing came.
    fn explain(&self) {
        if io::stderr().is_terminal() {
            let name = self.args.channel.name();
            note(format_args!(
                "the writer of object {name:?} has closed, and nothing is left; --follow waits for the next"
            ));
        }
    }

    /// Writes out messages as they come, all that are there at once.
    fn receive(&mut self, source: &mut Source) -> Result<Done, Halt> {
        loop {
            match source.wait(&mut self.message, self.deadline)? {
                Arrival::End => return Ok(Done::WriterGone),
                Arrival::Message => {}
            }
            self.gather(source);
            let flushed = self.output.flush(&self.signals);
            self.count(match &flushed {
                Ok(()) => self.gathered.len(),
                Err((written, _)) => *written,
            });
            match flushed {
                Ok(()) => source.acknowledge()?,
                Err((written, stop)) => {
                    source.acknowledge_first(written)?;
                    return match stop {
                        Stop::Closed => Ok(Done::Satisfied),
                        Stop::Signal => Err(Halt::Signal),
                        Stop::Failed(error) => Err(Halt::Failed(errors::messages(&error))),
                    };
                }
            }
            if self.left == Some(0) {
                return Ok(Done::Satisfied);
            }
            if self.signals.caught().is_some() {
                return Err(Halt::Signal);
            }
            self.restart_clock();
        }
    }

    /// The time for the next message begins now.
    fn restart_clock(&mut self) {
        let limit = match self.args.no_wait {
            true => Some(Duration::ZERO),
            false => self.args.timeout,
        };
        self.deadline = limit.map(|limit| Instant::now() + limit);
    }

    /// Takes the message that has come, and what else there is, as far as it is wanted and the output has room.
    fn gather(&mut self, source: &mut Source) {
        loop {
            let message = &self.message;
            self.output
                .push(source.id(), message.sequence(), message.as_bytes());
            self.gathered.push(message.len());
            self.left = self.left.map(|left| left - 1);
            if self.left == Some(0) || self.output.is_full() || !source.more(&mut self.message) {
                return;
            }
        }
    }

    /// Of the messages that were gathered, the first `written` went out; the others are for the next reader.
    fn count(&mut self, written: usize) {
        for length in self.gathered.drain(..).take(written) {
            self.stats.count(length);
        }
    }
}

fn form(args: &ReaderArgs) -> Form {
    if args.json {
        Form::Json
    } else if args.channel.framing() == Framing::LengthDelimited {
        Form::LengthDelimited
    } else {
        Form::Bytes
    }
}

fn timed_out(args: &ReaderArgs) -> Failure {
    let name = args.channel.name();
    let limit = humantime::format_duration(args.timeout.unwrap_or_default());
    let what = format_args!("no message in object {name:?} within {limit}");
    Failure::new(Status::TimedOut, what).next("start its writer, or wait longer")
}
