//! Verified traffic for as long as one likes, one end killed every 10 ms: nothing is lost, and
//! nothing grows.
//!
//! A few seconds, or as many as `SHM_SOAK_SECONDS` says. This process keeps one end, the other is a
//! child that is killed; the ends change places from round to round, and so do the wait strategies.
//! Every other round passes messages in batches: those carry the volume. In half of the rounds half
//! of the slots are cold. After every eighth round comes one on a bus, with two senders and two
//! receivers, of which one of each is killed.

#![cfg(not(shm_mailbox_loom))]

mod support;

mod soak {
    pub(crate) mod bus; // a round on a bus
}

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shm_mailbox::{Message, RecvError, SendError, Wait};
use support::process::{Child, sleep_for_ever};
use support::raw::{self, LAST_MESSAGE};
use support::{LIMIT, Name, Raw, Shared, WAITS, assert_content, content, fork};

/// How long a child lives.
const LIFE: Duration = Duration::from_millis(10);

/// How many messages a round of batches passes in one go.
const BATCH: usize = 32;

/// How many rounds it takes until each strategy has met each, both with single messages and with
/// batches.
const CYCLE: usize = 2 * WAITS.len() * WAITS.len();

/// How much the resident memory may grow after the first rounds, in bytes.
const GROWTH: u64 = 2 << 20;

/// What one round came to.
struct Passed {
    messages: u64,
    kills: u64,
}

/// A round: which mailbox, who waits how, and for how long.
struct Round {
    name: Name,
    slots: u32,
    hot: u32,
    ours: Wait,
    theirs: Wait,
    /// The number of the first message.
    first: u64,
    /// How many messages are passed in one go.
    batch: usize,
    time: Duration,
}

impl Round {
    fn new(number: usize, time: Duration) -> Self {
        let name = Name::new();
        let (pair, turn) = (number / 2, number / 2 + number / CYCLE);
        let (batch, slots, last_ones) = match number % 2 {
            0 => (1, [16, 1, 256, 4][turn % 4], 20_000),
            _ => (BATCH, [256, 64, 1024, 16][turn % 4], 1_000_000),
        };
        let first = match number % 5 {
            // Five has no common rhythm with the rest.
            4 => LAST_MESSAGE + 1 - last_ones,
            _ => 0,
        };
        // Four turns have all numbers of slots.
        let hot = match turn / 4 % 2 {
            0 => slots,
            _ => (slots / 2).max(1),
        };
        raw::create_at(&name, raw::image_with_hot(slots, hot), first);
        Self {
            name,
            slots,
            hot,
            ours: WAITS[pair % WAITS.len()],
            theirs: WAITS[pair / WAITS.len() % WAITS.len()],
            first,
            batch,
            time,
        }
    }

    /// What passed, and whether it filled the hot slots and went on to the cold ones.
    fn run(&self, number: usize) -> (Passed, bool) {
        let words = Raw::new(&self.name);
        let pair = number / 2;
        let passed = match (pair % WAITS.len() + pair / WAITS.len() + number / CYCLE) % 2 {
            0 => self.receive(),
            _ => self.send(),
        };
        let first_cold = usize::try_from(self.hot).expect("a small number");
        let entered = self.hot < self.slots && words.load(raw::stamp_offset(first_cold)) > 0;
        (passed, entered)
    }

    fn sending(&self) -> Child {
        fork(|| {
            let options = self.name.options().any_owner(true).wait(self.theirs);
            let mut sender = options.await_peer(true).sender().unwrap();
            let mut batch = Batch::new(self.batch);
            loop {
                match sender.send_batch(batch.from(sender.committed())) {
                    Ok(()) => {}
                    Err(failed) if matches!(failed.error, SendError::Exhausted { .. }) => {
                        sleep_for_ever();
                    }
                    Err(error) => panic!("{error}"),
                }
            }
        })
    }

    fn receiving(&self, done: &Shared) -> Child {
        fork(|| {
            let options = self.name.options().any_owner(true).wait(self.theirs);
            let mut receiver = options.await_peer(true).receiver().unwrap();
            let done = done.number(0);
            let batch = self.batch as u64;
            let mut message = Message::new();
            loop {
                receiver.peek(&mut message).unwrap();
                for left in (0..self.batch).rev() {
                    let (number, known) = (message.sequence(), done.load(Ordering::SeqCst));
                    // What a killed one had dealt with and not acknowledged comes again.
                    assert!(number <= known, "{number}, {known}");
                    assert!(number + batch >= known, "{number}, {known}");
                    assert_content(&message, number);
                    done.store(known.max(number + 1), Ordering::SeqCst);
                    if left == 0 || receiver.try_peek(&mut message).is_err() {
                        break;
                    }
                }
                receiver.ack().unwrap();
            }
        })
    }

