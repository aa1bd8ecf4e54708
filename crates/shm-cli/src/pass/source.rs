//! Where the reader's messages come from: a mailbox, or the object of the classic layout.

use std::fmt;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use shm_core::OpenError;
use shm_mailbox::{AttachError, MailboxId, Message, Peer, Receiver, RecvError, classic};

use super::link::{self, Link, SILENCE};
use crate::args::ReaderArgs;
use crate::failure::{Failure, Halt, Status, errors, note};
use crate::terminal::signals::{Signals, Woken};

/// How often a reader checks whether the object of the classic layout exists.
const LOOK: Duration = Duration::from_millis(20);

/// The receiving endpoint of a channel.
#[derive(Debug)]
pub(super) struct Source {
    end: End,
    /// How long a first wait for a writer may take before a person at the terminal sees what it is
    /// for.
    silence: Option<Duration>,
}

type End = Link<Receiver, classic::Reader>;

impl Source {
    /// Attaches as the reader of the existing object, or of a new mailbox if there is none. With
    /// `classic`, waits until `deadline` for a writer to make the object of the classic layout.
    pub(super) fn attach(
        args: &ReaderArgs,
        classic: bool,
        deadline: Option<Instant>,
        signals: &Signals,
    ) -> Result<Self, Halt> {
        let end = match classic {
            false => End::attach(args, signals)?,
            true => End::await_classic(args, deadline, signals)?,
        };
        let silence = link::slice(&args.channel, SILENCE);
        Ok(Self {
            end,
            silence: io::stderr().is_terminal().then_some(silence),
        })
    }

    /// Whether the object has the classic layout; then so has the next.
    pub(super) fn is_classic(&self) -> bool {
        matches!(self.end, End::Classic(_))
    }

    /// Which mailbox the last message came from; the classic layout has no identity.
    pub(super) fn id(&self) -> Option<MailboxId> {
        match &self.end {
            End::Mailbox(receiver) => Some(receiver.id()),
            End::Classic(_) => None,
        }
    }

    /// Waits for the next message until `deadline`, and copies it into `message`; false if the
    /// writer has left, and everything it sent has been taken.
    pub(super) fn wait(
        &mut self,
        message: &mut Message,
        deadline: Option<Instant>,
    ) -> Result<bool, Halt> {
        let left = || deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limit = left();
        match &mut self.end {
            End::Mailbox(receiver) => {
                let silence = self.silence.take();
                let first = silence.filter(|silence| limit.is_none_or(|limit| *silence < limit));
                let mut result = receiver.peek_timeout(message, first.or(limit));
                if first.is_some() && matches!(result, Err(RecvError::TimedOut)) {
                    if !matches!(receiver.peer(), Ok(Peer::Attached)) {
                        note(format_args!("waiting for: shm writer {}", receiver.name()));
                    }
                    result = receiver.peek_timeout(message, left());
                }
                match result {
                    Ok(()) => Ok(true),
                    Err(RecvError::Closed { .. }) => Ok(false),
                    Err(error) => Err(errors::recv(&error)),
                }
            }
            End::Classic(reader) => {
                let halt = match reader.recv_timeout(message, limit) {
                    Ok(()) => return Ok(true),
                    Err(classic::RecvError::Unlinked { .. }) => return Ok(false),
                    Err(error) => errors::recv_classic(&error),
                };
                if matches!(halt, Halt::Failed(_)) {
                    return Err(halt);
                }
                // No writer may answer a reader that has gone. A message that came at this very
                // moment counts.
                match reader.withdraw() {
                    Ok(Some(last)) => {
                        *message = last;
                        Ok(true)
                    }
                    Ok(None) => Err(halt),
                    Err(error) => Err(errors::recv_classic(&error)),
                }
            }
        }
    }

    /// Copies the next message into `message` if it is there already. Whatever else there is to
    /// tell, the next [`wait`](Self::wait) tells.
    pub(super) fn more(&mut self, message: &mut Message) -> bool {
        match &mut self.end {
            End::Mailbox(receiver) => receiver.try_peek(message).is_ok(),
            // There is one message at a time, and the next is requested when this one has been
            // written.
            End::Classic(_) => false,
        }
    }

