//! A receiver and its lanes: each is a stream of its own.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use shm_mailbox::{Message, RecvError, Role, SendError, bus};
use test_support::{Child, Name};

use super::super::Row;
use super::super::ours::SOME_CHECKS;
use super::super::waking::expect_wake_of;
use super::{
    assert_message, assert_shown, expect_shown, form, give, hold, locked, one, options, sender,
    was_shown,
};
use crate::Kit;
use crate::object::{BusImage, Raw, Shape, content_of, stamp};
use crate::program::{Form, How, Shown, Status, sending};
use crate::report::Outcome;

/// The most messages of one lane before another has its turn.
const BURST: usize = 64;
/// How many ends are killed at random moments, and what each of them is told to do.
const KILLS: u64 = 8;
const COMMANDS: u64 = 200;
/// A call of our ends that waits in vain, before it is made again.
const SLICE: Duration = Duration::from_millis(20);

pub(super) fn rows() -> Vec<Row> {
    let receive = |what, run| one(Role::Receiver, what, run);
    vec![
        receive("shows each lane in order, by numbers of its own", lanes),
        receive("gives each lane its turn", turns),
        receive("acknowledges what it has shown, lane by lane", acknowledges),
        receive("finds a lane that is taken while it waits", late),
        receive("goes on without a lane that is corrupt", corrupt),
        receive("is held up by no sender that is stopped or dead", silent),
        receive("says that all of its senders have left", all_left),
        receive("loses nothing when it is killed at random", killed),
        one(
            Role::Sender,
            "loses nothing when it is killed at random",
            sender_killed,
        ),
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
    for busy in [0, 2] {
        let name = Name::new();
        BusImage::new(shape()).create(&name);
        let (mut end, _) = kit.program.attach(Role::Receiver, &name, form());
        let mut senders = [sender(&name), sender(&name), sender(&name)];
        for _ in 0..4 {
            give(&mut senders[busy]);
        }
        expect_shown(&mut end, busy as u32, 0);
        give(&mut senders[1]);
        for taken in 0.. {
            assert!(
                taken <= BURST,
                "lane 1 waits for more than {BURST} of lane {busy}"
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
    let image = BusImage::new(shape())
        .lane(0, 5, 7)
        .lane(1, 2, 2)
        .lane(2, 0, 3);
    image.create(&name);
    let (mut end, number) = kit
        .program
        .attach(Role::Receiver, &name, form().labelled("r"));
    assert_eq!(number, 7, "what it passed over in all");
    let raw = Raw::new(&name);
    let counts = || [0, 1, 2].map(|lane| raw.load(shape().count(lane, 0)));
    let mut shown = [5, 2, 0];
    for _ in 0..2 {
        let Shown::Message(lane, number, _) = end.show_of_bus() else {
            panic!("no lane is corrupt");
        };
        assert_eq!(number, shown[lane as usize], "the number of a message");
        shown[lane as usize] += 1;
    }
    assert_eq!(counts(), [5, 2, 0], "its counts before it acknowledges");
    assert_eq!(end.ack(), 9);
    assert_eq!(counts(), shown, "its counts after that");
    // What it has shown only is shown to the next one.
    end.show_of_bus();
    end.kill();
    let (mut end, number) = kit
        .program
        .attach(Role::Receiver, &name, form().labelled("r"));
    assert_eq!(number, 9, "what was acknowledged");
    for _ in 0..3 {
        let Shown::Message(lane, ..) = end.show_of_bus() else {
            panic!("no lane is corrupt");
        };
        shown[lane as usize] += 1;
    }
    assert_eq!(shown, [7, 2, 3], "what it has shown of the three lanes");
    // Each sender that it gives something back to is woken.
    let flag = raw.half(shape().parked(Role::Sender, 2));
    expect_wake_of(flag, 1, "after it has acknowledged", || {
        end.ack();
    });
    let name = Name::new();
    image.create(&name);
    let raw = Raw::new(&name);
    let (mut end, _) = kit.program.attach(Role::Receiver, &name, form());
    for _ in 0..5 {
        end.show_of_bus();
    }
    let flag = raw.half(shape().parked(Role::Sender, 0));
    expect_wake_of(flag, 1, "after it has acknowledged", || {
        end.ack();
    });
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

/// One of our senders in a process of its own, which sends so much and then does nothing.
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
            // That one was gone before the program came.
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

fn form_of_kills() -> Form {
    Form {
        hot: 2,
        ..Form::of(16)
    }
    .bus(2, 2)
}

fn killed(kit: &Kit) -> Outcome {
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
        for round in 0..KILLS {
            let form = form_of_kills().labelled("r");
            let (mut end, number) = kit.program.attach(Role::Receiver, &name, form);
            assert!(
                number >= acknowledged,
                "it resumes at {number}, and has acknowledged {acknowledged}"
            );
            let raw = Raw::new(&name);
            let shape = Shape::new(2, 2, 16, 2);
            // It obeys a command before it shows anything.
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

/// Ends the loops of our ends when it is dropped, also by a panic.
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

fn sender_killed(kit: &Kit) -> Outcome {
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
        for round in 0..KILLS {
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
