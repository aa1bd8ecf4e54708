//! Where the reader's messages come from: a mailbox, or the lesson's object.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use shm_core::OpenError;
use shm_mailbox::{AttachError, MailboxId, Message, Peer, Receiver, RecvError, Wait, classic};

use crate::args::ReaderArgs;
use crate::channel;
use crate::ending::Halt;
use crate::errors;
use crate::failure::{Failure, Status, note};
use crate::signals::{Signals, Woken};
use crate::writer::SILENCE;

/// How often a reader looks whether the lesson's object has appeared.
const LOOK: Duration = Duration::from_millis(20);

/// The receiving end of a channel.
#[derive(Debug)]
pub(crate) struct Source {
    end: End,
    /// How long a first wait for a writer may take before a person at the terminal is told what it is for.
    silence: Option<Duration>,
}

#[derive(Debug)]
enum End {
    Mailbox(Receiver),
    Classic(classic::Reader),
}

/// What came of waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    Message,
    /// The writer is gone, and everything it sent has been taken.
    End,
}

/// Which layout to attach to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// The one of the object that is there; a mailbox if there is none.
    Any,
    /// The lesson's, once a writer has made it.
    Classic,
}

impl Source {
    /// Attaches as the reader; until `deadline`, if it has to wait for the object.
    pub(crate) fn attach(
        args: &ReaderArgs,
        layout: Layout,
        deadline: Option<Instant>,
        signals: &Signals,
    ) -> Result<Self, Halt> {
        let end = match layout {
            Layout::Any => End::attach(args, signals)?,
            Layout::Classic => End::await_classic(args, deadline, signals)?,
        };
        // A shorter wait than its interval would make a polling endpoint look more often than it was told.
        let silence = match args.channel.wait() {
            Wait::Poll(interval) => interval.max(SILENCE),
            _ => SILENCE,
        };
        Ok(Self {
            end,
            silence: io::stderr().is_terminal().then_some(silence),
        })
    }

    /// Which mailbox the last message came from; the lesson's object has no identity.
    pub(crate) fn id(&self) -> Option<MailboxId> {
        match &self.end {
            End::Mailbox(receiver) => Some(receiver.id()),
            End::Classic(_) => None,
        }
    }

    /// Waits for the next message until `deadline`, and copies it into `message`.
    pub(crate) fn wait(
        &mut self,
        message: &mut Message,
        deadline: Option<Instant>,
    ) -> Result<Arrival, Halt> {
        let left = || deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limit = left();
        match &mut self.end {
            End::Mailbox(receiver) => {
                let peek = |receiver: &mut Receiver, message: &mut Message, limit| match limit {
                    Some(limit) => receiver.peek_timeout(message, limit),
                    None => receiver.peek(message),
                };
                let silence = self.silence.take();
                let first = silence.filter(|silence| limit.is_none_or(|limit| *silence < limit));
                let mut result = peek(receiver, message, first.or(limit));
                if first.is_some() && matches!(result, Err(RecvError::TimedOut)) {
                    if !matches!(receiver.peer(), Ok(Peer::Attached)) {
                        note(format_args!("waiting for: shm writer {}", receiver.name()));
                    }
                    result = peek(receiver, message, left());
                }
                match result {
                    Ok(()) => Ok(Arrival::Message),
                    Err(RecvError::Closed { .. }) => Ok(Arrival::End),
                    Err(RecvError::TimedOut) => Err(Halt::TimedOut),
                    Err(error) => Err(errors::recv(&error)),
                }
            }
            End::Classic(reader) => {
                let result = match limit {
                    Some(limit) => reader.recv_timeout(message, limit),
                    None => reader.recv(message),
                };
                let halt = match result {
                    Ok(()) => return Ok(Arrival::Message),
                    Err(classic::RecvError::Unlinked { .. }) => return Ok(Arrival::End),
                    Err(classic::RecvError::TimedOut) => Halt::TimedOut,
                    Err(classic::RecvError::Interrupted) => Halt::Signal,
                    Err(error) => return Err(errors::recv_classic(&error)),
                };
                // No writer may answer a reader that has gone. A message that came at this very moment counts.
                match reader.withdraw() {
                    Ok(Some(last)) => {
                        *message = last;
                        Ok(Arrival::Message)
                    }
                    Ok(None) => Err(halt),
                    Err(error) => Err(errors::recv_classic(&error)),
                }
            }
        }
    }

    /// Copies the next message into `message` if it is there already. Whatever else there is to tell, the
    /// next [`wait`](Self::wait) tells.
    pub(crate) fn more(&mut self, message: &mut Message) -> bool {
        match &mut self.end {
            End::Mailbox(receiver) => receiver.try_peek(message).is_ok(),
            // There is one message at a time, and the next is requested when this one has been written.
            End::Classic(_) => false,
        }
    }

