//! `shm tap`: what passes through a mailbox, without taking it; and how many messages it missed.

use std::time::{Duration, Instant};

use shm_core::{Object, OpenError};
use shm_mailbox::observe::{self, Content, Side};
use shm_mailbox::tap::{Start, Tap, TapError};
use shm_mailbox::{Message, Peer};

use super::objects;
use crate::args::{Begin, TapArgs};
use crate::failure::{Ending, Failure, Halt, Status, errors, note};
use crate::pass::output::{Form, Origin, Output, Stop};
use crate::terminal::signals::{Signals, Woken};

/// The first pause after nothing came; each one after it is twice as long, up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_micros(100);
const LONGEST: Duration = Duration::from_millis(5);

/// How often it looks, while nothing comes, for the writer and for the name.
const CHECK: Duration = Duration::from_millis(50);

/// How often it tells of missed messages while others come.
const TELL: Duration = Duration::from_secs(1);

/// Runs the command.
pub(crate) fn run(args: &TapArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::signals(&error))?;
    let form = match (args.json, args.length_delimited) {
        (true, _) => Form::Json,
        (_, true) => Form::LengthDelimited,
        _ => Form::Bytes,
    };
    let output = Output::standard(form).map_err(|error| errors::output(&error))?;
    let mut watch = Watch {
        args,
        signals,
        output,
        message: Message::new(),
        left: args.count,
        deadline: None,
        shown: 0,
        missed: Missed::default(),
    };
    watch.restart_clock();
    let result = watch.follow();
    watch.missed.tell(watch.shown);
    match result {
        Ok(()) => Ok(Ending::Done),
        Err(Halt::Signal) => Ok(watch.signals.ending()),
        Err(Halt::TimedOut) => {
            let limit = humantime::format_duration(args.timeout.unwrap_or_default());
            let what = format_args!("no message in object {:?} within {limit}", args.name());
            Err(Failure::new(Status::TimedOut, what).next("start its writer, or wait longer"))
        }
        Err(Halt::Failed(failure)) => Err(failure),
    }
}

/// A tap at work, on one object after the other.
struct Watch<'a> {
    args: &'a TapArgs,
    signals: Signals,
    output: Output,
    message: Message,
    /// How many messages are still asked for.
    left: Option<u64>,
    /// Until when the next message may come.
    deadline: Option<Instant>,
    shown: u64,
    missed: Missed,
}

/// What has come through an object.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Come {
    Nothing,
    All,
    /// Some of it was missed.
    Missed,
}

/// Why nothing more comes through an object.
#[derive(Clone, Copy)]
enum End {
    WriterClosed,
    WriterDied,
    /// It has lost its name, and no writer has come.
    Removed,
}

impl Watch<'_> {
    /// Follows the object of the name, or, if asked to, one after the other.
    fn follow(&mut self) -> Result<(), Halt> {
        let mut start = match self.args.from {
            Begin::Next => Start::Next,
            Begin::Oldest => Start::Oldest,
        };
        loop {
            let mut source = self.open(start)?;
            match self.pass(&mut source)? {
                None => return Ok(()),
                // Every message of the next object passes after this one's.
                Some(_) if self.args.follow => start = Start::First,
                Some(end) => return self.judge(end).map_err(Halt::from),
            }
        }
    }

    /// What the end of the only object means.
    fn judge(&self, end: End) -> Result<(), Failure> {
        let name = self.args.name();
        let (status, how) = match end {
            End::WriterClosed => return Ok(()),
            End::WriterDied => {
                let how = format!(
                    "the writer of object {name:?} died; everything that it sent has passed"
                );
                (Status::Abandoned, how)
            }
            End::Removed => {
                let how = format!("object {name:?} was removed, and no writer has come");
                (Status::NoObject, how)
            }
        };
        let next = format_args!("shm tap --follow {name} waits for the next");
        Err(Failure::new(status, how).next(next))
    }

    /// Opens what has the name, as soon as something does if that is to be waited for.
    fn open(&mut self, mut start: Start) -> Result<Source, Halt> {
        loop {
            match observe::open(self.args.name()) {
                Ok(object) => return Ok(Source::new(object, start)?),
                Err(OpenError::NotFound { .. }) if self.args.follow => {}
                Err(error) => return Err(objects::unreadable(&error).into()),
            }
            start = Start::First;
            self.sleep(CHECK)?;
        }
    }

    /// Shows what comes through an object until nothing more can come; none if it has shown what it
    /// was asked for, or no process reads it any more.
    fn pass(&mut self, source: &mut Source) -> Result<Option<End>, Halt> {
        let mut pause = SHORTEST;
        let mut checked = Instant::now();
        let mut end = None;
        loop {
            // What came before an error is shown.
            let gathered = self.gather(source);
            if let (_, Some(stop)) = self.output.flush(&self.signals) {
                return match stop {
                    Stop::Closed => Ok(None),
                    Stop::Signal => Err(Halt::Signal),
                    Stop::Failed(error) => Err(errors::output(&error).into()),
                };
            }
            let come = gathered?;
            if self.left == Some(0) {
                return Ok(None);
            }
            if self.signals.caught().is_some() {
                return Err(Halt::Signal);
            }
            if come != Come::Nothing {
                self.restart_clock();
                pause = SHORTEST;
                end = None;
                // A tap that cannot follow leaves the memory to the two ends for a while.
                if come == Come::Missed {
                    self.sleep(pause)?;
                }
                continue;
            }
            if end.is_some() {
                return Ok(end);
            }
            if checked.elapsed() >= CHECK {
                checked = Instant::now();
                end = source.verdict(self.args.follow)?;
                // One more look for what was sent before that.
                if end.is_some() {
                    continue;
                }
            }
            self.sleep(pause)?;
            pause = LONGEST.min(2 * pause);
        }
    }

    /// Gathers what has come, as far as it is wanted and the output has room.
    fn gather(&mut self, source: &mut Source) -> Result<Come, Failure> {
        let mut come = Come::Nothing;
        while self.left != Some(0) && !self.output.is_full() {
            let is_there = source.tap.try_next(&mut self.message);
            let missed = source.tap.missed() - source.missed;
            source.missed += missed;
            self.missed.count(missed, self.args.json);
            let is_there = is_there.map_err(|error| failure(&error))?;
            if missed > 0 {
                come = Come::Missed;
            } else if is_there && come == Come::Nothing {
                come = Come::All;
            }
            if !is_there {
                break;
            }
            self.shown += 1;
            self.left = self.left.map(|left| left - 1);
            let origin = Origin {
                id: Some(source.tap.id()),
                lane: source.is_bus.then(|| self.message.lane()),
                missed: Some(missed),
            };
            source.shown(self.message.lane());
            let message = &self.message;
            self.output.push(origin, message.sequence(), message);
        }
        Ok(come)
    }

    /// Lets time pass, at most until the next message has to be there.
    fn sleep(&self, time: Duration) -> Result<(), Halt> {
        let left = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(Halt::TimedOut);
        }
        match self.signals.sleep(left.unwrap_or(time).min(time)) {
            Ok(Woken::Signal) => Err(Halt::Signal),
            Ok(Woken::Ready | Woken::TimedOut) => Ok(()),
            Err(error) => Err(errors::signals(&error).into()),
        }
    }

    /// The time for the next message begins now.
    fn restart_clock(&mut self) {
        self.deadline = self.args.timeout.map(|limit| Instant::now() + limit);
    }
}

