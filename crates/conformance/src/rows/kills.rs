//! Kills at random moments of traffic: no message is lost, torn or repeated.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use shm_mailbox::{Message, Receiver, RecvError, Role, SendError, Sender, Wait};
use test_support::Name;

use super::{Row, one, ours};
use crate::Kit;
use crate::object::{assert_content, content};
use crate::program::{Form, sending};
use crate::report::Outcome;

/// How many endpoints are killed at random moments.
const SHORT: u64 = 20;
const LONG: u64 = 400;
/// The commands of each.
const COMMANDS: u64 = 300;
/// How long a call of our endpoints waits before it is made again.
const SLICE: Duration = Duration::from_millis(20);

pub(super) fn rows() -> Vec<Row> {
    vec![
        one(
            Role::Sender,
            "loses nothing when it is killed at random",
            senders,
        ),
        one(
            Role::Receiver,
            "loses nothing when it is killed at random",
            receivers,
        ),
    ]
}

fn rounds(kit: &Kit) -> u64 {
    if kit.is_long { LONG } else { SHORT }
}

/// Ends the loop of our endpoint when it is dropped, also by a panic.
struct Bound<'a>(&'a AtomicBool);

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn senders(kit: &Kit) -> Outcome {
    let name = Name::new();
    let form = Form {
        hot: 2,
        ..Form::of(16)
    };
    let options = ours::options(&name).slots(16).hot_slots(2).await_peer(true);
    let receiver = options
        .wait(Wait::Adaptive)
        .receiver()
        .expect("our receiver attaches");
    let is_over = AtomicBool::new(false);
    let (sent, received) = thread::scope(|scope| {
        let bound = Bound(&is_over);
        let taker = scope.spawn(|| take_until(receiver, &is_over));
        let mut next = 0;
        for round in 0..rounds(kit) {
            let (mut end, number) = kit.program.attach(Role::Sender, &name, form);
            assert!(
                number >= next,
                "it resumes at {number}, and has sent all up to {next}"
            );
            let mut text = String::new();
            for number in number..number + COMMANDS {
                let _ = writeln!(text, "{}", sending(&content(number)));
            }
            let feeder = end.feed(text);
            next = number;
            for _ in 0..fastrand::Rng::with_seed(round).u64(..COMMANDS) {
                assert_eq!(end.sent(), next, "the number of a message");
                next += 1;
            }
            end.kill();
            drop(feeder.join());
        }
        let (mut end, number) = kit.program.attach(Role::Sender, &name, form);
        assert!(
            number >= next,
            "it resumes at {number}, and has sent all up to {next}"
        );
        end.tell("keep");
        end.expect(crate::Status::Left);
        drop(bound);
        let received = taker
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (number, received)
    });
    assert_eq!(received, sent, "how many messages our receiver has got");
    Outcome::Ok
}

/// Takes messages until it is over and nothing is left; how many there were.
fn take_until(mut receiver: Receiver, is_over: &AtomicBool) -> u64 {
    let mut message = Message::new();
    let mut number = 0;
    loop {
        let is_last = is_over.load(Ordering::SeqCst);
        match receiver.recv_timeout(&mut message, SLICE) {
            Ok(()) => {
                assert_content(&message, number);
                number += 1;
            }
            Err(RecvError::TimedOut) if is_last => return number,
            Err(RecvError::TimedOut) => {}
            Err(error) => panic!("our receiver: {error}"),
        }
    }
}

fn receivers(kit: &Kit) -> Outcome {
    let name = Name::new();
    let form = Form {
        hot: 2,
        ..Form::of(16)
    };
    let options = ours::options(&name).slots(16).hot_slots(2).await_peer(true);
    let sender = options
        .wait(Wait::Adaptive)
        .sender()
        .expect("our sender attaches");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let bound = Bound(&is_over);
        let giver = scope.spawn(|| give_until(sender, &is_over));
        let mut acknowledged = 0;
        for round in 0..rounds(kit) {
            let (mut end, number) = kit.program.attach(Role::Receiver, &name, form);
            assert!(
                number >= acknowledged,
                "it resumes at {number}, and has acknowledged {acknowledged}"
            );
            let text = "show\nack\n".repeat(usize::try_from(COMMANDS).expect("a few"));
            let feeder = end.feed(text);
            acknowledged = number;
            for _ in 0..fastrand::Rng::with_seed(round).u64(..COMMANDS) {
                ours::was_shown(&mut end, acknowledged);
                acknowledged += 1;
                assert_eq!(end.acknowledged(), acknowledged, "how many it acknowledged");
            }
            end.kill();
            drop(feeder.join());
        }
        drop(bound);
        giver
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    Outcome::Ok
}

/// Sends messages until it is over.
fn give_until(mut sender: Sender, is_over: &AtomicBool) {
    while !is_over.load(Ordering::SeqCst) {
        match sender.send_timeout(content(sender.committed()), SLICE) {
            Ok(()) | Err(SendError::TimedOut) => {}
            Err(error) => panic!("our sender: {error}"),
        }
    }
}
