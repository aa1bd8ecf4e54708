//! How soon a sender continues after the receiver that holds it back is killed.

use std::thread;
use std::time::{Duration, Instant};

use shm_mailbox::Wait;
use test_support::Signal;

use super::ends::{fill, sitting, take_all};
use crate::support::{LIMIT, NOTICE, Name, PATIENCE, WAITS, is_torture, turn};

/// Kills receivers one after the other, each of which holds a sender back. Returns how long after
/// each kill the sender continued. Another receiver is attached all the time.
fn watch(wait: Wait, prompt: bool, kills: usize) -> Vec<Duration> {
    let mut delays = Vec::new();
    let name = Name::new();
    let options = name.bus().slots(2).wait(wait).prompt(prompt);
    let mut sender = options.sender().unwrap();
    let mut other = name.bus().receiver().unwrap();
    for _ in 0..kills {
        let child = sitting(name.bus(), 0);
        fill(&mut sender);
        take_all(&mut other);
        thread::scope(|scope| {
            let killing = scope.spawn(|| {
                let start = Instant::now();
                child.signal(Signal::SIGKILL);
                start
            });
            sender.send_timeout("past a dead one", PATIENCE).unwrap();
            let told = Instant::now();
            delays.push(told.saturating_duration_since(killing.join().unwrap()));
        });
        other
            .recv_timeout(&mut shm_mailbox::Message::new(), LIMIT)
            .unwrap();
    }
    delays
}

/// Ten kills, or a thousand in the long form, which runs several sleepers at a time.
fn goes_on_in_time(wait: Wait, prompt: bool) {
    let sleeps = !prompt && matches!(wait, Wait::Poll(_) | Wait::Block | Wait::Adaptive);
    let (kills, at_once) = match (is_torture(), sleeps) {
        (true, true) => (1000, 8),
        (true, false) => (1000, 1),
        (false, _) => (10, 1),
    };
    let mut delays: Vec<Duration> = thread::scope(|scope| {
        let watching: Vec<_> = (0..at_once)
            .map(|_| scope.spawn(|| watch(wait, prompt, kills / at_once)))
            .collect();
        let delays = watching.into_iter().map(|watching| watching.join());
        delays.flat_map(Result::unwrap).collect()
    });
    delays.sort_unstable();
    let (count, last) = (delays.len(), delays[delays.len() - 1]);
    let (middle, late) = (delays[count / 2], delays[count * 99 / 100]);
    let how = if prompt { ", prompt" } else { "" };
    println!(
        "{wait}{how}: {count} dropped, half within {middle:?}, 99% within {late:?}, all within {last:?}"
    );
    // As for a mailbox, the long form needs the machine for itself.
    let (slowest, limit) = match (is_torture(), sleeps) {
        (true, true) => (late, Duration::from_millis(110)),
        (true, false) => (late, Duration::from_millis(10)),
        (false, _) => (middle, NOTICE),
    };
    assert!(slowest <= limit, "{wait}{how}: {slowest:?}");
}

#[test]
fn a_killed_receiver_lets_the_sender_go_on_in_time() {
    let _turn = turn();
    let prompt = [(Wait::Block, true), (Wait::Adaptive, true)];
    let all = WAITS.map(|wait| (wait, false)).into_iter().chain(prompt);
    thread::scope(|scope| {
        for (wait, prompt) in all {
            let watching = scope.spawn(move || goes_on_in_time(wait, prompt));
            if is_torture() {
                watching.join().unwrap();
            }
        }
    });
}
