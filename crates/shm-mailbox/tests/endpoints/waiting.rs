//! Time-outs, interruption and round trips, with every wait strategy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use shm_mailbox::{Message, RecvError, SendError, Wait};

use crate::support::process::{is_in, thread_id, timed, wait_until_on_futex};
use crate::support::{NOTICE, Name, PATIENCE, WAITS, assert_matches, until};

const TIMEOUT: Duration = Duration::from_millis(30);

#[test]
fn a_receiver_waits_as_long_as_it_was_told() {
    for wait in WAITS {
        let name = Name::new();
        let _sender = name.sender();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let (result, elapsed) = timed(|| receiver.recv_timeout(&mut Message::new(), TIMEOUT));
        assert_matches!(result, Err(RecvError::TimedOut), "{wait}");
        assert!(elapsed >= TIMEOUT, "{wait}: {elapsed:?}");
        assert!(elapsed < TIMEOUT + NOTICE, "{wait}: {elapsed:?}");
    }
}

#[test]
fn a_sender_waits_as_long_as_it_was_told() {
    for wait in WAITS {
        let name = Name::new();
        let mut sender = name.options().slots(1).wait(wait).sender().unwrap();
        let _receiver = name.receiver();
        sender.send(b"fits").unwrap();
        for times in 0..2 {
            let (result, elapsed) = timed(|| match times {
                0 => sender.send_timeout(b"waits", TIMEOUT),
                _ => sender.drain(Some(TIMEOUT)),
            });
            assert_matches!(result, Err(SendError::TimedOut), "{wait}");
            assert!(elapsed >= TIMEOUT, "{wait}: {elapsed:?}");
            assert!(elapsed < TIMEOUT + NOTICE, "{wait}: {elapsed:?}");
        }
        assert_eq!(sender.committed(), 1);
    }
}

#[test]
fn a_time_out_of_nothing_is_one_look_and_the_longest_is_no_time_out() {
    for wait in WAITS {
        let name = Name::new();
        let mut sender = name.options().slots(1).wait(wait).sender().unwrap();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let mut message = Message::new();
        let result = receiver.recv_timeout(&mut message, Duration::ZERO);
        assert_matches!(result, Err(RecvError::TimedOut));
        sender.send_timeout(b"a", Duration::ZERO).unwrap();
        let result = sender.send_timeout(b"b", Duration::ZERO);
        assert_matches!(result, Err(SendError::TimedOut));
        receiver.recv_timeout(&mut message, Duration::ZERO).unwrap();
        let taker = thread::spawn(move || receiver.recv_timeout(&mut message, Duration::MAX));
        sender.send_timeout(b"b", Duration::MAX).unwrap();
        taker.join().unwrap().unwrap();
    }
}

#[test]
fn a_long_poll_keeps_a_short_time_out() {
    let name = Name::new();
    let wait = Wait::Poll(Duration::from_secs(3600));
    let mut receiver = name.options().wait(wait).receiver().unwrap();
    let (result, elapsed) = timed(|| receiver.recv_timeout(&mut Message::new(), TIMEOUT));
    assert_matches!(result, Err(RecvError::TimedOut));
    assert!(elapsed < TIMEOUT + NOTICE, "{elapsed:?}");
}

#[test]
fn a_wait_alone_shows_nothing() {
    let name = Name::new();
    let options = || name.bus().senders(2).slots(4);
    let mut receiver = options().receiver().unwrap();
    let mut senders = [(); 2].map(|()| options().sender().unwrap());
    let mut message = Message::new();
    assert_matches!(receiver.wait(TIMEOUT), Err(RecvError::TimedOut));
    for sender in &mut senders {
        sender.send_batch(&["one", "two"]).unwrap();
    }
    let mut shown = Vec::new();
    while shown.len() < 3 {
        receiver.wait(None).unwrap();
        receiver.try_peek(&mut message).unwrap();
        shown.push((message.lane(), message.sequence()));
    }
    receiver.wait(PATIENCE).unwrap();
    receiver.ack().unwrap();
    assert_eq!(receiver.queued(), 1, "{shown:?} were acknowledged");
    receiver.wait(PATIENCE).unwrap();
    receiver.try_recv(&mut message).unwrap();
    shown.push((message.lane(), message.sequence()));
    assert_matches!(receiver.wait(TIMEOUT), Err(RecvError::TimedOut));
    shown.sort_unstable();
    assert_eq!(shown, [(0, 0), (0, 1), (1, 0), (1, 1)]);
    drop(senders);
    assert_matches!(receiver.wait(PATIENCE), Err(RecvError::Closed { .. }));
}

