//! Any sequence of operations at both ends does what a queue in a `VecDeque` does.

#![cfg(not(shm_mailbox_loom))]

mod support;

use std::collections::VecDeque;
use std::time::Duration;

use proptest::prelude::*;
use shm_mailbox::{Message, Options, Receiver, RecvError, SendError, Sender, Wait};
use support::raw::LAST_MESSAGE;
use support::{Name, raw};

#[derive(Clone, Debug)]
enum Operation {
    Send(usize),
    TrySend(usize),
    TrySendBatch(Vec<usize>),
    Draft { pieces: Vec<usize>, commit: bool },
    TryRecv,
    RecvTimeout,
    RecvBatch(usize),
    TryPeek,
    PeekTimeout,
    Ack,
    Rewind,
    RestartSender,
    RestartReceiver,
}

fn operation() -> impl Strategy<Value = Operation> {
    let length = || prop_oneof![4 => 0..70_usize, 1 => 1000..1100_usize];
    prop_oneof![
        2 => length().prop_map(Operation::Send),
        6 => length().prop_map(Operation::TrySend),
        3 => prop::collection::vec(length(), 0..6).prop_map(Operation::TrySendBatch),
        3 => (prop::collection::vec(length(), 0..3), any::<bool>())
            .prop_map(|(pieces, commit)| Operation::Draft { pieces, commit }),
        6 => Just(Operation::TryRecv),
        2 => Just(Operation::RecvTimeout),
        3 => (0..6_usize).prop_map(Operation::RecvBatch),
        4 => Just(Operation::TryPeek),
        2 => Just(Operation::PeekTimeout),
        4 => Just(Operation::Ack),
        2 => Just(Operation::Rewind),
        1 => Just(Operation::RestartSender),
        1 => Just(Operation::RestartReceiver),
    ]
}

/// What the mailbox should hold.
struct Model {
    slots: usize,
    /// The number of the next message.
    next: u64,
    /// Committed and not acknowledged.
    queue: VecDeque<(u64, Vec<u8>)>,
    /// How many of them the receiver has been shown.
    shown: usize,
    /// Makes every message another one.
    filler: u8,
}

/// What sending comes to.
#[derive(Debug, PartialEq)]
enum Sent {
    Done,
    Full,
    TooLong,
    Exhausted,
}

impl Model {
    fn bytes(&mut self, length: usize) -> Vec<u8> {
        self.filler = self.filler.wrapping_add(7);
        vec![self.filler; length]
    }

    /// Whether a message could be sent now.
    fn room(&self) -> Sent {
        match self {
            _ if self.next > LAST_MESSAGE => Sent::Exhausted,
            _ if self.queue.len() == self.slots => Sent::Full,
            _ => Sent::Done,
        }
    }

    fn send(&mut self, bytes: &[u8]) -> Sent {
        if bytes.len() > 1024 {
            return Sent::TooLong;
        }
        let room = self.room();
        if room == Sent::Done {
            self.queue.push_back((self.next, bytes.to_vec()));
            self.next += 1;
        }
        room
    }

    /// The next message to show.
    fn peek(&mut self) -> Option<(u64, Vec<u8>)> {
        let message = self.queue.get(self.shown).cloned();
        self.shown += usize::from(message.is_some());
        message
    }

    fn ack(&mut self) {
        self.queue.drain(..self.shown);
        self.shown = 0;
    }
}

fn outcome(result: Result<(), SendError>) -> Sent {
    match result {
        Ok(()) => Sent::Done,
        Err(SendError::Full | SendError::TimedOut) => Sent::Full,
        Err(SendError::TooLong { .. }) => Sent::TooLong,
        Err(SendError::Exhausted { .. }) => Sent::Exhausted,
        Err(error) => panic!("{error}"),
    }
}

/// What a look shows: a message, or none because of an empty mailbox or of unacknowledged messages.
fn shown(result: Result<(), RecvError>, message: &Message) -> Option<(u64, Vec<u8>)> {
    match result {
        Ok(()) => Some((message.sequence(), message.as_bytes().to_vec())),
        Err(RecvError::Empty | RecvError::TimedOut | RecvError::Unacknowledged { .. }) => None,
        Err(error) => panic!("{error}"),
    }
}

struct Ends {
    options: Options,
    // An `Option` each, to be taken before the next holder of the role comes.
    sender: Option<Sender>,
    receiver: Option<Receiver>,
}

