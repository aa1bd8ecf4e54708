//! A receiver and its lanes, each of which is a separate stream.

use std::thread;

use shm_mailbox::Role;
use test_support::Name;

use super::super::Row;
use super::super::ours::SOME_CHECKS;
use super::super::waking::expect_wake_of;
use super::{assert_shown, expect_shown, form, give, hold, one, sender, was_shown};
use crate::Kit;
use crate::object::{BusImage, Raw, Shape, stamp};
use crate::program::{End, How, Shown};
use crate::report::Outcome;

/// The most messages of one lane before another has its turn.
const BURST: usize = 64;

pub(super) fn rows() -> Vec<Row> {
    let receive = |what, run| one(Role::Receiver, what, run);
    vec![
        receive("shows each lane in order, by numbers of its own", lanes),
        receive("gives each lane its turn", turns),
        receive("acknowledges what it has shown, lane by lane", acknowledges),
        receive("finds a lane that is taken while it waits", late),
        receive("goes on without a lane that is corrupt", corrupt),
    ]
}

fn shape() -> Shape {
    Shape::new(3, 2, 4, 2)
}

fn lanes(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        let name = Name::new();
        BusImage::new(shape()).create(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, form().that(how));
        let mut senders = [sender(&name), sender(&name), sender(&name)];
        let mut next = [0; 3];
        let mut random = fastrand::Rng::with_seed(21);
        let mut acknowledged = 0;
        for _ in 0..100 {
            let mut given = 0;
            for sender in &mut senders {
                for _ in 0..random.u64(0..=3) {
                    give(sender);
                    given += 1;
                }
            }
            for _ in 0..given {
                let shown = end.show_of_bus();
                let Shown::Message(lane, ..) = shown else {
                    panic!("no lane is corrupt, and it says {shown:?}");
                };
                let number = &mut next[lane as usize];
                assert_shown(&shown, lane, *number);
                *number += 1;
            }
            acknowledged += given;
            assert_eq!(end.ack(), acknowledged, "how many it acknowledged in all");
        }
        let raw = Raw::new(&name);
        let counts = [0, 1, 2].map(|lane| raw.load(shape().count(lane, 0)));
        assert_eq!(counts, next, "its counts of the three lanes");
        let sent = senders.map(|sender| sender.committed());
        assert_eq!(sent, next, "what was sent in the three lanes");
    }
    Outcome::Ok
}

fn turns(kit: &Kit) -> Outcome {
    for (busy, lane) in [(0, 0), (2, 2)] {
        let name = Name::new();
        BusImage::new(shape()).create(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, form());
        let mut senders = [sender(&name), sender(&name), sender(&name)];
        for _ in 0..4 {
            give(&mut senders[busy]);
        }
        expect_shown(&mut end, lane, 0);
        give(&mut senders[1]);
        for taken in 0.. {
            assert!(
                taken <= BURST,
                "lane 1 waits for more than {BURST} of lane {lane}"
            );
            let shown = end.show_of_bus();
            end.ack();
            if matches!(shown, Shown::Message(1, ..)) {
                break;
            }
            give(&mut senders[busy]);
        }
    }
    Outcome::Ok
}

fn acknowledges(kit: &Kit) -> Outcome {
    let name = Name::new();
    let image = BusImage::new(shape()).lane(0, 5, 7).lane(2, 0, 3);
    image.create(&name);
    let raw = Raw::new(&name);
    let counts = || [0, 1, 2].map(|lane| raw.load(shape().count(lane, 0)));
    let mut shown = [5, 0, 0];
    let mut show = |end: &mut End| {
        let Shown::Message(lane, number, _) = end.show_of_bus() else {
            panic!("no lane is corrupt");
        };
        assert_eq!(number, shown[lane as usize], "the number of a message");
        shown[lane as usize] += 1;
        shown
    };
    let form = form().labelled("r");
    let (mut end, number) = kit.program.attach(Role::Receiver, &name, form);
    assert_eq!(number, 5, "what it passed over in all");
    // Of either lane first.
    for _ in 0..3 {
        show(&mut end);
    }
    let expected = show(&mut end);
    assert_eq!(counts(), [5, 0, 0], "its counts before it acknowledges");
    assert_eq!(end.ack(), 9);
    assert_eq!(counts(), expected, "its counts after that");
    // The next receiver is shown what this one did not acknowledge.
    end.show_of_bus();
    end.kill();
    let (mut end, number) = kit.program.attach(Role::Receiver, &name, form);
    assert_eq!(number, 9, "what was acknowledged");
    assert_eq!(show(&mut end), [7, 0, 3], "what was shown in all");
    // It wakes each sender to which it gives messages back.
    for lane in [0, 2] {
        let name = Name::new();
        image.create(&name);
        let raw = Raw::new(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, form);
        for _ in 0..5 {
            end.show_of_bus();
        }
        let flag = raw.half(shape().parked(Role::Sender, lane));
        expect_wake_of(flag, 1, "after it has acknowledged", || {
            end.ack();
        });
    }
    Outcome::Ok
}

fn late(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        let name = Name::new();
        BusImage::new(shape()).create(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, form().that(how));
        let mut senders = Vec::new();
        for lane in 0..3 {
            end.tell("show");
            let raw = Raw::new(&name);
            match how {
                How::Block => end.until("it announces its sleep", || {
                    raw.load_half(shape().parked(Role::Receiver, 0)) == 1
                }),
                _ => thread::sleep(SOME_CHECKS / 10),
            }
            end.expect_silence();
            let mut sender = sender(&name);
            give(&mut sender);
            was_shown(&mut end, lane, 0);
            senders.push(sender);
        }
    }
    Outcome::Ok
}

fn corrupt(kit: &Kit) -> Outcome {
    for (what, how) in [
        ("ahead", How::Block),
        ("too long", How::Spin),
        ("lost", How::Block),
    ] {
        let name = Name::new();
        BusImage::new(shape())
            .lane(0, 5, 5)
            .lane(1, 2, 3)
            .create(&name);
        let _held = [0, 1].map(|lane| hold(&name, Role::Sender, lane));
        let raw = Raw::new(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, form().that(how));
        expect_shown(&mut end, 1, 2);
        match what {
            "ahead" => raw.store(shape().stamp(0, 1), stamp(6, 3)),
            "too long" => raw.store(shape().stamp(0, 1), stamp(5, 1025)),
            _ => raw.store(shape().sent(0), 6),
        }
        assert_eq!(end.show_of_bus(), Shown::Corrupt(0), "{what}");
        let mut other = sender(&name);
        for number in 0..3 {
            give(&mut other);
            expect_shown(&mut end, other.lane(), number);
        }
        assert_eq!(end.ack(), 8 + 3, "{what}: what it has acknowledged in all");
        assert_eq!(
            raw.load(shape().count(0, 0)),
            5,
            "{what}: its count of lane 0"
        );
        end.close();
        assert!(name.exists(), "{what}: it unlinked a corrupt bus");
    }
    Outcome::Ok
}
