//! Closing: how an endpoint leaves its object.

use std::thread;

use shm_core::Unlink;

use super::channel::Channel;
use super::claim;
use crate::error::CloseError;
use crate::memory::layout;
use crate::memory::region::View;
use crate::object::seat::Seats;
use crate::protocol::{self, Cursor};

/// The state of the object after closing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closed {
    /// This endpoint or its peer has unlinked the object.
    ///
    /// The kernel frees the memory when no process has it open or mapped.
    Unlinked,
    /// The object and the messages in it stay.
    Kept {
        /// Messages committed and not yet acknowledged; on a bus, by this endpoint. A place without
        /// a label keeps none of them.
        queued: u64,
    },
}

/// How an end leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposal {
    /// Closed; the object is unlinked if that is due.
    Close,
    /// As `Close`, and the seat also gives up its label.
    Forget,
    /// Closed; the object stays, also when others leave it later.
    Keep,
    /// As one that died; the object is unlinked if that is due.
    Abort,
    /// As one that died; the object stays.
    Die,
}

/// How an end leaves that is dropped.
pub(crate) fn when_dropped() -> Disposal {
    if thread::panicking() {
        Disposal::Die
    } else {
        Disposal::Close
    }
}

/// Ends an endpoint: says how it leaves, unlinks the object if that is due, frees the role, and
/// wakes the peer, which then finds a free lock.
///
/// The name goes with the endpoint that leaves an empty mailbox last: with the sender, once
/// everything was acknowledged; or with the receiver, if no sender is attached, and the last one,
/// if there was any, has closed and did not ask that the object stays.
pub(crate) fn close<C: Cursor<Region: Seats>>(
    channel: &Channel<C::Region>,
    cursor: &mut C,
    disposal: Disposal,
) -> Result<Closed, CloseError> {
    if !channel.token.is_current() {
        // A forked child's copy: the endpoint is the parent's.
        return Err(CloseError::Forked {
            name: channel.name().clone(),
        });
    }
    let object = &channel.object;
    let truncated = || CloseError::Truncated {
        name: channel.name().clone(),
    };
    let size = object.size().map_err(CloseError::System)?;
    if size < channel.region.object_size() || channel.broken_memory() {
        // Nothing may be touched any more; the role goes with the descriptor.
        return Err(truncated());
    }
    let init = claim::init(object).map_err(CloseError::System)?;
    if matches!(
        disposal,
        Disposal::Close | Disposal::Forget | Disposal::Keep
    ) {
        protocol::end_life(channel.own(), channel.life, disposal == Disposal::Keep);
    }
    if init.is_some() && disposal != Disposal::Die {
        let for_good = disposal == Disposal::Forget;
        C::Region::give_up(channel, for_good).map_err(CloseError::System)?;
    }
    // The peer may have written impossible values. Then the number of messages left is unknown, and
    // the object stays.
    let queued = cursor.queued(&channel.region);
    let empty = queued == Ok(0);
    let due = C::Region::is_last(channel, empty).map_err(CloseError::System)?;
    if channel.broken_memory() {
        // A count of zeros must not unlink anything.
        return Err(truncated());
    }
    let stays = matches!(disposal, Disposal::Keep | Disposal::Die);
    let unlinking = match init.is_some() && due && !stays {
        // By identity: a name that was removed, or is another object's by now, is left alone.
        true => object.unlink().map(|unlink| unlink == Unlink::Done),
        false => Ok(false),
    };
    // Whatever came of that (only the owner of an object may unlink it), the role is free and the
    // peer can see it.
    object
        .unlock(channel.seat().lock_byte())
        .map_err(CloseError::System)?;
    channel.wake_peers();
    if init.is_none() {
        return Err(CloseError::InitBusy {
            name: channel.name().clone(),
        });
    }
    object.unlock(layout::INIT).map_err(CloseError::System)?;
    let unlinked = unlinking.map_err(CloseError::System)?;
    let links = object.status().map_err(CloseError::System)?.links;
    Ok(if unlinked || links == 0 {
        Closed::Unlinked
    } else {
        Closed::Kept {
            queued: queued.unwrap_or(0),
        }
    })
}
