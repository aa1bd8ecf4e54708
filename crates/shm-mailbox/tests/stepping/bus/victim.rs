//! The child whose memory is rewritten during a call: attaches to a bus, makes one call, and
//! reports how it ended.

use std::time::Duration;

use shm_mailbox::bus::{Bus, Join, Receiver, Sender};
use shm_mailbox::{AttachError, Message, Options, RecvError, Role, SendError, Wait};

use crate::stepping::console::{Console, Phase};
use crate::stepping::tracee;
use crate::stepping::victim::Outcome;

/// How long the calls may wait.
const TIMEOUT: Duration = Duration::from_micros(500);

/// The labels of the two endpoints, which get the first lane and the first place.
pub(crate) const SENDER: &str = "sender";
pub(crate) const RECEIVER: &str = "receiver";

/// The call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Send,
    Batch,
    /// `send_timeout`, which waits in vain.
    SendWhenFull,
    Peek,
    /// Of messages of three lanes.
    Ack,
    Recv,
    /// `recv_timeout`, which waits in vain.
    RecvWhenEmpty,
    /// Attaching as a new receiver.
    Join,
    /// `close` of a receiver without a label.
    Leave,
}

impl Call {
    pub(crate) const ALL: [Self; 9] = [
        Self::Send,
        Self::Batch,
        Self::SendWhenFull,
        Self::Peek,
        Self::Ack,
        Self::Recv,
        Self::RecvWhenEmpty,
        Self::Join,
        Self::Leave,
    ];

    pub(crate) fn role(self) -> Role {
        match self {
            Self::Send | Self::Batch | Self::SendWhenFull => Role::Sender,
            _ => Role::Receiver,
        }
    }

    /// Whether it changes the members.
    pub(crate) fn comes_or_goes(self) -> bool {
        matches!(self, Self::Join | Self::Leave)
    }

    /// Messages in each lane before the call.
    pub(crate) fn queued(self, slots: u64) -> u64 {
        match self {
            Self::Batch | Self::RecvWhenEmpty => 0,
            Self::Send | Self::Ack | Self::Join | Self::Leave => slots - 1,
            _ => slots,
        }
    }
}

/// How a call failed: the kind of error, the lane if it is reported once for a lane, and the text.
#[derive(Debug, PartialEq, Eq)]
struct Failed {
    outcome: Option<Outcome>,
    lane: Option<u32>,
    text: String,
}

/// The child: round after round, until the test ends it.
pub(crate) fn live(call: Call, options: &Options<Bus>, console: &Console) -> Result<(), String> {
    let told = |error: AttachError| error.to_string();
    loop {
        tracee::rearm_alarm();
        console.mark(Phase::Ready);
        if console.is_over() {
            return Ok(());
        }
        let options = options.clone().wait(Wait::Block).await_peer(true);
        let sender = options.clone().label(SENDER).sender();
        let mut sender = sender.map_err(told)?;
        let receiver = options.clone().label(RECEIVER).receiver();
        let mut receiver = receiver.map_err(told)?;
        let next = options.attach_timeout(Duration::ZERO).join(Join::Oldest);
        let outcome = match call {
            Call::Join => {
                let outcome = come(&next, console);
                // Again, perhaps at another place.
                of_attach(next.receiver())?;
                outcome?
            }
            Call::Leave => go(&next, console)?,
            _ => {
                if call == Call::Ack {
                    for _ in 0..3 {
                        let shown = receiver.peek(&mut Message::new());
                        shown.map_err(|error| error.to_string())?;
                    }
                }
                let mut make = || match call.role() {
                    Role::Sender => send(call, &mut sender).map_err(|error| of_send(&error)),
                    Role::Receiver => receive(call, &mut receiver).map_err(|error| of_recv(&error)),
                };
                // The same call twice, the first between the marks.
                console.mark(Phase::Begin);
                let first = make();
                console.mark(Phase::End);
                conclude(&first, &make())?
            }
        };
        console.set_outcome(outcome as u64);
        // Closing returns, whatever it finds in the memory. The image is restored later.
        drop(receiver);
        let _ = sender.keep();
        console.mark(Phase::Ended);
    }
}

