//! What the kernel does for sleepers: futexes and bells, as models.

use loom::sync::{Condvar, Mutex};

use crate::memory::layout::{BELL, PARKED, Presence};
use crate::memory::sync::{AtomicU32, Ordering};
use crate::protocol::corrupt::Corrupt;
use crate::protocol::{Bed, Wake, take_parked};

/// The kernel's part of a futex: compare and sleep are one step, and a wake reaches all sleepers.
pub(super) struct Futex {
    /// How many sleeps expire before they begin.
    pub(super) expiring: Mutex<u32>,
    queue: Condvar,
}

impl Futex {
    pub(super) fn new() -> Self {
        Self {
            expiring: Mutex::new(0),
            queue: Condvar::new(),
        }
    }

    pub(super) fn wait(&self, word: &AtomicU32) -> Result<Wake, Corrupt> {
        let mut expiring = self.expiring.lock().unwrap();
        if word.load(Ordering::Relaxed) == PARKED {
            if *expiring > 0 {
                *expiring -= 1;
                return Ok(Wake::TimeUp);
            }
            drop(self.queue.wait(expiring).unwrap());
        }
        Ok(Wake::Up)
    }

    pub(super) fn wake(&self) {
        let _guard = self.expiring.lock().unwrap();
        self.queue.notify_all();
    }
}

/// The kernel's part of a bell: it stays rung until it is answered.
pub(super) struct Bell {
    rung: Mutex<bool>,
    queue: Condvar,
}

impl Bell {
    pub(super) fn new() -> Self {
        Self {
            rung: Mutex::new(false),
            queue: Condvar::new(),
        }
    }

    pub(super) fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.queue.notify_all();
    }

    pub(super) fn answer(&self) {
        *self.rung.lock().unwrap() = false;
    }

    pub(super) fn wait(&self) {
        let mut rung = self.rung.lock().unwrap();
        while !*rung {
            rung = self.queue.wait(rung).unwrap();
        }
    }
}

/// Where one endpoint sleeps.
pub(super) struct Beds {
    /// Where it goes to sleep.
    pub(super) bed: Bed,
    pub(super) futex: Futex,
    pub(super) bell: Bell,
}

impl Beds {
    pub(super) fn new(bed: Bed) -> Self {
        Self {
            bed,
            futex: Futex::new(),
            bell: Bell::new(),
        }
    }

    /// What `Channel::park` gives to the protocol.
    pub(super) fn sleep(&self, word: &AtomicU32) -> Result<Wake, Corrupt> {
        if self.bed == Bed::Futex {
            return self.futex.wait(word);
        }
        if word.load(Ordering::Relaxed) != BELL {
            return Ok(Wake::Up);
        }
        self.bell.wait();
        self.bell.answer();
        Ok(Wake::TimeUp)
    }

    /// What `Channel::wake_parked` does for the peer, whose beds these are.
    pub(super) fn wake_parked(&self, peer: &Presence) {
        match take_parked(peer, false) {
            Some(Bed::Futex) => self.futex.wake(),
            Some(Bed::Bell) => self.bell.ring(),
            None => {}
        }
    }
}
