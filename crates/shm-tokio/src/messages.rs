//! Messages one after the other, as a stream that acknowledges each when the next is asked for.

use std::borrow::BorrowMut;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::{FusedStream, Stream};
use shm_mailbox::{Kind, Mailbox, Message, RecvError};

use crate::receiver::AsyncReceiver;

/// A stream of the messages of an [`AsyncReceiver`].
///
/// It is to tasks what [`shm_mailbox::Messages`] is to threads:
///
/// * The first is the first one that is not acknowledged, also if it was shown before.
/// * A message is acknowledged when the next is asked for. A process that is killed before it asks,
///   or stops asking, gets the same message again, with the same number. To be done with the last
///   one, call [`AsyncReceiver::ack`] afterwards.
/// * It ends when the sender has closed and everything was received. Any other error comes once, as
///   the last item. Another stream resumes where this one ended.
///
/// Asking is cancel-safe: who drops the future of a `next()` gets that message from the next one.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct Messages<R, K: Kind = Mailbox> {
    receiver: R,
    kind: PhantomData<fn() -> K>,
    message: Message,
    /// The last item was a message, which is to be acknowledged before the next.
    shown: bool,
    ended: bool,
}

/// The messages as a stream.
impl<K: Kind> AsyncReceiver<K> {
    /// Returns a stream of the messages, which acknowledges each when you ask for the next.
    pub fn messages(&mut self) -> Messages<&mut Self, K> {
        Messages::new(self)
    }

    /// Returns a stream of the messages, as [`messages`](Self::messages), that owns the receiver.
    pub fn into_messages(self) -> Messages<Self, K> {
        Messages::new(self)
    }
}

impl<K: Kind, R: BorrowMut<AsyncReceiver<K>>> Messages<R, K> {
    fn new(mut receiver: R) -> Self {
        receiver.borrow_mut().rewind();
        Self {
            receiver,
            kind: PhantomData,
            message: Message::new(),
            shown: false,
            ended: false,
        }
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, RecvError>> {
        let receiver = self.receiver.borrow_mut();
        if self.shown {
            self.shown = false;
            receiver.ack()?;
        }
        ready!(receiver.poll_peek(cx, &mut self.message))?;
        self.shown = true;
        Poll::Ready(Ok(std::mem::take(&mut self.message)))
    }
}

impl<K: Kind, R: BorrowMut<AsyncReceiver<K>> + Unpin> Stream for Messages<R, K> {
    type Item = Result<Message, RecvError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let item = ready!(self.poll_message(cx));
        self.ended = item.is_err();
        Poll::Ready(match item {
            Err(RecvError::Closed { .. }) => None,
            item => Some(item),
        })
    }
}

impl<K: Kind, R: BorrowMut<AsyncReceiver<K>> + Unpin> FusedStream for Messages<R, K> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}