/// Both calls must have ended as expected. Corruption is permanent, or its lane is left out and the
/// other lanes continue.
fn conclude(first: &Result<(), Failed>, second: &Result<(), Failed>) -> Result<Outcome, String> {
    for ending in [first, second] {
        if let Err(Failed {
            outcome: None,
            text,
            ..
        }) = ending
        {
            return Err(format!("unexpected: {text}"));
        }
    }
    let Err(failed) = first else {
        return Ok(Outcome::Done);
    };
    if failed.outcome == Some(Outcome::Corrupt) && first != second {
        let is_again = second
            .as_ref()
            .is_err_and(|second| second.lane == failed.lane);
        if failed.lane.is_none() || is_again {
            return Err(format!("first {first:?}, then {second:?}"));
        }
    }
    Ok(failed.outcome.unwrap_or(Outcome::Gone))
}

fn come(options: &Options<Bus>, console: &Console) -> Result<Outcome, String> {
    console.mark(Phase::Begin);
    let joined = options.clone().receiver();
    console.mark(Phase::End);
    of_attach(joined)
}

fn go(options: &Options<Bus>, console: &Console) -> Result<Outcome, String> {
    let receiver = options.clone().receiver();
    let receiver = receiver.map_err(|error| error.to_string())?;
    console.mark(Phase::Begin);
    let left = receiver.close();
    console.mark(Phase::End);
    Ok(match left {
        Ok(_) => Outcome::Done,
        Err(_) => Outcome::Corrupt,
    })
}

fn send(call: Call, sender: &mut Sender) -> Result<(), SendError> {
    const MESSAGE: [u8; 64] = [7; 64];
    match call {
        Call::Batch => sender.try_send_batch(&[MESSAGE; 3]).map(|_| ()),
        _ => sender.send_timeout(MESSAGE, TIMEOUT),
    }
}

fn receive(call: Call, receiver: &mut Receiver) -> Result<(), RecvError> {
    let mut message = Message::new();
    match call {
        Call::Peek => receiver.peek_timeout(&mut message, TIMEOUT),
        Call::Ack => receiver.ack(),
        _ => receiver.recv_timeout(&mut message, TIMEOUT),
    }
}

fn of_send(error: &SendError) -> Failed {
    let outcome = match error {
        SendError::Full | SendError::TimedOut => Some(Outcome::Nothing),
        SendError::Corrupt { .. } | SendError::Truncated { .. } => Some(Outcome::Corrupt),
        // No other process can cause that in an endpoint that awaits its peers.
        _ => None,
    };
    Failed {
        outcome,
        lane: None,
        text: error.to_string(),
    }
}

fn of_recv(error: &RecvError) -> Failed {
    let (outcome, lane) = match error {
        RecvError::Empty | RecvError::TimedOut => (Some(Outcome::Nothing), None),
        RecvError::Corrupt { corrupt, .. } => (Some(Outcome::Corrupt), corrupt.lane()),
        RecvError::Truncated { .. } => (Some(Outcome::Corrupt), None),
        // As above.
        _ => (None, None),
    };
    Failed {
        outcome,
        lane,
        text: error.to_string(),
    }
}

fn of_attach(joined: Result<Receiver, AttachError>) -> Result<Outcome, String> {
    match joined {
        Ok(_) => Ok(Outcome::Done),
        Err(AttachError::NoPlace { .. }) => Ok(Outcome::Nothing),
        Err(
            AttachError::Corrupt { .. }
            | AttachError::NotAMailbox { .. }
            | AttachError::Version { .. }
            | AttachError::Geometry { .. }
            | AttachError::OtherKind { .. }
            | AttachError::OtherSlots { .. }
            | AttachError::OtherSeats { .. },
        ) => Ok(Outcome::Corrupt),
        Err(error) => Err(format!("unexpected: {error}")),
    }
}
