//! The shared bytes after every instruction of every call are exactly the state before it or the
//! one after.

use std::sync::atomic::Ordering;
use std::time::Duration;

use shm_mailbox::{Role, Wait};

use crate::stepping::console::{Console, Phase};
use crate::stepping::operation::Operation;
use crate::stepping::scenario::{Bench, Round, histories};
use crate::stepping::tracee::{self, Tracee};
use crate::stepping::watch::Watch;
use crate::support::is_torture;

/// Lengths around the ends of the first cache line, and of everything; in the short form the first
/// three.
const LENGTHS: [usize; 6] = [0, 57, 1024, 8, 56, 64];
const BATCH: Operation = Operation::Batch(&[8, 1024, 57]);
const SLOTS: [u32; 3] = [1, 2, 16];
/// More instructions than any call needs that does not wait for ever.
const MOST: u64 = 400_000;

/// When the peer does what a waiting call waits for.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// After so many instructions.
    After(u64),
    /// So many instructions after the call has announced its sleep.
    Parked(u64),
}

/// One call in one state.
#[derive(Debug)]
struct Scenario {
    slots: u32,
    history: Vec<Round>,
    operation: Operation,
    wait: Wait,
    /// Whether the peer has announced that it sleeps, and must be woken.
    peer_parked: bool,
    moment: Option<Moment>,
}

#[derive(Default)]
struct Count {
    calls: u64,
    points: u64,
    distinct: u64,
}

impl Count {
    fn report(&self, what: &str) {
        let Self {
            calls,
            points,
            distinct,
        } = self;
        println!("{what}: {points} points in {calls} calls, {distinct} distinct states, 0 torn");
    }
}

#[test]
fn a_sender_killed_after_any_instruction_leaves_the_old_state_or_the_new_one() {
    if !tracee::can_step() {
        return;
    }
    let mut count = Count::default();
    let lengths = if is_torture() {
        &LENGTHS[..]
    } else {
        &LENGTHS[..3]
    };
    for slots in SLOTS {
        for history in histories(slots.into()) {
            let sizes = lengths.iter().copied();
            let full = queued(&history) == u64::from(slots);
            let operations: Vec<Operation> = if full {
                vec![Operation::TrySend(8)]
            } else {
                let send = sizes.clone().map(Operation::Send);
                send.chain(sizes.map(Operation::Draft))
                    .chain([BATCH, Operation::TrySend(8)])
                    .collect()
            };
            examine_all(slots, &history, &operations, &mut count);
        }
    }
    count.report("send, draft, batch");
    assert!(count.points >= 10_000);
}

#[test]
fn a_receiver_killed_after_any_instruction_leaves_the_old_state_or_the_new_one() {
    if !tracee::can_step() {
        return;
    }
    let mut count = Count::default();
    for slots in SLOTS {
        for history in histories(slots.into()) {
            let operations = match usize::try_from(queued(&history)).expect("a few") {
                0 => vec![Operation::TryPeek, Operation::TryRecv],
                all => vec![
                    Operation::TryPeek,
                    Operation::Peek,
                    Operation::Ack(1),
                    Operation::Ack(all),
                    Operation::TryRecv,
                    Operation::Recv,
                    Operation::RecvBatch(all),
                    Operation::PeekAck,
                ],
            };
            examine_all(slots, &history, &operations, &mut count);
        }
    }
    count.report("peek, ack, recv");
    assert!(count.points >= 10_000);
}

