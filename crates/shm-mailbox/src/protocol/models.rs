//! The interleavings of the protocol's own functions, parking included, under the model checker
//! loom.
//!
//! There is no slice here: a wait ends only when it is woken, so a lost wake-up is a deadlock,
//! which loom reports. The payload is loom's `UnsafeCell`, so an access that the orderings do not
//! separate from the one before it is reported as well. Run by
//! `RUSTFLAGS="--cfg shm_mailbox_loom" cargo test --release -p shm-mailbox --lib loom`.

mod kernel;

use std::cell::Cell;

use kernel::Beds;
use loom::sync::Arc;
use loom::thread;

use crate::memory::geometry::Geometry;
use crate::memory::message::Message;
use crate::memory::region::Region;
use crate::memory::sync::Ordering;
use crate::protocol::{Bed, Cursor, ReceiveCursor, SendCursor, Slept, announce, park};

/// A region and what the kernel knows of those who sleep at its two ends.
struct Shared {
    region: Region,
    sender: Beds,
    receiver: Beds,
}

impl Shared {
    fn new(hot: u32, slots: u32) -> Arc<Self> {
        Self::with_beds(hot, slots, Bed::Futex)
    }

    fn with_beds(hot: u32, slots: u32, bed: Bed) -> Arc<Self> {
        Arc::new(Self {
            region: Region::heap(Geometry::with_hot(slots, hot).unwrap()),
            sender: Beds::new(bed),
            receiver: Beds::new(bed),
        })
    }

    /// What `Sender::room` does, without a check and without patience.
    fn wait_for_room(&self, cursor: &mut SendCursor) {
        let parked = &self.region.control().sender.presence.parked;
        let announced = Cell::new(false);
        loop {
            let mut look = || Ok(self.room(cursor).then_some(()));
            if let Some(()) = look().unwrap() {
                return;
            }
            let slept = park(
                parked,
                self.sender.bed,
                &announced,
                || {},
                look,
                |word| self.sender.sleep(word),
            );
            if let Slept::Found(()) = slept.unwrap() {
                return;
            }
        }
    }

    fn room(&self, cursor: &mut SendCursor) -> bool {
        cursor.room(&self.region, || false).unwrap()
    }

    fn wake_receiver(&self) {
        let presence = &self.region.control().receiver.presence;
        self.receiver.wake_parked(presence);
    }

    fn send(&self, cursor: &mut SendCursor, value: u8) {
        self.wait_for_room(cursor);
        cursor.commit(&self.region, &[value]);
        self.wake_receiver();
    }

    /// What `Receiver::peek` does, without a check.
    fn peek(&self, cursor: &mut ReceiveCursor, message: &mut Message) {
        let parked = &self.region.control().receiver.presence.parked;
        let announced = Cell::new(false);
        let length = loop {
            let mut look = || cursor.look(&self.region);
            if let Some(length) = look().unwrap() {
                break length;
            }
            let slept = park(
                parked,
                self.receiver.bed,
                &announced,
                || {},
                look,
                |word| self.receiver.sleep(word),
            );
            if let Slept::Found(length) = slept.unwrap() {
                break length;
            }
        };
        cursor.show(&self.region, length, message);
    }

    /// As [`peek`](Self::peek), with what `Receiver::arm` does in place of a sleep.
    fn peek_armed(&self, cursor: &mut ReceiveCursor, message: &mut Message) {
        let parked = &self.region.control().receiver.presence.parked;
        let length = loop {
            self.receiver.bell.answer();
            announce(parked, Bed::Bell, || {});
            if let Some(length) = cursor.look(&self.region).unwrap() {
                break length;
            }
            self.receiver.bell.wait();
        };
        cursor.show(&self.region, length, message);
    }

    /// Receives `count` messages one by one, and checks each.
    fn receive_all(&self, count: u8) {
        let mut cursor = ReceiveCursor::resume(&self.region).unwrap();
        let mut message = Message::new();
        for value in 0..count {
            self.peek(&mut cursor, &mut message);
            assert_eq!(message.as_bytes(), [value]);
            assert_eq!(message.sequence(), u64::from(value));
            self.ack(&mut cursor);
        }
    }

