//! Where the writer's messages go: a mailbox, a bus, or the object of the classic layout.

use std::io;
use std::mem;
use std::time::Duration;

use shm_core::{ListEntry, ShmName, SystemError};
use shm_mailbox::bus::Bus;
use shm_mailbox::observe::Place;
use shm_mailbox::{AttachError, CloseError, Closed, Mailbox, Peer, Sender, classic};

use super::link::{self, Channel};
use crate::args::ChannelArgs;
use crate::failure::{Failure, Halt, Status, errors, note};
use crate::terminal::signals::Signals;

/// The sending endpoint of a channel.
pub(super) trait Sink {
    /// Longest message, in bytes.
    fn limit(&self) -> usize;

    /// Sends one message, and waits for room, at most `limit`.
    fn send(&mut self, message: &[u8], limit: Option<Duration>) -> Result<(), Halt>;

    /// Waits until everything that was sent has been taken, at most `limit`.
    fn drain(&mut self, limit: Option<Duration>) -> Result<(), Halt>;

    /// Whether several writers may share the channel, so that each line must be finished.
    fn is_shared(&self) -> bool {
        false
    }

    /// Whether the last writer may have left a line that it has sent in pieces, and not ended.
    fn may_be_inside_line(&self) -> bool {
        false
    }

    /// Whether a reader is known to be attached: a C reader cannot be seen.
    fn has_reader(&self) -> bool;

    /// The readers that have not taken what was sent, as a text, if the object distinguishes its
    /// readers.
    fn laggards(&self) -> Option<String> {
        None
    }

    /// Leaves the channel as one that died, so that the reader learns that the stream was cut off:
    /// how many messages are left in it. The classic layout cannot tell.
    ///
    /// The object goes and stays as with [`leave`](Self::leave).
    fn abort(self: Box<Self>, keep: bool) -> Result<u64, Failure>;

    /// Leaves the channel: how many messages are left in it.
    ///
    /// Unlinks the object, unless it must be kept or has messages left. If only another user may
    /// unlink it, it stays, with a remark, because no sent message depends on that.
    fn leave(self: Box<Self>, keep: bool) -> Result<u64, Failure>;
}

/// Attaches as the writer, and creates the object if need be.
pub(super) fn attach(args: &ChannelArgs, signals: &Signals) -> Result<Box<dyn Sink>, Failure> {
    if args.classic {
        let writer = link::classic(args, signals).writer();
        return match writer {
            Ok(writer) => Ok(Box::new(writer)),
            Err(error) => Err(errors::attach_classic(&error)),
        };
    }
    let attached = match args.bus.are_given() {
        true => attach_to::<Bus>(args, true, signals),
        false => link::attach(
            || attach_to::<Mailbox>(args, true, signals),
            || attach_to::<Bus>(args, false, signals),
        ),
    };
    attached.map_err(|error| errors::attach(&error))
}

fn attach_to<K: Channel>(
    args: &ChannelArgs,
    create: bool,
    signals: &Signals,
) -> Result<Box<dyn Sink>, AttachError> {
    // A new reader resumes where the last one stopped.
    let options = link::options::<K>(args, signals).await_peer(true);
    let sender = options.create(create).sender()?;
    let seats = K::seats_of_sender(&sender);
    link::note_what_is_there(args, sender.capacity(), seats);
    Ok(Box::new(sender))
}

impl<K: Channel> Sink for Sender<K> {
    fn limit(&self) -> usize {
        shm_mailbox::MAX_MESSAGE
    }

    fn send(&mut self, message: &[u8], limit: Option<Duration>) -> Result<(), Halt> {
        self.send_timeout(message, limit)
            .map_err(|error| errors::send(self.name(), &error))
    }

    fn drain(&mut self, limit: Option<Duration>) -> Result<(), Halt> {
        Self::drain(self, limit).map_err(|error| errors::send(self.name(), &error))
    }

    fn is_shared(&self) -> bool {
        K::seats_of_sender(self).is_some_and(|[senders, _]| senders > 1)
    }

    fn may_be_inside_line(&self) -> bool {
        self.last_length() == Some(shm_mailbox::MAX_MESSAGE)
    }

    fn has_reader(&self) -> bool {
        matches!(self.peer(), Ok(Peer::Attached))
    }

    fn laggards(&self) -> Option<String> {
        let laggards = K::laggards(self);
        let texts: Vec<_> = laggards.iter().map(laggard).collect();
        (!texts.is_empty()).then(|| texts.join(", "))
    }

    fn abort(self: Box<Self>, keep: bool) -> Result<u64, Failure> {
        if keep {
            let queued = self.queued();
            // The role ends with the process, which is about to end.
            mem::forget(self);
            return Ok(queued);
        }
        left(Self::abort(*self))
    }

    fn leave(self: Box<Self>, keep: bool) -> Result<u64, Failure> {
        left(match keep {
            true => Self::keep(*self),
            false => Self::close(*self),
        })
    }
}

impl Sink for classic::Writer {
    fn limit(&self) -> usize {
        classic::MAX_MESSAGE
    }

    fn send(&mut self, message: &[u8], limit: Option<Duration>) -> Result<(), Halt> {
        self.send_timeout(message, limit)
            .map_err(|error| errors::send_classic(self.name(), &error))
    }

    fn drain(&mut self, limit: Option<Duration>) -> Result<(), Halt> {
        Self::drain(self, limit).map_err(|error| errors::send_classic(self.name(), &error))
    }

    fn has_reader(&self) -> bool {
        false
    }

    fn abort(self: Box<Self>, keep: bool) -> Result<u64, Failure> {
        self.leave(keep)
    }

    fn leave(self: Box<Self>, keep: bool) -> Result<u64, Failure> {
        if keep {
            Self::keep(*self);
            return Ok(0);
        }
        match Self::close(*self) {
            Ok(()) => Ok(0),
            Err(classic::CloseError::System(error)) => remains(&error, |name| {
                format!("object {name:?} stays, since only its owner or root can remove it")
            }),
            Err(error) => Err(Failure::new(Status::Failure, error)),
        }
    }
}

/// `"billing", which died (12 messages)`
fn laggard(place: &Place) -> String {
    let who = match &place.label {
        Some(label) => format!("{:?}", label.as_str()),
        None => format!("the reader at place {}", place.place),
    };
    let behind = place.behind;
    let state = match place.receiver.state {
        Peer::Attached => format!("process {}", place.receiver.pid),
        Peer::Died => "which died".to_owned(),
        _ => "which is absent".to_owned(),
    };
    format!("{who}, {state} ({behind} messages)")
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
        // Its owner has removed it since.
        Some((_, Ok(None))) if is_denied => Ok(0),
        _ => Err(errors::system(error)),
    }
}
