//! What both endpoints have in common: an object, its region, a role in it, and a watch on the
//! peer.

use std::cell::Cell;

use shm_core::fork::ProcessToken;
use shm_core::{Object, ShmName, SystemError};

use crate::error::Failure;
use crate::memory::id::MailboxId;
use crate::memory::layout::Presence;
use crate::memory::region::Region;
use crate::memory::role::Role;
use crate::object::bell::Belfry;
use crate::object::fences::Fences;
use crate::protocol::corrupt::Corrupt;
use crate::protocol::{self, Bed, Peer};

/// One attached role. Made by [`attach`](crate::object::attach::attach), ended by
/// [`close`](crate::object::close::close).
#[derive(Debug)]
pub(crate) struct Channel {
    /// Holds the role lock: its descriptor lives as long as the endpoint.
    pub(crate) object: Object,
    pub(crate) region: Region,
    pub(crate) role: Role,
    pub(crate) id: MailboxId,
    /// What our own `life` says for as long as we are attached.
    pub(crate) life: u64,
    /// Whether this endpoint made the mailbox, rather than finding it.
    pub(crate) created: bool,
    /// A peer that closed or died is not an error: wait for the next.
    pub(crate) await_peer: bool,
    pub(crate) token: ProcessToken,
    pub(crate) fences: Fences,
    /// What has broken the endpoint; every later operation fails with it.
    pub(crate) broken: Option<Broken>,
    /// The peer's `life` when it was last checked.
    pub(crate) known_life: Cell<u64>,
    /// The `life` of a peer that was gone when we attached, for as long as that is all we know of a
    /// peer: what became of it is none of our business.
    pub(crate) unmet: Cell<Option<u64>>,
    /// The last check has found that nobody will come: so every later wait begins with a check.
    pub(crate) abandoned: Cell<bool>,
    /// Our last sleep has expired, and its announcement stands, unless somebody has cleared it.
    pub(crate) announced: Cell<bool>,
    /// Where this endpoint sleeps; on its bell only if it has one.
    pub(crate) bed: Bed,
    /// If anybody asked for it.
    pub(crate) belfry: Option<Belfry>,
}

/// What an endpoint does not recover from.
#[derive(Debug)]
pub(crate) enum Broken {
    Corrupt(Corrupt),
    Truncated { expected: u64, found: u64 },
}

impl Channel {
    /// Whether the endpoint may be used: not in a forked child, and not once it is broken.
    #[inline]
    pub(crate) fn ensure_usable(&self) -> Result<(), Failure> {
        if !self.token.is_current() {
            return Err(Failure::Forked);
        }
        match &self.broken {
            None => Ok(()),
            Some(Broken::Corrupt(corrupt)) => Err(Failure::Corrupt(corrupt.clone())),
            Some(Broken::Truncated { expected, found }) => Err(Failure::Truncated {
                expected: *expected,
                found: *found,
            }),
        }
    }

    /// Whether the memory was there in all accesses so far, as far as the guard can tell.
    #[inline]
    pub(crate) fn ensure_memory(&self) -> Result<(), Failure> {
        if self.region.is_lost() {
            return Err(self.lost());
        }
        Ok(())
    }

    /// Whether memory was cut off, as far as it is known.
    pub(crate) fn broken_memory(&self) -> bool {
        self.region.is_lost() || matches!(self.broken, Some(Broken::Truncated { .. }))
    }

    /// What to report when the guard has put zeros in the place of memory.
    #[cold]
    pub(crate) fn lost(&self) -> Failure {
        match self.object.size() {
            Ok(found) => self.truncated(found),
            Err(error) => error.into(),
        }
    }

    /// The failure to report: remembers what breaks the endpoint, and does not take the zeros in
    /// the place of lost memory for the peer's.
    #[cold]
    pub(crate) fn remember(&mut self, failure: Failure) -> Failure {
        let failure = self.ensure_memory().err().unwrap_or(failure);
        match &failure {
            Failure::Corrupt(corrupt) => self.broken = Some(Broken::Corrupt(corrupt.clone())),
            &Failure::Truncated { expected, found } => {
                self.broken = Some(Broken::Truncated { expected, found });
            }
            _ => {}
        }
        failure
    }

    pub(crate) fn name(&self) -> &ShmName {
        self.object.name()
    }

    pub(crate) fn own(&self) -> &Presence {
        &self.region.side(self.role).presence
    }

    #[inline]
    pub(crate) fn peer(&self) -> &Presence {
        &self.region.side(self.role.peer()).presence
    }

    /// Whether something calls for a check: news of the peer, or the bell has rung.
    pub(crate) fn has_news(&self) -> bool {
        // In this order: the memory may be gone, and is not touched if the bell tells of it.
        self.belfry.as_ref().is_some_and(Belfry::wants_check) || self.has_news_of_peer()
    }

