//! The calls under test: what each leaves behind, and how the child makes it.

use shm_mailbox::{Message, Options, Receiver, RecvError, Role, SendError, Sender};

use crate::stepping::console::{Console, Phase};
use crate::stepping::lifecycle::End;
use crate::stepping::queue::Queue;

/// One call of an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operation {
    /// `send` of so many bytes.
    Send(usize),
    /// `try_send`, which may find the mailbox full.
    TrySend(usize),
    /// `reserve`, two times `append`, `commit`.
    Draft(usize),
    /// `try_send_batch` of messages of these lengths, of which the first may fit.
    Batch(&'static [usize]),
    /// `try_peek`, which may find nothing.
    TryPeek,
    Peek,
    /// `ack` after so many messages were shown.
    Ack(usize),
    /// `try_recv`, which may find nothing.
    TryRecv,
    Recv,
    /// `recv_batch` of so many messages, which must be there.
    RecvBatch(usize),
    /// `peek`, then `ack`.
    PeekAck,
}

impl Operation {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Send(_) | Self::TrySend(_) | Self::Draft(_) | Self::Batch(_) => Role::Sender,
            _ => Role::Receiver,
        }
    }

    /// The states that the call may leave behind, in order: the first is the one before, the last
    /// the one after it. Nothing happens in a mailbox that is full, or empty.
    pub(crate) fn states(self, before: &Queue, slots: u64) -> Vec<Queue> {
        let mut states = vec![before.clone()];
        match self {
            Self::Send(length) | Self::TrySend(length) | Self::Draft(length) => {
                if before.len() < slots {
                    states.push(before.with(length));
                }
            }
            Self::Batch(lengths) => {
                for &length in lengths {
                    if let Some(last) = states.last()
                        && last.len() < slots
                    {
                        states.push(last.with(length));
                    }
                }
            }
            Self::TryPeek | Self::Peek => {}
            Self::TryRecv | Self::Recv | Self::PeekAck => {
                if before.len() > 0 {
                    states.push(before.without(1));
                }
            }
            Self::Ack(count) | Self::RecvBatch(count) => states.push(before.without(count)),
        }
        states
    }

    /// The child: attaches, and makes the call between two marks. `queue` is what the call finds.
    pub(crate) fn run(
        self,
        options: Options,
        console: &Console,
        queue: &Queue,
    ) -> Result<(), String> {
        let end = End::attach(self.role(), options);
        self.act(&mut end.map_err(|error| error.to_string())?, console, queue)
    }

    /// The child: makes the call between two marks.
    pub(crate) fn act(self, end: &mut End, console: &Console, queue: &Queue) -> Result<(), String> {
        match end {
            End::Sender(sender) => self.send(sender, console, queue),
            End::Receiver(receiver) => self.receive(receiver, console, queue),
        }
    }

    /// The child: makes one of the sender's calls.
    fn send(self, sender: &mut Sender, console: &Console, queue: &Queue) -> Result<(), String> {
        let room = u64::from(sender.capacity()) - queue.len();
        let lengths = match self {
            Self::Send(length) | Self::TrySend(length) | Self::Draft(length) => &[length][..],
            Self::Batch(lengths) => lengths,
            _ => unreachable!("a receiver's call"),
        };
        let mut queue = queue.clone();
        let messages: Vec<Vec<u8>> = lengths.iter().map(|&length| queue.push(length)).collect();
        console.mark(Phase::Begin);
        let result = match self {
            Self::Send(_) => sender.send(&messages[0]).map(|()| 1),
            Self::TrySend(_) => sender.try_send(&messages[0]).map(|()| 1),
            Self::Draft(_) => send_in_place(sender, &messages[0]).map(|()| 1),
            _ => sender.try_send_batch(&messages),
        };
        console.mark(Phase::End);
        match result {
            Err(SendError::Full) if room == 0 => Ok(()),
            Ok(sent) if sent as u64 == room.min(lengths.len() as u64) => Ok(()),
            Ok(sent) => Err(format!("{self:?}: {sent} sent, with room for {room}")),
            Err(error) => Err(format!("{self:?}: {error}")),
        }
    }

    /// The child: makes one of the receiver's calls.
    fn receive(
        self,
        receiver: &mut Receiver,
        console: &Console,
        queue: &Queue,
    ) -> Result<(), String> {
        let shown = match self {
            Self::Ack(count) => count,
            _ => 0,
        };
        let batch = match self {
            Self::RecvBatch(count) => count,
            _ => 1,
        };
        let mut messages = vec![Message::new(); shown.max(batch)];
        for message in &mut messages[..shown] {
            receiver.peek(message).map_err(|error| error.to_string())?;
        }
        console.mark(Phase::Begin);
        let result = match self {
            Self::TryPeek => receiver.try_peek(&mut messages[0]),
            Self::Peek => receiver.peek(&mut messages[0]),
            Self::TryRecv => receiver.try_recv(&mut messages[0]),
            Self::Recv => receiver.recv(&mut messages[0]),
            Self::Ack(_) => receiver.ack(),
            Self::RecvBatch(_) => receiver.recv_batch(&mut messages).map(|_| ()),
            Self::PeekAck => receiver
                .peek(&mut messages[0])
                .and_then(|()| receiver.ack()),
            _ => unreachable!("a sender's call"),
        };
        console.mark(Phase::End);
        match result {
            Err(RecvError::Empty) if queue.len() == 0 => return Ok(()),
            result => result.map_err(|error| format!("{self:?}: {error}"))?,
        }
        for (index, message) in messages.iter().enumerate() {
            let number = queue.first() + index as u64;
            if message.sequence() != number || message.as_bytes() != queue.get(index) {
                return Err(format!(
                    "message {number} came as number {}, or with other bytes",
                    message.sequence()
                ));
            }
        }
        Ok(())
    }
}

fn send_in_place(sender: &mut Sender, message: &[u8]) -> Result<(), SendError> {
    let (first, second) = message.split_at(message.len() / 2);
    let mut draft = sender.reserve()?;
    draft.append(first)?;
    draft.append(second)?;
    draft.commit()
}