    /// What `Receiver::ack` does.
    fn ack(&self, cursor: &mut ReceiveCursor) {
        cursor.acknowledge(&self.region);
        let presence = &self.region.control().sender.presence;
        self.sender.wake_parked(presence);
    }
}

/// One sender and one receiver pass `count` messages through `slots` slots, one by one.
fn pass_messages(hot: u32, slots: u32, count: u8) {
    let shared = Shared::new(hot, slots);
    let sender = spawn_sender(&shared, count);
    // In a thread of its own: loom does not turn back to before the main thread's first step.
    let receiver = {
        let shared = Arc::clone(&shared);
        thread::spawn(move || shared.receive_all(count))
    };
    receiver.join().unwrap();
    sender.join().unwrap();
}

fn spawn_sender(shared: &Arc<Shared>, count: u8) -> thread::JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        let mut cursor = SendCursor::resume(&shared.region).unwrap();
        for value in 0..count {
            shared.send(&mut cursor, value);
        }
    })
}

fn bounded(preemptions: usize) -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    // A model that runs out of time has shown nothing: no limit, the runner has one.
    builder.max_duration = None;
    builder
}

/// For the models of the hot ring, which take minutes with three.
fn bounded_by_form() -> loom::model::Builder {
    bounded(if is_torture() { 3 } else { 2 })
}

fn is_torture() -> bool {
    std::env::var("SHM_TORTURE").as_deref() == Ok("1")
}

/// The long form leaves out no interleaving, and takes minutes.
#[test]
fn loom_two_messages_through_one_slot() {
    let mut builder = bounded(6);
    if is_torture() {
        builder.preemption_bound = None;
    }
    // The receiver in the main thread, before whose first step (it loads its own `received`) loom
    // does not turn back: with a third thread this would take hours.
    builder.check(|| {
        let shared = Shared::new(1, 1);
        let sender = spawn_sender(&shared, 2);
        shared.receive_all(2);
        sender.join().unwrap();
    });
}

#[test]
fn loom_three_messages_through_one_slot() {
    bounded(3).check(|| pass_messages(1, 1, 3));
}

/// The sleep that comes after one whose time was up goes on with the same announcement.
#[test]
fn loom_two_messages_and_sleeps_that_expire() {
    bounded(3).check(|| {
        let shared = Shared::new(1, 1);
        *shared.sender.futex.expiring.lock().unwrap() = 1;
        *shared.receiver.futex.expiring.lock().unwrap() = 1;
        let sender = spawn_sender(&shared, 2);
        shared.receive_all(2);
        sender.join().unwrap();
    });
}

/// Both ends sleep on their bells.
#[test]
fn loom_two_messages_by_bells() {
    bounded(3).check(|| {
        let shared = Shared::with_beds(1, 1, Bed::Bell);
        let sender = spawn_sender(&shared, 2);
        shared.receive_all(2);
        sender.join().unwrap();
    });
}

/// A receiver that sleeps on its flag for one message and on its bell for the next: the sender must
/// wake it where it sleeps by then.
#[test]
fn loom_a_receiver_that_goes_from_its_flag_to_its_bell() {
    bounded(3).check(|| {
        let shared = Shared::new(2, 2);
        let sender = spawn_sender(&shared, 3);
        let mut cursor = ReceiveCursor::resume(&shared.region).unwrap();
        let mut message = Message::new();
        for value in 0..3 {
            match value {
                1 => shared.peek(&mut cursor, &mut message),
                _ => shared.peek_armed(&mut cursor, &mut message),
            }
            assert_eq!(message.as_bytes(), [value]);
            shared.ack(&mut cursor);
        }
        sender.join().unwrap();
    });
}

#[test]
fn loom_four_messages_through_two_slots() {
    bounded(3).check(|| pass_messages(2, 2, 4));
}

/// One hot slot: every second message or so goes to a cold one.
#[test]
fn loom_four_messages_through_a_hot_slot_and_two_cold_ones() {
    bounded_by_form().check(|| pass_messages(1, 2, 4));
}

