//! The calls under test: what each leaves behind, and how the child makes it.

use shm_mailbox::Message;
use shm_mailbox::bus::{Join, Receiver, Sender};

use crate::stepping::bus::bench::{Bench, KEPT, KEPT_AT, SLOTS, options, send};
use crate::stepping::bus::state::State;
use crate::stepping::console::{Console, Phase};
use crate::support::Name;
use crate::support::bus::content_of;

/// The lane of the sender under test.
const LANE: u32 = 1;
/// The place of the joiner.
const NEXT: u32 = 3;

/// One call of an endpoint of a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Send,
    Draft,
    /// A batch of three.
    Batch,
    /// A send that has no room until it drops a dead receiver.
    Drop,
    Recv,
    /// `peek` of five messages, at least one of each lane, then `ack`.
    PeekAck,
    RecvBatch,
    /// Attaching as a new receiver, with a label or without.
    Join(Join, Option<&'static str>),
    /// As `Join`, on a bus without members.
    JoinAlone,
    /// Attaching with the label of a place that is kept.
    Resume,
    /// Closing.
    Leave,
    LeaveLast,
    /// `forget`.
    Forget,
    /// A new lane.
    AttachSender,
    CloseSender,
}

impl Step {
    pub(crate) const ALL: [Self; 17] = [
        Self::Send,
        Self::Draft,
        Self::Batch,
        Self::Drop,
        Self::Recv,
        Self::PeekAck,
        Self::RecvBatch,
        Self::Join(Join::Next, None),
        Self::Join(Join::Oldest, None),
        Self::Join(Join::Next, Some("new")),
        Self::JoinAlone,
        Self::Resume,
        Self::Leave,
        Self::LeaveLast,
        Self::Forget,
        Self::AttachSender,
        Self::CloseSender,
    ];

    /// A bus on which the step can be made.
    pub(crate) fn bench(self) -> Bench {
        match self {
            Self::JoinAlone | Self::LeaveLast => Bench::left_behind(),
            Self::AttachSender => Bench::new(2),
            _ => Bench::new(3),
        }
    }

    /// Brings the bus, on which all messages were taken, into the state that the step needs.
    pub(crate) fn prepare(self, bench: &mut Bench) -> Result<(), String> {
        if self.is_of_the_kept_one() {
            bench.detach_kept();
        }
        match self {
            Self::Send | Self::Draft | Self::Batch | Self::CloseSender => {
                bench.pass(&[2, 1, 3], &[1, 2]);
                bench.detach_sender(LANE as usize);
            }
            Self::Drop => {
                bench.let_one_join();
                bench.pass(&[1, SLOTS.into(), 0], &[]);
                bench.take_all()?;
                bench.detach_sender(LANE as usize);
            }
            Self::AttachSender => bench.pass(&[2, 1], &[1, 2]),
            Self::JoinAlone | Self::LeaveLast => {}
            _ => bench.pass(&[2, 1, 3], &[1, 2]),
        }
        Ok(())
    }

    /// What happens once the child has attached and is about to make its step.
    pub(crate) fn begin(self, bench: &mut Bench) {
        if self == Self::Drop {
            bench.let_it_die();
        }
    }

    fn is_of_the_kept_one(self) -> bool {
        let receives = matches!(self, Self::Recv | Self::PeekAck | Self::RecvBatch);
        receives || matches!(self, Self::Resume | Self::Forget)
    }

    /// The states that the step may leave behind, in order: the first is the one before, the last
    /// the one after it.
    pub(crate) fn states(self, before: State) -> Vec<State> {
        let sent = before.committed.clone();
        match self {
            Self::Send | Self::Draft => vec![before.clone(), before.with_sent(LANE, 1)],
            Self::Batch => {
                let with = |count| before.clone().with_sent(LANE, count);
                (0..=3).map(with).collect()
            }
            Self::Drop => {
                let without = before.clone().without(NEXT);
                vec![before, without.clone(), without.with_sent(LANE, 1)]
            }
            Self::Recv => vec![before.clone(), before.with_received(KEPT_AT, 0, 1)],
            Self::PeekAck | Self::RecvBatch => {
                // One store for each lane. There are two messages, one, and three.
                let mut states = vec![before];
                for (lane, count) in [(0, 2), (1, 1), (2, 2)] {
                    let last = states[states.len() - 1].clone();
                    states.push(last.with_received(KEPT_AT, lane, count));
                }
                states
            }
            Self::Join(Join::Oldest, _) | Self::JoinAlone => {
                let begins = before.oldest();
                let place = if self == Self::JoinAlone { 0 } else { NEXT };
                vec![before.clone(), before.with_place(place, begins)]
            }
            Self::Join(..) => vec![before.clone(), before.with_place(NEXT, sent)],
            Self::Leave => vec![before.clone(), before.without(NEXT)],
            Self::LeaveLast => vec![before.clone(), before.without(0)],
            Self::Forget => vec![before.clone(), before.without(KEPT_AT)],
            Self::Resume | Self::AttachSender | Self::CloseSender => vec![before],
        }
    }

