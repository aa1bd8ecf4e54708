//! The leading process's side: starts the peer, and measures what they do together.

use std::env;
use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use shm_cli::measure::clock::monotonic;
use shm_cli::measure::number;
use shm_cli::measure::peer::{Peer, unique_name};
use shm_cli::measure::placement::Cores;
use shm_core::ShmName;
use shm_mailbox::{Message, Wait};

use super::args::word;
use super::effort::Effort;
use super::ends::{Ends, ReceiveEnd, SendEnd};
use super::latency::{Summary, Times};
use super::peer::{LIMIT, READY, usage};
use super::report::{Both, Idle, Sparse, Stream};
use super::task::{LAST, Task};
use super::usage::Usage;
use crate::args::WaitArg;
use crate::failure::{Failure, Halt, Status};

/// Two processes with an object in each direction.
pub(super) struct Pair {
    /// The first to go, or it would complain that we have left. It unlinks both objects.
    peer: Peer,
    sender: SendEnd,
    receiver: ReceiveEnd,
    buffer: Vec<u8>,
    message: Message,
    effort: Effort,
}

impl Pair {
    /// Starts the peer, and attaches.
    pub(super) fn start(
        ends: &Ends,
        size: u16,
        cores: Cores,
        effort: Effort,
    ) -> Result<Self, Failure> {
        // The peer unlinks both at its end, from the first moment on.
        let names = [unique_name(), unique_name()];
        let sender = ends.sender(names[0].as_str())?;
        let mut peer = start_peer(ends, size, cores, &names)
            .map_err(|error| peer_failed("does not start", error))?;
        let said: String = peer.answer().map_err(unheard)?;
        if said != READY {
            return Err(peer_failed("does not work", said));
        }
        Ok(Self {
            sender,
            receiver: ends.receiver(names[1].as_str())?,
            buffer: vec![b'.'; size.into()],
            message: Message::new(),
            effort,
            peer,
        })
    }

    /// From before the message is written to after it was read, when a message comes now and then.
    pub(super) fn sparse(&mut self) -> Result<Sparse, Halt> {
        let (messages, interval) = self.effort.sparse();
        self.tell(Task::Sparse { messages, interval })?;
        self.receive(interval)?;
        let before = usage()?;
        let mut times = Times::new();
        for _ in 0..messages {
            let sent = self.receive(interval)?;
            times.add(monotonic().saturating_sub(sent));
        }
        let here = usage()? - before;
        let there = self.answer()?;
        Ok(Sparse {
            one_way: times.summary(),
            messages_per_second: here.a_second(messages.into()),
            cost: both(here, there),
        })
    }

    /// Both wait, and nothing comes.
    pub(super) fn idle(&mut self) -> Result<Idle, Halt> {
        let time = self.effort.idle();
        self.tell(Task::Idle { time })?;
        let before = usage()?;
        self.receiver.receive(&mut self.message, time)?;
        let here = usage()? - before;
        Ok(Idle {
            cost: both(here, self.answer()?),
        })
    }

    /// Round trips, in a closed loop.
    pub(super) fn round_trip(&mut self) -> Result<Summary, Halt> {
        let (time, least) = self.effort.round_trip();
        self.tell(Task::Echo)?;
        let mut times = Times::new();
        self.exchange(0)?;
        let begin = Instant::now();
        while times.count() < least || begin.elapsed() < time {
            let start = monotonic();
            self.exchange(times.count())?;
            times.add(monotonic().saturating_sub(start));
        }
        self.exchange(LAST)?;
        self.answer()?;
        Ok(times.summary())
    }

    #[inline]
    fn exchange(&mut self, number: u64) -> Result<(), Halt> {
        number::put(&mut self.buffer, number);
        self.sender.send(&self.buffer)?;
        let back = self.receive(Duration::ZERO)?;
        self.expect(number, back)
    }

    /// As fast as they come, from a sender that always has one.
    pub(super) fn stream(&mut self) -> Result<Stream, Halt> {
        let time = self.effort.stream();
        self.tell(Task::Stream { time })?;
        self.receive(time)?;
        let before = usage()?;
        let mut count = 1;
        loop {
            let number = self.receive(time)?;
            if number == LAST {
                break;
            }
            self.expect(count, number)?;
            count += 1;
        }
        let here = usage()? - before;
        let there = self.answer()?;
        Ok(Stream {
            messages: count,
            // The first started the clock, and the last is none of them.
            messages_per_second: here.a_second(count),
            cost: both(here, there),
        })
    }

    fn tell(&mut self, task: Task) -> Result<(), Failure> {
        self.peer.order(&task).map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => peer_died("its input is closed"),
            _ => peer_failed("does not listen", error),
        })
    }

    /// What the peer has used for the last task.
    fn answer(&mut self) -> Result<Usage, Failure> {
        self.peer.answer().map_err(unheard)
    }

    /// The number in the next message; `about` is how long it may take with good reason.
    #[inline]
    fn receive(&mut self, about: Duration) -> Result<u64, Halt> {
        if self
            .receiver
            .receive(&mut self.message, LIMIT + about * 4)?
        {
            let number = number::get(self.message.as_bytes());
            number.ok_or_else(|| peer_failed("sent nonsense", "a message without a number").into())
        } else {
            Err(match self.peer.ended() {
                Ok(Some(status)) => peer_failed("has ended", status),
                _ => peer_failed("is silent", "no message came"),
            }
            .into())
        }
    }

    #[inline]
    fn expect(&self, expected: u64, found: u64) -> Result<(), Halt> {
        if expected == found {
            return Ok(());
        }
        let numbers = format!("message {found} came instead of {expected}");
        Err(peer_failed("sent nonsense", numbers).into())
    }
}

fn both(here: Usage, there: Usage) -> Both {
    Both {
        receiver: here.cost(),
        sender: there.cost(),
    }
}

fn peer_failed(what: &str, why: impl std::fmt::Display) -> Failure {
    Failure::new(
        Status::Failure,
        format_args!("the benchmark's other process {what}: {why}"),
    )
    .next("start the benchmark again")
}

fn unheard(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => peer_died("it said nothing"),
        io::ErrorKind::InvalidData => peer_failed("sent nonsense", error),
        _ => peer_failed("cannot be heard", error),
    }
}

fn peer_died(how: &str) -> Failure {
    let what = format_args!("the benchmark's other process died: {how}");
    Failure::new(Status::Abandoned, what).next("start the benchmark again")
}

/// Starts the peer process; it ends when what is returned is dropped.
fn start_peer(ends: &Ends, size: u16, cores: Cores, objects: &[ShmName]) -> io::Result<Peer> {
    let wait = WaitArg::of(ends.way.wait);
    let mut command = Command::new(env::current_exe()?);
    command
        .arg("bench-peer")
        .args(["--layout", &word(ends.way.layout), "--wait", &word(wait)])
        .args(["--slots", &ends.slots.to_string()])
        .args(["--size", &size.to_string()]);
    if let Wait::Poll(interval) = ends.way.wait {
        let interval = humantime::format_duration(interval).to_string();
        command.args(["--interval", &interval]);
    }
    if let Some(core) = cores.peer {
        command.args(["--core", &core.to_string()]);
    }
    command.args(objects.iter().map(ShmName::as_str));
    Peer::start(&mut command, objects.to_vec())
}