/// Enough messages for the cold slots to be used again; the sender is ahead, so that they are.
#[test]
fn loom_a_queue_that_grows_and_is_gone_through_two_hot_slots_and_four_cold_ones() {
    bounded_by_form().check(|| {
        let shared = Shared::new(2, 4);
        let mut cursor = SendCursor::resume(&shared.region).unwrap();
        for value in 0..3 {
            shared.send(&mut cursor, value);
        }
        let sender = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for value in 3..8 {
                    shared.send(&mut cursor, value);
                }
            })
        };
        let receiver = thread::spawn(move || shared.receive_all(8));
        receiver.join().unwrap();
        sender.join().unwrap();
    });
}

/// A receiver that restarts finds each message in one of its two slots, while the sender continues.
#[test]
fn loom_a_receiver_that_restarts_finds_hot_and_cold_messages() {
    bounded(3).check(|| {
        let shared = Shared::new(1, 4);
        let mut sender = SendCursor::resume(&shared.region).unwrap();
        for value in 0..3 {
            shared.send(&mut sender, value);
        }
        let mut receiver = ReceiveCursor::resume(&shared.region).unwrap();
        let mut message = Message::new();
        shared.peek(&mut receiver, &mut message);
        shared.peek(&mut receiver, &mut message);
        shared.ack(&mut receiver);
        let sending = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for value in 3..6 {
                    shared.send(&mut sender, value);
                }
            })
        };
        let restarted = thread::spawn(move || {
            let mut receiver = ReceiveCursor::resume(&shared.region).unwrap();
            for value in 2..6 {
                shared.peek(&mut receiver, &mut message);
                assert_eq!(message.as_bytes(), [value]);
                shared.ack(&mut receiver);
            }
        });
        restarted.join().unwrap();
        sending.join().unwrap();
    });
}

#[test]
fn loom_a_batch_wakes_before_it_waits_for_room() {
    bounded(3).check(|| {
        let shared = Shared::new(2, 2);
        let sender = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut cursor = SendCursor::resume(&shared.region).unwrap();
                let mut value = 0;
                while value < 3 {
                    shared.wait_for_room(&mut cursor);
                    while value < 3 && shared.room(&mut cursor) {
                        cursor.commit(&shared.region, &[value]);
                        value += 1;
                    }
                    shared.wake_receiver();
                }
            })
        };
        let mut cursor = ReceiveCursor::resume(&shared.region).unwrap();
        let mut message = Message::new();
        for value in 0..3 {
            shared.peek(&mut cursor, &mut message);
            assert_eq!(message.as_bytes(), [value]);
            shared.ack(&mut cursor);
        }
        sender.join().unwrap();
    });
}

#[test]
fn loom_messages_shown_together_are_acknowledged_together() {
    bounded(3).check(|| {
        let shared = Shared::new(2, 2);
        let sender = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut cursor = SendCursor::resume(&shared.region).unwrap();
                for value in 0..4 {
                    shared.send(&mut cursor, value);
                }
            })
        };
        let mut cursor = ReceiveCursor::resume(&shared.region).unwrap();
        let mut message = Message::new();
        for pair in 0..2 {
            shared.peek(&mut cursor, &mut message);
            assert_eq!(message.as_bytes(), [2 * pair]);
            shared.peek(&mut cursor, &mut message);
            assert_eq!(message.as_bytes(), [2 * pair + 1]);
            shared.ack(&mut cursor);
        }
        sender.join().unwrap();
    });
}

/// The process that restarts the sender may look at the region when the killed one had come to any
/// point.
#[test]
fn loom_the_count_of_sent_messages_is_never_ahead_of_the_stamps() {
    loom::model(|| {
        let shared = Shared::new(2, 2);
        let killed = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut cursor = SendCursor::resume(&shared.region).unwrap();
                for value in 0..2 {
                    assert!(shared.room(&mut cursor));
                    cursor.commit(&shared.region, &[value]);
                }
            })
        };
        // In a thread of its own: loom does not turn back to before the main thread's first step.
        let restarter = thread::spawn(move || {
            let sent = shared
                .region
                .control()
                .sender
                .count
                .0
                .load(Ordering::Acquire);
            let mut receiver = ReceiveCursor::resume(&shared.region).unwrap();
            let mut message = Message::new();
            for _ in 0..sent {
                let length = receiver.look(&shared.region).unwrap().unwrap();
                receiver.show(&shared.region, length, &mut message);
            }
        });
        restarter.join().unwrap();
        killed.join().unwrap();
    });
}