    /// Acknowledges everything handed out so far.
    pub(crate) fn acknowledge(&mut self) -> Result<(), Halt> {
        match &mut self.end {
            End::Mailbox(receiver) => receiver.ack().map_err(|error| errors::recv(&error)),
            End::Classic(reader) => reader.taken().map_err(|error| errors::recv_classic(&error)),
        }
    }

    /// Acknowledges the first `count` messages of those handed out and not acknowledged; the others are
    /// for the next reader. (The lesson's layout cannot give a message back.)
    pub(crate) fn acknowledge_first(&mut self, count: usize) -> Result<(), Halt> {
        if let End::Mailbox(receiver) = &mut self.end {
            receiver.rewind();
            let mut message = Message::new();
            for _ in 0..count {
                receiver
                    .try_peek(&mut message)
                    .map_err(|error| errors::recv(&error))?;
            }
        }
        self.acknowledge()
    }

    /// Leaves the channel.
    pub(crate) fn close(self) -> Result<(), Failure> {
        match self.end {
            End::Mailbox(receiver) => match receiver.close() {
                Ok(_) => Ok(()),
                Err(error) => Err(errors::close(&error)),
            },
            // Its request was withdrawn when its last wait ended without a message.
            End::Classic(_) => Ok(()),
        }
    }

    /// Which layout the next object will have.
    pub(crate) fn layout(&self) -> Layout {
        match self.end {
            End::Mailbox(_) => Layout::Any,
            End::Classic(_) => Layout::Classic,
        }
    }
}

impl End {
    /// Attaches to whatever has the name; a mailbox if nothing has.
    fn attach(args: &ReaderArgs, signals: &Signals) -> Result<Self, Halt> {
        loop {
            let options = channel::mailbox(&args.channel, signals)
                .await_peer(args.follow)
                .create(!args.no_wait);
            let refused = match options.receiver() {
                Ok(receiver) => {
                    channel::note_what_is_there(&args.channel, receiver.capacity());
                    return Ok(Self::Mailbox(receiver));
                }
                Err(error) => error,
            };
            // The lesson's object may be open to others, which a mailbox may not.
            let may_be_classic = matches!(
                refused,
                AttachError::Classic { .. } | AttachError::Open(OpenError::OpenToOthers { .. })
            );
            if !may_be_classic {
                return Err(errors::attach(&refused).into());
            }
            if args.no_wait {
                return Err(nothing_queued(args).into());
            }
            match channel::classic(&args.channel, signals).reader() {
                Ok(reader) => return Ok(Self::Classic(reader)),
                // Its writer has just ended.
                Err(classic::AttachError::NotFound { .. }) => {}
                Err(classic::AttachError::Foreign { .. }) => {
                    return Err(errors::attach(&refused).into());
                }
                Err(error) => return Err(errors::attach_classic(&error).into()),
            }
        }
    }

    /// Waits until a writer has made the lesson's object: a C writer would truncate what a reader makes.
    fn await_classic(
        args: &ReaderArgs,
        deadline: Option<Instant>,
        signals: &Signals,
    ) -> Result<Self, Halt> {
        let began = Instant::now();
        let mut explained = !io::stderr().is_terminal();
        loop {
            match channel::classic(&args.channel, signals).reader() {
                Ok(reader) => return Ok(Self::Classic(reader)),
                Err(classic::AttachError::NotFound { .. }) => {}
                Err(error) => return Err(errors::attach_classic(&error).into()),
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(absent(args).into());
            }
            if !explained && began.elapsed() > SILENCE {
                note(format_args!(
                    "waiting for: shm writer --classic {}",
                    args.channel.name()
                ));
                explained = true;
            }
            match signals.sleep(LOOK) {
                Ok(Woken::Signal) => return Err(Halt::Signal),
                Ok(Woken::Ready | Woken::TimedOut) => {}
                Err(error) => return Err(errors::signals(&error).into()),
            }
        }
    }
}

/// The lesson's writer gives a message only to a reader that asks and waits.
fn nothing_queued(args: &ReaderArgs) -> Failure {
    let name = args.channel.name();
    let what = format_args!("object {name:?} has the lesson's layout, in which nothing is queued");
    Failure::new(Status::OtherLayout, what).next("--timeout D instead of --no-wait")
}

/// No writer has made the lesson's object in the time that the command line allows.
fn absent(args: &ReaderArgs) -> Failure {
    let name = args.channel.name();
    let timeout = humantime::format_duration(args.timeout.unwrap_or_default());
    let what = format_args!("object {name:?} did not appear within {timeout}");
    Failure::new(Status::TimedOut, what).next("start its writer, or wait longer")
}
