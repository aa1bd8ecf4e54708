//! `shm writer`: standard input, or the texts of the command line, becomes messages.
//!
//! Here lives what takes messages in and sends them; how the channel is left stands in `leave`.

mod leave;

use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use crate::args::{Framing, WriterArgs};
use crate::failure::{Ending, Failure, Halt, Status, errors, note};
use crate::pass::framing::{Framer, FramingError};
use crate::pass::input::Input;
use crate::pass::link::{self, SILENCE};
use crate::pass::sink::{self, Sink};
use crate::pass::stats::Stats;
use crate::terminal::signals::Signals;

/// How often a writer that waits for room checks for the end of the input, if that matters.
const LOOK: Duration = Duration::from_millis(50);

pub(crate) fn run(args: &WriterArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::signals(&error))?;
    let sink = sink::attach(&args.channel, &signals)?;
    let mut writer = Writer {
        args,
        framer: Framer::new(args.channel.framing(), args.oversize(), sink.limit()),
        input: Input::standard(),
        ended: None,
        unsent: false,
        explains: io::stderr().is_terminal(),
        sink,
        signals,
        stats: Stats::new(),
    };
    // Messages that are typed are seen so.
    let is_typed = args.message.is_empty() && writer.input.prompts();
    if args.channel.progress && !is_typed {
        writer.stats.show();
    }
    let worked = writer.work();
    let figures = writer.stats.figures();
    let ending = writer.leave(worked);
    if args.channel.stats {
        note(figures);
    }
    ending
}

/// A writer at work.
struct Writer<'a> {
    args: &'a WriterArgs,
    framer: Framer,
    input: Input,
    /// When the end of the input was seen: from then on the time of `--drain` runs.
    ended: Option<Instant>,
    /// Does a message wait for room?
    unsent: bool,
    /// Is there a terminal on which to explain a long wait?
    explains: bool,
    sink: Box<dyn Sink>,
    signals: Signals,
    stats: Stats,
}

