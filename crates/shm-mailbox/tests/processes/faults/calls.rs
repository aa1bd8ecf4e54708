//! The calls of both ends, and what each has to say about memory that is gone.

use shm_mailbox::{Message, Receiver, RecvError, SendError, Sender};

use crate::support::NOTICE;

/// What a call has to say.
#[derive(Debug)]
pub(super) enum Told {
    /// It has done what it was asked to, and that was verified.
    Done,
    /// There is nothing to do, or it took too long.
    Nothing,
    /// The memory is gone, or what was in it.
    Lost,
}

pub(super) fn sent(result: Result<(), SendError>) -> Told {
    match result {
        Ok(()) => Told::Done,
        Err(SendError::Full | SendError::TimedOut) => Told::Nothing,
        Err(SendError::Truncated { .. } | SendError::Corrupt { .. }) => Told::Lost,
        Err(error) => panic!("{error:?}"),
    }
}

pub(super) fn received(result: Result<(), RecvError>) -> Told {
    match result {
        Ok(()) => Told::Done,
        Err(RecvError::Empty | RecvError::TimedOut) => Told::Nothing,
        Err(RecvError::Truncated { .. } | RecvError::Corrupt { .. }) => Told::Lost,
        Err(error) => panic!("{error:?}"),
    }
}

/// A message that is found again among the object's bytes.
pub(super) const MARK: &[u8] = &[0xA5; 1024];

/// The calls of a sender.
pub(super) type Send = fn(&mut Sender) -> Told;

pub(super) const SENDS: [(&str, Send); 7] = [
    ("send", |sender| sent(sender.send_timeout(MARK, NOTICE / 4))),
    ("try_send", |sender| sent(sender.try_send(MARK))),
    ("an empty message", |sender| sent(sender.try_send(b""))),
    ("send_batch", |sender| {
        sent(sender.try_send_batch(&[MARK, MARK, MARK]).map(|_| ()))
    }),
    ("reserve", |sender| {
        sent(sender.try_reserve().and_then(|mut draft| {
            draft.append(&MARK[..1000])?;
            draft.append(&MARK[1000..])?;
            draft.commit()
        }))
    }),
    ("drain", |sender| {
        match sent(sender.drain(Some(NOTICE / 4))) {
            // That everything was taken is not true while messages are there, and they may be gone.
            Told::Done => Told::Nothing,
            told => told,
        }
    }),
    ("peer", |sender| {
        let _ = sender.queued();
        sender.peer().map_or(Told::Lost, |_| Told::Nothing)
    }),
];

/// The calls of a receiver; each says which messages it has seen.
pub(super) type Receive = fn(&mut Receiver, &mut Vec<Message>) -> Told;

fn one(
    messages: &mut Vec<Message>,
    receive: impl FnOnce(&mut Message) -> Result<(), RecvError>,
) -> Told {
    let mut message = Message::new();
    let told = received(receive(&mut message));
    if matches!(told, Told::Done) {
        messages.push(message);
    }
    told
}

pub(super) const RECEIVES: [(&str, Receive); 5] = [
    ("recv", |receiver, messages| {
        one(messages, |message| {
            receiver.recv_timeout(message, NOTICE / 4)
        })
    }),
    ("try_recv", |receiver, messages| {
        one(messages, |message| receiver.try_recv(message))
    }),
    ("peek and ack", |receiver, messages| {
        one(messages, |message| {
            receiver.try_peek(message)?;
            receiver.ack()
        })
    }),
    ("recv_batch", |receiver, messages| {
        let first = one(messages, |message| receiver.try_peek(message));
        if !matches!(first, Told::Done) {
            return first;
        }
        let mut rest: Vec<Message> = (0..4).map(|_| Message::new()).collect();
        match receiver.recv_batch(&mut rest) {
            Ok(count) => {
                messages.extend(rest.into_iter().take(count));
                Told::Done
            }
            Err(error) => received(Err(error)),
        }
    }),
    ("peer", |receiver, _| {
        let _ = receiver.queued();
        receiver.peer().map_or(Told::Lost, |_| Told::Nothing)
    }),
];
