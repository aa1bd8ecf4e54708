//! `shm reader`: messages become bytes on standard output, and are acknowledged once they have been
//! written.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use shm_mailbox::Message;

use super::lines::{Acknowledgement, Lines};
use super::output::{Form, Output, Stop};
use super::source::{self, Source};
use super::stats::Stats;
use crate::args::{Begin, Framing, ReaderArgs};
use crate::failure::{Ending, Failure, Halt, errors, note};
use crate::terminal::progress;
use crate::terminal::signals::Signals;

pub(crate) fn run(args: &ReaderArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::signals(&error))?;
    let output = Output::standard(form(args)).map_err(|error| errors::messages(&error))?;
    let mut reader = Reader {
        args,
        output,
        signals,
        lines: Lines::default(),
        message: Message::new(),
        left: args.count,
        deadline: None,
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
        Err(Halt::TimedOut) => {
            let name = args.channel.name();
            let limit = humantime::format_duration(args.timeout.unwrap_or_default());
            let what = format_args!("no message in object {name:?} within {limit}");
            Err(source::timed_out(what))
        }
        Err(Halt::Failed(failure)) => Err(failure),
    }
}

/// A reader at work.
struct Reader<'a> {
    args: &'a ReaderArgs,
    output: Output,
    signals: Signals,
    lines: Lines,
    message: Message,
    /// How many messages are still asked for.
    left: Option<u64>,
    /// Until when the next message may come, from whichever writer and object.
    deadline: Option<Instant>,
    stats: Stats,
}

impl Reader<'_> {
    /// Serves one writer, or, if asked to, one after the other.
    fn serve(&mut self) -> Result<(), Halt> {
        let mut is_classic = self.args.channel.classic;
        let mut from = self.args.from;
        loop {
            let (args, signals) = (self.args, &self.signals);
            let mut source = source::attach(args, is_classic, from, self.deadline, signals)?;
            is_classic = source.is_classic();
            let mut received = self.receive(&mut *source);
            if let Some(failure) = source.corruption()
                && matches!(received, Ok(_) | Err(Halt::TimedOut))
            {
                received = Err(failure.into());
            }
            let closed = source.close();
            let is_satisfied = received?;
            closed?;
            if is_satisfied {
                return Ok(());
            }
            if !self.args.follow {
                if self.stats.messages() == 0 {
                    self.explain();
                }
                return Ok(());
            }
            // All that the next object still has.
            from = Some(Begin::Oldest);
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

    /// Writes out messages as they come, all queued ones at once. True if it has what it came for,
    /// or its output is closed; false if the writer has left, and everything it sent has been
    /// written.
    fn receive(&mut self, source: &mut dyn Source) -> Result<bool, Halt> {
        loop {
            match source.wait(&mut self.message, self.deadline) {
                Ok(true) => {}
                Ok(false) => {
                    self.lines.complete_all(&mut self.output);
                    return self.write(source);
                }
                Err(halt) => {
                    if matches!(halt, Halt::Failed(_)) {
                        // No more messages will come. Report that, even if writing fails too.
                        self.lines.complete_all(&mut self.output);
                        let _ = self.write(source);
                    }
                    return Err(halt);
                }
            }
            self.gather(source);
            if self.write(source)? || self.left == Some(0) {
                return Ok(true);
            }
            if self.signals.caught().is_some() {
                return Err(Halt::Signal);
            }
            self.restart_clock();
        }
    }

    /// Writes what was gathered, and acknowledges it; true if the output was closed.
    fn write(&mut self, source: &mut dyn Source) -> Result<bool, Halt> {
        let (count, stop) = self.output.flush(&self.signals);
        let written = self.lines.written(count);
        self.stats.count(written.messages, written.bytes);
        for Acknowledgement { lane, sequence } in written.acknowledgements {
            source.acknowledge(lane, sequence)?;
        }
        if let Some(stop) = stop {
            // The others are for the next reader.
            source.relinquish()?;
            return match stop {
                Stop::Closed => Ok(true),
                Stop::Signal => Err(Halt::Signal),
                Stop::Failed(error) => Err(errors::messages(&error).into()),
            };
        }
        for Acknowledgement { lane, sequence } in self.lines.overdue() {
            source.acknowledge(lane, sequence)?;
        }
        Ok(false)
    }

    /// The time for the next message begins now.
    fn restart_clock(&mut self) {
        let limit = match self.args.no_wait {
            true => Some(Duration::ZERO),
            false => self.args.timeout,
        };
        self.deadline = limit.map(|limit| Instant::now() + limit);
    }

    /// Takes the message that has come, and what else there is, as far as it is wanted and the
    /// output has room.
    fn gather(&mut self, source: &mut dyn Source) {
        let id = source.id();
        if self.lines.is_of_another(id) {
            let (capacity, is_shared) = (source.capacity(), source.is_shared());
            let (terminator, output) = (self.terminator(), &mut self.output);
            self.lines
                .begin(id, capacity, is_shared, terminator, output);
        }
        loop {
            let lane = source.lane(&self.message);
            let (message, output) = (&self.message, &mut self.output);
            let taken = self.lines.take(lane, message.sequence(), message, output);
            self.left = self.left.map(|left| left.saturating_sub(taken as u64));
            if self.left == Some(0) || self.output.is_full() || !source.more(&mut self.message) {
                return;
            }
        }
    }

    /// What ends a line of the output, if it has lines.
    fn terminator(&self) -> Option<u8> {
        match (form(self.args), self.args.channel.framing()) {
            (Form::Bytes, Framing::Terminated(terminator)) => Some(terminator),
            _ => None,
        }
    }
}

fn form(args: &ReaderArgs) -> Form {
    match args.channel.framing() {
        _ if args.json => Form::Json,
        Framing::LengthDelimited => Form::LengthDelimited,
        _ => Form::Bytes,
    }
}
