//! The peer process: `shm bench` starts its own program once more, with a subcommand that help does
//! not show.
//!
//! It reads what to do as lines from its standard input, and answers each on its standard output,
//! when it is done, with what it has used for that.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use serde::Serialize;
use shm_cli::measure::clock::monotonic;
use shm_cli::measure::number;
use shm_cli::measure::peer::orders;
use shm_cli::measure::phase::Moments;
use shm_cli::measure::placement;
use shm_mailbox::Message;

use super::ends::{Ends, ReceiveEnd, SendEnd};
use super::task::{LAST, Task};
use super::usage::Usage;
use crate::args::PeerArgs;
use crate::failure::{Ending, Failure, Halt, Status};

/// What the peer says when it is attached, instead of what it has used.
pub(super) const READY: &str = "ready";

/// The longest that anything takes: a longer wait means that the other process is stopped.
pub(super) const LIMIT: Duration = Duration::from_secs(30);

/// Messages between two looks at the clock, which takes as long as half a message, and those of a
/// way that sleeps for long, where it does not matter.
const CLOCK: (u64, u64) = (64, 1);
/// From where on a way sleeps for long.
const LONG: Duration = Duration::from_millis(1);

/// Follows orders until the other process has left.
pub(crate) fn run(args: &PeerArgs) -> Result<Ending, Failure> {
    let tasks = orders::<Task>(vec![args.there.clone(), args.back.clone()]);
    placement::pin(args.core).map_err(|error| failed("cannot be pinned to its core", error))?;
    let ends = Ends {
        way: args.way(),
        slots: args.slots,
        interrupt: Arc::new(AtomicBool::new(false)),
    };
    // In this order: a receiver in the classic layout needs the object, and the leading process has
    // made the other.
    let sender = ends.sender(args.back.as_str())?;
    let receiver = ends.receiver(args.there.as_str())?;
    let mut peer = Peer {
        sender,
        receiver,
        buffer: vec![b'.'; args.size.into()],
        message: Message::new(),
        clock: match ends.way.interval() {
            Some(interval) if interval >= LONG => CLOCK.1,
            _ => CLOCK.0,
        },
    };
    answer(&READY)?;
    for task in tasks {
        match peer.perform(task) {
            Ok(used) => answer(&used)?,
            Err(Halt::Failed(failure)) => return Err(failure),
            Err(Halt::Signal | Halt::TimedOut) => {
                return Err(failed("waited in vain", "the other side is silent"));
            }
        }
    }
    Ok(Ending::Done)
}

fn answer(answer: &impl Serialize) -> Result<(), Failure> {
    let line = serde_json::to_string(answer).expect("strings and numbers");
    writeln!(io::stdout(), "{line}").map_err(|error| failed("cannot answer", error))
}

fn failed(what: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        Status::Failure,
        format_args!("the peer process {what}: {why}"),
    )
}

/// What the figures of a process come from.
pub(super) fn usage() -> Result<Usage, Failure> {
    Usage::so_far().map_err(|error| {
        Failure::new(
            Status::Failure,
            format_args!("cannot read the CPU time: {error}"),
        )
    })
}

struct Peer {
    sender: SendEnd,
    receiver: ReceiveEnd,
    buffer: Vec<u8>,
    message: Message,
    /// Messages between two looks at the clock.
    clock: u64,
}

impl Peer {
    fn perform(&mut self, task: Task) -> Result<Usage, Halt> {
        let mut before = usage()?;
        match task {
            Task::Sparse { messages, interval } => {
                // The first only says that now it begins.
                self.send(monotonic())?;
                before = usage()?;
                self.send_now_and_then(messages, interval)?;
            }
            Task::Echo => self.echo()?,
            Task::Stream { time } => self.stream(time)?,
            Task::Idle { time } => {
                self.receiver.receive(&mut self.message, time)?;
            }
        }
        Ok(usage()? - before)
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<(), Halt> {
        number::put(&mut self.buffer, number);
        self.sender.send(&self.buffer)
    }

    fn send_now_and_then(&mut self, messages: u32, interval: Duration) -> Result<(), Halt> {
        let begin = Instant::now();
        let mut moments = Moments::new(interval, monotonic());
        for _ in 0..messages {
            let wait = moments.next_moment().saturating_sub(begin.elapsed());
            thread::sleep(wait);
            self.send(monotonic())?;
        }
        Ok(())
    }

    fn echo(&mut self) -> Result<(), Halt> {
        loop {
            if !self.receiver.receive(&mut self.message, LIMIT)? {
                return Err(Halt::TimedOut);
            }
            self.sender.send(self.message.as_bytes())?;
            if number::get(self.message.as_bytes()) == Some(LAST) {
                return Ok(());
            }
        }
    }

    fn stream(&mut self, time: Duration) -> Result<(), Halt> {
        let begin = Instant::now();
        let mut count = 0;
        while count % self.clock != 0 || begin.elapsed() < time {
            self.send(count)?;
            count += 1;
        }
        self.send(LAST)
    }
}
