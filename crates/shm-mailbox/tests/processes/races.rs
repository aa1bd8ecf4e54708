//! Two processes that attach at the same moment, and one that is stopped while it does.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shm_core::{Lock, ObjectOptions};
use shm_mailbox::{AttachError, CloseError, Mailbox, Peer, Role, Wait};

use crate::support::process::{
    descriptors_of, sleep_for_ever, stop_self, timed, wait_until_it_falls_asleep,
    wait_until_it_pauses,
};
use crate::support::{LIMIT, Name, Shared, assert_closed, assert_matches, fork, take, until};

/// Each pair of processes races this often, and this many pairs do so side by side.
const ROUNDS: u64 = 125;
const PAIRS: usize = 8;

/// Has pairs of processes do `contest` at the same moment, 1,000 times in all.
///
/// `contest` gets the round's name and which of the two it is, and returns what it holds and how
/// much to add to the round's score. `referee` sees the score while both hold on to what they have.
fn race<T>(contest: impl Fn(&str, usize) -> (T, u64) + Copy, referee: impl Fn(&str, u64) + Copy) {
    let pairs: Vec<_> = (0..PAIRS)
        .map(|_| {
            let (name, shared) = (Name::new(), Shared::new());
            let [first, second] = [0, 1].map(|index| {
                fork(|| {
                    let (gate, score) = (shared.number(0), shared.number(1));
                    let mut passed = 0;
                    let mut meet = || {
                        passed += 2;
                        gate.fetch_add(1, Ordering::SeqCst);
                        while gate.load(Ordering::SeqCst) < passed {
                            std::thread::yield_now();
                        }
                    };
                    for _ in 0..ROUNDS {
                        meet();
                        let (held, points) = contest(name.as_str(), index);
                        score.fetch_add(points, Ordering::SeqCst);
                        meet();
                        if index == 0 {
                            referee(name.as_str(), score.swap(0, Ordering::SeqCst));
                        }
                        meet();
                        drop(held);
                        meet();
                        let left = std::path::Path::new("/dev/shm").join(name.as_str());
                        assert!(!left.exists());
                    }
                })
            });
            (first, second, name, shared)
        })
        .collect();
    for (first, second, ..) in pairs {
        first.join();
        second.join();
    }
}

#[test]
fn of_two_that_race_to_create_exactly_one_does() {
    let contest = |name: &str, index| {
        let options = Mailbox::options(name);
        if index == 0 {
            let sender = options.sender().unwrap();
            let points = u64::from(sender.created());
            ((Some(sender), None), points)
        } else {
            let receiver = options.receiver().unwrap();
            let points = u64::from(receiver.created());
            ((None, Some(receiver)), points)
        }
    };
    race(contest, |_, creators| assert_eq!(creators, 1));
}

#[test]
fn of_two_that_race_for_the_senders_role_exactly_one_gets_it() {
    let at_once = |name: &str| Mailbox::options(name).attach_timeout(Duration::ZERO);
    let contest = |name: &str, _| match at_once(name).sender() {
        Ok(sender) => (Some(sender), 1),
        Err(AttachError::RoleTaken { role, pid, .. }) => {
            assert_eq!(role, Role::Sender);
            assert_ne!(pid, Some(std::process::id()));
            (None, 1000)
        }
        Err(error) => panic!("{error}"),
    };
    race(contest, |_, score| assert_eq!(score, 1001));
}

#[test]
fn who_insists_on_other_slots_does_not_unlink_what_a_faster_one_made() {
    let contest = |name: &str, index| {
        let options = Mailbox::options(name);
        if index == 0 {
            ((Some(options.sender().unwrap()), None), 1)
        } else {
            match options.slots(4).exact(true).receiver() {
                Ok(receiver) => ((None, Some(receiver)), 1),
                Err(AttachError::OtherSlots { .. }) => ((None, None), 1),
                Err(error) => panic!("{error}"),
            }
        }
    };
    race(contest, |name, score| {
        assert_eq!(score, 2);
        let path = std::path::Path::new("/dev/shm").join(name);
        assert!(path.exists(), "the sender's object has lost its name");
    });
}

#[test]
fn who_opens_an_object_that_then_loses_its_name_starts_over() {
    let name = Name::new();
    name.sender().keep().unwrap();
    let object = ObjectOptions::new().open(&name.shm_name()).unwrap();
    assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
    let child = fork(|| {
        // Waits for INIT, which this process's parent holds.
        let receiver = name.receiver();
        assert!(receiver.created());
        assert!(name.exists());
    });
    // The copy of our own descriptor, and the child's.
    until("the child has opened it", || {
        descriptors_of(&child, &name.path()) == 2
    });
    object.unlink().unwrap();
    object.unlock(0).unwrap();
    child.join();
    assert!(!name.exists());
}

#[test]
fn a_stopped_process_that_attaches_or_closes_is_reported() {
    let name = Name::new();
    let attached = name.sender();
    let child = fork(|| {
        let object = ObjectOptions::new().open(&name.shm_name()).unwrap();
        assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
        stop_self();
        sleep_for_ever();
    });
    child.wait_until_stopped();

    let (result, elapsed) = timed(|| name.options().receiver());
    assert_matches!(
        result,
        Err(AttachError::InitBusy { .. }),
        "after {elapsed:?}"
    );
    let (result, elapsed) = timed(|| attached.close());
    assert_matches!(
        result,
        Err(CloseError::InitBusy { .. }),
        "after {elapsed:?}"
    );
    assert!(name.exists());

    child.kill();
    drop(name.receiver());
    drop(name.sender());
    assert!(!name.exists());
}

#[test]
fn a_process_that_is_killed_while_it_attaches_is_in_nobodys_way() {
    let name = Name::new();
    for _ in 0..20 {
        name.sender().keep().unwrap();
        let child = fork(|| {
            let object = ObjectOptions::new().open(&name.shm_name()).unwrap();
            // INIT, then the sender's role.
            assert_eq!(object.try_lock(0).unwrap(), Lock::Taken);
            assert_eq!(object.try_lock(1).unwrap(), Lock::Taken);
            sleep_for_ever();
        });
        wait_until_it_pauses(&child);
        child.kill();
        let mut sender = name.sender();
        let mut receiver = name.receiver();
        sender.send_timeout(b"hello", LIMIT).unwrap();
        assert_eq!(crate::support::take(&mut receiver).1, b"hello");
    }
}

#[test]
fn attaching_succeeds_while_the_other_end_comes_and_goes() {
    const TIMES: u32 = 1000;
    let name = Name::new();
    let other = fork(|| {
        for _ in 0..TIMES {
            drop(name.receiver());
        }
    });
    for _ in 0..TIMES {
        drop(name.sender());
    }
    other.join();
    // Whoever was last: a receiver leaves what a sender has seen.
    drop(name.sender());
    assert!(!name.exists());
}

#[test]
fn a_message_sent_right_before_the_close_comes_first() {
    // One that polls finds both at once: the message, and a peer that has closed.
    let wait = Wait::Poll(Duration::from_millis(20));
    for _ in 0..5 {
        let name = Name::new();
        let taker = fork(|| {
            let mut receiver = name.options().wait(wait).receiver().unwrap();
            assert_eq!(take(&mut receiver), (0, b"last".to_vec()));
            assert_closed(&mut receiver);
        });
        let mut sender = name.sender();
        until("the receiver is there", || {
            sender.peer().unwrap() == Peer::Attached
        });
        wait_until_it_falls_asleep(&taker);
        sender.send(b"last").unwrap();
        sender.keep().unwrap();
        taker.join();
    }
}