    /// Acknowledges everything handed out so far.
    pub(super) fn acknowledge(&mut self) -> Result<(), Halt> {
        match &mut self.end {
            End::Mailbox(receiver) => receiver.ack().map_err(|error| errors::recv(&error)),
            End::Classic(reader) => reader.taken().map_err(|error| errors::recv_classic(&error)),
        }
    }

    /// Acknowledges the first `count` messages of those handed out and not acknowledged; the others
    /// are for the next reader. (The classic layout cannot give a message back.)
    pub(super) fn acknowledge_first(&mut self, count: usize) -> Result<(), Halt> {
        if let End::Mailbox(receiver) = &mut self.end {
            receiver.rewind();
            let mut message = Message::new();
            for _ in 0..count {
                let again = receiver.try_peek(&mut message);
                again.map_err(|error| errors::recv(&error))?;
            }
        }
        self.acknowledge()
    }

    /// Leaves the channel.
    pub(super) fn close(self) -> Result<(), Failure> {
        match self.end {
            End::Mailbox(receiver) => match receiver.close() {
                Ok(_) => Ok(()),
                Err(error) => Err(errors::close(&error)),
            },
            // Its request was withdrawn when its last wait ended without a message.
            End::Classic(_) => Ok(()),
        }
    }
}

impl End {
    /// Attaches to whatever has the name; a mailbox if nothing has.
    fn attach(args: &ReaderArgs, signals: &Signals) -> Result<Self, Failure> {
        loop {
            let options = link::mailbox(&args.channel, signals)
                .await_peer(args.follow)
                .create(!args.no_wait);
            let refused = match options.receiver() {
                Ok(receiver) => {
                    link::note_what_is_there(&args.channel, receiver.capacity());
                    return Ok(Self::Mailbox(receiver));
                }
                Err(error) => error,
            };
            // An object of the classic layout may be open to others, and a mailbox may not.
            let may_be_classic = matches!(
                refused,
                AttachError::Classic { .. } | AttachError::Open(OpenError::OpenToOthers { .. })
            );
            if !may_be_classic {
                return Err(errors::attach(&refused));
            }
            if args.no_wait {
                return Err(nothing_queued(args));
            }
            match link::classic(&args.channel, signals).reader() {
                Ok(reader) => return Ok(Self::Classic(reader)),
                // Its writer has just ended.
                Err(classic::AttachError::NotFound { .. }) => {}
                Err(classic::AttachError::Foreign { .. }) => return Err(errors::attach(&refused)),
                Err(error) => return Err(errors::attach_classic(&error)),
            }
        }
    }

    /// Waits until a writer has made the object of the classic layout: a C writer would truncate
    /// what a reader makes.
    fn await_classic(
        args: &ReaderArgs,
        deadline: Option<Instant>,
        signals: &Signals,
    ) -> Result<Self, Halt> {
        let name = args.channel.name();
        let began = Instant::now();
        let mut explains = io::stderr().is_terminal();
        loop {
            match link::classic(&args.channel, signals).reader() {
                Ok(reader) => return Ok(Self::Classic(reader)),
                Err(classic::AttachError::NotFound { .. }) => {}
                Err(error) => return Err(errors::attach_classic(&error).into()),
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                let limit = humantime::format_duration(args.timeout.unwrap_or_default());
                let what = format_args!("object {name:?} did not appear within {limit}");
                return Err(timed_out(what).into());
            }
            if explains && began.elapsed() > SILENCE {
                note(format_args!("waiting for: shm writer --classic {name}"));
                explains = false;
            }
            match signals.sleep(LOOK) {
                Ok(Woken::Signal) => return Err(Halt::Signal),
                Ok(Woken::Ready | Woken::TimedOut) => {}
                Err(error) => return Err(errors::signals(&error).into()),
            }
        }
    }
}

/// A C writer gives a message only to a reader that asks and waits.
fn nothing_queued(args: &ReaderArgs) -> Failure {
    let name = args.channel.name();
    let what = format_args!("object {name:?} has the classic layout, in which nothing is queued");
    Failure::new(Status::OtherLayout, what).next("--timeout D instead of --no-wait")
}

/// Nothing came in the time that the command line allows.
pub(super) fn timed_out(what: fmt::Arguments<'_>) -> Failure {
    Failure::new(Status::TimedOut, what).next("start its writer, or wait longer")
}
