//! Where the writer's messages go: a mailbox, or the object of the classic layout.

use std::io;
use std::mem;
use std::time::Duration;

use shm_core::{ListEntry, ShmName, SystemError};
use shm_mailbox::{CloseError, Closed, Peer, Sender, classic};

use super::link::{self, Link};
use crate::args::ChannelArgs;
use crate::failure::{Failure, Halt, Status, errors, note};
use crate::terminal::signals::Signals;

/// The sending endpoint of a channel.
pub(super) type Sink = Link<Sender, classic::Writer>;

impl Sink {
    /// Attaches as the writer, and creates the object if need be.
    pub(super) fn attach(args: &ChannelArgs, signals: &Signals) -> Result<Self, Failure> {
        if args.classic {
            let writer = link::classic(args, signals).writer();
            return match writer {
                Ok(writer) => Ok(Self::Classic(writer)),
                Err(error) => Err(errors::attach_classic(&error)),
            };
        }
        // Readers come and go; the next one resumes where the last one stopped.
        let options = link::mailbox(args, signals).await_peer(true);
        let sender = options.sender().map_err(|error| errors::attach(&error))?;
        link::note_what_is_there(args, sender.capacity());
        Ok(Self::Mailbox(sender))
    }

    /// Longest message, in bytes.
    pub(super) fn limit(&self) -> usize {
        match self {
            Self::Mailbox(_) => shm_mailbox::MAX_MESSAGE,
            Self::Classic(_) => classic::MAX_MESSAGE,
        }
    }

    /// Sends one message, and waits for room, at most `limit`.
    pub(super) fn send(&mut self, message: &[u8], limit: Option<Duration>) -> Result<(), Halt> {
        match self {
            Self::Mailbox(sender) => sender
                .send_timeout(message, limit)
                .map_err(|error| errors::send(sender.name(), &error)),
            Self::Classic(writer) => writer
                .send_timeout(message, limit)
                .map_err(|error| errors::send_classic(writer.name(), &error)),
        }
    }

    /// Waits until everything that was sent has been taken, at most `limit`.
    pub(super) fn drain(&mut self, limit: Option<Duration>) -> Result<(), Halt> {
        match self {
            Self::Mailbox(sender) => sender
                .drain(limit)
                .map_err(|error| errors::send(sender.name(), &error)),
            Self::Classic(writer) => writer
                .drain(limit)
                .map_err(|error| errors::send_classic(writer.name(), &error)),
        }
    }

    /// Whether a reader is known to be attached: a C reader cannot be seen.
    pub(super) fn has_reader(&self) -> bool {
        match self {
            Self::Mailbox(sender) => matches!(sender.peer(), Ok(Peer::Attached)),
            Self::Classic(_) => false,
        }
    }

    /// Leaves the channel as one that died, so that the reader learns that the stream was cut off:
    /// how many messages are left in it. The classic layout cannot tell.
    ///
    /// The object goes and stays as with [`leave`](Self::leave).
    pub(super) fn abort(self, keep: bool) -> Result<u64, Failure> {
        match self {
            Self::Mailbox(sender) if keep => {
                let queued = sender.queued();
                // The role ends with the process, which is about to end.
                mem::forget(sender);
                Ok(queued)
            }
            Self::Mailbox(sender) => left(sender.abort()),
            Self::Classic(_) => self.leave(keep),
        }
    }

    /// Leaves the channel: how many messages are left in it.
    ///
    /// The object is unlinked, unless it is to be kept, or messages are left in the mailbox. One
    /// that only another user may unlink stays, which is remarked: nothing that was sent depends on
    /// it.
    pub(super) fn leave(self, keep: bool) -> Result<u64, Failure> {
        match self {
            Self::Mailbox(sender) if keep => left(sender.keep()),
            Self::Mailbox(sender) => left(sender.close()),
            Self::Classic(writer) if keep => {
                writer.keep();
                Ok(0)
            }
            Self::Classic(writer) => match writer.close() {
                Ok(()) => Ok(0),
                Err(classic::CloseError::System(error)) => remains(&error, |name| {
                    format!("object {name:?} stays, since only its owner or root can remove it")
                }),
                Err(error) => Err(Failure::new(Status::Failure, error)),
            },
        }
    }
}

/// How many messages a mailbox was left with.
fn left(closed: Result<Closed, CloseError>) -> Result<u64, Failure> {
    match closed {
        Ok(Closed::Kept { queued }) => Ok(queued),
        Ok(_) => Ok(0),
        // It was to be unlinked, so it is empty.
        Err(CloseError::System(error)) => remains(&error, |name| {
            format!(
                "object {name:?} stays, since only its owner or root can remove it; \
                 all messages were taken"
            )
        }),
        Err(error) => Err(errors::close(&error)),
    }
}

/// An object could not be unlinked. If it is another user's, that is only remarked: in a directory
/// with the sticky bit only the owner and root may, and the channel was left as it should be.
fn remains(error: &SystemError, remark: impl Fn(&ShmName) -> String) -> Result<u64, Failure> {
    let is_denied = error.call == "shm_unlink" && error.kind() == io::ErrorKind::PermissionDenied;
    let euid = rustix::process::geteuid().as_raw();
    match error
        .name
        .as_ref()
        .map(|name| (name, ListEntry::find(name)))
    {
        Some((name, Ok(Some(listed)))) if is_denied && listed.status.owner != euid => {
            note(remark(name));
            Ok(0)
        }
        // Its owner has removed it meanwhile.
        Some((_, Ok(None))) if is_denied => Ok(0),
        _ => Err(errors::system(error)),
    }
}
