//! What a state is worth: both roles start again on a copy of the bytes, and say what they find.

use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use shm_mailbox::{Message, Receiver, RecvError, Role, SendError, Sender};

use crate::stepping::queue::Queue;
use crate::support::Name;

/// Lengths of the messages that show that the mailbox still works.
const LENGTHS: [usize; 4] = [24, 0, 1024, 57];

/// An object of its own, into which the states are copied.
pub(crate) struct Copy {
    name: Name,
    slots: u32,
}

impl Copy {
    pub(crate) fn new(slots: u32) -> Self {
        Self {
            name: Name::new(),
            slots,
        }
    }

    /// Which of `states` the bytes are; `None` stands for no object at all.
    ///
    /// Whichever role comes back first finds the same one, and then the mailbox takes and delivers
    /// two times as many messages as it has room for.
    pub(crate) fn judge(&self, bytes: Option<&[u8]>, states: &[Queue]) -> Result<usize, String> {
        let first = self.restart(bytes, states, Role::Sender)?;
        let second = self.restart(bytes, states, Role::Receiver)?;
        if first == second {
            Ok(first)
        } else {
            Err(format!(
                "state {first} if the sender comes first, else {second}"
            ))
        }
    }

    fn restart(
        &self,
        bytes: Option<&[u8]>,
        states: &[Queue],
        first: Role,
    ) -> Result<usize, String> {
        self.place(bytes);
        let (mut sender, mut receiver) = match first {
            Role::Sender => {
                let sender = self.sender()?;
                (sender, self.receiver()?)
            }
            Role::Receiver => {
                let receiver = self.receiver()?;
                (self.sender()?, receiver)
            }
        };
        let found = peek_all(&mut receiver)?;
        let index = states
            .iter()
            .position(|state| state.first() == receiver.acknowledged() && state.holds(&found))
            .ok_or_else(|| {
                format!(
                    "torn: {} whole messages from {}, allowed are {:?}",
                    found.len(),
                    receiver.acknowledged(),
                    states.iter().map(Queue::describe).collect::<Vec<_>>()
                )
            })?;
        let mut queue = states[index].clone();
        if sender.committed() != queue.next() {
            let committed = sender.committed();
            return Err(format!("{committed} committed, of {}", queue.next()));
        }
        if sender.queued() != queue.len() || receiver.queued() != queue.len() {
            return Err(format!("{} queued, of {}", sender.queued(), queue.len()));
        }
        receiver.rewind();
        for _ in 0..2 {
            fill_and_drain(&mut sender, &mut receiver, &mut queue)?;
        }
        drop(receiver);
        sender.keep().map_err(|error| error.to_string())?;
        Ok(index)
    }

    /// Puts the bytes where the object was.
    fn place(&self, bytes: Option<&[u8]>) {
        let Some(bytes) = bytes else {
            let _ = std::fs::remove_file(self.name.path());
            return;
        };
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.name.path())
            .expect("open the copy");
        file.set_len(bytes.len() as u64).expect("size the copy");
        file.write_all_at(bytes, 0).expect("fill the copy");
    }

    fn sender(&self) -> Result<Sender, String> {
        let options = self.name.options().slots(self.slots);
        options
            .sender()
            .map_err(|error| format!("no sender attaches: {error}"))
    }

    fn receiver(&self) -> Result<Receiver, String> {
        let options = self.name.options().slots(self.slots);
        options
            .receiver()
            .map_err(|error| format!("no receiver attaches: {error}"))
    }
}

/// Every message that is there, shown and not acknowledged.
pub(crate) fn peek_all(receiver: &mut Receiver) -> Result<Vec<(u64, Vec<u8>)>, String> {
    let mut found = Vec::new();
    let mut message = Message::new();
    loop {
        match receiver.try_peek(&mut message) {
            Ok(()) => found.push((message.sequence(), message.as_bytes().to_vec())),
            Err(RecvError::Empty | RecvError::Unacknowledged { .. }) => return Ok(found),
            Err(error) => return Err(format!("after {} messages: {error}", found.len())),
        }
    }
}

/// Sends until the mailbox is full, which must be at its capacity, and takes every message out
/// again.
pub(crate) fn fill_and_drain(
    sender: &mut Sender,
    receiver: &mut Receiver,
    queue: &mut Queue,
) -> Result<(), String> {
    fill(sender, queue)?;
    drain(receiver, queue, 0)
}

/// Sends until the mailbox is full, which must be at its capacity.
pub(crate) fn fill(sender: &mut Sender, queue: &mut Queue) -> Result<(), String> {
    for length in LENGTHS.iter().cycle() {
        match sender.try_send(queue.message(*length)) {
            Ok(()) if queue.len() < u64::from(sender.capacity()) => {
                queue.push(*length);
            }
            Err(SendError::Full) if queue.len() == u64::from(sender.capacity()) => break,
            result => {
                return Err(format!("with {} queued: {result:?}", queue.len()));
            }
        }
    }
    Ok(())
}

/// Takes messages out, each the expected one, until `rest` are left.
pub(crate) fn drain(receiver: &mut Receiver, queue: &mut Queue, rest: u64) -> Result<(), String> {
    let mut message = Message::new();
    while queue.len() > rest {
        receiver
            .try_recv(&mut message)
            .map_err(|error| format!("with {} queued: {error}", queue.len()))?;
        let found = Some((message.sequence(), message.as_bytes().to_vec()));
        if queue.pop() != found {
            return Err(format!(
                "number {} came, or other bytes, with {} queued",
                message.sequence(),
                queue.len()
            ));
        }
    }
    match receiver.try_peek(&mut message) {
        Ok(()) if rest > 0 => {
            receiver.rewind();
            Ok(())
        }
        Err(RecvError::Empty) if rest == 0 => Ok(()),
        result => Err(format!("with {} queued: {result:?}", queue.len())),
    }
}