/// One object.
struct Source {
    tap: Tap,
    is_bus: bool,
    /// How many it has missed, as far as that was counted.
    missed: u64,
    /// The writers that were absent when the tap began, with the lane of each. They count as soon
    /// as there is another one, or a message has been shown.
    absent: Vec<(u32, Side)>,
}

impl Source {
    fn new(object: Object, start: Start) -> Result<Self, Failure> {
        let content = observe::look(&object)?;
        let is_bus = matches!(content, Content::Bus(_));
        let mut absent = writers(content).unwrap_or_default();
        absent.retain(|(_, writer)| writer.state != Peer::Attached);
        let tap = Tap::new(object, start).map_err(|error| failure(&error))?;
        Ok(Self {
            is_bus,
            missed: 0,
            absent,
            tap,
        })
    }

    /// A message of this lane was shown.
    fn shown(&mut self, lane: u32) {
        self.absent.retain(|(absent, _)| *absent != lane);
    }

    /// Why nothing more can come, apart from what has come by now.
    fn verdict(&self, follow: bool) -> Result<Option<End>, Failure> {
        let Some(writers) = writers(observe::look(self.tap.object())?) else {
            // The tap itself tells what is wrong.
            return Ok(None);
        };
        let met = |state| {
            let mut met = writers.iter().filter(|(lane, writer)| {
                let is_old =
                    |(absent, old): &(u32, Side)| absent == lane && old.epoch == writer.epoch;
                !self.absent.iter().any(is_old)
            });
            met.any(|(_, writer)| writer.state == state)
        };
        if writers
            .iter()
            .any(|(_, writer)| writer.state == Peer::Attached)
        {
            return Ok(None);
        }
        let end = match (met(Peer::Died), met(Peer::Closed)) {
            (true, _) => End::WriterDied,
            (_, true) => End::WriterClosed,
            _ => End::Removed,
        };
        let stays = follow || matches!(end, End::Removed);
        Ok((!stays || !self.tap.object().has_name()?).then_some(end))
    }
}

/// The writer of each lane, if it is still a mailbox or a bus; of a mailbox, one.
fn writers(content: Content) -> Option<Vec<(u32, Side)>> {
    match content {
        Content::Mailbox(seen) => Some(vec![(0, seen.sender)]),
        Content::Bus(seen) => {
            let lanes = seen.lanes.into_iter();
            Some(lanes.map(|lane| (lane.lane, lane.sender)).collect())
        }
        _ => None,
    }
}

/// The messages that passed unseen.
#[derive(Debug, Default)]
struct Missed {
    count: u64,
    told: Option<Instant>,
}

impl Missed {
    /// Counts some more, and tells of it now and then unless that is `told_elsewhere`.
    fn count(&mut self, more: u64, told_elsewhere: bool) {
        self.count += more;
        if more > 0 && !told_elsewhere && self.told.is_none_or(|told| told.elapsed() >= TELL) {
            self.told = Some(Instant::now());
            note(format_args!("missed messages, so far: {}", self.count));
        }
    }

    /// Tells of all of them, at the end.
    fn tell(&self, shown: u64) {
        if self.count > 0 {
            let all = self.count + shown;
            note(format_args!(
                "missed {} of {all} messages, which passed too fast",
                self.count
            ));
        }
    }
}

fn failure(error: &TapError) -> Failure {
    match error {
        TapError::NotAMailbox { name } => {
            let what = format_args!("object {name:?} is no mailbox, and nothing passes through it");
            Failure::new(Status::OtherLayout, what).next(format_args!("shm stat {name}"))
        }
        TapError::Truncated { .. } => Failure::new(Status::Failure, error),
        TapError::System(error) => errors::system(error),
        _ => Failure::new(Status::OtherLayout, error),
    }
}
