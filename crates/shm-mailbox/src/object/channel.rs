//! What both endpoints have in common: an object, its region, a seat in it, and a watch on each
//! peer.

use std::cell::Cell;

use shm_core::fork::ProcessToken;
use shm_core::{Object, ShmName, SystemError};

use crate::error::Failure;
use crate::memory::id::MailboxId;
use crate::memory::layout::Presence;
use crate::memory::role::{Role, Seat};
use crate::object::bell::Belfry;
use crate::object::fences::Fences;
use crate::object::seat::Seats;
use crate::protocol::corrupt::Corrupt;
use crate::protocol::{self, Bed, Cursor, Peer};

/// One attached end. Made by [`attach`](crate::object::attach::attach), ended by
/// [`close`](crate::object::close::close).
#[derive(Debug)]
pub(crate) struct Channel<R: Seats> {
    /// Holds the seat's lock: its descriptor lives as long as the endpoint.
    pub(crate) object: Object,
    pub(crate) region: R,
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
    /// One for each seat of a peer.
    pub(crate) watches: R::Watches,
    /// The last check has found that no peer will come, so every later wait begins with a check.
    pub(crate) abandoned: Cell<bool>,
    /// The places that held us back at the last check: a mask.
    pub(crate) looked_after: Cell<u32>,
    /// Our last sleep has expired, and its announcement stands, unless a peer has cleared it.
    pub(crate) announced: Cell<bool>,
    /// Where this endpoint sleeps; on its bell only if it has one.
    pub(crate) bed: Bed,
    /// If the user asked for it.
    pub(crate) belfry: Option<Belfry>,
}

/// What an endpoint knows of one seat of a peer.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The `life` that stood there when the peer was last checked.
    known_life: Cell<u64>,
    /// The `life` of a peer that had left before we attached, while we know of no other peer. We do
    /// not report how that peer left.
    unmet: Cell<Option<u64>>,
}

/// The state of all peers together.
#[derive(Clone, Copy, Debug, Default)]
struct Company {
    attached: bool,
    /// Peers that we have met have closed or died.
    closed: bool,
    died: bool,
}

/// What a check has found.
#[derive(Debug)]
pub(crate) struct Verdict {
    /// To be reported, unless the awaited message or room exists after all.
    pub(crate) failure: Option<Failure>,
    /// A peer is attached.
    pub(crate) attached: bool,
}

/// What an endpoint does not recover from.
#[derive(Debug)]
pub(crate) enum Broken {
    Corrupt(Corrupt),
    Truncated { expected: u64, found: u64 },
}

impl<R: Seats> Channel<R> {
    /// Whether the endpoint may be used: not in a forked child, and not once it is broken.
    #[inline]
    pub(crate) fn is_usable(&self) -> bool {
        self.token.is_current() && self.broken.is_none()
    }

