//! Both ends killed or stopped at random while verified messages flow. With `SHM_TORTURE=1` that takes minutes
//! instead of seconds.

#![cfg(not(loom))]

mod support;

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shm_mailbox::{AttachError, Message, Options, Peer, RecvError, SendError, Sender, Wait};
use support::process::Child;
use support::{
    Name, Random, Shared, WAITS, assert_content, content, fork, is_torture, turn, until,
};

/// How long a call waits for an end that is stopped.
const TIMEOUT: Duration = Duration::from_millis(5);

/// Where the processes of a test keep what outlives them: what an application would keep in a file.
const DONE: usize = 0;
const COMMITTED: usize = 1;
const REPEATED: usize = 2;
const TIMED_OUT: usize = 3;
const OVER: usize = 4;

/// The strategy of the `round`-th process.
fn wait(round: u64) -> Wait {
    WAITS[usize::try_from(round % 6).expect("below 6")]
}

/// A process that attaches and sends in all ways there are until it is killed.
///
/// What it knows to be committed it notes down, so that the next one can tell that nothing was lost.
fn sending(options: Options, notes: &Shared) -> Child {
    fork(|| {
        let mut sender = options.sender().unwrap();
        let known = notes.number(COMMITTED);
        let noted = known.load(Ordering::SeqCst);
        let found = sender.committed();
        assert!(
            (noted..=noted + 3).contains(&found),
            "{found} messages are committed, {noted} were for certain, and 3 more perhaps"
        );
        loop {
            known.store(sender.committed(), Ordering::SeqCst);
            send_somehow(&mut sender);
        }
    })
}

/// Sends one message, in place or not, or a batch of three.
fn send_somehow(sender: &mut Sender) {
    let mut buffer = [0; 1024];
    let first = sender.committed();
    match first % 5 {
        0 => {
            let batch: Vec<Vec<u8>> = (first..first + 3)
                .map(|number| content(number, &mut buffer).to_vec())
                .collect();
            sender.send_batch(&batch).unwrap();
        }
        1 => {
            let mut draft = sender.reserve().unwrap();
            draft.append(content(first, &mut buffer)).unwrap();
            draft.commit().unwrap();
        }
        _ => sender.send(content(first, &mut buffer)).unwrap(),
    }
}

/// A process that attaches, looks at up to three messages at a time, deals with them, and acknowledges them, until
/// it is killed.
fn receiving(options: Options, notes: &Shared) -> Child {
    fork(|| {
        let mut receiver = options.receiver().unwrap();
        let done = notes.number(DONE);
        let mut message = Message::new();
        loop {
            receiver.peek(&mut message).unwrap();
            deal_with(&message, notes);
            for _ in 0..2 {
                if receiver.try_peek(&mut message).is_ok() {
                    deal_with(&message, notes);
                }
            }
            receiver.ack().unwrap();
            assert_eq!(receiver.acknowledged(), done.load(Ordering::SeqCst));
        }
    })
}

/// Deals with a message, unless a receiver that was killed before it acknowledged has done so.
#[track_caller]
fn deal_with(message: &Message, notes: &Shared) {
    let done = notes.number(DONE);
    let (number, known) = (message.sequence(), done.load(Ordering::SeqCst));
    assert!(number <= known, "{number} came when {known} was expected");
    assert!(number + 3 >= known, "{number} came again after {known}");
    assert_content(message, number);
    if number == known {
        done.store(known + 1, Ordering::SeqCst);
    } else {
        notes.number(REPEATED).fetch_add(1, Ordering::SeqCst);
    }
}

/// Waits until more than `by` messages have been dealt with, but not for longer than 5 ms: with two that spin on
/// one core, it would be.
fn let_messages_flow(notes: &Shared, by: u64) {
    let (start, target) = (
        Instant::now(),
        notes.number(DONE).load(Ordering::SeqCst) + by,
    );
    while notes.number(DONE).load(Ordering::SeqCst) < target
        && start.elapsed() < Duration::from_millis(5)
    {
        std::thread::sleep(Duration::from_micros(50));
    }
}

/// Kills both ends again and again, in a mailbox of this many slots, for so long and so often at most; returns how
/// often, and how many messages arrived.
fn kill_both_ends(slots: u32, time: Duration, kills: u64) -> (u64, u64, u64) {
    let (name, notes) = (Name::new(), Shared::new());
    let options = |round| {
        let options = name.options().slots(slots).await_peer(true);
        options.wait(wait(round))
    };
    let mut random = Random::new(0xC4A0 + u64::from(slots));
    let (mut sender, mut receiver) = (sending(options(0), &notes), receiving(options(0), &notes));
    let (start, mut killed) = (Instant::now(), 0);
    while killed < kills && start.elapsed() < time {
        match random.below(4) {
            // Perhaps before it has attached.
            0 => {}
            1 => let_messages_flow(&notes, 1),
            _ => let_messages_flow(&notes, random.below(100)),
        }
        random.dawdle(20_000);
        match random.below(3) {
            0 => {
                sender.kill();
                sender = sending(options(killed), &notes);
                killed += 1;
            }
            1 => {
                receiver.kill();
                // Another number than the sender's, so that all pairs of strategies meet.
                receiver = receiving(options(killed / 6), &notes);
                killed += 1;
            }
            _ => {
                sender.kill();
                receiver.kill();
                receiver = receiving(options(killed / 6), &notes);
                sender = sending(options(killed), &notes);
                killed += 2;
            }
        }
    }
    sender.kill();
    receiver.kill();
    finish(&name, &notes);
    let number = |index| notes.number(index).load(Ordering::SeqCst);
    (killed + 2, number(DONE), number(REPEATED))
}

