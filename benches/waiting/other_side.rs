//! What the other process does: sends now and then, sends always, or answers.

use std::thread;
use std::time::Duration;

use shm_mailbox::{Message, Wait};

use super::layout::Layout;
use super::{ONE_WAY, ROUND_TRIP, THROUGHPUT};
use crate::clock;
use crate::payload::{self, TEXT};
use crate::peer;
use crate::phase::Phases;

/// The other process: does its part until nobody is there any more.
pub(super) fn be_peer<L: Layout>(task: &str, names: &[String]) {
    let (quantity, strategy) = task.split_once('/').expect("a quantity and a strategy");
    let known = L::STRATEGIES.iter().find(|known| known.0 == strategy);
    let &(_, wait) = known.expect("a strategy by its name");
    match quantity {
        ONE_WAY => send_now_and_then::<L>(&names[0], wait),
        ROUND_TRIP => answer::<L>(&names[0], &names[1], wait),
        THROUGHPUT => send_always::<L>(&names[0], wait),
        _ => panic!("no quantity {quantity:?}"),
    }
    peer::wait_for_the_end();
}

/// Sparse: the receiver has been asleep for a while, and a spinning one has long been spinning.
const PAUSE: Duration = Duration::from_millis(1);
/// The least time over which sends are spread. A sleep of 1 µs takes 50 µs more (the timer's slack).
const SPREAD: Duration = Duration::from_micros(100);

/// Sends the time, at stratified random phase of the receiver's interval, and never before the last was received.
fn send_now_and_then<L: Layout>(name: &str, wait: Wait) {
    let mut sender = L::sender(name, wait);
    let interval = match wait {
        Wait::Poll(interval) => interval,
        _ => PAUSE,
    };
    let mut phases = Phases::new(clock::monotonic());
    let mut pause = || {
        let part = interval.max(SPREAD).mul_f64(phases.next_phase());
        thread::sleep(interval.max(PAUSE) + part);
    };
    loop {
        pause();
        let now: [u8; TEXT] = payload::to_text(clock::monotonic());
        if L::send(&mut sender, &now).is_none() {
            return;
        }
    }
}

fn send_always<L: Layout>(name: &str, wait: Wait) {
    let mut sender = L::sender(name, wait);
    let message = vec![b'x'; L::LONGEST];
    while L::send(&mut sender, &message).is_some() {}
}

fn answer<L: Layout>(there: &str, back: &str, wait: Wait) {
    let mut sender = L::sender(back, wait);
    // The sender there was first.
    let mut receiver = L::receiver(there, wait).expect("the object is there");
    let mut message = Message::new();
    while L::receive(&mut receiver, &mut message).is_some() {
        if L::send(&mut sender, message.as_bytes()).is_none() {
            return;
        }
    }
}
