//! Messages one after the other, as an iterator that acknowledges each when the next is asked for.

use std::borrow::BorrowMut;
use std::fmt;
use std::marker::PhantomData;

use crate::error::RecvError;
use crate::kind::Kind;
use crate::mailbox::Mailbox;
use crate::memory::message::Message;
use crate::receiver::Receiver;

/// An iterator over the messages of a [`Receiver`], which waits for each.
///
/// Write `for message in &mut receiver` to keep the receiver, and `for message in receiver` if you
/// do not need it afterwards.
///
/// * The first is the first one that is not acknowledged, also if it was shown before.
/// * A message is acknowledged when the next is asked for. A process that is killed in the loop's
///   body, or leaves it early, gets the same message again, with the same number. To be done with
///   the last one before a `break`, call [`Receiver::ack`] after the loop.
/// * It ends when the sender has closed and everything was received. Any other error comes once, as
///   the last item: [`RecvError::PeerDied`], [`RecvError::Interrupted`]. Another iteration resumes
///   where this one ended.
///
/// Each item is a copy of the message. [`Receiver::recv`] reuses one buffer.
///
/// ```
/// use shm_mailbox::Mailbox;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (mut sender, mut receiver) = Mailbox::pair()?;
/// sender.send_batch(&["one", "two", "stop", "three"])?;
/// sender.close()?;
///
/// for message in &mut receiver {
///     if message? == "stop" {
///         break; // not acknowledged: it comes again
///     }
/// }
/// let rest = receiver.into_iter().collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(rest, ["stop", "three"]);
/// # Ok(())
/// # }
/// ```
pub struct Messages<R, K: Kind = Mailbox> {
    receiver: R,
    kind: PhantomData<fn() -> K>,
    /// The last item was a message, which is to be acknowledged before the next.
    shown: bool,
    ended: bool,
}

impl<K: Kind, R: BorrowMut<Receiver<K>>> Messages<R, K> {
    fn new(mut receiver: R) -> Self {
        receiver.borrow_mut().rewind();
        Self {
            receiver,
            kind: PhantomData,
            shown: false,
            ended: false,
        }
    }

    fn advance(&mut self) -> Result<Message, RecvError> {
        let receiver = self.receiver.borrow_mut();
        if self.shown {
            self.shown = false;
            receiver.ack()?;
        }
        let mut message = Message::new();
        receiver.peek(&mut message)?;
        self.shown = true;
        Ok(message)
    }
}

impl<K: Kind, R: BorrowMut<Receiver<K>>> Iterator for Messages<R, K> {
    type Item = Result<Message, RecvError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let item = self.advance();
        self.ended = item.is_err();
        match item {
            Err(RecvError::Closed { .. }) => None,
            item => Some(item),
        }
    }
}

impl<K: Kind, R: BorrowMut<Receiver<K>>> std::iter::FusedIterator for Messages<R, K> {}

impl<'a, K: Kind> IntoIterator for &'a mut Receiver<K> {
    type Item = Result<Message, RecvError>;
    type IntoIter = Messages<&'a mut Receiver<K>, K>;

    fn into_iter(self) -> Self::IntoIter {
        Messages::new(self)
    }
}

impl<K: Kind> IntoIterator for Receiver<K> {
    type Item = Result<Message, RecvError>;
    type IntoIter = Messages<Self, K>;

    fn into_iter(self) -> Self::IntoIter {
        Messages::new(self)
    }
}

impl<R: fmt::Debug, K: Kind> fmt::Debug for Messages<R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("receiver", &self.receiver)
            .finish_non_exhaustive()
    }
}
