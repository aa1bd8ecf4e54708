//! Many verified messages between two processes, for each pair of wait strategies; one core for
//! both; and what an end costs that has nothing to do.

use std::time::Duration;

use shm_mailbox::{Message, RecvError, SendError, Wait};

use crate::support::process::{pin_to_one_core, processor_time};
use crate::support::{
    LIMIT, Name, WAITS, assert_content, assert_matches, content, fork, is_torture, turn,
};

/// Sends `count` messages from one process to another and checks every one.
fn pass(count: u64, slots: u32, (sending, receiving): (Wait, Wait), one_core: bool) {
    let name = Name::new();
    let options = name.options().slots(slots).hot_slots(slots.div_ceil(2));
    let receiving_end = fork(|| {
        if one_core {
            pin_to_one_core();
        }
        let mut receiver = options.clone().wait(receiving).receiver().unwrap();
        let mut message = Message::new();
        for number in 0..count {
            receiver.recv_timeout(&mut message, LIMIT).unwrap();
            assert_content(&message, number);
        }
    });
    let sending_end = fork(|| {
        if one_core {
            pin_to_one_core();
        }
        let mut sender = options.clone().wait(sending).sender().unwrap();
        let mut buffer = [0; 1024];
        for number in 0..count {
            let bytes = content(number, &mut buffer);
            if let Err(error) = sender.send_timeout(bytes, LIMIT) {
                panic!("{sending} to {receiving}, message {number}: {error}");
            }
        }
        sender.drain(Some(LIMIT)).unwrap();
        assert_eq!(sender.committed(), count);
    });
    sending_end.join();
    receiving_end.join();
    assert!(!name.exists());
}

const QUICK: [Wait; 6] = [
    Wait::Spin,
    Wait::Yield,
    Wait::Backoff,
    Wait::Block,
    Wait::Bell,
    Wait::Adaptive,
];

#[test]
fn a_million_messages_arrive_in_order_from_each_sender() {
    // Ends that spin take the cores from one another.
    let _turn = turn();
    // A sixth of them at each receiver; in the long form a million.
    let count = match is_torture() {
        true => 1_000_000,
        false => 170_000,
    };
    for sending in QUICK {
        for receiving in QUICK {
            // On a busy machine a spinning end uses up its time slice whenever it waits: let it
            // wait less often.
            let spins = [sending, receiving].contains(&Wait::Spin);
            let slots = if spins { 256 } else { 16 };
            pass(count, slots, (sending, receiving), false);
        }
    }
}

#[test]
fn messages_arrive_in_order_at_ends_that_poll() {
    let _turn = turn();
    let poll = Wait::Poll(Duration::from_micros(100));
    for pair in [(poll, poll), (poll, Wait::Block), (Wait::Adaptive, poll)] {
        pass(5_000, 4, pair, false);
    }
}

#[test]
fn both_ends_share_one_core() {
    let _turn = turn();
    let sharing = [Wait::Yield, Wait::Block, Wait::Bell, Wait::Adaptive];
    for sending in sharing {
        for receiving in sharing {
            for (count, slots) in [(2_000, 1), (20_000, 16)] {
                pass(count, slots, (sending, receiving), true);
            }
        }
    }
}

#[test]
fn a_blocked_end_uses_less_than_1_percent_of_a_core() {
    const SECOND: Duration = Duration::from_secs(1);
    let _turn = turn();
    for wait in [Wait::Block, Wait::Bell, Wait::Adaptive] {
        let (idle, full) = (Name::new(), Name::new());
        let _sender = idle.sender();
        let receiving_end = fork(|| {
            let mut receiver = idle.options().wait(wait).receiver().unwrap();
            let before = processor_time();
            let result = receiver.recv_timeout(&mut Message::new(), SECOND);
            let used = processor_time() - before;
            assert_matches!(result, Err(RecvError::TimedOut));
            assert!(used < SECOND / 100, "{wait}: {used:?}");
        });
        let _receiver = full.receiver();
        let sending_end = fork(|| {
            let mut sender = full.options().wait(wait).sender().unwrap();
            while sender.try_send(b"fits").is_ok() {}
            let before = processor_time();
            let result = sender.send_timeout(b"does not", SECOND);
            let used = processor_time() - before;
            assert_matches!(result, Err(SendError::TimedOut));
            assert!(used < SECOND / 100, "{wait}: {used:?}");
        });
        receiving_end.join();
        sending_end.join();
    }
}

#[test]
fn every_pair_of_strategies_makes_round_trips_between_processes() {
    const TRIPS: u64 = 100;
    for there in WAITS {
        for back in WAITS {
            let (request, answer) = (Name::new(), Name::new());
            let mut requests = request.options().slots(1).wait(there).sender().unwrap();
            let mut answers = answer.options().slots(1).wait(there).receiver().unwrap();
            let echo = fork(|| {
                let mut requests = request.options().wait(back).receiver().unwrap();
                let mut answers = answer.options().wait(back).sender().unwrap();
                let mut message = Message::new();
                for _ in 0..TRIPS {
                    requests.recv_timeout(&mut message, LIMIT).unwrap();
                    answers.send_timeout(message.as_bytes(), LIMIT).unwrap();
                }
                answers.drain(Some(LIMIT)).unwrap();
            });
            let mut message = Message::new();
            for number in 0..TRIPS {
                let bytes = content(number, &mut [0; 1024]).to_vec();
                requests.send_timeout(&bytes, LIMIT).unwrap();
                answers.recv_timeout(&mut message, LIMIT).unwrap();
                assert_content(&message, number);
            }
            echo.join();
        }
    }
}
