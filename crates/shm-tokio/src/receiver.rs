//! The receiving endpoint in a task.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use shm_mailbox::{
    AttachError, BellError, CloseError, Closed, Kind, Mailbox, Message, Options, Receiver,
    RecvError, SystemError,
};
use tokio::task::{JoinError, spawn_blocking};

use crate::end::NextMessage;
use crate::waiting::Waiting;

/// The receiving endpoint of a mailbox or a bus, for tasks of a tokio runtime.
///
/// Everything that [`Receiver`] says holds here. Only the waiting differs: it occupies no thread,
/// except where the [system has no bell](crate#without-a-bell).
///
/// Each method that waits is cancel-safe: a message is taken, or counts as shown, only in the poll
/// that returns it. So you can use them in `tokio::select!` and `tokio::time::timeout`.
#[derive(Debug)]
pub struct AsyncReceiver<K: Kind = Mailbox> {
    waiting: Waiting<Receiver<K>>,
}

impl<K: Kind> AsyncReceiver<K> {
    /// Makes the receiver wait in this runtime.
    ///
    /// A system without a [bell](Receiver::bell) is no error: see
    /// [`bell_error`](Self::bell_error).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, and in one that was built without
    /// [`enable_io`](tokio::runtime::Builder::enable_io).
    #[must_use]
    pub fn new(receiver: Receiver<K>) -> Self {
        Self {
            waiting: Waiting::new(receiver),
        }
    }

    /// Attaches as a receiver, as [`Options::receiver`] does, in a thread of the runtime for work
    /// that blocks: attaching retries for some time while other processes have the role.
    ///
    /// A future that is dropped does not stop the attach: the receiver that may come of it is
    /// closed.
    ///
    /// # Errors
    ///
    /// As [`Options::receiver`].
    ///
    /// # Panics
    ///
    /// As [`new`](Self::new).
    pub async fn attach(options: Options<K>) -> Result<Self, AttachError> {
        let attached = spawn_blocking(|| options.receiver()).await;
        Ok(Self::new(attached.map_err(not_run)??))
    }

    /// Waits for the next message, takes it, and acknowledges it and all shown before.
    ///
    /// Cancel-safe: a future that is dropped has taken nothing.
    ///
    /// # Errors
    ///
    /// As [`Receiver::recv`]. [`RecvError::System`] if the runtime is shutting down.
    pub async fn recv(&mut self, message: &mut Message) -> Result<(), RecvError> {
        poll_fn(|cx| self.poll_recv(cx, message)).await
    }

    /// Waits for the next message not yet shown, and shows it without acknowledging it.
    ///
    /// Each call shows the next message; [`ack`](Self::ack) acknowledges all shown so far.
    ///
    /// Cancel-safe: a future that is dropped has shown nothing.
    ///
    /// # Errors
    ///
    /// As [`Receiver::peek`]. [`RecvError::System`] if the runtime is shutting down.
    pub async fn peek(&mut self, message: &mut Message) -> Result<(), RecvError> {
        poll_fn(|cx| self.poll_peek(cx, message)).await
    }

    /// Acknowledges every message shown so far, as [`Receiver::ack`] does.
    ///
    /// # Errors
    ///
    /// As [`Receiver::ack`].
    pub fn ack(&mut self) -> Result<(), RecvError> {
        self.waiting.end().ack()
    }

    /// Shows the messages again that were shown and not acknowledged, from the first.
    pub fn rewind(&mut self) {
        self.waiting.end().rewind();
    }

    /// Returns the receiver itself, for all it can do without waiting.
    ///
    /// A call that waits blocks the runtime's thread. Without a bell, after a future was dropped
    /// that had waited, this call and the other calls that are not `async` take up to 20 ms, until
    /// the thread that waits has given the receiver back.
    pub fn get_mut(&mut self) -> &mut Receiver<K> {
        self.waiting.end()
    }

    /// Returns the receiver, which the runtime no longer knows.
    #[must_use]
    pub fn into_inner(self) -> Receiver<K> {
        self.waiting.into_end()
    }

    /// Returns why the receiver waits in a thread of its own, if it does.
    ///
    /// `None` means that it waits by its bell. See [without a bell](crate#without-a-bell).
    #[must_use]
    pub fn bell_error(&self) -> Option<&BellError> {
        self.waiting.bell_error()
    }

    /// Closes this endpoint, as [`Receiver::close`] does. Dropping it does the same.
    ///
    /// # Errors
    ///
    /// As [`Receiver::close`].
    pub fn close(self) -> Result<Closed, CloseError> {
        self.into_inner().close()
    }

    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Message,
    ) -> Poll<Result<(), RecvError>> {
        let attempt = |receiver: &mut Receiver<K>| or_none(receiver.try_recv(message));
        self.waiting.poll(cx, NextMessage, attempt)
    }

    pub(crate) fn poll_peek(
        &mut self,
        cx: &mut Context<'_>,
        message: &mut Message,
    ) -> Poll<Result<(), RecvError>> {
        let attempt = |receiver: &mut Receiver<K>| or_none(receiver.try_peek(message));
        self.waiting.poll(cx, NextMessage, attempt)
    }
}

fn or_none(received: Result<(), RecvError>) -> Result<Option<()>, RecvError> {
    match received {
        Err(RecvError::Empty) => Ok(None),
        received => received.map(Some),
    }
}

/// The error of an attach that the runtime did not let come to its end.
pub(crate) fn not_run(error: JoinError) -> AttachError {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => AttachError::System(SystemError::without_object(
            "attach",
            io::Error::other(error),
        )),
    }
}
