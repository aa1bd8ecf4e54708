//! Both ends killed at random while verified messages flow. With `SHM_TORTURE=1` that takes minutes
//! instead of seconds.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shm_mailbox::{Message, Options, Sender, Wait};

use crate::support::process::Child;
use crate::support::{
    Name, Random, Raw, Shared, WAITS, assert_content, content, fork, is_torture, raw, turn,
};

/// Where the processes of a test keep what outlives them: what an application would keep in a file.
const DONE: usize = 0;
const COMMITTED: usize = 1;
const REPEATED: usize = 2;

/// The strategy of the `round`-th process.
fn wait(round: u64) -> Wait {
    let count = WAITS.len() as u64;
    WAITS[usize::try_from(round % count).expect("a few")]
}

/// A process that attaches and sends in all ways there are until it is killed.
///
/// What it knows to be committed it notes down, so that the next one can tell that nothing was
/// lost.
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

/// A process that attaches, looks at up to three messages at a time, deals with them, and
/// acknowledges them, until it is killed.
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

/// Waits until more than `by` messages have been dealt with, but not for longer than 5 ms: with two
/// that spin on one core, it would be.
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

/// Kills both ends again and again, in a mailbox of this many slots and hot slots, for so long and
/// so often at most; returns how often, how many messages arrived, and how many of them again.
fn kill_both_ends((slots, hot): (u32, u32), time: Duration, kills: u64) -> (u64, u64, u64) {
    let (name, notes) = (Name::new(), Shared::new());
    let options = |round| {
        let options = name.options().slots(slots).hot_slots(hot);
        options.await_peer(true).wait(wait(round))
    };
    let mut random = Random::new(0xC4A0 + u64::from(slots + hot));
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
    if hot < slots {
        let first_cold = usize::try_from(hot).expect("a small number");
        let stamp = Raw::new(&name).load(raw::stamp_offset(first_cold));
        assert!(stamp > 0, "no message was in a cold slot");
    }
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
        true => (Duration::MAX, 100_000 / 5 + 1),
        false => (Duration::from_secs(1), u64::MAX),
    };
    let (mut killed, mut arrived, mut repeated) = (0, 0, 0);
    for ring in [(1, 1), (4, 4), (4, 2), (16, 16), (16, 8)] {
        let (more, messages, again) = kill_both_ends(ring, time, kills);
        assert!(messages > 0, "no message arrived with {ring:?} slots");
        killed += more;
        arrived += messages;
        repeated += again;
    }
    println!(
        "{killed} processes killed, {arrived} messages verified, {repeated} of them a second time"
    );
}