impl Writer<'_> {
    /// Sends everything, and sees to it that it is taken.
    fn work(&mut self) -> Result<(), Halt> {
        match self.args.message.as_slice() {
            [] => self.send_input()?,
            texts => self.send_texts(texts)?,
        }
        if self.args.keep {
            return Ok(());
        }
        self.patiently(None, |sink, limit| sink.drain(limit))
    }

    /// Sends standard input until it ends: what a read returned goes out before the next read.
    fn send_input(&mut self) -> Result<(), Halt> {
        self.end_the_last_line()?;
        while self.ended.is_none() {
            if !self.framer.is_inside_message() {
                self.input.prompt();
            }
            let count = self.input.read(self.framer.room(), &self.signals)?;
            self.came(count);
            self.send_complete()?;
        }
        if self.sink.is_shared() && self.framer.is_inside_line() {
            // The reader waits for the end of the line, so that lines of writers do not mix.
            self.insist(&[])?;
        }
        Ok(())
    }

    /// Ends what the last writer may have left, so that the first line here is no part of it. (At
    /// the end of a line, this has no effect.)
    fn end_the_last_line(&mut self) -> Result<(), Halt> {
        let has_lines = matches!(self.args.channel.framing(), Framing::Terminated(_));
        match has_lines && self.sink.may_be_inside_line() {
            true => self.insist(&[]),
            false => Ok(()),
        }
    }

    /// Sends each text as if standard input had held it, with the terminator that its framing asks
    /// for.
    fn send_texts(&mut self, texts: &[OsString]) -> Result<(), Halt> {
        self.ended = Some(Instant::now());
        self.end_the_last_line()?;
        for text in texts {
            let text = text.as_bytes();
            match self.args.channel.framing() {
                Framing::Terminated(terminator) => {
                    self.pour(text)?;
                    self.pour(&[terminator])?;
                }
                Framing::Raw => self.pour(text)?,
                // Its length is known; it needs no framing.
                Framing::LengthDelimited => {
                    self.insist(text)?;
                    self.stats.count(1, text.len());
                }
            }
        }
        Ok(())
    }

    /// Sends the messages that `bytes` complete.
    fn pour(&mut self, mut bytes: &[u8]) -> Result<(), Halt> {
        while !bytes.is_empty() {
            let room = self.framer.room();
            let (now, later) = bytes.split_at(room.len().min(bytes.len()));
            room[..now.len()].copy_from_slice(now);
            self.framer.filled(now.len());
            bytes = later;
            self.send_complete()?;
        }
        Ok(())
    }

    /// Standard input had `count` bytes more, or has ended.
    fn came(&mut self, count: usize) {
        if count > 0 {
            self.framer.filled(count);
        } else {
            self.framer.end();
            self.ended = Some(Instant::now());
        }
    }

    /// Sends the messages that are complete.
    fn send_complete(&mut self) -> Result<(), Halt> {
        let limit = self.slice();
        let is_bounded = self.args.timeout.is_some();
        let name = self.args.channel.name();
        let bad_framing = |error: FramingError| {
            let what = format_args!("object {name:?}: {error}");
            Failure::new(Status::BadMessage, what).next(error.next(is_bounded))
        };
        while let Some(message) = self.framer.next().map_err(bad_framing)? {
            let length = message.len();
            self.unsent = true;
            // The time of `--timeout` begins with the first attempt.
            let sent = match is_bounded {
                true => Err(Halt::TimedOut),
                false => self.sink.send(message, limit),
            };
            match sent {
                Err(Halt::TimedOut) => {
                    // Out of the framer, which makes room for what comes during the wait.
                    let message = message.to_vec();
                    self.insist(&message)?;
                }
                sent => sent?,
            }
            self.unsent = false;
            self.stats.count(1, length);
        }
        Ok(())
    }

    /// Sends a message for which there may be no room yet.
    fn insist(&mut self, message: &[u8]) -> Result<(), Halt> {
        self.unsent = true;
        let until = self.args.timeout.map(|limit| Instant::now() + limit);
        self.patiently(until, |sink, limit| sink.send(message, limit))?;
        self.unsent = false;
        Ok(())
    }

    /// Repeats an attempt until it is done, this moment has come or the time of `--drain` is up,
    /// and tells a person at the terminal what a long wait is for.
    fn patiently(
        &mut self,
        until: Option<Instant>,
        mut attempt: impl FnMut(&mut dyn Sink, Option<Duration>) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let began = Instant::now();
        let mut explains = self.explains;
        loop {
            let left = self.left();
            let allowed = until.map(|until| until.saturating_duration_since(Instant::now()));
            let limit = [self.slice(), left, allowed].into_iter().flatten().min();
            match attempt(&mut *self.sink, limit) {
                Err(Halt::TimedOut) => {}
                done => return done,
            }
            if left == Some(Duration::ZERO) {
                return Err(Halt::TimedOut);
            }
            if allowed == Some(Duration::ZERO) {
                return Err(self.unsendable().into());
            }
            if explains && began.elapsed() >= SILENCE {
                explains = false;
                // An attached reader is just slow.
                if !self.sink.has_reader() {
                    note(format_args!("waiting for: shm reader {}", self.address()));
                } else if let Some(laggards) = self.sink.laggards() {
                    note(format_args!("waiting for: {laggards}"));
                }
            }
            self.look_ahead();
        }
    }

    /// The time of `--timeout` is up.
    fn unsendable(&self) -> Failure {
        let name = self.args.channel.name();
        let limit = humantime::format_duration(self.args.timeout.unwrap_or_default());
        let number = self.stats.messages() + 1;
        let held = self.held_by();
        let what = format_args!(
            "no room in object {name:?} within {limit} for message {number} of the input{held}"
        );
        Failure::new(Status::TimedOut, what).next(self.remedy())
    }

    /// Which readers of a bus have not taken what was sent, on a line of its own.
    fn held_by(&self) -> String {
        let laggards = self.sink.laggards();
        laggards.map_or_else(String::new, |laggards| {
            format!("\n  waiting for: {laggards}")
        })
    }

    /// What the user can do if no reader takes the messages.
    fn remedy(&self) -> String {
        match self.sink.laggards() {
            None => format!("shm reader {}", self.address()),
            Some(_) => {
                let name = self.args.channel.name();
                format!(
                    "continue or end that reader; shm stat {name} shows all, shm forget {name} LABEL forgets one"
                )
            }
        }
    }

    /// What follows `shm reader` in the command that takes the messages.
    fn address(&self) -> String {
        let layout = self.args.channel.classic.then_some("--classic ");
        layout.unwrap_or_default().to_owned() + self.args.channel.name()
    }

    /// Reads what there is, to learn of the end of the input while messages still wait for room.
    fn look_ahead(&mut self) {
        if self.args.drain.is_some()
            && self.ended.is_none()
            && let Some(count) = self.input.read_now(self.framer.room(), &self.signals)
        {
            self.came(count);
        }
    }

    /// What is left of the time of `--drain`, if it runs.
    fn left(&self) -> Option<Duration> {
        let (drain, ended) = (self.args.drain?, self.ended?);
        Some(drain.saturating_sub(ended.elapsed()))
    }

    /// The longest wait before the next check; without limit if there is nothing to check.
    fn slice(&self) -> Option<Duration> {
        let looks = self.args.drain.is_some() || self.explains;
        looks.then(|| link::slice(&self.args.channel, LOOK))
    }
}
