//! A receiver joins while a sender loads the counts: the sender learns nothing from that load, and
//! the receiver takes no position below the sender's point.

use std::sync::atomic::Ordering;

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::super::waking::{address_of, futex_wait};
use super::{form, hold, one};
use crate::Kit;
use crate::object::{BusImage, Raw, Shape, content_of, stamp};
use crate::program::{Stop, Traced, can_trace, is_reading, sending};
use crate::report::Outcome;

/// More accesses than a sender makes before it sleeps.
const MOST: usize = 60;

pub(super) fn rows() -> Vec<Row> {
    vec![
        one(
            Role::Sender,
            "learns nothing from a look in which a receiver has come",
            |kit| look(kit, Coming::New),
        ),
        one(
            Role::Sender,
            "learns nothing from a look in which a place was left and taken again",
            |kit| look(kit, Coming::Again),
        ),
        one(
            Role::Receiver,
            "takes no position below what a sender knows",
            position,
        ),
    ]
}

/// What happens between two accesses of a sender that loads the counts. In either case its lane
/// stays as full as before.
#[derive(Clone, Copy)]
enum Coming {
    /// A receiver takes its position by that of place 0, which then acknowledges.
    New,
    /// Place 0, which was ahead, is left and taken again by a receiver that takes its position by
    /// that of place 1, which then acknowledges.
    Again,
}

struct Looker {
    traced: Traced,
    raw: Raw,
    coming: Coming,
    /// The number of its next message. The one before it fills its lane of one slot.
    next: u64,
}

fn shape() -> Shape {
    Shape::new(1, 2, 1, 1)
}

fn look(kit: &Kit, coming: Coming) -> Outcome {
    if !can_trace() {
        return Outcome::Skipped("ptrace");
    }
    let name = Name::new();
    BusImage::new(shape())
        .lane(0, 0, 1)
        .member(0, &[0])
        .create(&name);
    let _held = [0, 1].map(|place| hold(&name, Role::Receiver, place));
    let mut looker = Looker {
        traced: Traced::attach(&kit.program, Role::Sender, &name, form()),
        raw: Raw::new(&name),
        coming,
        next: 1,
    };
    let end = &looker.traced.end;
    let words = [Shape::MEMBERS, shape().count(0, 0), shape().count(0, 1)];
    let words = words.map(|word| address_of(end, &name, word).expect("the object is mapped"));
    if !looker.traced.watch(&words) {
        return Outcome::Skipped("watchpoints of x86-64");
    }
    let mut after = 1;
    while looker.round(after) {
        after += 1;
        assert!(after < MOST, "it looks without end, and does not sleep");
    }
    // A machine without watchpoints may take the words and ignore them.
    match after {
        1 => Outcome::Skipped("watchpoints of x86-64"),
        _ => Outcome::Ok,
    }
}

impl Looker {
    fn store(&self, mask: u64, counts: [u64; 2]) {
        for (place, count) in (0..).zip(counts) {
            self.raw.store(shape().count(0, place), count);
        }
        self.change(mask);
    }

    /// The next generation, with these members.
    fn change(&self, mask: u64) {
        let generation = self.raw.load(Shape::MEMBERS) >> 32;
        self.raw
            .store(Shape::MEMBERS, (generation + 1) << 32 | mask);
    }

    /// A wait for room in which a receiver joins after `after` accesses. False if there were
    /// fewer.
    fn round(&mut self, after: usize) -> bool {
        let queued = self.next - 1;
        match self.coming {
            Coming::New => self.store(0b01, [queued, 0]),
            Coming::Again => self.store(0b11, [queued + 1, queued]),
        }
        let message = content_of(0, self.next);
        self.traced.read_command(&sending(&message));
        let mut accesses = 0;
        loop {
            match self.traced.run() {
                None => {
                    accesses += 1;
                    if accesses == after {
                        self.come(queued);
                    }
                }
                Some(Stop::Entry(number, arguments)) if is_reading(number, arguments[0]) => {
                    panic!("it overwrites what the receiver that has come was to get");
                }
                Some(Stop::Entry(number, arguments)) => {
                    let flag = self.flag().load(Ordering::SeqCst);
                    if futex_wait(number, &arguments).is_some_and(|(_, value)| value == flag) {
                        break;
                    }
                }
                Some(Stop::Ended) => panic!("it ended although two receivers are attached"),
                Some(Stop::Exit) => {}
            }
        }
        let length = content_of(0, queued).len() as u64;
        let stands = self.raw.load(shape().stamp(0, 0)) == stamp(queued, length);
        assert!(stands || queued > 0, "the stamp of message {queued}");
        self.store(self.raw.load(Shape::MEMBERS) & 0b11, [self.next; 2]);
        self.flag().store(0, Ordering::SeqCst);
        self.traced.run_to_command();
        assert_eq!(self.traced.end.sent(), self.next);
        self.next += 1;
        accesses >= after
    }

    fn come(&self, queued: u64) {
        let count = |place| shape().count(0, place);
        match self.coming {
            Coming::New => {
                self.raw.store(count(1), queued);
                self.change(0b11);
                self.raw.store(count(0), queued + 1);
            }
            Coming::Again => {
                self.raw.store(count(0), queued);
                self.change(0b11);
                self.raw.store(count(1), queued + 1);
            }
        }
    }

    fn flag(&self) -> &std::sync::atomic::AtomicU32 {
        self.raw.half(shape().parked(Role::Sender, 0))
    }
}

/// While the program joins, another receiver acknowledges, after each access in turn. If the
/// program is not a member by then, a sender may know that.
fn position(kit: &Kit) -> Outcome {
    if !can_trace() {
        return Outcome::Skipped("ptrace");
    }
    let shape = Shape::new(1, 2, 4, 4);
    for after in 1..MOST {
        let name = Name::new();
        let image = BusImage::new(shape).lane(0, 5, 9).member(0, &[6]);
        image.create(&name);
        let _held = hold(&name, Role::Receiver, 0);
        let raw = Raw::new(&name);
        let form = form().oldest();
        let traced = Traced::start(&kit.program, Role::Receiver, &name, form);
        let mut traced = traced.expect("it can be traced");
        let words = [Shape::MEMBERS, shape.count(0, 0)];
        let words = loop {
            let words = words.map(|word| address_of(&traced.end, &name, word));
            if let [Some(members), Some(count)] = words {
                break [members, count];
            }
            let stop = traced.run_to_system_call();
            assert!(stop != Stop::Ended, "it ended, and has mapped nothing");
        };
        if !traced.watch(&words) {
            return Outcome::Skipped("watchpoints of x86-64");
        }
        let mut accesses = 0;
        let mut known = 6;
        loop {
            match traced.run() {
                None => {
                    accesses += 1;
                    if accesses == after {
                        let is_member = raw.load(Shape::MEMBERS) & 0b10 != 0;
                        known = if is_member { 6 } else { 7 };
                        raw.store(shape.count(0, 0), 7);
                    }
                }
                Some(Stop::Entry(number, arguments)) if is_reading(number, arguments[0]) => break,
                Some(Stop::Ended) => panic!("it ended while it joined"),
                Some(_) => {}
            }
        }
        let position = raw.load(shape.count(0, 1));
        assert!(
            position >= known,
            "it begins at {position}, and a sender may have overwritten all below {known}"
        );
        if accesses < after {
            return match accesses {
                0 => Outcome::Skipped("watchpoints of x86-64"),
                _ => Outcome::Ok,
            };
        }
    }
    panic!("it looks without end, and does not attach");
}