#[test]
fn a_waiting_call_killed_after_any_instruction_leaves_the_old_state_or_the_new_one() {
    if !tracee::can_step() {
        return;
    }
    let strategies = [
        Wait::Spin,
        Wait::Yield,
        Wait::Poll(Duration::from_micros(200)),
        Wait::Backoff,
        Wait::Block,
        Wait::Bell,
        Wait::Adaptive,
    ];
    let operations = [
        Operation::Send(64),
        Operation::Draft(64),
        Operation::Peek,
        Operation::Recv,
    ];
    let waiting_slots = if is_torture() {
        &SLOTS[..]
    } else {
        &SLOTS[1..2]
    };
    for wait in strategies {
        let mut count = Count::default();
        let mut moments = vec![Moment::After(1), Moment::After(150), Moment::After(1500)];
        if matches!(wait, Wait::Block | Wait::Bell | Wait::Adaptive) {
            moments.extend([0, 2, 5, 10, 40].map(Moment::Parked));
        }
        for slots in waiting_slots.iter().copied() {
            let pairs = operations.iter().flat_map(|operation| {
                let moments = moments.iter();
                moments.map(move |moment| (*operation, *moment))
            });
            for (operation, moment) in pairs {
                let sends = match operation.role() {
                    Role::Sender => u64::from(slots),
                    Role::Receiver => 0,
                };
                let scenario = Scenario {
                    slots,
                    history: vec![(slots.into(), slots.into()), (sends, 0)],
                    operation,
                    wait,
                    peer_parked: true,
                    moment: Some(moment),
                };
                examine_or_fail(&scenario, &mut count);
            }
        }
        count.report(&format!("waiting, {wait}"));
        assert!(count.points >= 1000);
    }
}

fn queued(history: &[Round]) -> u64 {
    let (sends, receives) = history
        .iter()
        .fold((0, 0), |sum, round| (sum.0 + round.0, sum.1 + round.1));
    sends - receives
}

fn examine_all(slots: u32, history: &[Round], operations: &[Operation], count: &mut Count) {
    for &operation in operations {
        for peer_parked in [false, true] {
            let scenario = Scenario {
                slots,
                history: history.to_vec(),
                operation,
                wait: Wait::default(),
                peer_parked,
                moment: None,
            };
            examine_or_fail(&scenario, count);
        }
    }
}

fn examine_or_fail(scenario: &Scenario, count: &mut Count) {
    if let Err(reason) = examine(scenario, count) {
        panic!("{scenario:?}: {reason}");
    }
}

/// Steps through one call, and judges every state that it passes through.
fn examine(scenario: &Scenario, count: &mut Count) -> Result<(), String> {
    let role = scenario.operation.role();
    let mut bench = Bench::new(scenario.slots, &scenario.history);
    bench.detach(role);
    // What the call finds when it is no longer in vain.
    let found = match (scenario.moment, role) {
        (None, _) => bench.queue.clone(),
        (Some(_), Role::Sender) => bench.queue.without(1),
        (Some(_), Role::Receiver) => bench.queue.with(bench.next_length()),
    };
    let console = Console::new();
    let options = bench.name.options().wait(scenario.wait);
    let operation = scenario.operation;
    let body = || operation.run(options, &console, &found);
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;
    if scenario.peer_parked {
        let parked = bench.view.parked(role.peer());
        parked.store(1, Ordering::SeqCst);
    }

    let states = operation.states(&bench.queue, bench.capacity());
    let mut watch = Watch::new(role, scenario.slots, states, &bench.view);
    watch.look(&bench.view)?;
    let mut waiting = scenario.moment;
    let mut announced = None;
    let steps = tracee.step_through(MOST, |_, step| {
        let at = |reason| format!("after instruction {step}: {reason}");
        watch.look(&bench.view).map_err(at)?;
        if announced.is_none() && bench.view.parked(role).load(Ordering::SeqCst) != 0 {
            announced = Some(step);
        }
        let is_now = match (waiting, announced) {
            (Some(Moment::After(steps)), _) => step >= steps,
            (Some(Moment::Parked(steps)), Some(announced)) => step >= announced + steps,
            _ => false,
        };
        if is_now {
            waiting = None;
            match role {
                Role::Sender => bench.receive_one()?,
                Role::Receiver => bench.send_one()?,
            }
            let states = operation.states(&bench.queue, bench.capacity());
            watch = Watch::new(role, scenario.slots, states, &bench.view);
            watch.look(&bench.view).map_err(at)?;
        }
        Ok(())
    })?;
    if waiting.is_some() {
        return Err(format!("returned after {steps} instructions, in vain"));
    }
    tracee.run_to(Phase::End)?;
    watch.look(&bench.view)?;
    tracee.finish()?;
    watch.finish()?;
    count.calls += 1;
    count.points += steps + 1;
    count.distinct += watch.distinct();
    Ok(())
}
