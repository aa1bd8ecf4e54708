//! How an attached end sleeps, on its futex or on its bell, and how it wakes its peer.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use shm_core::{BellError, Moment, Object, SystemError, barrier, bell, futex};

use crate::error::Failure;
use crate::memory::layout::Presence;
use crate::memory::region::View;
use crate::memory::role::{Role, Seat};
use crate::memory::sync::{AtomicU32, Ordering};
use crate::object::bell::Belfry;
use crate::object::channel::Channel;
use crate::object::seat::Seats;
use crate::protocol::{self, Bed, Slept, Wake};

/// How long a sleep may last whose announcement may not be seen: the kernel had no memory for the
/// barrier.
pub(crate) const UNSEEN: Duration = Duration::from_millis(1);

/// `EFAULT` of `errno(3)` on Linux.
const EFAULT: i32 = 14;

impl<R: Seats> Channel<R> {
    /// Clears the flag of each peer and wakes it, whatever the flag says.
    pub(crate) fn wake_peers(&self) {
        wake_all(&self.region, &self.object, self.role.peer());
    }

    #[inline]
    pub(crate) fn wake(&self, bed: Bed, peer: &Presence) {
        wake(&self.object, bed, peer);
    }

    /// Announces our sleep, looks once more, and sleeps: until woken, and looks again, or until the
    /// `deadline`.
    pub(crate) fn park<T>(
        &self,
        deadline: Moment,
        look: impl FnMut() -> Result<Option<T>, Failure>,
    ) -> Result<Slept<T>, Failure> {
        let seen = Cell::new(true);
        let barrier = || seen.set(self.fences.execute());
        let sleep = |parked: &AtomicU32| {
            let deadline = if seen.get() {
                deadline
            } else {
                deadline.min(Moment::now().after(UNSEEN))
            };
            match (self.bed, &self.belfry) {
                (Bed::Bell, Some(belfry)) => {
                    self.wait_for_bell(belfry, parked, deadline, seen.get())
                }
                _ => self.wait_for_wake(parked, deadline, seen.get()),
            }
        };
        protocol::park(
            &self.own().parked,
            self.bed,
            &self.announced,
            barrier,
            look,
            sleep,
        )
    }

    fn wait_for_wake(
        &self,
        parked: &AtomicU32,
        deadline: Moment,
        seen: bool,
    ) -> Result<Wake, Failure> {
        match futex::wait(parked, Bed::Futex.word(), Some(deadline)) {
            // A peer has just cleared the flag to wake us, so the memory exists.
            Ok(()) => Ok(Wake::Up),
            // The flag was cleared before we slept.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(Wake::Up),
            // To be followed by a check. If peers may have missed the announcement, it must be
            // repeated.
            Err(error) if error.kind() == io::ErrorKind::TimedOut && seen => Ok(Wake::TimeUp),
            // The kernel found no memory at the flag: a process has truncated the object.
            Err(error) if error.raw_os_error() == Some(EFAULT) => {
                Err(self.truncated(self.object.size()?))
            }
            // A signal, for one: the memory may have been cut off while we slept.
            Err(_) => self.ensure_size(self.object.size()?).map(|()| Wake::Up),
        }
    }

    fn wait_for_bell(
        &self,
        belfry: &Belfry,
        parked: &AtomicU32,
        deadline: Moment,
        seen: bool,
    ) -> Result<Wake, Failure> {
        // Relaxed: a peer that has cleared it rings afterwards.
        if parked.load(Ordering::Relaxed) != Bed::Bell.word() {
            return Ok(Wake::Up);
        }
        let deadline = match belfry.at_most() {
            Some(pause) => deadline.min(Moment::now().after(pause)),
            None => deadline,
        };
        match bell::wait(&[belfry.bell().as_ref()], deadline) {
            Ok(_) if belfry.answer()? => return Ok(Wake::Up),
            // To be followed by a check: something else has rung, or the time is up.
            Ok(_) if seen => return Ok(Wake::TimeUp),
            // If peers may have missed the announcement, it must be repeated.
            Ok(_) => {}
            // A signal.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(SystemError::new("ppoll", self.name(), error).into()),
        }
        // The memory may have been cut off while we slept.
        self.ensure_size(self.object.size()?).map(|()| Wake::Up)
    }

    /// Makes sure that there is a bell.
    pub(crate) fn ensure_bell(&mut self) -> Result<&Belfry, BellError> {
        if self.belfry.is_none() {
            self.belfry = Some(Belfry::new(&self.object)?);
        }
        let belfry = self.belfry.as_mut().expect("made just now");
        belfry.place(&self.object)?;
        Ok(belfry)
    }

    /// From now on our peer fences. A barrier before each sleep would take longer than the rest of
    /// the sleep.
    pub(crate) fn leave_fences_to_peer(&self) {
        if self.fences.before_sleep.get() {
            protocol::leave_fences(self.own());
            // So that the peer relies on our word from now on. Where it is impossible, nothing
            // changes.
            self.fences.before_sleep.set(!barrier::heavy());
        }
    }

    /// Whether a peer has closed and not freed its role yet, or attached and not begun its life: it
    /// will ring.
    pub(crate) fn is_peer_unsettled(&self) -> Result<bool, SystemError> {
        for seat in self.peers() {
            let life = protocol::read_life(self.region.presence(seat));
            let byte = seat.lock_byte();
            if protocol::is_closed(life) && self.object.is_locked_elsewhere(byte)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Announces that we wait for our bell, and looks once more: whether what `look` looks for is
    /// there, and whether the peer may miss the announcement.
    pub(crate) fn announce_for_bell<T>(
        &self,
        look: impl FnOnce() -> Result<Option<T>, Failure>,
    ) -> Result<(Option<T>, bool), Failure> {
        let mut seen = true;
        let barrier = || seen = self.fences.execute();
        protocol::announce(&self.own().parked, Bed::Bell, barrier);
        // It is not for the next sleep.
        self.announced.set(false);
        Ok((look()?, seen))
    }

    /// Takes back the announcement of a sleep that has expired.
    pub(crate) fn withdraw(&self) {
        protocol::withdraw(&self.own().parked, &self.announced);
    }
}

/// Clears the flag of everyone with this role and wakes it, whatever the flag says.
pub(crate) fn wake_all(region: &impl View, object: &Object, role: Role) {
    for index in 0..region.seats(role) {
        let peer = region.presence(Seat::new(role, index));
        let bed = protocol::take_bed(peer);
        // Also a peer whose flag another process cleared before dying without a wake. A bell needs
        // no such wake, because that death rang it.
        wake(object, Bed::Futex, peer);
        if bed == Some(Bed::Bell) {
            wake(object, Bed::Bell, peer);
        }
    }
}

#[cold]
#[inline(never)]
fn wake(object: &Object, bed: Bed, peer: &Presence) {
    match bed {
        // An error means that the memory was cut off; the next check reports it.
        Bed::Futex => drop(futex::wake(&peer.parked, 1)),
        // One means that the object's mode, or a filter of system calls, keeps us from it: the peer
        // hears of us at its next check, or when we close.
        Bed::Bell => drop(object.ring()),
    }
}