fn step(operation: Operation, ends: &mut Ends, model: &mut Model) {
    let timeout = Duration::from_micros(50);
    let (Some(sender), Some(receiver)) = (&mut ends.sender, &mut ends.receiver) else {
        unreachable!("both are always there between two steps");
    };
    let mut message = Message::new();
    match operation {
        Operation::Send(length) => {
            let bytes = model.bytes(length);
            let result = outcome(sender.send_timeout(&bytes, timeout));
            assert_eq!(result, model.send(&bytes));
        }
        Operation::TrySend(length) => {
            let bytes = model.bytes(length);
            assert_eq!(outcome(sender.try_send(&bytes)), model.send(&bytes));
        }
        Operation::TrySendBatch(lengths) => {
            let batch: Vec<_> = lengths
                .into_iter()
                .map(|length| model.bytes(length))
                .collect();
            let result = sender.try_send_batch(&batch);
            if batch.iter().any(|bytes| bytes.len() > 1024) {
                assert_eq!(outcome(result.map(drop)), Sent::TooLong);
            } else {
                let room = model.room();
                let expected = batch
                    .iter()
                    .take_while(|bytes| model.send(bytes) == Sent::Done);
                let expected = expected.count();
                match result {
                    Ok(count) => assert_eq!(count, expected),
                    Err(error) => assert_eq!(outcome(Err(error)), room),
                }
            }
        }
        Operation::Draft { pieces, commit } => match sender.try_reserve() {
            Err(error) => assert_eq!(outcome(Err(error)), model.room()),
            Ok(mut draft) => {
                let mut bytes = Vec::new();
                for length in pieces {
                    let piece = model.bytes(length);
                    if draft.append(&piece).is_ok() {
                        bytes.extend_from_slice(&piece);
                    } else {
                        assert!(bytes.len() + piece.len() > 1024);
                    }
                }
                if commit {
                    draft.commit().unwrap();
                    assert_eq!(model.send(&bytes), Sent::Done);
                }
            }
        },
        Operation::TryRecv | Operation::RecvTimeout => {
            let result = match operation {
                Operation::TryRecv => receiver.try_recv(&mut message),
                _ => receiver.recv_timeout(&mut message, timeout),
            };
            let expected = model.peek();
            if expected.is_some() {
                model.ack();
            }
            assert_eq!(shown(result, &message), expected);
        }
        Operation::RecvBatch(length) => {
            if model.queue.len() > model.shown {
                let mut messages = vec![Message::new(); length];
                let count = receiver.recv_batch(&mut messages).unwrap();
                assert_eq!(count, length.min(model.queue.len() - model.shown));
                for message in &messages[..count] {
                    assert_eq!(shown(Ok(()), message), model.peek());
                }
                if count > 0 {
                    model.ack();
                }
            }
        }
        Operation::TryPeek => {
            let result = receiver.try_peek(&mut message);
            assert_eq!(shown(result, &message), model.peek());
        }
        Operation::PeekTimeout => {
            let result = receiver.peek_timeout(&mut message, timeout);
            assert_eq!(shown(result, &message), model.peek());
        }
        Operation::Ack => {
            receiver.ack().unwrap();
            model.ack();
        }
        Operation::Rewind => {
            receiver.rewind();
            model.shown = 0;
        }
        Operation::RestartSender => {
            ends.sender.take().unwrap().keep().unwrap();
            ends.sender = Some(ends.options.clone().sender().unwrap());
        }
        Operation::RestartReceiver => {
            ends.receiver.take().unwrap().close().unwrap();
            ends.receiver = Some(ends.options.clone().receiver().unwrap());
            model.shown = 0;
        }
    }
}

/// Runs the operations on a mailbox whose first message is number `first`.
fn follow(slots: u32, first: u64, operations: Vec<Operation>) {
    let name = Name::new();
    raw::create_at(&name, raw::image(slots), first);
    let options = name.options().wait(Wait::Block);
    let mut ends = Ends {
        sender: Some(options.clone().sender().unwrap()),
        receiver: Some(options.clone().receiver().unwrap()),
        options,
    };
    let mut model = Model {
        slots: usize::try_from(slots).unwrap(),
        next: first,
        queue: VecDeque::new(),
        shown: 0,
        filler: 0,
    };
    for operation in operations {
        step(operation, &mut ends, &mut model);
        let (sender, receiver) = (ends.sender.as_ref(), ends.receiver.as_ref());
        let (sender, receiver) = (sender.unwrap(), receiver.unwrap());
        let queued = model.queue.len() as u64;
        assert_eq!(sender.committed(), model.next);
        assert_eq!((sender.queued(), receiver.queued()), (queued, queued));
        assert_eq!(receiver.acknowledged(), model.next - queued);
    }
    // What is left comes in order, to whoever receives next.
    ends.receiver = None;
    let mut receiver = ends.options.receiver().unwrap();
    for left in model.queue {
        assert_eq!(support::take(&mut receiver), left);
    }
    support::assert_empty(&mut receiver);
}

fn slots() -> impl Strategy<Value = u32> {
    (0..4_u32).prop_map(|power| 1 << power)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_mailbox_is_a_bounded_queue(
        slots in slots(),
        operations in prop::collection::vec(operation(), 0..150),
    ) {
        follow(slots, 0, operations);
    }

    #[test]
    fn a_mailbox_is_a_bounded_queue_up_to_its_last_message(
        slots in slots(),
        left in 0..40_u64,
        operations in prop::collection::vec(operation(), 0..150),
    ) {
        follow(slots, LAST_MESSAGE + 1 - left, operations);
    }
}
