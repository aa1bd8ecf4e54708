//! What is done with a peer's channels: round trips, or messages one way, as the harness's
//! contenders.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};

use benches::harness::payload::{self, STOP};
use benches::harness::{Answer, Ask, Contender, Follow, Lead, Shared, follow, lead, share};
use shm_core::ShmName;

use crate::peer::{Incoming, Outgoing, Peer};
use crate::threads;

/// Messages of `L` bytes in round trips.
pub(crate) fn round_trip<P: Peer, const L: usize>(slots: usize) -> Contender {
    let [there, back] = P::both_ways::<L>(slots);
    let objects = [there.objects, back.objects].concat();
    let asking = move || {
        lead(BothWays {
            sender: (there.sender)(),
            receiver: (back.receiver)(),
            message: [0; L],
        })
    };
    let answering = move || {
        let receiver = (there.receiver)();
        follow(BothWays {
            sender: (back.sender)(),
            receiver,
            message: [0; L],
        })
    };
    contender::<P>(objects, asking, answering)
}

/// Messages of `L` bytes one way; the sender leads.
pub(crate) fn stream<P: Peer, const L: usize>(slots: usize) -> Contender {
    let channel = P::channel::<L>(slots);
    let done = share::<Done>();
    let sending = move || {
        lead(Sending {
            channel: (channel.sender)(),
            done,
            stops: 0,
            message: [0; L],
        })
    };
    let receiving = move || {
        follow(Receiving {
            channel: (channel.receiver)(),
            done,
            message: [0; L],
        })
    };
    contender::<P>(channel.objects, sending, receiving)
}

fn contender<P: Peer>(
    objects: Vec<String>,
    lead: impl FnOnce() -> Box<dyn Lead> + 'static,
    follow: impl FnOnce() -> Box<dyn Follow> + Send + 'static,
) -> Contender {
    let contender = if P::IN_ONE_PROCESS {
        threads::contender(P::NAME, lead, follow)
    } else {
        Contender::new(P::NAME, lead, follow)
    };
    let names = objects.iter().map(|name| ShmName::new(name));
    contender.on(names.map(|name| name.expect("a short name")).collect())
}

/// Either side of a round trip.
struct BothWays<S, R, const L: usize> {
    sender: S,
    receiver: R,
    message: [u8; L],
}

impl<S: Outgoing<L>, R: Incoming<L>, const L: usize> Ask for BothWays<S, R, L> {
    #[inline(always)]
    fn ask(&mut self, word: u64) -> u64 {
        payload::write(&mut self.message, word);
        self.sender.send(&self.message);
        self.receiver.receive(&mut self.message);
        let (_, sum) = payload::read(&self.message);
        sum
    }
}

impl<S: Outgoing<L>, R: Incoming<L>, const L: usize> Answer for BothWays<S, R, L> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        self.receiver.receive(&mut self.message);
        let (word, sum) = payload::read(&self.message);
        payload::write(&mut self.message, word);
        self.sender.send(&self.message);
        (word, sum)
    }
}

/// How many slices the receiver has read to the end: not every peer can tell its sender.
#[repr(C, align(128))]
struct Done(AtomicU64);

// SAFETY: an atomic, for which 0 is a value.
unsafe impl Shared for Done {}

struct Sending<S, const L: usize> {
    channel: S,
    done: &'static Done,
    stops: u64,
    message: [u8; L],
}

impl<S: Outgoing<L>, const L: usize> Ask for Sending<S, L> {
    #[inline(always)]
    fn ask(&mut self, word: u64) -> u64 {
        let sum = payload::write(&mut self.message, word);
        self.channel.send(&self.message);
        sum
    }

    fn stop(&mut self, word: u64) -> u64 {
        let sum = self.ask(word | STOP);
        self.stops += 1;
        // Acquire: pairs with the receiver's Release, so that the slice is over for both.
        while self.done.0.load(Ordering::Acquire) < self.stops {
            spin_loop();
        }
        sum
    }
}

struct Receiving<R, const L: usize> {
    channel: R,
    done: &'static Done,
    message: [u8; L],
}

impl<R: Incoming<L>, const L: usize> Answer for Receiving<R, L> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        self.channel.receive(&mut self.message);
        payload::read(&self.message)
    }

    fn finish(&mut self) {
        // Release: pairs with the Acquire of the sender.
        self.done.0.fetch_add(1, Ordering::Release);
    }
}
