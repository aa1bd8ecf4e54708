//! From a name to a sender or a receiver.

use crate::endpoint::Endpoint;
use crate::error::AttachError;
use crate::kind::Kind;
use crate::object::attach;
use crate::options::Options;
use crate::receiver::Receiver;
use crate::sender::Sender;

/// The start of every endpoint: see [`Mailbox::options`].
#[derive(Clone, Debug)]
pub enum Mailbox {}

impl Mailbox {
    /// Makes options for the mailbox called `name`, with or without a leading slash.
    ///
    /// The name is a text or a [`ShmName`](crate::ShmName).
    ///
    /// Nothing happens before [`Options::sender`] or [`Options::receiver`].
    pub fn options(name: impl AsRef<str>) -> Options {
        Options::new(name.as_ref())
    }

    /// Makes both endpoints of a new mailbox without a name, for tests and for two threads.
    ///
    /// No other endpoint can attach to it. When both are dropped, or the process dies, the kernel
    /// frees it. [`Options::pair`] makes one with other options than the default.
    ///
    /// ```
    /// use shm_mailbox::{Mailbox, Message, RecvError};
    ///
    /// let (mut sender, mut receiver) = Mailbox::pair()?;
    /// sender.send("one tea")?;
    /// drop(sender);
    /// let mut message = Message::new();
    /// receiver.recv(&mut message)?;
    /// assert_eq!(message, "one tea");
    /// assert!(matches!(receiver.recv(&mut message), Err(RecvError::Closed { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Options::pair`].
    pub fn pair() -> Result<(Sender, Receiver), AttachError> {
        Self::options("pair").pair()
    }
}

impl<K: Kind> Options<K> {
    /// Attaches as a sender, and creates the object if it does not exist.
    ///
    /// # Errors
    ///
    /// [`AttachError::RoleTaken`] if a living process is the sender of the mailbox, and
    /// [`AttachError::NoPlace`] or [`AttachError::LabelTaken`] on a bus; the others say what is
    /// wrong with the name, the object, or the system.
    pub fn sender(self) -> Result<Sender<K>, AttachError> {
        Ok(Sender::new(Endpoint::attach(&self.settings)?))
    }

    /// Attaches as a receiver, and creates the object if it does not exist.
    ///
    /// # Errors
    ///
    /// As [`sender`](Self::sender), of receivers.
    pub fn receiver(self) -> Result<Receiver<K>, AttachError> {
        Ok(Receiver::new(
            Endpoint::attach(&self.settings)?,
            self.settings,
        ))
    }
}

impl Options {
    /// Makes both endpoints of a new mailbox without a name, as [`Mailbox::pair`] does.
    ///
    /// Of the options, the name only appears in errors; another object may have it.
    /// [`await_peer`](Self::await_peer) has no effect: no other peer can ever attach, so each
    /// endpoint always gets the end of the other.
    ///
    /// # Errors
    ///
    /// [`AttachError`] if an option is wrong, or the system lacks memory, descriptors, or `/proc`.
    pub fn pair(mut self) -> Result<(Sender, Receiver), AttachError> {
        let settings = &mut self.settings;
        settings.await_peer = false;
        let (sender, receiver) = attach::pair(settings)?;
        let sender = Sender::new(Endpoint::new(sender, settings));
        let receiver = Receiver::new(Endpoint::new(receiver, settings), self.settings);
        Ok((sender, receiver))
    }
}