    /// The child: makes the step between two marks.
    pub(crate) fn run(self, name: &Name, console: &Console) -> Result<(), String> {
        let options = options(name);
        let mark = |phase| console.mark(phase);
        match self {
            Self::Send | Self::Draft | Self::Batch | Self::Drop | Self::CloseSender => {
                let sender = options.sender().map_err(|error| error.to_string())?;
                if sender.lane() != LANE {
                    return Err(format!("it got lane {}", sender.lane()));
                }
                self.send(sender, console)
            }
            Self::Recv | Self::PeekAck | Self::RecvBatch => {
                let receiver = options.label(KEPT).receiver();
                let mut receiver = receiver.map_err(|error| error.to_string())?;
                mark(Phase::Begin);
                let result = self.receive(&mut receiver);
                mark(Phase::End);
                result
            }
            Self::Join(join, label) => {
                let options = options.join(join);
                let options = label.map_or(options.clone(), |label| options.label(label));
                attach(console, || options.receiver().map(std::mem::forget))
            }
            Self::JoinAlone => attach(console, || options.receiver().map(std::mem::forget)),
            Self::Resume => attach(console, || {
                options.label(KEPT).receiver().map(std::mem::forget)
            }),
            Self::AttachSender => attach(console, || options.sender().map(std::mem::forget)),
            Self::Leave | Self::LeaveLast | Self::Forget => {
                let options = match self {
                    Self::Forget => options.label(KEPT),
                    _ => options.join(Join::Oldest),
                };
                let receiver = options.receiver();
                let mut receiver = receiver.map_err(|error| error.to_string())?;
                if self == Self::LeaveLast {
                    // Otherwise it would leave the same state as the last one.
                    let taken = receiver.try_recv_batch(&mut vec![Message::new(); 3]);
                    taken.map_err(|error| error.to_string())?;
                }
                mark(Phase::Begin);
                let left = match self {
                    Self::Forget => receiver.forget(),
                    _ => receiver.close(),
                };
                mark(Phase::End);
                left.map(drop).map_err(|error| error.to_string())
            }
        }
    }

    fn send(self, mut sender: Sender, console: &Console) -> Result<(), String> {
        let first = sender.committed();
        let mut buffer = [0; 1024];
        let messages: [Vec<u8>; 3] = std::array::from_fn(|index| {
            content_of(LANE, first + index as u64, &mut buffer).to_vec()
        });
        console.mark(Phase::Begin);
        let result = match self {
            Self::Draft => sender.reserve().and_then(|mut draft| {
                let (start, end) = messages[0].split_at(messages[0].len() / 2);
                draft.append(start)?;
                draft.append(end)?;
                draft.commit()
            }),
            Self::Batch => sender.try_send_batch(&messages).map(drop),
            Self::CloseSender => {
                let left = sender.keep();
                console.mark(Phase::End);
                return left.map(drop).map_err(|error| error.to_string());
            }
            _ => send(&mut sender),
        };
        console.mark(Phase::End);
        result.map_err(|error| error.to_string())
    }

    fn receive(self, receiver: &mut Receiver) -> Result<(), String> {
        let told = |error: shm_mailbox::RecvError| error.to_string();
        let mut messages: [Message; 5] = std::array::from_fn(|_| Message::new());
        let count = match self {
            Self::Recv => receiver.recv(&mut messages[0]).map(|()| 1).map_err(told)?,
            Self::RecvBatch => receiver.recv_batch(&mut messages).map_err(told)?,
            _ => {
                for message in &mut messages {
                    receiver.peek(message).map_err(told)?;
                }
                receiver.ack().map_err(told)?;
                5
            }
        };
        for message in &messages[..count] {
            let mut buffer = [0; 1024];
            let content = content_of(message.lane(), message.sequence(), &mut buffer);
            if message.as_bytes() != content {
                return Err(format!("message {} is torn", message.sequence()));
            }
        }
        Ok(())
    }
}

/// Attaches between two marks.
fn attach(
    console: &Console,
    attach: impl FnOnce() -> Result<(), shm_mailbox::AttachError>,
) -> Result<(), String> {
    console.mark(Phase::Begin);
    let result = attach();
    console.mark(Phase::End);
    result.map_err(|error| error.to_string())
}
