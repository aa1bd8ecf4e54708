//! Any sequence of operations of sender and receiver does what a queue in a `VecDeque` does.

use std::collections::VecDeque;
use std::time::Duration;

use super::input::Input;
use super::object::{Name, mailbox};
use crate::{Message, Receiver, RecvError, SendError, Sender};

/// The highest message number.
const LAST_MESSAGE: u64 = (1 << 53) - 2;

/// What the mailbox should hold.
struct Model {
    slots: usize,
    /// The number of the next message.
    next: u64,
    /// Committed and not acknowledged.
    queue: VecDeque<(u64, Vec<u8>)>,
    /// How many of them the receiver has been shown.
    shown: usize,
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
    fn send(&mut self, bytes: &[u8]) -> Sent {
        match bytes.len() {
            1025.. => Sent::TooLong,
            _ if self.next > LAST_MESSAGE => Sent::Exhausted,
            _ if self.queue.len() == self.slots => Sent::Full,
            _ => {
                self.queue.push_back((self.next, bytes.to_vec()));
                self.next += 1;
                Sent::Done
            }
        }
    }

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

pub(super) fn run(input: &[u8]) {
    let name = Name::new("operations");
    let mut input = Input(input);
    let form = input.byte();
    let slots = 1 << (form % 4);
    let first = match form & 128 {
        0 => 0,
        _ => LAST_MESSAGE + 1 - u64::from(form / 4 % 32),
    };
    std::fs::write(name.path(), mailbox(slots, first)).expect("room in /dev/shm");
    let options = name.options().any_owner(true);
    let mut sender = options.clone().sender().expect("the sender's role");
    let mut receiver = options.clone().receiver().expect("the receiver's role");
    let mut model = Model {
        slots: usize::try_from(slots).expect("a small number"),
        next: first,
        queue: VecDeque::new(),
        shown: 0,
    };
    for _ in 0..200 {
        if input.is_over() {
            break;
        }
        let operation = input.byte();
        match operation % 16 {
            7 => receive_batch(usize::from(operation / 16 % 4), &mut receiver, &mut model),
            0..=5 => send(operation, &mut input, &mut sender, &mut model),
            14 => {
                sender.keep().expect("the object is whole");
                sender = options.clone().sender().expect("the sender's role");
            }
            15 => {
                receiver.close().expect("the object is whole");
                receiver = options.clone().receiver().expect("the receiver's role");
                model.shown = 0;
            }
            _ => receive(operation, &mut receiver, &mut model),
        }
        let queued = model.queue.len() as u64;
        assert_eq!(sender.committed(), model.next);
        assert_eq!((sender.queued(), receiver.queued()), (queued, queued));
        assert_eq!(receiver.acknowledged(), model.next - queued);
    }
}

/// One way of sending, of a length that the input has.
fn send(operation: u8, input: &mut Input<'_>, sender: &mut Sender, model: &mut Model) {
    let bytes = vec![operation ^ input.byte(); input.below(1100)];
    let result = match operation % 16 {
        0 | 1 => sender.try_send(&bytes),
        2 => sender.send_timeout(&bytes, Duration::ZERO),
        3 => return send_batch(&bytes, sender, model),
        _ => match sender.try_reserve() {
            // Reserved, and not committed.
            Ok(_) if operation % 16 == 4 => return,
            Ok(mut draft) => {
                let (start, end) = bytes.split_at(bytes.len() / 3);
                draft
                    .append(start)
                    .and_then(|()| draft.append(end))
                    .and_then(|()| draft.commit())
            }
            // There was no room for any message, so its length was not looked at.
            Err(error) => {
                assert_eq!(outcome(Err(error)), model.send(&[]));
                return;
            }
        },
    };
    assert_eq!(outcome(result), model.send(&bytes));
}

/// Sends the bytes four times, as one batch, as far as there is room.
fn send_batch(bytes: &[u8], sender: &mut Sender, model: &mut Model) {
    let batch = [bytes; 4];
    match sender.try_send_batch(&batch) {
        Ok(count) => {
            for _ in 0..count {
                assert_eq!(model.send(bytes), Sent::Done);
            }
            if count < batch.len() {
                assert_ne!(model.send(bytes), Sent::Done);
            }
        }
        Err(error) => assert_eq!(outcome(Err(error)), model.send(bytes)),
    }
}

/// Receives so many messages at most, if there is one.
fn receive_batch(count: usize, receiver: &mut Receiver, model: &mut Model) {
    let mut messages = vec![Message::new(); count];
    match receiver.try_recv_batch(&mut messages) {
        Ok(count) => {
            for message in &messages[..count] {
                let found = (message.sequence(), message.as_bytes().to_vec());
                assert_eq!(Some(found), model.peek());
            }
            if count < messages.len() {
                assert_eq!(model.peek(), None);
            }
            if count > 0 {
                model.ack();
            }
        }
        Err(RecvError::Empty | RecvError::Unacknowledged { .. }) => {
            assert_eq!(model.peek(), None);
        }
        Err(error) => panic!("{error}"),
    }
}

fn receive(operation: u8, receiver: &mut Receiver, model: &mut Model) {
    let mut message = Message::new();
    let (result, acknowledged) = match operation % 16 {
        6 => (receiver.try_recv(&mut message), true),
        8 => (receiver.recv_timeout(&mut message, Duration::ZERO), true),
        9 | 10 => (receiver.try_peek(&mut message), false),
        11 => (receiver.peek_timeout(&mut message, Duration::ZERO), false),
        12 => {
            model.ack();
            return receiver.ack().expect("nothing is wrong");
        }
        _ => {
            model.shown = 0;
            return receiver.rewind();
        }
    };
    let expected = model.peek();
    match result {
        Ok(()) => {
            let found = (message.sequence(), message.as_bytes().to_vec());
            assert_eq!(Some(found), expected);
            if acknowledged {
                model.ack();
            }
        }
        Err(RecvError::Empty | RecvError::TimedOut | RecvError::Unacknowledged { .. }) => {
            assert_eq!(expected, None);
        }
        Err(error) => panic!("{error}"),
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