    /// Why the endpoint may not be used.
    pub(crate) fn refusal(&self) -> Failure {
        match &self.broken {
            _ if !self.token.is_current() => Failure::Forked,
            Some(Broken::Corrupt(corrupt)) => Failure::Corrupt(corrupt.clone()),
            Some(Broken::Truncated { expected, found }) => Failure::Truncated {
                expected: *expected,
                found: *found,
            },
            None => unreachable!("it is usable"),
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

    /// What to report when the guard has replaced memory by zeros.
    #[cold]
    pub(crate) fn lost(&self) -> Failure {
        match self.object.size() {
            Ok(found) => self.truncated(found),
            Err(error) => error.into(),
        }
    }

    /// The failure to report: remembers what breaks the endpoint, and does not blame the peer for
    /// the zeros that replace lost memory.
    #[cold]
    pub(crate) fn remember(&mut self, failure: Failure, cursor: &mut impl Cursor) -> Failure {
        let failure = self.ensure_memory().err().unwrap_or(failure);
        match &failure {
            Failure::Corrupt(corrupt) if cursor.leaves_out(corrupt) => {}
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

    /// The seat that we hold.
    pub(crate) fn seat(&self) -> Seat {
        self.region.seat(self.role)
    }

    pub(crate) fn own(&self) -> &Presence {
        self.region.presence(self.seat())
    }

    /// The seats of our peers, in the order of the watches.
    #[inline(always)]
    pub(crate) fn peers(&self) -> impl Iterator<Item = Seat> {
        let role = self.role.peer();
        (0..self.region.seats(role)).map(move |index| Seat::new(role, index))
    }

    /// The seats of our peers, and what we know of each.
    #[inline(always)]
    fn watched(&self) -> impl Iterator<Item = (Seat, &Watch)> {
        self.peers().zip(self.watches.as_ref())
    }

    /// Whether something calls for a check: news of the peer, or the bell has rung.
    pub(crate) fn has_news(&self) -> bool {
        // In this order: the memory may be lost, and we do not touch it if the bell has rung.
        self.belfry.as_ref().is_some_and(Belfry::wants_check) || self.has_news_of_peer()
    }

    /// Whether the peer came, closed or came back since the last check, or the memory went, or that
    /// check has failed.
    pub(crate) fn has_news_of_peer(&self) -> bool {
        self.has_life_changed() || self.abandoned.get() || self.region.is_lost()
    }

    fn has_life_changed(&self) -> bool {
        let has_changed = |(seat, watch): (Seat, &Watch)| {
            protocol::glance_at_life(self.region.presence(seat)) != watch.known_life.get()
        };
        self.watched().any(has_changed)
    }

    /// Whether we have now met a peer that had left before we attached.
    pub(crate) fn owes_an_end(&self, cursor: &impl Cursor) -> bool {
        let mut watched = self.watched();
        let owes = |(seat, watch): (Seat, &Watch)| {
            watch.unmet.get().is_some() && cursor.has_met(seat.index)
        };
        !self.await_peer && watched.any(owes)
    }

    /// Checks the object and the peers. It fails if no attached peer could still bring what the
    /// caller waits for.
    pub(crate) fn check<C: Cursor<Region = R>>(&self, cursor: &C) -> Result<Verdict, Failure> {
        let status = self.object.status()?;
        self.ensure_size(status.size)?;
        self.ensure_memory()?;
        let intact = protocol::is_intact(self.region.header(), self.own(), self.life)
            && cursor.stands(&self.region);
        if status.allocated < self.region.object_size() || !intact {
            // All of it was reserved. A hole was punched, or the object was cut off and has grown
            // again.
            return Err(self.truncated(status.size));
        }
        let company = self.meet_all(cursor)?;
        if let Some(belfry) = &self.belfry {
            belfry.checked(company.attached);
        }
        let verdict = match company {
            Company { attached: true, .. } => None,
            Company { died: true, .. } => Some(Failure::PeerDied),
            Company { closed: true, .. } => Some(Failure::Closed),
            // No process attaches to an object that has lost its name, so an absent peer stays
            // absent.
            _ => (!self.object.has_name()?).then_some(Failure::Unlinked),
        };
        self.abandoned.set(verdict.is_some());
        Ok(Verdict {
            failure: verdict,
            attached: company.attached,
        })
    }

    /// As [`meet`](Self::meet), as if at one moment.
    ///
    /// A peer may attach at a seat already checked, before another leaves a seat not yet checked.
    /// So if all seats are free, this checks them again. Seats that are still free in the same life
    /// were free together between the two checks.
    fn meet_all(&self, cursor: &impl Cursor) -> Result<Company, SystemError> {
        let is_one = self.watches.as_ref().len() == 1;
        // Bounded: only misbehaving peers attach and leave this often, and they count as attached.
        for _ in 0..100 {
            let company = self.meet(cursor)?;
            if company.attached || is_one || !self.has_peer()? && !self.has_life_changed() {
                return Ok(company);
            }
        }
        Ok(Company {
            attached: true,
            ..Company::default()
        })
    }

    /// Checks each peer, and remembers its state.
    fn meet(&self, cursor: &impl Cursor) -> Result<Company, SystemError> {
        let mut company = Company::default();
        for (seat, watch) in self.watched() {
            let (peer, life) = self.judge(seat)?;
            if let Some(life) = life {
                watch.known_life.set(life);
            }
            let has_changed = peer == Peer::Attached || life != watch.unmet.get();
            if has_changed || cursor.has_met(seat.index) {
                watch.unmet.set(None);
            }
            let is_told = watch.unmet.get().is_none() && !self.await_peer;
            company.attached |= peer == Peer::Attached;
            company.closed |= peer == Peer::Closed && is_told;
            company.died |= peer == Peer::Died && is_told;
        }
        Ok(company)
    }

    /// After attaching: remembers which peers are attached, and which left before.
    pub(crate) fn look_around(&self) -> Result<(), SystemError> {
        for (seat, watch) in self.watched() {
            let (peer, life) = self.judge(seat)?;
            if peer != Peer::Attached {
                watch.unmet.set(life);
            }
        }
        Ok(())
    }

    /// Whether a peer is attached.
    pub(crate) fn has_peer(&self) -> Result<bool, SystemError> {
        for seat in self.peers() {
            if self.object.is_locked_elsewhere(seat.lock_byte())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The state of the peers now: of any that is attached, else of any that died, else of any that
    /// closed.
    pub(crate) fn verdict(&self) -> Result<Peer, SystemError> {
        let mut verdict = Peer::NeverSeen;
        for seat in self.peers() {
            verdict = match (verdict, self.judge(seat)?.0) {
                (Peer::Attached, _) | (_, Peer::Attached) => Peer::Attached,
                (Peer::Died, _) | (_, Peer::Died) => Peer::Died,
                (Peer::Closed, _) | (_, Peer::Closed) => Peer::Closed,
                (Peer::NeverSeen, Peer::NeverSeen) => Peer::NeverSeen,
            };
        }
        Ok(verdict)
    }

    /// The state of a peer, and the `life` that it is from, unless that is about to change.
    ///
    /// The lock alone does not distinguish a closed peer from a dead one, nor `life` a dead one
    /// from a living one. Between the two reads the peer may have left and another attached. So
    /// `life` is read on both sides of the lock until both readings agree.
    fn judge(&self, seat: Seat) -> Result<(Peer, Option<u64>), SystemError> {
        let read_life = || {
            if self.broken_memory() {
                0
            } else {
                protocol::read_life(self.region.presence(seat))
            }
        };
        let byte = seat.lock_byte();
        // Bounded: only a misbehaving peer changes its life this often, and it counts as attached.
        for _ in 0..100 {
            let before = read_life();
            let held = self.object.is_locked_elsewhere(byte)?;
            let life = read_life();
            if before != life {
                continue;
            }
            // A closed peer that holds its lock is about to free it, or to raise its epoch, so
            // check again.
            let lasts = !(held && protocol::is_closed(life));
            return Ok((Peer::judge(life, held), lasts.then_some(life)));
        }
        Ok((Peer::Attached, None))
    }

    /// An error if the object, which is `found` bytes long, ends before its last slot.
    pub(super) fn ensure_size(&self, found: u64) -> Result<(), Failure> {
        if found < self.region.object_size() {
            return Err(self.truncated(found));
        }
        Ok(())
    }

    pub(super) fn truncated(&self, found: u64) -> Failure {
        let expected = self.region.object_size();
        Failure::Truncated { expected, found }
    }
}