    /// Whether the peer came, closed or came back since the last check, or the memory went, or that
    /// check has failed.
    pub(crate) fn has_news_of_peer(&self) -> bool {
        protocol::glance_at_life(self.peer()) != self.known_life.get()
            || self.abandoned.get()
            || self.region.is_lost()
    }

    /// Whether there is now something to tell of a peer that had left before we came, since we have
    /// dealt with it.
    pub(crate) fn owes_an_end(&self, has_met: bool) -> bool {
        has_met && !self.await_peer && self.unmet.get().is_some()
    }

    /// How many messages are committed and not yet acknowledged, as far as there is memory to look
    /// at.
    pub(crate) fn queued(&self) -> u64 {
        if self.broken_memory() {
            return 0;
        }
        protocol::queued(&self.region)
    }

    /// Checks the object and the peer. The verdict is the failure to report, unless what is waited
    /// for is there after all: nobody is attached who could still bring it.
    ///
    /// `count` is what our own count says; `has_met` tells that we have dealt with the last peer,
    /// whether or not we have seen it attached.
    pub(crate) fn check(&self, count: u64, has_met: bool) -> Result<Option<Failure>, Failure> {
        let status = self.object.status()?;
        self.ensure_size(status.size)?;
        self.ensure_memory()?;
        let own = self.region.side(self.role);
        let intact = protocol::is_intact(&self.region, own, self.life, count);
        if status.allocated < self.region.geometry().object_size() || !intact {
            // All of it was reserved. A hole was punched, or the object was cut off and has grown
            // again.
            return Err(self.truncated(status.size));
        }
        let (peer, life) = self.judge_peer()?;
        if let Some(life) = life {
            self.known_life.set(life);
        }
        if peer == Peer::Attached || life != self.unmet.get() {
            self.unmet.set(None);
        }
        if let Some(belfry) = &self.belfry {
            belfry.checked(peer == Peer::Attached);
        }
        let is_told = !self.await_peer && (has_met || self.unmet.get().is_none());
        let verdict = match peer {
            Peer::Attached => None,
            Peer::Closed if is_told => Some(Failure::Closed),
            Peer::Died if is_told => Some(Failure::PeerDied),
            // Nobody attaches to an object that has lost its name, so who is not there then never
            // will be.
            _ => (!self.object.has_name()?).then_some(Failure::Unlinked),
        };
        self.abandoned.set(verdict.is_some());
        Ok(verdict)
    }

    /// After attaching: who is there already, and who was there before.
    pub(crate) fn look_around(&self) -> Result<(), SystemError> {
        let (peer, life) = self.judge_peer()?;
        if peer != Peer::Attached {
            self.unmet.set(life);
        }
        Ok(())
    }

    /// Whether a peer is attached.
    pub(crate) fn has_peer(&self) -> Result<bool, SystemError> {
        self.object
            .is_locked_elsewhere(self.role.peer().lock_byte())
    }

    /// What is known of the peer now.
    pub(crate) fn verdict(&self) -> Result<Peer, SystemError> {
        Ok(self.judge_peer()?.0)
    }

    /// What is known of the peer, and by which `life`, unless that is about to change.
    ///
    /// The lock alone does not tell a closed peer from a dead one, and `life` alone not a dead one
    /// from a living one; between reading the two the peer may have gone and another come. So
    /// `life` is read on both sides of the lock until both readings agree.
    fn judge_peer(&self) -> Result<(Peer, Option<u64>), SystemError> {
        let read_life = || {
            if self.broken_memory() {
                0
            } else {
                protocol::read_life(self.peer())
            }
        };
        let byte = self.role.peer().lock_byte();
        // Bounded: only a misbehaving peer changes its life this often, and it is there.
        for _ in 0..100 {
            let before = read_life();
            let held = self.object.is_locked_elsewhere(byte)?;
            let life = read_life();
            if before != life {
                continue;
            }
            // One that holds its lock and has closed is about to free it, or to raise its epoch:
            // stay curious.
            let lasts = !(held && protocol::is_closed(life));
            return Ok((Peer::judge(life, held), lasts.then_some(life)));
        }
        Ok((Peer::Attached, None))
    }

    /// An error if the object, which is `found` bytes long, ends before its last slot.
    pub(super) fn ensure_size(&self, found: u64) -> Result<(), Failure> {
        if found < self.region.geometry().object_size() {
            return Err(self.truncated(found));
        }
        Ok(())
    }

    pub(super) fn truncated(&self, found: u64) -> Failure {
        let expected = self.region.geometry().object_size();
        Failure::Truncated { expected, found }
    }
}
