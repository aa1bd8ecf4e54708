//! The sending endpoint in a task.

use std::future::poll_fn;
use std::task::{Context, Poll};

use shm_mailbox::{
    AttachError, BellError, CloseError, Closed, Kind, Mailbox, Options, SendError, Sender,
};
use tokio::task::spawn_blocking;

use crate::end::SenderGoal;
use crate::receiver::not_run;
use crate::waiting::Waiting;

/// The sending endpoint of a mailbox or a bus, for tasks of a tokio runtime.
///
/// Everything that [`Sender`] says holds here. Only the waiting differs: it occupies no thread,
/// except where the [system has no bell](crate#without-a-bell).
///
/// Each method that waits is cancel-safe: [`send`](Self::send) has sent its message only if it
/// returned `Ok`.
#[derive(Debug)]
pub struct AsyncSender<K: Kind = Mailbox> {
    waiting: Waiting<Sender<K>>,
}

impl<K: Kind> AsyncSender<K> {
    /// Makes the sender wait in this runtime.
    ///
    /// A system without a [bell](Sender::bell) is no error: see [`bell_error`](Self::bell_error).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, and in one that was built without
    /// [`enable_io`](tokio::runtime::Builder::enable_io).
    #[must_use]
    pub fn new(sender: Sender<K>) -> Self {
        Self {
            waiting: Waiting::new(sender),
        }
    }

    /// Attaches as a sender, as [`Options::sender`] does, in a thread of the runtime for work
    /// that blocks: attaching retries for some time while other processes have the role.
    ///
    /// A future that is dropped does not stop the attach: the sender that may come of it is closed.
    ///
    /// # Errors
    ///
    /// As [`Options::sender`].
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    pub async fn attach(options: Options<K>) -> Result<Self, AttachError> {
        let attached = spawn_blocking(|| options.sender()).await;
        Ok(Self::new(attached.map_err(not_run)??))
    }

    /// Sends `message` (0 to 1024 bytes), and waits for room without limit.
    ///
    /// Cancel-safe: a future that is dropped before it is ready has sent nothing.
    ///
    /// # Errors
    ///
    /// As [`Sender::send`]. [`SendError::System`] if the runtime is shutting down.
    pub async fn send(&mut self, message: impl AsRef<[u8]>) -> Result<(), SendError> {
        let message = message.as_ref();
        poll_fn(|cx| self.poll_send(cx, message)).await
    }

    /// Waits until the receiver has acknowledged everything committed.
    ///
    /// Cancel-safe.
    ///
    /// # Errors
    ///
    /// As [`Sender::drain`]. [`SendError::System`] if the runtime is shutting down.
    pub async fn drain(&mut self) -> Result<(), SendError> {
        poll_fn(|cx| self.poll_drain(cx)).await
    }

    /// Returns the sender itself, for all it can do without waiting.
    ///
    /// A call that waits blocks the runtime's thread. Without a bell, after a future was dropped
    /// that had waited, this call and the other calls that are not `async` take up to 20 ms, until
    /// the thread that waits has given the sender back.
    pub fn get_mut(&mut self) -> &mut Sender<K> {
        self.waiting.end()
    }

    /// Returns the sender, which the runtime no longer knows.
    #[must_use]
    pub fn into_inner(self) -> Sender<K> {
        self.waiting.into_end()
    }

    /// Returns why the sender waits in a thread of its own, if it does.
    ///
    /// `None` means that it waits by its bell. See [without a bell](crate#without-a-bell).
    #[must_use]
    pub fn bell_error(&self) -> Option<&BellError> {
        self.waiting.bell_error()
    }

    /// Closes this endpoint, as [`Sender::close`] does. Dropping it does the same.
    ///
    /// # Errors
    ///
    /// As [`Sender::close`].
    pub fn close(self) -> Result<Closed, CloseError> {
        self.into_inner().close()
    }

    /// Closes this endpoint and leaves the object, as [`Sender::keep`] does.
    ///
    /// # Errors
    ///
    /// As [`Sender::keep`].
    pub fn keep(self) -> Result<Closed, CloseError> {
        self.into_inner().keep()
    }

    /// Leaves as if this process had died, as [`Sender::abort`] does.
    ///
    /// # Errors
    ///
    /// As [`Sender::abort`].
    pub fn abort(self) -> Result<Closed, CloseError> {
        self.into_inner().abort()
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, message: &[u8]) -> Poll<Result<(), SendError>> {
        let attempt = |sender: &mut Sender<K>| match sender.try_send(message) {
            Err(SendError::Full) => Ok(None),
            sent => sent.map(Some),
        };
        self.waiting.poll(cx, SenderGoal::Room, attempt)
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SendError>> {
        let attempt = |sender: &mut Sender<K>| match sender.drain(std::time::Duration::ZERO) {
            Err(SendError::TimedOut) => Ok(None),
            drained => drained.map(Some),
        };
        self.waiting.poll(cx, SenderGoal::Drained, attempt)
    }
}
