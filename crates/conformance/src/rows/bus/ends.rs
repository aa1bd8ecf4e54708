//! What a receiver reports about senders that are silent, stopped, dead or closed.

use std::thread;

use shm_mailbox::Role;
use test_support::{Child, Name};

use super::super::Row;
use super::super::ours::SOME_CHECKS;
use super::{expect_shown, form, give, locked, one, sender, was_shown};
use crate::Kit;
use crate::object::{BusImage, Raw, Shape};
use crate::program::{How, Status};
use crate::report::Outcome;

pub(super) fn rows() -> Vec<Row> {
    vec![
        one(
            Role::Receiver,
            "is held up by no sender that is stopped or dead",
            silent,
        ),
        one(
            Role::Receiver,
            "says that all of its senders have left",
            all_left,
        ),
    ]
}

fn shape() -> Shape {
    Shape::new(3, 2, 4, 2)
}

/// One of our senders in another process, which sends these messages and then does nothing.
fn fork_sender(name: &Name, messages: u64) -> Child {
    let raw = Raw::new(name);
    let lanes = locked(&raw, 6).len();
    let child = Child::fork(|| {
        let mut sender = sender(name);
        for _ in 0..messages {
            give(&mut sender);
        }
        loop {
            thread::park();
        }
    });
    while locked(&raw, 6).len() == lanes || locked(&raw, 0) == [0] {
        thread::yield_now();
    }
    child
}

fn silent(kit: &Kit) -> Outcome {
    let name = Name::new();
    BusImage::new(shape()).create(&name);
    let (mut end, _) = kit.program.attach(Role::Receiver, &name, form());
    let mut first = sender(&name);
    let stopped = fork_sender(&name, 1);
    expect_shown(&mut end, 1, 0);
    stopped.stop();
    let dead = fork_sender(&name, 1);
    expect_shown(&mut end, 2, 0);
    dead.kill();
    for number in 0..20 {
        give(&mut first);
        expect_shown(&mut end, 0, number);
        end.ack();
    }
    first.close().expect("our sender closes");
    end.tell("show");
    thread::sleep(SOME_CHECKS);
    end.expect_silence();
    stopped.kill();
    end.expect_what("all of its senders have left", Status::Died);
    Outcome::Ok
}

fn all_left(kit: &Kit) -> Outcome {
    for how in [How::Block, How::Spin] {
        for is_any_dead in [false, true] {
            let name = Name::new();
            // That sender had left before the program attached.
            BusImage::new(shape())
                .lane(0, 4, 4)
                .label(Role::Sender, 0, "another")
                .put(shape().seat(Role::Sender, 0), 2)
                .create(&name);
            let (mut end, _) = kit.program.attach(Role::Receiver, &name, form().that(how));
            let (mut last, other) = (sender(&name), fork_sender(&name, 0));
            end.tell("show");
            if !is_any_dead {
                // As if it had closed.
                let life = shape().seat(Role::Sender, 2);
                let raw = Raw::new(&name);
                while raw.load(life) == 0 {
                    thread::yield_now();
                }
                raw.store(life, raw.load(life) | 1);
            }
            other.kill();
            thread::sleep(SOME_CHECKS / 2);
            end.expect_silence();
            // A message comes before the verdict.
            give(&mut last);
            last.close().expect("our sender closes");
            was_shown(&mut end, 1, 0);
            end.tell("show");
            let expected = if is_any_dead {
                Status::Died
            } else {
                Status::Closed
            };
            end.expect_what("all of its senders have left", expected);
        }
    }
    Outcome::Ok
}
