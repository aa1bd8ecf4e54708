//! The two ends of an object, in whichever layout.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{Mailbox, Message, Receiver, RecvError, Sender};

use super::way::{Layout, Way};
use crate::failure::{Failure, Halt, errors};

/// What the sender and the receiver of an object are made from.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    pub(super) way: Way,
    pub(super) slots: u32,
    /// Ends every wait when it becomes true.
    pub(super) interrupt: Arc<AtomicBool>,
}

impl Ends {
    /// Attaches as the sender, and makes the object if need be.
    pub(super) fn sender(&self, name: &str) -> Result<SendEnd, Failure> {
        Ok(match self.way.layout {
            Layout::Mailbox => {
                let sender = self.mailbox(name).sender();
                SendEnd::Mailbox(sender.map_err(|error| errors::attach(&error))?)
            }
            Layout::Classic => {
                let writer = self.classic(name).writer();
                SendEnd::Classic(writer.map_err(|error| errors::attach_classic(&error))?)
            }
        })
    }

    /// Attaches as the receiver; an object in the classic layout has to be there.
    pub(super) fn receiver(&self, name: &str) -> Result<ReceiveEnd, Failure> {
        Ok(match self.way.layout {
            Layout::Mailbox => {
                let receiver = self.mailbox(name).receiver();
                ReceiveEnd::Mailbox(receiver.map_err(|error| errors::attach(&error))?)
            }
            Layout::Classic => {
                let reader = self.classic(name).reader();
                ReceiveEnd::Classic(reader.map_err(|error| errors::attach_classic(&error))?)
            }
        })
    }

    fn mailbox(&self, name: &str) -> shm_mailbox::Options {
        Mailbox::options(name)
            .slots(self.slots)
            .wait(self.way.wait)
            .interrupt(Arc::clone(&self.interrupt))
    }

    fn classic(&self, name: &str) -> classic::Options {
        Classic::options(name)
            .wait(self.way.wait)
            .interrupt(Arc::clone(&self.interrupt))
    }
}

/// The end that sends.
#[derive(Debug)]
pub(super) enum SendEnd {
    Mailbox(Sender),
    Classic(classic::Writer),
}

impl SendEnd {
    #[inline]
    pub(super) fn send(&mut self, message: &[u8]) -> Result<(), Halt> {
        match self {
            Self::Mailbox(sender) => sender
                .send(message)
                .map_err(|error| errors::send(sender.name(), &error)),
            Self::Classic(writer) => writer
                .send(message)
                .map_err(|error| errors::send_classic(writer.name(), &error)),
        }
    }
}

/// The end that receives.
#[derive(Debug)]
pub(super) enum ReceiveEnd {
    Mailbox(Receiver),
    Classic(classic::Reader),
}

impl ReceiveEnd {
    /// Whether a message came within `limit`.
    #[inline]
    pub(super) fn receive(&mut self, message: &mut Message, limit: Duration) -> Result<bool, Halt> {
        match self {
            Self::Mailbox(receiver) => match receiver.recv_timeout(message, limit) {
                Ok(()) => Ok(true),
                Err(RecvError::TimedOut) => Ok(false),
                Err(error) => Err(errors::recv(&error)),
            },
            Self::Classic(reader) => match reader.recv_timeout(message, limit) {
                Ok(()) => Ok(true),
                Err(classic::RecvError::TimedOut) => Ok(false),
                Err(error) => Err(errors::recv_classic(&error)),
            },
        }
    }
}
