//! A mailbox brought into a certain state, with both endpoints in the test until one goes to the
//! child.

use std::rc::Rc;

use shm_mailbox::{Message, Receiver, Role, Sender};

use crate::stepping::queue::Queue;
use crate::stepping::restart;
use crate::support::{Name, Raw};

/// Lengths of the messages that are there before the call under test.
const LENGTHS: [usize; 6] = [1024, 57, 0, 8, 64, 56];

/// So many messages sent, then so many received.
pub(crate) type Round = (u64, u64);

/// What the mailbox has been through before the call under test; the states differ in how full it
/// is, and in where the next message goes.
pub(crate) fn histories(slots: u64) -> Vec<Vec<Round>> {
    let full = slots;
    let mut histories = vec![
        // New, and full for the first time.
        vec![],
        vec![(full, 0)],
        // Empty, and full, after it was full once.
        vec![(full, full)],
        vec![(full, full), (full, 0)],
    ];
    if slots > 1 {
        // Almost full and almost empty.
        histories.push(vec![(full - 1, 0)]);
        histories.push(vec![(full, full - 1)]);
        // The end of the memory lies between the first message and the last.
        histories.push(vec![(full - 1, full - 1), (full / 2, 0)]);
        histories.push(vec![(full, full / 2), (full / 2, 0)]);
    }
    if slots > 2 {
        // Full, half emptied, filled again, all but emptied: the first messages are not where they
        // would be in a fresh one.
        histories.push(vec![(full, full / 2), (full / 4, full / 2)]);
        histories.push(vec![(full, full - 2), (full / 2, 2), (full / 4, 0)]);
        histories.push(vec![(full / 2, full / 2), (full, 3), (2, full - 4)]);
    }
    histories
}

/// The mailbox.
pub(crate) struct Bench {
    /// Before the name, so that they go while it is there.
    pub(crate) sender: Option<Sender>,
    pub(crate) receiver: Option<Receiver>,
    pub(crate) view: Raw,
    pub(crate) name: Rc<Name>,
    pub(crate) slots: u32,
    /// What is in it.
    pub(crate) queue: Queue,
    lengths: usize,
}

impl Bench {
    pub(crate) fn new(slots: u32, history: &[Round]) -> Self {
        let name = Rc::new(Name::new());
        // Half as many hot ones, so that the cold ones have their part in every scenario.
        let options = name.options().slots(slots).hot_slots(slots.div_ceil(2));
        let sender = options.sender().expect("a sender");
        let receiver = name.options().receiver().expect("a receiver");
        let mut bench = Self {
            sender: Some(sender),
            receiver: Some(receiver),
            view: Raw::new(&name),
            name,
            slots,
            queue: Queue::default(),
            lengths: 0,
        };
        for &(sends, receives) in history {
            for _ in 0..sends {
                bench.send_one().expect("there is room");
            }
            for _ in 0..receives {
                bench.receive_one().expect("there is a message");
            }
        }
        bench
    }

    pub(crate) fn capacity(&self) -> u64 {
        u64::from(self.slots)
    }

    /// How long the next message of [`send_one`](Self::send_one) is.
    pub(crate) fn next_length(&self) -> usize {
        LENGTHS[self.lengths % LENGTHS.len()]
    }

    /// The sender in the test sends a message.
    pub(crate) fn send_one(&mut self) -> Result<(), String> {
        let message = self.queue.push(self.next_length());
        self.lengths += 1;
        let sender = self.sender.as_mut().expect("it is attached");
        sender.try_send(&message).map_err(|error| error.to_string())
    }

    /// The receiver in the test receives the first message.
    pub(crate) fn receive_one(&mut self) -> Result<(), String> {
        let receiver = self.receiver.as_mut().expect("it is attached");
        let mut message = Message::new();
        receiver
            .try_recv(&mut message)
            .map_err(|error| error.to_string())?;
        if self.queue.pop() == Some((message.sequence(), message.as_bytes().to_vec())) {
            Ok(())
        } else {
            Err(format!("message {} is another", message.sequence()))
        }
    }

    /// Gives a role up, and leaves the object as it is.
    pub(crate) fn detach(&mut self, role: Role) {
        match role {
            Role::Sender => {
                if let Some(sender) = self.sender.take() {
                    sender.keep().expect("the sender closes");
                }
            }
            Role::Receiver => {
                if let Some(receiver) = self.receiver.take() {
                    receiver.close().expect("the receiver closes");
                }
            }
        }
    }

    /// Takes a role, at the first try.
    pub(crate) fn attach(&mut self, role: Role) -> Result<(), String> {
        let options = self.name.options();
        let told = |error: shm_mailbox::AttachError| format!("no {role} attaches: {error}");
        match role {
            Role::Sender => self.sender = Some(options.sender().map_err(told)?),
            Role::Receiver => self.receiver = Some(options.receiver().map_err(told)?),
        }
        Ok(())
    }

    /// Fills the mailbox, which must take as much as it has room for, and takes messages out until
    /// `rest` are left.
    pub(crate) fn fill_and_drain(&mut self, rest: u64) -> Result<(), String> {
        let sender = self.sender.as_mut().expect("it is attached");
        restart::fill(sender, &mut self.queue)?;
        let receiver = self.receiver.as_mut().expect("it is attached");
        restart::drain(receiver, &mut self.queue, rest)
    }
}
