//! An end that stands still while verified messages flow, stopped by a signal or frozen with its
//! control group, is alive. With `SHM_TORTURE=1` each stands still for two seconds.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use shm_mailbox::{AttachError, Message, Options, Peer, RecvError, SendError, Wait};
use test_support::{skip, unique};

use crate::support::process::{Child, state};
use crate::support::{
    Freezer, Frozen, Name, Random, Shared, WAITS, assert_content, content, fork, is_torture, until,
};

/// How long a call waits for an end that stands still.
const TIMEOUT: Duration = Duration::from_millis(5);

/// Where the processes of a test keep what the others are to know.
const DONE: usize = 0;
const COMMITTED: usize = 1;
const TIMED_OUT: usize = 2;
const OVER: usize = 3;

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
        sender.drain(Some(crate::support::LIMIT)).unwrap();
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

/// An end that stands still, until this is dropped.
enum Halt<'a> {
    Stopped(&'a Child),
    Frozen(Frozen<'a>),
}

impl<'a> Halt<'a> {
    fn stop(child: &'a Child) -> Self {
        child.stop();
        Self::Stopped(child)
    }

    fn holds(&self) -> bool {
        match self {
            Self::Stopped(child) => state(child) == 'T',
            Self::Frozen(frozen) => frozen.holds(),
        }
    }
}

impl Drop for Halt<'_> {
    fn drop(&mut self) {
        if let Self::Stopped(child) = self {
            child.resume();
        }
    }
}

/// Stops the sender and the receiver by turns while messages flow, and lets each go on when the
/// other has waited for long; by a signal, or by the freezers of the two. The strategies side by
/// side.
fn stop_one_end_after_the_other(freezers: Option<&[[Freezer; 2]]>) {
    // More than a slice of 100 ms, after which an end looks after its peer; or two seconds.
    let (rounds, patience) = if is_torture() { (10, 400) } else { (4, 24) };
    thread::scope(|scope| {
        for (number, wait) in WAITS.into_iter().enumerate() {
            let freezers = freezers.map(|all| &all[number]);
            scope.spawn(move || stop_both_ends(wait, rounds, patience, freezers));
        }
    });
    println!(
        "{} stops, each through {patience} time-outs of {TIMEOUT:?} of the other end",
        rounds * WAITS.len()
    );
}

fn stop_both_ends(wait: Wait, rounds: usize, patience: u64, freezers: Option<&[Freezer; 2]>) {
    let (name, notes) = (Name::new(), Shared::new());
    let mut random = Random::new(0x5707);
    let options = name.options().slots(4).wait(wait);
    let receiver = receiving_patiently(options.clone(), &notes);
    let sender = sending_patiently(options.clone(), &notes);
    let number = |index| notes.number(index).load(Ordering::SeqCst);
    let alive = || [&sender, &receiver].map(|end| assert_ne!(state(end), 'Z'));
    for stop in 0..rounds {
        let target = number(DONE) + 1 + random.below(500);
        until("messages flow", || {
            alive();
            number(DONE) >= target
        });
        random.dawdle(20_000);
        let end = [&sender, &receiver][stop % 2];
        let halted = match freezers {
            None => Halt::stop(end),
            Some(freezers) => Halt::Frozen(freezers[stop % 2].freeze(end)),
        };
        let second = options.clone().attach_timeout(Duration::ZERO);
        let result = match stop % 2 {
            0 => second.sender().map(drop),
            _ => second.receiver().map(drop),
        };
        match result {
            Err(AttachError::RoleTaken { pid, .. }) => assert_eq!(pid, Some(end.pid())),
            other => panic!("{other:?}"),
        }
        let enough = number(TIMED_OUT) + patience;
        until("the other end has waited for long", || {
            alive();
            number(TIMED_OUT) >= enough
        });
        assert!(halted.holds());
        drop(halted);
    }
    notes.number(OVER).store(1, Ordering::SeqCst);
    sender.join();
    receiver.join();
    assert_eq!(number(DONE), number(COMMITTED));
}

#[test]
fn a_stopped_end_keeps_its_role_and_loses_nothing() {
    stop_one_end_after_the_other(None);
}

#[test]
fn a_frozen_end_keeps_its_role_and_loses_nothing() {
    let group = || Freezer::new(&unique("shm-test"));
    let groups = WAITS.map(|_| Some([group()?, group()?]));
    let Some(freezers) = groups.into_iter().collect::<Option<Vec<_>>>() else {
        skip("a freezer of control groups that it may write to");
        return;
    };
    stop_one_end_after_the_other(Some(&freezers));
}
