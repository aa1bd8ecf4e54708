//! Where the writer's messages go: a mailbox, or the lesson's object.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use shm_mailbox::{Closed, Peer, SendError, Sender, classic};

use crate::args::ChannelArgs;
use crate::channel;
use crate::ending::Halt;
use crate::errors;
use crate::failure::{Failure, Status, note};
use crate::signals::Signals;

/// How long a wait may take before whoever sits at the terminal is told what it is for.
pub(crate) const SILENCE: Duration = Duration::from_secs(1);

/// The sending end of a channel.
#[derive(Debug)]
pub(crate) struct Sink {
    end: End,
    /// Is there a terminal on which to explain a long wait? At most once for the same wait.
    explains: bool,
}

#[derive(Debug)]
enum End {
    Mailbox(Sender),
    Classic(classic::Writer),
}

impl Sink {
    /// Attaches as the writer, and creates the object if need be.
    pub(crate) fn attach(args: &ChannelArgs, signals: &Signals) -> Result<Self, Failure> {
        let end = if args.classic {
            let writer = channel::classic(args, signals).writer();
            End::Classic(writer.map_err(|error| errors::attach_classic(&error))?)
        } else {
            // Readers come and go; the next one goes on where the last one was.
            let sender = channel::mailbox(args, signals).await_peer(true).sender();
            let sender = sender.map_err(|error| errors::attach(&error))?;
            channel::note_slots(args, sender.capacity());
            End::Mailbox(sender)
        };
        Ok(Self {
            end,
            explains: io::stderr().is_terminal(),
        })
    }

    /// Longest message, in bytes.
    pub(crate) fn limit(&self) -> usize {
        match self.end {
            End::Mailbox(_) => shm_mailbox::MAX_MESSAGE,
            End::Classic(_) => classic::MAX_MESSAGE,
        }
    }

    /// Sends one message, and waits for room as long as it takes.
    pub(crate) fn send(&mut self, message: &[u8]) -> Result<(), Halt> {
        if self.explains {
            match self.end.send(message, Some(SILENCE))? {
                Progress::Done => return Ok(()),
                Progress::TimedOut => self.explain(),
            }
        }
        self.end.send(message, None).map(|_| ())
    }

    /// Waits until everything that was sent has been taken, at most `limit`.
    pub(crate) fn drain(&mut self, limit: Option<Duration>) -> Result<Progress, Halt> {
        let began = Instant::now();
        if self.explains && limit.is_none_or(|limit| limit > SILENCE) {
            match self.end.drain(Some(SILENCE))? {
                Progress::Done => return Ok(Progress::Done),
                Progress::TimedOut => self.explain(),
            }
        }
        self.end
            .drain(limit.map(|limit| limit.saturating_sub(began.elapsed())))
    }

    /// Whether a reader is attached, as far as that can be told: a C reader cannot be seen.
    pub(crate) fn has_reader(&self) -> bool {
        match &self.end {
            End::Mailbox(sender) => matches!(sender.peer(), Ok(Peer::Attached)),
            End::Classic(_) => false,
        }
    }

    /// Leaves the channel. The object is unlinked, unless messages are left in the mailbox: how many.
    pub(crate) fn close(self) -> Result<u64, Failure> {
        match self.end {
            End::Mailbox(sender) => match sender.close() {
                Ok(Closed::Unlinked) => Ok(0),
                Ok(Closed::Kept { queued }) => Ok(queued),
                Err(error) => Err(errors::close(&error)),
            },
            End::Classic(writer) => match writer.close() {
                Ok(()) => Ok(0),
                Err(error) => Err(errors::close_classic(&error)),
            },
        }
    }

    /// Leaves the channel, with object and messages as they are. How many messages were not taken.
    pub(crate) fn keep(self) -> Result<u64, Failure> {
        match self.end {
            End::Mailbox(sender) => match sender.keep() {
                Ok(Closed::Kept { queued }) => Ok(queued),
                Ok(Closed::Unlinked) => Ok(0),
                Err(error) => Err(errors::close(&error)),
            },
            End::Classic(writer) => {
                writer.keep();
                Ok(1)
            }
        }
    }

    /// Leaves the channel when not everything was taken within `limit`: object and messages stay.
    pub(crate) fn give_up(self, limit: Duration) -> Result<(), Failure> {
        let name = self.end.name().to_owned();
        let left = match &self.end {
            // Unlinks it if everything was taken just now.
            End::Mailbox(_) => self.close()?,
            End::Classic(_) => self.keep()?,
        };
        if left == 0 {
            return Ok(());
        }
        let limit = humantime::format_duration(limit);
        let what = format_args!("{left} messages in object {name:?} were not taken within {limit}");
        Err(Failure::new(Status::Abandoned, what)
            .next(format_args!("they stay there for: shm reader {name}")))
    }

    /// Tells whoever sits at the terminal what the wait is for, unless the reader is just slow.
    fn explain(&self) {
        if !self.has_reader() {
            note(format_args!("waiting for: shm reader {}", self.end.name()));
        }
    }
}

/// How a wait with a limit went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Done,
    TimedOut,
}

impl End {
    fn name(&self) -> &str {
        match self {
            Self::Mailbox(sender) => sender.name(),
            Self::Classic(writer) => writer.name(),
        }
    }

    fn send(&mut self, message: &[u8], limit: Option<Duration>) -> Result<Progress, Halt> {
        match self {
            Self::Mailbox(sender) => progress(match limit {
                Some(limit) => sender.send_timeout(message, limit),
                None => sender.send(message),
            }),
            Self::Classic(writer) => progress_classic(match limit {
                Some(limit) => writer.send_timeout(message, limit),
                None => writer.send(message),
            }),
        }
    }

    fn drain(&mut self, limit: Option<Duration>) -> Result<Progress, Halt> {
        match self {
            Self::Mailbox(sender) => progress(sender.drain(limit)),
            Self::Classic(writer) => progress_classic(writer.drain(limit)),
        }
    }
}

fn progress(result: Result<(), SendError>) -> Result<Progress, Halt> {
    match result {
        Ok(()) => Ok(Progress::Done),
        Err(SendError::TimedOut) => Ok(Progress::TimedOut),
        Err(error) => Err(errors::send(&error)),
    }
}

fn progress_classic(result: Result<(), classic::SendError>) -> Result<Progress, Halt> {
    match result {
        Ok(()) => Ok(Progress::Done),
        Err(classic::SendError::TimedOut) => Ok(Progress::TimedOut),
        Err(error) => Err(errors::send_classic(&error)),
    }
}
