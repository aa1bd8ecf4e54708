//! Where the writer's messages go: a mailbox, or the lesson's object.

use std::time::Duration;

use shm_mailbox::{CloseError, Closed, Peer, SendError, Sender, classic};

use crate::args::ChannelArgs;
use crate::channel;
use crate::ending::Halt;
use crate::errors;
use crate::failure::{Failure, note};
use crate::signals::Signals;

/// The sending end of a channel.
#[derive(Debug)]
pub(crate) enum Sink {
    Mailbox(Sender),
    Classic(classic::Writer),
}

impl Sink {
    /// Attaches as the writer, and creates the object if need be.
    pub(crate) fn attach(args: &ChannelArgs, signals: &Signals) -> Result<Self, Failure> {
        if args.classic {
            let writer = channel::classic(args, signals).writer();
            return writer
                .map(Self::Classic)
                .map_err(|error| errors::attach_classic(&error));
        }
        // Readers come and go; the next one goes on where the last one was.
        let options = channel::mailbox(args, signals).await_peer(true);
        let sender = options.sender().map_err(|error| errors::attach(&error))?;
        channel::note_what_is_there(args, sender.capacity());
        Ok(Self::Mailbox(sender))
    }

    /// Longest message, in bytes.
    pub(crate) fn limit(&self) -> usize {
        match self {
            Self::Mailbox(_) => shm_mailbox::MAX_MESSAGE,
            Self::Classic(_) => classic::MAX_MESSAGE,
        }
    }

    /// Sends one message, and waits for room, at most `limit`.
    pub(crate) fn send(
        &mut self,
        message: &[u8],
        limit: Option<Duration>,
    ) -> Result<Progress, Halt> {
        match self {
            Self::Mailbox(sender) => {
                let result = match limit {
                    Some(limit) => sender.send_timeout(message, limit),
                    None => sender.send(message),
                };
                progress(sender, result)
            }
            Self::Classic(writer) => {
                let result = match limit {
                    Some(limit) => writer.send_timeout(message, limit),
                    None => writer.send(message),
                };
                progress_classic(writer, result)
            }
        }
    }

    /// Waits until everything that was sent has been taken, at most `limit`.
    pub(crate) fn drain(&mut self, limit: Option<Duration>) -> Result<Progress, Halt> {
        match self {
            Self::Mailbox(sender) => {
                let result = sender.drain(limit);
                progress(sender, result)
            }
            Self::Classic(writer) => {
                let result = writer.drain(limit);
                progress_classic(writer, result)
            }
        }
    }

    /// Whether a reader is attached, as far as that can be told: a C reader cannot be seen.
    pub(crate) fn has_reader(&self) -> bool {
        match self {
            Self::Mailbox(sender) => matches!(sender.peer(), Ok(Peer::Attached)),
            Self::Classic(_) => false,
        }
    }

    /// Leaves the channel as one that died, so that the reader learns that the stream was cut off: how many messages are
    /// left in it. The lesson's layout cannot tell.
    ///
    /// The object goes and stays as with [`leave`](Self::leave).
    pub(crate) fn abort(self, keep: bool) -> Result<u64, Failure> {
        match self {
            Self::Mailbox(sender) if keep => {
                let queued = sender.queued();
                // The role ends with the process, which is about to end.
                std::mem::forget(sender);
                Ok(queued)
            }
            Self::Mailbox(sender) => {
                let name = sender.name().to_owned();
                left(&name, sender.abort())
            }
            classic @ Self::Classic(_) => classic.leave(keep),
        }
    }

    /// Leaves the channel: how many messages are left in it.
    ///
    /// The object is unlinked, unless it is to be kept, or messages are left in the mailbox. One that only another
    /// user may unlink stays, which is remarked: nothing that was sent depends on it.
    pub(crate) fn leave(self, keep: bool) -> Result<u64, Failure> {
        match self {
            Self::Mailbox(sender) => {
                let name = sender.name().to_owned();
                left(&name, if keep { sender.keep() } else { sender.close() })
            }
            Self::Classic(writer) if keep => {
                writer.keep();
                Ok(0)
            }
            Self::Classic(writer) => {
                let name = writer.name().to_owned();
                match writer.close() {
                    Ok(()) => Ok(0),
                    Err(classic::CloseError::System(error))
                        if errors::is_left_to_its_owner(&error) =>
                    {
                        note(format_args!(
                            "object {name:?} stays, since only its owner or root can remove it"
                        ));
                        Ok(0)
                    }
                    Err(error) => Err(errors::close_classic(&error)),
                }
            }
        }
    }
}

/// How many messages a mailbox was left with.
fn left(name: &str, closed: Result<Closed, CloseError>) -> Result<u64, Failure> {
    match closed {
        Ok(Closed::Kept { queued }) => Ok(queued),
        Ok(_) => Ok(0),
        // It was to be unlinked, so it is empty.
        Err(CloseError::System(error)) if errors::is_left_to_its_owner(&error) => {
            note(format_args!(
                "object {name:?} stays, since only its owner or root can remove it; \
                 all messages were taken"
            ));
            Ok(0)
        }
        Err(error) => Err(errors::close(&error)),
    }
}

/// How a wait with a limit went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Done,
    TimedOut,
}

fn progress(sender: &Sender, result: Result<(), SendError>) -> Result<Progress, Halt> {
    match result {
        Ok(()) => Ok(Progress::Done),
        Err(SendError::TimedOut) => Ok(Progress::TimedOut),
        Err(error) => Err(errors::send(sender.name(), &error)),
    }
}

fn progress_classic(
    writer: &classic::Writer,
    result: Result<(), classic::SendError>,
) -> Result<Progress, Halt> {
    match result {
        Ok(()) => Ok(Progress::Done),
        Err(classic::SendError::TimedOut) => Ok(Progress::TimedOut),
        Err(error) => Err(errors::send_classic(writer.name(), &error)),
    }
}
