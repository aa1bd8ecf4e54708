//! A correct peer that acts between any two instructions of a call: every message arrives whole,
//! once, in order.

use shm_mailbox::{Message, Options, RecvError, Role, SendError};

use crate::stepping::console::{Console, Phase};
use crate::stepping::lifecycle::End;
use crate::stepping::operation::Operation;
use crate::stepping::path::Path;
use crate::stepping::queue::Queue;
use crate::stepping::scenario::Bench;
use crate::stepping::tracee::Tracee;
use crate::stepping::{restart, tracee};
use crate::support::is_torture;

/// All messages are as long, so that the child knows them by their numbers.
const LENGTH: usize = 1024;
/// In the short form one gap of so many.
const SHORT: usize = 3;

#[test]
fn a_receiver_that_looks_between_any_two_instructions_of_a_send_finds_whole_messages() {
    let cases = [
        (1, 0, Operation::Send(LENGTH)),
        (1, 0, Operation::Draft(LENGTH)),
        (2, 1, Operation::Send(LENGTH)),
        (16, 15, Operation::Send(LENGTH)),
    ];
    act_in_every_gap("a receiver in the gaps of a send", &cases);
}

#[test]
fn a_sender_that_fills_every_slot_between_any_two_instructions_of_a_receive_overwrites_nothing() {
    let cases = [
        (1, 1, Operation::Recv),
        (1, 1, Operation::PeekAck),
        (2, 2, Operation::TryRecv),
        (16, 16, Operation::Recv),
    ];
    act_in_every_gap("a sender in the gaps of a receive", &cases);
}

fn act_in_every_gap(what: &str, cases: &[(u32, u64, Operation)]) {
    if !tracee::can_step() {
        return;
    }
    let (mut points, mut done) = (0, 0);
    for &(slots, queued, operation) in cases {
        match run(slots, queued, operation) {
            Ok(count) => {
                points += count.0;
                done += count.1;
            }
            Err(reason) => panic!("{operation:?} with {queued} of {slots} queued: {reason}"),
        }
    }
    println!("{what}: {points} points, at {done} of them there was something to do, 0 torn");
    assert!(points >= 200);
    assert!(done > 0 && done < points);
}

/// How many gaps there were, and in how many of them the peer could do something.
fn run(slots: u32, queued: u64, operation: Operation) -> Result<(u64, u64), String> {
    let role = operation.role();
    let mut bench = Bench::new(slots, &[]);
    top_up(&mut bench, queued)?;
    bench.detach(role);
    let console = Console::new();
    let options = bench.name.options();
    let body = || live(operation, options, &console);
    let mut tracee = Tracee::spawn(&console, body)?;
    begin(&mut tracee, &mut bench, role)?;
    let path = Path::record(&mut tracee)?;
    tracee.run_to(Phase::End)?;
    settle(&mut bench, role, queued, false)?;
    let (mut points, mut done) = (0, 0);
    let step = if is_torture() { 1 } else { SHORT };
    // Not the same ones in each case.
    let first = usize::try_from(slots).expect("a few") % step;
    for gap in (first..path.points()).step_by(step) {
        let at = |reason| format!("in gap {gap}: {reason}");
        begin(&mut tracee, &mut bench, role)?;
        let mut acted = false;
        if path.follow(&mut tracee, gap)? {
            acted = act(&mut bench, role).map_err(at)?;
            tracee.run_to(Phase::End).map_err(at)?;
            points += 1;
            done += u64::from(acted);
        }
        settle(&mut bench, role, queued, acted).map_err(at)?;
    }
    console.quit();
    tracee.run_to(Phase::Ready)?;
    tracee.finish()?;
    Ok((points, done))
}

/// The child is about to make its call.
fn begin(tracee: &mut Tracee, bench: &mut Bench, role: Role) -> Result<(), String> {
    tracee.run_to(Phase::Ready)?;
    tracee.run_to(Phase::Begin)?;
    if role == Role::Sender {
        // As good as sent.
        bench.queue.push(LENGTH);
    }
    Ok(())
}

/// After the call: everything arrives, and the mailbox is made as full as before.
fn settle(bench: &mut Bench, role: Role, queued: u64, acted: bool) -> Result<(), String> {
    match role {
        Role::Sender => {
            let receiver = bench.receiver.as_mut().expect("it is attached");
            restart::drain(receiver, &mut bench.queue, queued)
        }
        Role::Receiver => {
            // The child has compared it.
            bench.queue.pop();
            if acted {
                bench.queue.push(LENGTH);
            }
            top_up(bench, queued)
        }
    }
}

/// The peer takes a message, or sends one, if it can; whether it could.
fn act(bench: &mut Bench, role: Role) -> Result<bool, String> {
    match role {
        Role::Sender => {
            let receiver = bench.receiver.as_mut().expect("it is attached");
            let mut message = Message::new();
            match receiver.try_recv(&mut message) {
                Ok(()) if bench.queue.pop() == Some(numbered(&message)) => Ok(true),
                Ok(()) => Err(format!("number {} came torn", message.sequence())),
                Err(RecvError::Empty) if bench.queue.len() == 1 => Ok(false),
                Err(error) => Err(error.to_string()),
            }
        }
        Role::Receiver => {
            let sender = bench.sender.as_mut().expect("it is attached");
            match sender.try_send(bench.queue.message(LENGTH)) {
                Ok(()) => Ok(true),
                Err(SendError::Full) => Ok(false),
                Err(error) => Err(error.to_string()),
            }
        }
    }
}

/// The sender in the test sends until so many are queued.
fn top_up(bench: &mut Bench, queued: u64) -> Result<(), String> {
    let sender = bench.sender.as_mut().expect("it is attached");
    while bench.queue.len() < queued {
        let message = bench.queue.push(LENGTH);
        sender
            .try_send(&message)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The child: call after call, until it is told to end.
fn live(operation: Operation, options: Options, console: &Console) -> Result<(), String> {
    let end = End::attach(operation.role(), options);
    let mut end = end.map_err(|error| error.to_string())?;
    loop {
        tracee::rearm_alarm();
        console.mark(Phase::Ready);
        if console.is_over() {
            return Ok(());
        }
        let queue = match &end {
            End::Sender(sender) => Queue::starting_at(sender.committed()),
            End::Receiver(receiver) => Queue::starting_at(receiver.acknowledged()).with(LENGTH),
        };
        operation.act(&mut end, console, &queue)?;
    }
}

fn numbered(message: &Message) -> (u64, Vec<u8>) {
    (message.sequence(), message.as_bytes().to_vec())
}
