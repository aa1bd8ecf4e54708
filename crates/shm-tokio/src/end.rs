//! What the waits need of an endpoint: the same for a receiver and for a sender.

use std::fmt;
use std::io;
use std::time::Duration;

use shm_mailbox::{Armed, Bell, BellError, Kind, Receiver, RecvError};
use shm_mailbox::{SendError, Sender, SystemError};

/// An endpoint that can be waited for.
pub(crate) trait End: fmt::Debug + Send + 'static {
    /// What is waited for.
    type Goal: Copy + PartialEq + fmt::Debug + Send + 'static;
    /// What its calls fail with.
    type Error: fmt::Debug + Send + 'static;

    fn bell(&mut self) -> Result<Bell, BellError>;

    /// Answers the bell, and tells whether to wait for it; the inner error if there is none.
    fn arm(&mut self, goal: Self::Goal) -> Result<Result<Armed, BellError>, Self::Error>;

    /// Waits in this thread, without a bell, and tells whether to try now. Takes and sends nothing.
    fn wait(&mut self, goal: Self::Goal, limit: Duration) -> Result<bool, Self::Error>;

    /// The error for a system call that failed while waiting.
    fn error(call: &'static str, source: io::Error) -> Self::Error;
}

/// What a receiver waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NextMessage;

impl<K: Kind> End for Receiver<K> {
    type Goal = NextMessage;
    type Error = RecvError;

    fn bell(&mut self) -> Result<Bell, BellError> {
        self.bell()
    }

    fn arm(&mut self, _: NextMessage) -> Result<Result<Armed, BellError>, RecvError> {
        match self.arm() {
            Err(RecvError::Bell(error)) => Ok(Err(error)),
            armed => armed.map(Ok),
        }
    }

    fn wait(&mut self, _: NextMessage, limit: Duration) -> Result<bool, RecvError> {
        match self.wait(limit) {
            Ok(()) => Ok(true),
            Err(RecvError::TimedOut) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn error(call: &'static str, source: io::Error) -> RecvError {
        RecvError::System(SystemError::without_object(call, source))
    }
}

/// What a sender waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SenderGoal {
    /// A free slot.
    Room,
    /// That all messages are acknowledged.
    Drained,
}

impl<K: Kind> End for Sender<K> {
    type Goal = SenderGoal;
    type Error = SendError;

    fn bell(&mut self) -> Result<Bell, BellError> {
        self.bell()
    }

    fn arm(&mut self, goal: SenderGoal) -> Result<Result<Armed, BellError>, SendError> {
        let armed = match goal {
            SenderGoal::Room => self.arm(),
            SenderGoal::Drained => self.arm_drain(),
        };
        match armed {
            Err(SendError::Bell(error)) => Ok(Err(error)),
            armed => armed.map(Ok),
        }
    }

    fn wait(&mut self, goal: SenderGoal, limit: Duration) -> Result<bool, SendError> {
        let waited = match goal {
            // A draft that is dropped sends nothing.
            SenderGoal::Room => self.reserve_timeout(limit).map(drop),
            SenderGoal::Drained => self.drain(limit),
        };
        match waited {
            Ok(()) => Ok(true),
            Err(SendError::TimedOut) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn error(call: &'static str, source: io::Error) -> SendError {
        SendError::System(SystemError::without_object(call, source))
    }
}