    /// This process receives.
    fn receive(&self) -> Passed {
        let options = self.name.options().any_owner(true).wait(self.ours);
        let mut receiver = options.await_peer(true).receiver().unwrap();
        let mut message = Message::new();
        let (start, mut kills, mut next) = (Instant::now(), 0, self.first);
        while start.elapsed() < self.time && next <= LAST_MESSAGE {
            let (child, born) = (self.sending(), Instant::now());
            while born.elapsed() < LIFE && next <= LAST_MESSAGE {
                match receiver.peek_timeout(&mut message, LIFE) {
                    Ok(()) => {}
                    Err(RecvError::TimedOut) => continue,
                    Err(error) => panic!("{error}"),
                }
                for left in (0..self.batch).rev() {
                    assert_content(&message, next);
                    next += 1;
                    if left == 0 || receiver.try_peek(&mut message).is_err() {
                        break;
                    }
                }
                receiver.ack().unwrap();
            }
            child.kill();
            kills += 1;
        }
        while receiver.try_recv(&mut message).is_ok() {
            assert_content(&message, next);
            next += 1;
        }
        let options = self.name.options().any_owner(true);
        assert_eq!(options.sender().unwrap().committed(), next);
        Passed {
            messages: next - self.first,
            kills,
        }
    }

    /// This process sends.
    fn send(&self) -> Passed {
        let options = self.name.options().any_owner(true).wait(self.ours);
        let mut sender = options.await_peer(true).sender().unwrap();
        let notes = Shared::new();
        let done = notes.number(0);
        done.store(self.first, Ordering::SeqCst);
        let mut batch = Batch::new(self.batch);
        let (start, mut kills) = (Instant::now(), 0);
        let mut exhausted = false;
        while start.elapsed() < self.time && !exhausted {
            let (child, born) = (self.receiving(&notes), Instant::now());
            while born.elapsed() < LIFE && !exhausted {
                let messages = batch.from(sender.committed());
                // A batch has no time-out of its own: its first message waits for room, the rest
                // follow.
                let result = sender.send_timeout(&messages[0], LIFE);
                match result.and_then(|()| sender.try_send_batch(&messages[1..])) {
                    Ok(_) | Err(SendError::TimedOut | SendError::Full) => {}
                    Err(SendError::Exhausted { .. }) => exhausted = true,
                    Err(error) => panic!("{error}"),
                }
            }
            child.kill();
            kills += 1;
        }
        let last = self.receiving(&notes);
        sender.drain(Some(LIMIT)).unwrap();
        last.kill();
        assert_eq!(done.load(Ordering::SeqCst), sender.committed());
        Passed {
            messages: sender.committed() - self.first,
            kills: kills + 1,
        }
    }
}

/// The contents of some messages in a row, made in memory that is used again.
struct Batch(Vec<Vec<u8>>);

impl Batch {
    fn new(length: usize) -> Self {
        Self(vec![Vec::with_capacity(1024); length])
    }

    /// The messages from this number on.
    fn from(&mut self, first: u64) -> &[Vec<u8>] {
        let mut buffer = [0; 1024];
        for (number, message) in (first..).zip(&mut self.0) {
            message.clear();
            message.extend_from_slice(content(number, &mut buffer));
        }
        &self.0
    }
}

/// What must not grow: resident memory in bytes, descriptors, names of this process's objects.
fn held() -> (u64, usize, usize) {
    let status = fs::read_to_string("/proc/self/status").expect("our own");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.expect("a line of proc(5)").trim();
    let kib: u64 = resident.trim_end_matches(" kB").parse().expect("a number");
    let descriptors = fs::read_dir("/proc/self/fd").expect("our own").count();
    let ours = format!("shm-test-{}-", std::process::id());
    let names = fs::read_dir("/dev/shm").expect("it is there").flatten();
    let names = names.filter(|entry| entry.file_name().to_string_lossy().starts_with(&ours));
    (kib << 10, descriptors, names.count())
}

#[test]
fn traffic_under_constant_kills_goes_on_and_nothing_grows() {
    let seconds = std::env::var("SHM_SOAK_SECONDS").map_or(4, |text| {
        text.parse()
            .expect("SHM_SOAK_SECONDS is a number of seconds")
    });
    let total = Duration::from_secs(seconds);
    let time = (total / 72).min(Duration::from_secs(1));
    let (start, mut kills, mut settled) = (Instant::now(), 0, None);
    // With each strategy at the end that is not killed.
    let mut messages = [0; WAITS.len()];
    let (mut rounds, mut cold, mut on_bus) = (0, 0, 0);
    while start.elapsed() < total || rounds < CYCLE {
        let (passed, entered_cold_slots) = Round::new(rounds, time).run(rounds);
        messages[rounds / 2 % WAITS.len()] += passed.messages;
        kills += passed.kills;
        cold += usize::from(entered_cold_slots);
        rounds += 1;
        if rounds % 8 == 0 {
            let (passed, killed) = soak::bus::pass(rounds / 8, time);
            on_bus += passed;
            kills += killed;
        }
        if rounds == CYCLE / 2 {
            settled = Some(held());
        }
    }
    let (resident, descriptors, names) = held();
    let (before, descriptors_before, _) = settled.expect("half a cycle");
    for (wait, messages) in WAITS.iter().zip(messages) {
        assert!(messages > 0, "no message with {wait}");
        println!("{wait}: {messages} messages");
    }
    println!("on a bus: {on_bus} messages");
    println!(
        "{} messages verified in {rounds} rounds, {cold} with cold slots, {kills} processes killed; resident {} KiB, then {} KiB; \
         {descriptors_before} descriptors, then {descriptors}; {names} names left",
        messages.iter().sum::<u64>(),
        before >> 10,
        resident >> 10
    );
    assert!(on_bus > 0, "no message passed on a bus");
    assert!(cold > 0, "no message was in a cold slot");
    assert!(resident <= before + GROWTH, "the memory has grown");
    assert_eq!(descriptors, descriptors_before);
    assert_eq!(names, 0);
}
