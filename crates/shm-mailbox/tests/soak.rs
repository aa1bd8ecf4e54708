//! Verified traffic for as long as one likes, one end killed every 10 ms: nothing is lost, and nothing grows.
//!
//! A few seconds, or as many as `SHM_SOAK_SECONDS` says. This process keeps one end, the other is a child that is
//! killed; the ends change places from round to round, and so do the wait strategies.

#![cfg(not(loom))]

mod support;

use std::fs;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use shm_mailbox::{Message, RecvError, SendError, Wait};
use support::process::{Child, sleep_for_ever};
use support::raw::{self, LAST_MESSAGE};
use support::{LIMIT, Name, Shared, WAITS, assert_content, content, fork};

/// How long a child lives.
const LIFE: Duration = Duration::from_millis(10);

/// How many messages there are in a round that begins just below the last number.
const LAST_ONES: u64 = 20_000;

/// How much the resident memory may grow after the first rounds, in bytes.
const GROWTH: u64 = 2 << 20;

/// What one round came to.
#[derive(Default)]
struct Passed {
    messages: u64,
    kills: u64,
}

/// A round: which mailbox, who waits how, and for how long.
struct Round {
    name: Name,
    ours: Wait,
    theirs: Wait,
    /// The number of the first message.
    first: u64,
    time: Duration,
}

impl Round {
    fn new(number: usize, time: Duration) -> Self {
        let name = Name::new();
        let slots = [16, 1, 256, 4][number % 4];
        let first = match number % 6 {
            // Six and four have no common rhythm with the strategies' pairs.
            5 => LAST_MESSAGE + 1 - LAST_ONES,
            _ => 0,
        };
        raw::create_at(&name, slots, first);
        Self {
            name,
            ours: WAITS[number % 6],
            theirs: WAITS[(number / 6 + number) % 6],
            first,
            time,
        }
    }

    fn sending(&self) -> Child {
        fork(|| {
            let options = self.name.options().any_owner(true).wait(self.theirs);
            let mut sender = options.await_peer(true).sender().unwrap();
            let mut buffer = [0; 1024];
            loop {
                match sender.send(content(sender.committed(), &mut buffer)) {
                    Ok(()) => {}
                    Err(SendError::Exhausted { .. }) => sleep_for_ever(),
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
            let mut message = Message::new();
            loop {
                receiver.peek(&mut message).unwrap();
                let (number, known) = (message.sequence(), done.load(Ordering::SeqCst));
                assert!(number == known || number + 1 == known, "{number}, {known}");
                assert_content(&message, number);
                done.store(number + 1, Ordering::SeqCst);
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
                match receiver.recv_timeout(&mut message, LIFE) {
                    Ok(()) => {
                        assert_content(&message, next);
                        next += 1;
                    }
                    Err(RecvError::TimedOut) => {}
                    Err(error) => panic!("{error}"),
                }
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
        let mut buffer = [0; 1024];
        let (start, mut kills) = (Instant::now(), 0);
        let mut exhausted = false;
        while start.elapsed() < self.time && !exhausted {
            let (child, born) = (self.receiving(&notes), Instant::now());
            while born.elapsed() < LIFE && !exhausted {
                let bytes = content(sender.committed(), &mut buffer);
                match sender.send_timeout(bytes, LIFE) {
                    Ok(()) | Err(SendError::TimedOut) => {}
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

/// What must not grow: resident memory in bytes, descriptors, names of this process's objects.
fn held() -> (u64, usize, usize) {
    let status = fs::read_to_string("/proc/self/status").expect("our own");
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let resident = resident.expect("a line of proc(5)").trim();
    let kib: u64 = resident.trim_end_matches(" kB").parse().expect("a number");
    let descriptors = fs::read_dir("/proc/self/fd").expect("our own").count();
    let ours = format!("mailbox-test-{}-", std::process::id());
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
    let time = (total / 24).min(Duration::from_secs(1));
    let (start, mut passed, mut settled) = (Instant::now(), Passed::default(), None);
    let mut rounds = 0;
    while start.elapsed() < total || rounds < 12 {
        let round = Round::new(rounds, time);
        // The exhausted mailboxes come to both.
        let more = match (rounds / 6 + rounds) % 2 {
            0 => round.receive(),
            _ => round.send(),
        };
        passed.messages += more.messages;
        passed.kills += more.kills;
        drop(round);
        rounds += 1;
        if rounds == 12 {
            settled = Some(held());
        }
    }
    let (resident, descriptors, names) = held();
    let (before, descriptors_before, _) = settled.expect("twelve rounds");
    println!(
        "{} messages verified in {rounds} rounds, {} processes killed; resident {} KiB, then {} KiB; \
         {descriptors_before} descriptors, then {descriptors}; {names} names left",
        passed.messages,
        passed.kills,
        before >> 10,
        resident >> 10
    );
    assert!(resident <= before + GROWTH, "the memory has grown");
    assert_eq!(descriptors, descriptors_before);
    assert_eq!(names, 0);
}
