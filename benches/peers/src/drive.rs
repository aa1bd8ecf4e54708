//! What is done with a peer's channels: messages there and back, or one way, as the method's contenders.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU64, Ordering};

use benches::baseline::{Shared, share};
use benches::paired::{Contender, Follow, Lead};
use benches::payload::{self, STOP};

use crate::peer::{Incoming, Outgoing, Peer};
use crate::threads;

/// Messages of `L` bytes there and back.
pub(crate) fn round_trip<P: Peer, const L: usize>(slots: usize) -> Contender {
    let [there, back] = P::both_ways::<L>(slots);
    let objects = [there.objects, back.objects].concat();
    let lead = move || -> Box<dyn Lead> {
        Box::new(Asking {
            there: (there.sender)(),
            back: (back.receiver)(),
            count: 0,
            sum: 0,
            message: [0; L],
        })
    };
    let follow = move || -> Box<dyn Follow> {
        Box::new(Answering {
            there: (there.receiver)(),
            back: (back.sender)(),
            message: [0; L],
        })
    };
    contender::<P>(lead, follow).on(objects)
}

/// Messages of `L` bytes one way; the sender leads.
pub(crate) fn stream<P: Peer, const L: usize>(slots: usize) -> Contender {
    let channel = P::channel::<L>(slots);
    let objects = channel.objects;
    let done = share::<Done>();
    let lead = move || -> Box<dyn Lead> {
        Box::new(Sending {
            channel: (channel.sender)(),
            done,
            stops: 0,
            count: 0,
            sum: 0,
            message: [0; L],
        })
    };
    let follow = move || -> Box<dyn Follow> {
        Box::new(Receiving {
            channel: (channel.receiver)(),
            done,
            message: [0; L],
        })
    };
    contender::<P>(lead, follow).on(objects)
}

fn contender<P: Peer>(
    lead: impl FnOnce() -> Box<dyn Lead> + 'static,
    follow: impl FnOnce() -> Box<dyn Follow> + Send + 'static,
) -> Contender {
    if P::IN_ONE_PROCESS {
        threads::contender(P::NAME, lead, follow)
    } else {
        Contender::new(P::NAME, lead, follow)
    }
}

struct Asking<S, R, const L: usize> {
    there: S,
    back: R,
    count: u64,
    sum: u64,
    message: [u8; L],
}

impl<S: Outgoing<L>, R: Incoming<L>, const L: usize> Asking<S, R, L> {
    #[inline(always)]
    fn ask(&mut self, flag: u64) {
        self.count += 1;
        payload::write(&mut self.message, self.count | flag);
        self.there.send(&self.message);
        self.back.receive(&mut self.message);
        let (_, sum) = payload::read(&self.message);
        self.sum = self.sum.wrapping_add(sum);
    }
}

impl<S: Outgoing<L>, R: Incoming<L>, const L: usize> Lead for Asking<S, R, L> {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.ask(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.ask(STOP);
        std::mem::take(&mut self.sum)
    }
}

struct Answering<S, R, const L: usize> {
    there: R,
    back: S,
    message: [u8; L],
}

impl<S: Outgoing<L>, R: Incoming<L>, const L: usize> Follow for Answering<S, R, L> {
    fn follow(&mut self) -> u64 {
        let mut total = 0_u64;
        loop {
            self.there.receive(&mut self.message);
            let (word, sum) = payload::read(&self.message);
            total = total.wrapping_add(sum);
            payload::write(&mut self.message, word);
            self.back.send(&self.message);
            if word & STOP != 0 {
                return total;
            }
        }
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
    count: u64,
    sum: u64,
    message: [u8; L],
}

impl<S: Outgoing<L>, const L: usize> Sending<S, L> {
    #[inline(always)]
    fn send(&mut self, flag: u64) {
        self.count += 1;
        let written = payload::write(&mut self.message, self.count | flag);
        self.sum = self.sum.wrapping_add(written);
        self.channel.send(&self.message);
    }
}

impl<S: Outgoing<L>, const L: usize> Lead for Sending<S, L> {
    fn exchange(&mut self, count: u64) {
        for _ in 0..count {
            self.send(0);
        }
    }

    fn stop(&mut self) -> u64 {
        self.send(STOP);
        self.stops += 1;
        // Acquire: pairs with the receiver's Release, so that the slice is over for both.
        while self.done.0.load(Ordering::Acquire) < self.stops {
            spin_loop();
        }
        std::mem::take(&mut self.sum)
    }
}

struct Receiving<R, const L: usize> {
    channel: R,
    done: &'static Done,
    message: [u8; L],
}

impl<R: Incoming<L>, const L: usize> Follow for Receiving<R, L> {
    fn follow(&mut self) -> u64 {
        let mut total = 0_u64;
        loop {
            self.channel.receive(&mut self.message);
            let (word, sum) = payload::read(&self.message);
            total = total.wrapping_add(sum);
            if word & STOP != 0 {
                // Release: pairs with the Acquire in `stop`.
                self.done.0.fetch_add(1, Ordering::Release);
                return total;
            }
        }
    }
}