#[test]
fn a_flag_that_is_set_ends_a_wait_but_not_a_call_that_need_not_wait() {
    for wait in WAITS {
        let name = Name::new();
        let flag = Arc::new(AtomicBool::new(true));
        let options = name.options().slots(1).wait(wait).interrupt(flag.clone());
        let mut sender = options.clone().sender().unwrap();
        let mut receiver = options.receiver().unwrap();
        let mut message = Message::new();
        let result = receiver.recv_timeout(&mut message, PATIENCE);
        assert_matches!(result, Err(RecvError::Interrupted), "{wait}");
        sender.send(b"a").unwrap();
        for result in [
            sender.send_timeout(b"b", PATIENCE),
            sender.drain(Some(PATIENCE)),
        ] {
            assert_matches!(result, Err(SendError::Interrupted), "{wait}");
        }
        receiver.recv_timeout(&mut message, PATIENCE).unwrap();
        sender.drain(Some(PATIENCE)).unwrap();
    }
}

#[test]
fn a_flag_that_becomes_set_ends_a_wait_soon() {
    for wait in WAITS {
        let name = Name::new();
        let flag = Arc::new(AtomicBool::new(false));
        let options = name.options().wait(wait).interrupt(flag.clone());
        let mut receiver = options.receiver().unwrap();
        let waiting = thread::spawn(move || {
            let mut message = Message::new();
            receiver.recv_timeout(&mut message, PATIENCE).unwrap();
            let result = receiver.recv_timeout(&mut message, PATIENCE);
            (result, Instant::now())
        });
        let mut sender = name.sender();
        sender.send(b"the next one will not come").unwrap();
        sender.drain(Some(PATIENCE)).unwrap();
        let set_at = Instant::now();
        flag.store(true, Ordering::Relaxed);
        let (result, ended_at) = waiting.join().unwrap();
        assert_matches!(result, Err(RecvError::Interrupted), "{wait}");
        let took = ended_at - set_at;
        assert!(took < NOTICE, "{wait}: {took:?}");
    }
}

/// The shortest of 20 times from `act` to the end of `wait`, which sleeps by then.
///
/// In the kernel, that is: who has only announced the sleep still looks, and needs no wake.
fn fastest_wake<T: Send>(mut act: impl FnMut(), mut wait: impl FnMut() -> T + Send) -> Duration {
    let times = (0..20).map(|_| {
        let thread = AtomicI32::new(0);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                thread.store(thread_id(), Ordering::SeqCst);
                wait();
                Instant::now()
            });
            wait_until_on_futex(&thread);
            let start = Instant::now();
            act();
            waiting.join().unwrap() - start
        })
    });
    times.min().expect("20 of them")
}

/// Without a wake they would notice at the end of their slice, 100 ms after they went to sleep.
const WELL_WITHIN_A_SLICE: Duration = Duration::from_millis(10);

#[test]
fn a_sleeping_receiver_is_woken_by_a_message() {
    for wait in [Wait::Block, Wait::Adaptive] {
        let name = Name::new();
        let mut sender = name.sender();
        let mut receiver = name.options().wait(wait).receiver().unwrap();
        let act = || sender.send(b"wake up").unwrap();
        let wait_for_it = || {
            receiver
                .recv_timeout(&mut Message::new(), PATIENCE)
                .unwrap()
        };
        let fastest = fastest_wake(act, wait_for_it);
        assert!(fastest < WELL_WITHIN_A_SLICE, "{wait}: {fastest:?}");
    }
}

#[test]
fn a_sleeping_sender_is_woken_by_an_acknowledgement() {
    for wait in [Wait::Block, Wait::Adaptive] {
        let name = Name::new();
        let options = name.options().slots(1).wait(wait);
        let mut sender = options.sender().unwrap();
        let mut receiver = name.receiver();
        sender.send(b"first").unwrap();
        let act = || receiver.try_recv(&mut Message::new()).unwrap();
        let wait_for_room = || sender.send_timeout(b"next", PATIENCE).unwrap();
        let fastest = fastest_wake(act, wait_for_room);
        assert!(fastest < WELL_WITHIN_A_SLICE, "{wait}: {fastest:?}");
    }
}

#[test]
fn a_poll_longer_than_a_slice_looks_no_sooner_than_it_says() {
    let interval = Duration::from_millis(300);
    let name = Name::new();
    let mut sender = name.sender();
    let options = name.options().wait(Wait::Poll(interval));
    let mut receiver = options.receiver().unwrap();
    let thread = AtomicI32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread.store(thread_id(), Ordering::SeqCst);
            let (result, elapsed) = timed(|| receiver.recv(&mut Message::new()));
            result.unwrap();
            assert!(elapsed >= interval, "{elapsed:?}");
        });
        until("it sleeps between two looks", || {
            is_in(thread.load(Ordering::SeqCst), libc::SYS_clock_nanosleep)
        });
        sender.send(b"between two looks").unwrap();
    });
}
