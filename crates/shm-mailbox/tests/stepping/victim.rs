//! The child whose memory is rewritten under its hands: attaches, makes one call, and tells how it
//! ended.

use std::time::Duration;

use shm_mailbox::{Message, Options, Receiver, RecvError, Role, SendError, Sender, Wait};

use crate::stepping::console::{Console, Phase};
use crate::stepping::tracee;

/// How long the calls may wait.
const TIMEOUT: Duration = Duration::from_micros(500);

/// The call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Send,
    Draft,
    Batch,
    /// `send_timeout`, which waits in vain.
    SendWhenFull,
    Peek,
    Ack,
    Recv,
    /// `recv_timeout`, which waits in vain.
    RecvWhenEmpty,
}

/// How the call ended: in one of the usual ways, or with `Corrupt`, which stands for `Truncated`
/// too: who finds no magic takes the memory for lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Done = 1,
    /// Full, empty, or timed out.
    Nothing,
    /// The peer is not what it was.
    Gone,
    Corrupt,
}

impl Outcome {
    pub(crate) fn from_code(code: u64) -> Result<Self, String> {
        [Self::Done, Self::Nothing, Self::Gone, Self::Corrupt]
            .into_iter()
            .find(|outcome| *outcome as u64 == code)
            .ok_or_else(|| format!("no outcome has the number {code}"))
    }
}

impl Call {
    pub(crate) fn role(self) -> Role {
        match self {
            Self::Send | Self::Draft | Self::Batch | Self::SendWhenFull => Role::Sender,
            Self::Peek | Self::Ack | Self::Recv | Self::RecvWhenEmpty => Role::Receiver,
        }
    }

    /// Messages in the mailbox before the call.
    pub(crate) fn queued(self, slots: u64) -> u64 {
        match self {
            Self::Send | Self::Draft => slots - 1,
            Self::SendWhenFull | Self::Peek | Self::Ack | Self::Recv => slots,
            Self::Batch | Self::RecvWhenEmpty => 0,
        }
    }
}

/// The child: round after round, until it is told to end.
pub(crate) fn live(call: Call, options: &Options, console: &Console) -> Result<(), String> {
    loop {
        tracee::rearm_alarm();
        console.mark(Phase::Ready);
        if console.is_over() {
            return Ok(());
        }
        let options = options.clone().wait(Wait::Block);
        let sender = options.clone().sender();
        let mut sender = sender.map_err(|error| error.to_string())?;
        let receiver = options.receiver();
        let mut receiver = receiver.map_err(|error| error.to_string())?;
        let mut message = Message::new();
        if call == Call::Ack {
            let shown = receiver.peek(&mut message);
            shown.map_err(|error| error.to_string())?;
        }
        let mut make = || match call.role() {
            Role::Sender => {
                send(call, &mut sender).map_err(|error| (of_send(&error), error.to_string()))
            }
            Role::Receiver => receive(call, &mut receiver, &mut message)
                .map_err(|error| (of_recv(&error), error.to_string())),
        };
        // Twice the same call, the first between the marks.
        console.mark(Phase::Begin);
        let first = make();
        console.mark(Phase::End);
        let outcome = conclude(first, make())?;
        console.set_outcome(outcome as u64);
        // Whatever closing finds in the memory, it comes back; the image is put in place again
        // later.
        drop(receiver);
        let _ = sender.keep();
        console.mark(Phase::Ended);
    }
}

type Ending = Result<(), (Option<Outcome>, String)>;

/// Both calls must have ended in a way that is expected, and what was found corrupt must stay so.
fn conclude(first: Ending, second: Ending) -> Result<Outcome, String> {
    let corrupt = Some(Outcome::Corrupt);
    for ending in [&first, &second] {
        if let Err((None, error)) = ending {
            return Err(format!("unexpected: {error}"));
        }
    }
    match first {
        Ok(()) => Ok(Outcome::Done),
        Err((outcome, _)) if outcome == corrupt && first != second => {
            Err(format!("first {first:?}, then {second:?}"))
        }
        Err((outcome, _)) => Ok(outcome.unwrap_or(Outcome::Gone)),
    }
}

fn send(call: Call, sender: &mut Sender) -> Result<(), SendError> {
    const MESSAGE: [u8; 64] = [7; 64];
    match call {
        Call::Draft => {
            let mut draft = sender.reserve_timeout(TIMEOUT)?;
            draft.append(&MESSAGE)?;
            draft.commit()
        }
        Call::Batch => sender.try_send_batch(&[MESSAGE; 3]).map(|_| ()),
        _ => sender.send_timeout(MESSAGE, TIMEOUT),
    }
}

fn receive(call: Call, receiver: &mut Receiver, message: &mut Message) -> Result<(), RecvError> {
    match call {
        Call::Peek => receiver.peek_timeout(message, TIMEOUT),
        Call::Ack => receiver.ack(),
        _ => receiver.recv_timeout(message, TIMEOUT),
    }
}

/// `None` for what no other process can bring about.
fn of_send(error: &SendError) -> Option<Outcome> {
    match error {
        SendError::Full | SendError::TimedOut => Some(Outcome::Nothing),
        SendError::Closed { .. } | SendError::PeerDied { .. } => Some(Outcome::Gone),
        SendError::Corrupt { .. } | SendError::Truncated { .. } => Some(Outcome::Corrupt),
        _ => None,
    }
}

/// `None` for what no other process can bring about.
fn of_recv(error: &RecvError) -> Option<Outcome> {
    match error {
        RecvError::Empty | RecvError::TimedOut => Some(Outcome::Nothing),
        RecvError::Closed { .. } | RecvError::PeerDied { .. } => Some(Outcome::Gone),
        RecvError::Corrupt { .. } | RecvError::Truncated { .. } => Some(Outcome::Corrupt),
        _ => None,
    }
}
