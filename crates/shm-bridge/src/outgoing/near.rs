//! The source of messages: the near mailbox, or a place of the near bus.
//!
//! The bridge needs messages with numbers without gaps, which it can show again and acknowledge up
//! to a number. So a bus must have a single lane. Two lanes have no order, and messages shown in
//! one order may come again in another.

use std::time::Duration;

use shm_core::ShmName;
use shm_mailbox::bus::Bus;
use shm_mailbox::observe::{self, Content};
use shm_mailbox::{Kind, Mailbox, MailboxId, Message, Options, Receiver, RecvError};

use crate::failure::{Failure, Halt, Status};
use crate::wire::MAX_BATCH;

/// The near mailbox, or a place of the near bus.
pub(crate) struct Near<K: Kind> {
    attach: Attach<K>,
    receiver: Receiver<K>,
    /// The messages shown; as many of them as `count` says.
    shown: Vec<Message>,
    count: usize,
}

/// Attaches to the object that has the name now.
type Attach<K> = Box<dyn Fn() -> Result<Receiver<K>, Failure>>;

/// What there is to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peeked {
    /// Some messages.
    Messages,
    /// Nothing so far: all were acknowledged, and none came.
    Nothing,
    /// Nothing: all were acknowledged, and the writer has closed.
    Closed,
    /// Nothing: all were acknowledged, and the writer died.
    Died,
}

impl Near<Mailbox> {
    /// Takes the messages of a mailbox.
    pub(crate) fn of_mailbox(options: Options) -> Result<Self, Failure> {
        Self::attach(Box::new(move || Ok(options.clone().receiver()?)))
    }
}

impl Near<Bus> {
    /// Takes the messages of a bus of this name, at the place with the label of these options.
    pub(crate) fn of_bus(options: Options<Bus>, name: &ShmName) -> Result<Self, Failure> {
        let name = name.clone();
        Self::attach(Box::new(move || {
            // Before attaching, which makes a place for the label, or resumes the one that is kept.
            let object = observe::open(&name).ok();
            let seen = object.and_then(|object| observe::look(&object).ok());
            match seen {
                Some(Content::Bus(bus)) if bus.senders > 1 => return Err(several_writers(&name)),
                _ => {}
            }
            let receiver = options.clone().receiver()?;
            match receiver.senders() {
                1 => Ok(receiver),
                // It was made in between, so nothing was kept for the label.
                _ => {
                    drop(receiver.forget());
                    Err(several_writers(&name))
                }
            }
        }))
    }
}

fn several_writers(name: &ShmName) -> Failure {
    let what = format!("object {name:?} is a bus of several writers");
    Failure::new(Status::OtherLayout, what)
        .next("a bus with one writer, or a mailbox for each writer")
}

impl<K: Kind> Near<K> {
    fn attach(attach: Attach<K>) -> Result<Self, Failure> {
        Ok(Self {
            receiver: attach()?,
            attach,
            shown: (0..MAX_BATCH).map(|_| Message::new()).collect(),
            count: 0,
        })
    }

    /// The identity of the stream, which differs for each mailbox.
    pub(crate) fn stream(&self) -> MailboxId {
        self.receiver.id()
    }

    /// The number of the first message that was not acknowledged.
    pub(crate) fn first(&self) -> u64 {
        self.receiver.acknowledged()
    }

    /// The messages that were shown and not acknowledged.
    pub(crate) fn messages(&self) -> &[Message] {
        &self.shown[..self.count]
    }

    /// Waits for messages, and shows those that are there, at most [`MAX_BATCH`]. All that were
    /// shown before must have been acknowledged.
    pub(crate) fn peek(&mut self, limit: Option<Duration>) -> Result<Peeked, Halt> {
        match self.receiver.peek_timeout(&mut self.shown[0], limit) {
            Ok(()) => self.count = 1,
            Err(RecvError::TimedOut) => return Ok(Peeked::Nothing),
            Err(RecvError::Closed { .. }) => return Ok(Peeked::Closed),
            Err(RecvError::PeerDied { .. }) => return Ok(Peeked::Died),
            Err(error) => return Err(error.into()),
        }
        while self.count < MAX_BATCH {
            match self.receiver.try_peek(&mut self.shown[self.count]) {
                Ok(()) => self.count += 1,
                // The next call returns the error.
                Err(_) => break,
            }
        }
        Ok(Peeked::Messages)
    }

    /// Acknowledges the messages below number `end`, which is at most the end of those shown. The
    /// others will be shown again.
    pub(crate) fn acknowledge(&mut self, end: u64) -> Result<(), Halt> {
        let taken = usize::try_from(end - self.first()).unwrap_or(usize::MAX);
        if taken < self.count {
            self.receiver.rewind();
            for message in &mut self.shown[..taken] {
                self.receiver.try_peek(message)?;
            }
        }
        self.count = 0;
        if taken > 0 {
            self.receiver.ack()?;
        }
        Ok(())
    }

    /// Attaches to the mailbox that has the name now: the same or another one.
    pub(crate) fn attach_again(self) -> Result<Self, Failure> {
        close(self.receiver)?;
        Self::attach(self.attach)
    }

    pub(crate) fn close(self) -> Result<(), Failure> {
        close(self.receiver)
    }
}

fn close<K: Kind>(receiver: Receiver<K>) -> Result<(), Failure> {
    let closed = receiver.close();
    closed
        .map(drop)
        .map_err(|error| Failure::new(Status::Failure, error))
}
