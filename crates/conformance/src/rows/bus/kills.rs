//! Kills at random moments of traffic on a bus: no message is lost, torn or repeated.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use shm_mailbox::{Message, RecvError, Role, SendError, bus};
use test_support::Name;

use super::super::Row;
use super::{assert_message, assert_shown, one, options};
use crate::Kit;
use crate::object::{BusImage, Raw, Shape, content_of};
use crate::program::{Form, Shown, Status, sending};
use crate::report::Outcome;

/// How many endpoints are killed at random moments, and the commands of each.
const SHORT: u64 = 8;
const LONG: u64 = 400;
const COMMANDS: u64 = 200;
/// How long a call of our endpoints waits before it is made again.
const SLICE: Duration = Duration::from_millis(20);

pub(super) fn rows() -> Vec<Row> {
    let what = "loses nothing when it is killed at random";
    vec![
        one(Role::Receiver, what, receivers),
        one(Role::Sender, what, senders),
    ]
}

fn rounds(kit: &Kit) -> u64 {
    if kit.is_long { LONG } else { SHORT }
}

fn form_of_kills() -> Form {
    Form {
        hot: 2,
        ..Form::of(16)
    }
    .bus(2, 2)
}

fn receivers(kit: &Kit) -> Outcome {
    let name = Name::new();
    BusImage::new(Shape::new(2, 2, 16, 2)).create(&name);
    let ours = || {
        options(&name)
            .await_peer(true)
            .sender()
            .expect("our sender attaches")
    };
    let senders = [ours(), ours()];
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let bound = Bound(&is_over);
        let givers = senders.map(|sender| scope.spawn(|| give_until(sender, &is_over)));
        let mut acknowledged = 0;
        for round in 0..rounds(kit) {
            let form = form_of_kills().labelled("r");
            let (mut end, number) = kit.program.attach(Role::Receiver, &name, form);
            assert!(
                number >= acknowledged,
                "it resumes at {number}, and has acknowledged {acknowledged}"
            );
            let raw = Raw::new(&name);
            let shape = Shape::new(2, 2, 16, 2);
            // It answers a command before it shows anything.
            let mut next = [0, 1].map(|lane| raw.load(shape.count(lane, 0)));
            acknowledged = number;
            assert_eq!(next.iter().sum::<u64>(), number, "where it resumes");
            let count = usize::try_from(COMMANDS).expect("a few");
            let feeder = end.feed("show\nack\n".repeat(count));
            for _ in 0..fastrand::Rng::with_seed(round).u64(..COMMANDS) {
                let shown = end.shown_of_bus();
                let Shown::Message(lane, ..) = shown else {
                    panic!("no lane is corrupt");
                };
                let number = &mut next[lane as usize];
                assert_shown(&shown, lane, *number);
                *number += 1;
                acknowledged += 1;
                assert_eq!(end.acknowledged(), acknowledged, "how many it acknowledged");
            }
            end.kill();
            drop(feeder.join());
        }
        drop(bound);
        for giver in givers {
            giver
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    });
    Outcome::Ok
}

/// Ends the loops of our endpoints when it is dropped, also by a panic.
struct Bound<'a>(&'a AtomicBool);

impl Drop for Bound<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Sends messages until it is over.
fn give_until(mut sender: bus::Sender, is_over: &AtomicBool) {
    while !is_over.load(Ordering::SeqCst) {
        let message = content_of(sender.lane(), sender.committed());
        match sender.send_timeout(message, SLICE) {
            Ok(()) | Err(SendError::TimedOut) => {}
            Err(error) => panic!("our sender: {error}"),
        }
    }
}

fn senders(kit: &Kit) -> Outcome {
    let name = Name::new();
    BusImage::new(Shape::new(2, 2, 16, 2)).create(&name);
    let ours = || {
        options(&name)
            .await_peer(true)
            .receiver()
            .expect("our receiver attaches")
    };
    let receivers = [ours(), ours()];
    let is_over = AtomicBool::new(false);
    let (sent, received) = thread::scope(|scope| {
        let bound = Bound(&is_over);
        let takers = receivers.map(|receiver| scope.spawn(|| take_until(receiver, &is_over)));
        let mut next = 0;
        for round in 0..rounds(kit) {
            let form = form_of_kills().labelled("s");
            let (mut end, number) = kit.program.attach(Role::Sender, &name, form);
            assert!(
                number >= next,
                "it resumes at {number}, and has sent all up to {next}"
            );
            let mut text = String::new();
            for number in number..number + COMMANDS {
                let _ = writeln!(text, "{}", sending(&content_of(0, number)));
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
        let form = form_of_kills().labelled("s");
        let (mut end, number) = kit.program.attach(Role::Sender, &name, form);
        assert!(number >= next, "it resumes at {number}, not {next}");
        end.tell("keep");
        end.expect(Status::Left);
        drop(bound);
        let received = takers.map(|taker| {
            taker
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        (number, received)
    });
    assert_eq!(received, [sent; 2], "how many our two receivers have got");
    Outcome::Ok
}

/// Takes messages until it is over and nothing is left; how many there were.
fn take_until(mut receiver: bus::Receiver, is_over: &AtomicBool) -> u64 {
    let mut message = Message::new();
    let mut number = 0;
    loop {
        let is_last = is_over.load(Ordering::SeqCst);
        match receiver.recv_timeout(&mut message, SLICE) {
            Ok(()) => {
                assert_message(&message, 0, number);
                number += 1;
            }
            Err(RecvError::TimedOut) if is_last => return number,
            Err(RecvError::TimedOut) => {}
            Err(error) => panic!("our receiver: {error}"),
        }
    }
}