/// Takes what is left, and checks that it was all.
fn finish(name: &Name, notes: &Shared) {
    let committed = name.sender().committed();
    let mut receiver = name.receiver();
    let mut message = Message::new();
    while receiver.try_recv(&mut message).is_ok() {
        deal_with(&message, notes);
    }
    assert_eq!(notes.number(DONE).load(Ordering::SeqCst), committed);
}

#[test]
fn both_ends_killed_at_random_lose_nothing_and_reorder_nothing() {
    let _turn = turn();
    let (time, kills) = match is_torture() {
        true => (Duration::MAX, 100_000 / 3 + 1),
        false => (Duration::from_millis(3_300), u64::MAX),
    };
    let (mut killed, mut arrived, mut repeated) = (0, 0, 0);
    for slots in [1, 4, 16] {
        let (more, messages, again) = kill_both_ends(slots, time, kills);
        assert!(messages > 0, "no message arrived with {slots} slots");
        killed += more;
        arrived += messages;
        repeated += again;
    }
    println!(
        "{killed} processes killed, {arrived} messages verified, {repeated} of them a second time"
    );
}

/// The letter that `proc(5)` has for what a process does.
fn state(child: &Child) -> char {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.pid())).expect("it is there");
    let (_, rest) = stat.rsplit_once(") ").expect("a name in parentheses");
    rest.chars().next().expect("a letter")
}

/// A process that sends, and counts how often it waited in vain.
fn sending_patiently(options: Options, notes: &Shared) -> Child {
    fork(|| {
        let mut sender = options.sender().unwrap();
        let mut buffer = [0; 1024];
        until("a receiver has come", || {
            sender.peer().unwrap() == Peer::Attached
        });
        while notes.number(OVER).load(Ordering::SeqCst) == 0 {
            match sender.send_timeout(content(sender.committed(), &mut buffer), TIMEOUT) {
                Ok(()) => {}
                Err(SendError::TimedOut) => {
                    notes.number(TIMED_OUT).fetch_add(1, Ordering::SeqCst);
                }
                Err(error) => panic!("{error}"),
            }
        }
        let committed = sender.committed();
        notes.number(COMMITTED).store(committed, Ordering::SeqCst);
        sender.drain(Some(support::LIMIT)).unwrap();
    })
}

/// A process that receives until the sender has closed, and counts how often it waited in vain.
fn receiving_patiently(options: Options, notes: &Shared) -> Child {
    fork(|| {
        let mut receiver = options.receiver().unwrap();
        let mut message = Message::new();
        loop {
            match receiver.recv_timeout(&mut message, TIMEOUT) {
                Ok(()) => {
                    let done = notes.number(DONE).load(Ordering::SeqCst);
                    assert_content(&message, done);
                    notes.number(DONE).store(done + 1, Ordering::SeqCst);
                }
                Err(RecvError::TimedOut) => {
                    notes.number(TIMED_OUT).fetch_add(1, Ordering::SeqCst);
                }
                Err(RecvError::Closed { .. }) => break,
                Err(error) => panic!("{error}"),
            }
        }
    })
}

#[test]
fn a_stopped_end_keeps_its_role_and_loses_nothing() {
    let _turn = turn();
    // More than a slice of 50 ms, after which an end looks after its peer; or two seconds.
    let patience = if is_torture() { 400 } else { 12 };
    let mut stops = 0;
    for (round, &strategy) in (0..).zip(&WAITS) {
        let (name, notes) = (Name::new(), Shared::new());
        let mut random = Random::new(0x5707 + round);
        let options = name.options().slots(4).wait(strategy);
        let receiver = receiving_patiently(options.clone(), &notes);
        let sender = sending_patiently(options.clone(), &notes);
        let done = notes.number(DONE);
        let timed_out = notes.number(TIMED_OUT);
        for stop in 0..10 {
            let target = done.load(Ordering::SeqCst) + 1 + random.below(500);
            until("messages flow", || done.load(Ordering::SeqCst) >= target);
            random.dawdle(20_000);
            let (stopped, result) = if stop % 2 == 0 {
                sender.stop();
                (&sender, options.clone().sender().map(drop))
            } else {
                receiver.stop();
                (&receiver, options.clone().receiver().map(drop))
            };
            match result {
                Err(AttachError::RoleTaken { pid, .. }) => assert_eq!(pid, stopped.pid()),
                other => panic!("{other:?}"),
            }
            let enough = timed_out.load(Ordering::SeqCst) + patience;
            until("the other end has waited for long", || {
                timed_out.load(Ordering::SeqCst) >= enough
            });
            assert_eq!(state(stopped), 'T');
            stopped.resume();
            stops += 1;
        }
        notes.number(OVER).store(1, Ordering::SeqCst);
        sender.join();
        receiver.join();
        let committed = notes.number(COMMITTED).load(Ordering::SeqCst);
        assert_eq!(done.load(Ordering::SeqCst), committed);
    }
    println!("{stops} stops, each through {patience} time-outs of {TIMEOUT:?} of the other end");
}
