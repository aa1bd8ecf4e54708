//! A real SIGKILL after every instruction of a send and of a receive, and the role taken again in
//! the same object, while the peer stays attached.

use std::sync::atomic::Ordering;

use shm_mailbox::Role;

use crate::stepping::console::{Console, Phase};
use crate::stepping::operation::Operation;
use crate::stepping::path::Path;
use crate::stepping::restart;
use crate::stepping::scenario::Bench;
use crate::stepping::tracee::{self, Tracee};
use crate::support::is_torture;

/// In the short form the kills of one case, after the first, are about so many.
const SHORT: usize = 75;

/// One call, killed at every point.
struct Case {
    slots: u32,
    /// Messages in the mailbox before the call.
    queued: u64,
    operation: Operation,
    peer_parked: bool,
    /// Whether no instruction is left out, in the short form too.
    complete: bool,
}

#[derive(Default)]
struct Count {
    kills: u64,
    /// Kills that came too late for the call to be undone.
    done: u64,
}

#[test]
fn a_sender_that_is_really_killed_anywhere_is_replaced_at_the_first_try() {
    let operations = [
        (2, 1, Operation::Send(64)),
        (1, 0, Operation::Send(1024)),
        (16, 7, Operation::Draft(57)),
        (16, 15, Operation::Batch(&[8, 1024, 0])),
        (2, 0, Operation::Batch(&[8, 1024, 0])),
    ];
    kill_at_every_instruction("send", &operations);
}

#[test]
fn a_receiver_that_is_really_killed_anywhere_is_replaced_at_the_first_try() {
    let operations = [
        (2, 2, Operation::PeekAck),
        (1, 1, Operation::PeekAck),
        (16, 9, Operation::PeekAck),
        (16, 16, Operation::Ack(3)),
        (16, 16, Operation::RecvBatch(5)),
    ];
    kill_at_every_instruction("receive", &operations);
}

fn kill_at_every_instruction(what: &str, operations: &[(u32, u64, Operation)]) {
    if !tracee::can_step() {
        return;
    }
    let mut count = Count::default();
    for (index, &(slots, queued, operation)) in operations.iter().enumerate() {
        for peer_parked in [false, true] {
            let case = Case {
                slots,
                queued,
                operation,
                peer_parked,
                complete: index == 0 || is_torture(),
            };
            if let Err(reason) = run(&case, &mut count) {
                panic!("{operation:?} with {queued} of {slots} queued: {reason}");
            }
        }
    }
    let Count { kills, done } = count;
    println!("{what}: {kills} kills, {done} after the commit, 0 lost, 0 reordered, 0 duplicates");
    assert!(kills >= 800);
    assert!(done > 0 && done < kills);
}

/// Kills the call after 0, 1, 2, … instructions.
fn run(case: &Case, count: &mut Count) -> Result<(), String> {
    let mut bench = Bench::new(case.slots, &[]);
    // Elsewhere than at the start.
    bench.fill_and_drain(case.queued)?;
    let path = make(case, &mut bench, Path::record)?;
    take_over(case, &mut bench)?;
    let stride = match case.complete {
        true => 1,
        false => (path.points() / SHORT).max(1),
    };
    for instructions in (0..path.points()).step_by(stride) {
        let at = |reason| format!("killed after instruction {instructions}: {reason}");
        let reached = make(case, &mut bench, |tracee| path.follow(tracee, instructions));
        let reached = reached.map_err(at)?;
        let done = take_over(case, &mut bench).map_err(at)?;
        count.kills += u64::from(reached);
        count.done += u64::from(reached && done);
    }
    Ok(())
}

/// A child takes the role and begins the call, up to where `stop` lets it come; there it is killed.
fn make<T>(
    case: &Case,
    bench: &mut Bench,
    stop: impl FnOnce(&mut Tracee) -> Result<T, String>,
) -> Result<T, String> {
    bench.detach(case.operation.role());
    let console = Console::new();
    let options = bench.name.options();
    let body = || case.operation.run(options, &console, &bench.queue);
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;
    announce(case, bench);
    let outcome = stop(&mut tracee)?;
    // Killed, and waited for: whoever starts it again knows that it died.
    drop(tracee);
    Ok(outcome)
}

fn announce(case: &Case, bench: &Bench) {
    if case.peer_parked {
        let parked = bench.view.parked(case.operation.role().peer());
        parked.store(1, Ordering::SeqCst);
    }
}

/// The test takes the role of the killed process, and finds one of the states the call may leave;
/// whether it is another than before. Then a full mailbox of messages goes through.
fn take_over(case: &Case, bench: &mut Bench) -> Result<bool, String> {
    let role = case.operation.role();
    bench.attach(role)?;
    let states = case.operation.states(&bench.queue, bench.capacity());
    let found = match role {
        Role::Sender => {
            let committed = bench.sender.as_ref().map(|sender| sender.committed());
            states
                .iter()
                .position(|state| committed == Some(state.next()))
        }
        Role::Receiver => {
            let receiver = bench.receiver.as_ref();
            let acknowledged = receiver.map(|receiver| receiver.acknowledged());
            states
                .iter()
                .position(|state| acknowledged == Some(state.first()))
        }
    };
    let found = found.ok_or("neither the old count nor the new one")?;
    bench.queue = states[found].clone();
    // The peer sees the same.
    let receiver = bench.receiver.as_mut().expect("it is attached");
    let seen = restart::peek_all(receiver)?;
    receiver.rewind();
    if !bench.queue.holds(&seen) {
        return Err(format!(
            "{} queued, the peer sees {}",
            bench.queue.len(),
            seen.len()
        ));
    }
    bench.fill_and_drain(case.queued)?;
    Ok(found > 0)
}
