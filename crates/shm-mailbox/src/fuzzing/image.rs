//! Any bytes as the object, and any words written into it while a sender and a receiver use it:
//! errors at worst.
//!
//! The first byte of the input says what the object is: the rest of the input as it is, or a
//! mailbox in which the words that the rest names are others. What is left of the input are
//! operations of the sender and the receiver.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::input::Input;
use super::object::{Name, mailbox};
use crate::{Message, Receiver, RecvError, SendError, Sender};

/// The words of a mailbox that the two ends read and write, besides the stamps.
const WORDS: [u64; 6] = [128, 256, 264, 384, 512, 520];

pub(super) fn run(input: &[u8]) {
    let name = Name::new("image");
    let mut input = Input(input);
    let form = input.byte();
    let damaged = form % 4 != 0;
    let mut bytes = match form % 4 {
        0 => input.0.to_vec(),
        _ => mailbox(1 << (form / 4 % 3), 0),
    };
    if !damaged && form & 4 != 0 {
        bytes.resize(bytes.len().next_multiple_of(4096), 0);
    }
    if bytes.starts_with(b"shm-mbox") && bytes.len() >= 48 && bytes[32..48] == [0; 16] {
        // Validation fails without an identity, so there would be nothing more to find.
        bytes[32] = 1;
    }
    std::fs::write(name.path(), &bytes).expect("room in /dev/shm");
    let file = OpenOptions::new().write(true).open(name.path());
    let file = file.expect("the object is there");
    if damaged {
        for _ in 0..form / 16 {
            damage(&file, bytes.len(), &mut input);
        }
    }
    // One permission for all: the object is as a umask left it.
    let options = name.options().any_owner(true);
    let mut sender = options.clone().sender().ok();
    let mut receiver = options.receiver().ok();
    if !damaged && sender.is_none() && receiver.is_none() {
        let found = std::fs::read(name.path()).expect("it keeps its name");
        assert!(found == bytes, "what was refused was changed");
    }
    let mut message = Message::new();
    for _ in 0..200 {
        if input.is_over() {
            break;
        }
        let operation = input.byte();
        if let Some(sender) = &mut sender {
            send(sender, operation);
        }
        if let Some(receiver) = &mut receiver {
            receive(receiver, operation / 8, &mut message);
        }
        if operation >= 192 {
            damage(&file, bytes.len(), &mut input);
        }
    }
}

/// Writes one word that the input names; never past the end, which does not move.
fn damage(file: &File, size: usize, input: &mut Input<'_>) {
    let place = input.byte();
    let offset = match place % 16 {
        index @ 0..=5 => WORDS[usize::from(index)],
        6..=11 => 640 + 1088 * u64::from(place / 16 % 4),
        _ => input.below(size.max(1)) as u64,
    };
    let value = match input.byte() {
        byte @ 0..100 => u64::from(byte),
        // The stamp of a message nearby.
        byte @ 100..200 => u64::from(byte - 100) << 11 | input.below(2048) as u64,
        _ => u64::from_le_bytes(input.bytes()),
    };
    if offset + 8 <= size as u64 {
        file.write_all_at(&value.to_ne_bytes(), offset)
            .expect("it was opened for that");
    }
}

fn send(sender: &mut Sender, operation: u8) {
    let result = match operation % 8 {
        0 => sender.try_send(b"tried"),
        1 => sender.send_timeout([1; 1024], Duration::ZERO),
        2 => sender.try_send_batch(&["a", "b", "c", "d", "e"]).map(drop),
        3 => sender.drain(Some(Duration::ZERO)),
        4 => sender.try_reserve().and_then(|mut draft| {
            draft.append(b"in place")?;
            draft.commit()
        }),
        _ => Ok(()),
    };
    if let Err(SendError::Corrupt { corrupt, .. }) = result {
        match sender.try_send(b"again") {
            Err(SendError::Corrupt { corrupt: same, .. }) => assert_eq!(same, corrupt),
            other => panic!("{other:?} after {corrupt}"),
        }
    }
    assert!(sender.queued() <= u64::from(sender.capacity()));
    let _ = sender.peer();
}

fn receive(receiver: &mut Receiver, operation: u8, message: &mut Message) {
    let result = match operation % 8 {
        0 => receiver.try_recv(message),
        1 => receiver.recv_timeout(message, Duration::ZERO),
        2 => receiver.try_peek(message),
        3 => receiver.peek_timeout(message, Duration::ZERO),
        4 => receiver.ack(),
        5 => {
            receiver.rewind();
            Ok(())
        }
        _ => Ok(()),
    };
    if let Err(RecvError::Corrupt { corrupt, .. }) = result {
        match receiver.try_peek(message) {
            Err(RecvError::Corrupt { corrupt: same, .. }) => assert_eq!(same, corrupt),
            other => panic!("{other:?} after {corrupt}"),
        }
    }
    assert!(message.len() <= 1024);
    assert!(receiver.queued() <= u64::from(receiver.capacity()));
    let _ = receiver.peer();
}
