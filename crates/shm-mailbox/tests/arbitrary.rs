//! Any bytes as the object, and any words written into it between two operations: errors at worst.

#![cfg(not(shm_mailbox_loom))]

mod support;

use std::time::Duration;

use proptest::prelude::*;
use shm_mailbox::{Message, Receiver, Sender};
use support::raw::{
    LAST_MESSAGE, RECEIVED, RECEIVER_LIFE, RECEIVER_PARKED, SENDER_LIFE, SENDER_PARKED, SENT,
    stamp, stamp_offset,
};
use support::{Name, Raw, WAITS, raw};

const TIMEOUT: Duration = Duration::from_micros(200);

/// Any number, mostly one that is nearly right.
fn number() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 0..20_u64,
        1 => LAST_MESSAGE - 5..LAST_MESSAGE + 5,
        1 => any::<u64>(),
        4 => (0..20_u64, 0..1100_u64).prop_map(|(number, length)| stamp(number, length)),
    ]
}

/// A word of the object and what is written there.
fn word() -> impl Strategy<Value = (usize, u64)> {
    let offset = prop_oneof![
        Just(SENT),
        Just(SENDER_LIFE),
        Just(SENDER_PARKED),
        Just(RECEIVED),
        Just(RECEIVER_LIFE),
        Just(RECEIVER_PARKED),
        (0..4_usize).prop_map(stamp_offset),
        (0..512_usize).prop_map(|index| index * 8),
    ];
    (offset, number())
}

/// A mailbox of up to 4 slots, with these words in it.
fn damaged_mailbox(slots_power: u32, words: &[(usize, u64)]) -> Vec<u8> {
    let mut image = raw::image(1 << slots_power);
    for &(offset, value) in words {
        if offset >= SENT && offset + 8 <= image.len() {
            raw::put(&mut image, offset, value);
        }
    }
    image
}

/// Whole pages of any bytes, and anything else.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let noise = prop::collection::vec(any::<u8>(), 0..2000);
    (noise, 0..4_usize, any::<bool>()).prop_map(|(mut bytes, pages, marked)| {
        if pages > 0 {
            bytes.resize(pages * 4096, 0);
        }
        if let (true, Some(magic)) = (marked, bytes.get_mut(..8)) {
            magic.copy_from_slice(b"shm-mbox");
        }
        bytes
    })
}

/// Does one thing at either end; every outcome but a panic or a hang is right.
fn operate(sender: &mut Option<Sender>, receiver: &mut Option<Receiver>, operation: u8) {
    let mut message = Message::new();
    if let Some(sender) = sender {
        let _ = match operation % 8 {
            0 => sender.try_send(b"tried"),
            1 => sender.send_timeout([1; 1024], TIMEOUT),
            2 => sender.try_send_batch(&["a", "b", "c", "d", "e"]).map(drop),
            3 => sender.drain(Some(TIMEOUT)),
            4 => sender.try_reserve().and_then(|mut draft| {
                draft.append(b"in place")?;
                draft.commit()
            }),
            _ => Ok(()),
        };
        assert!(sender.queued() <= u64::from(sender.capacity()));
        let _ = sender.peer();
    }
    if let Some(receiver) = receiver {
        let result = match operation / 8 % 8 {
            0 => receiver.try_recv(&mut message),
            1 => receiver.recv_timeout(&mut message, TIMEOUT),
            2 => receiver.try_peek(&mut message),
            3 => receiver.peek_timeout(&mut message, TIMEOUT),
            4 => receiver.ack(),
            5 => {
                receiver.rewind();
                Ok(())
            }
            _ => Ok(()),
        };
        if result.is_ok() {
            assert!(message.len() <= 1024);
        }
        assert!(receiver.queued() <= u64::from(receiver.capacity()));
        let _ = receiver.peer();
    }
}

fn survive(bytes: &[u8], operations: &[u8], words: &[(usize, u64)], wait: usize) {
    let name = Name::new();
    raw::create(&name, bytes);
    let options = name.options().wait(WAITS[wait]);
    let mut sender = options.clone().sender().ok();
    let mut receiver = options.receiver().ok();
    let raw_words = Raw::new(&name);
    let mut words = words.iter();
    for &operation in operations {
        operate(&mut sender, &mut receiver, operation);
        if operation >= 192
            && let Some(&(offset, value)) = words.next()
            && offset + 8 <= 4096
        {
            raw_words.store(offset, value);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_refused_and_left_as_they_are(bytes in anything()) {
        let name = Name::new();
        raw::create(&name, &bytes);
        prop_assert!(name.options().sender().is_err());
        prop_assert!(name.options().receiver().is_err());
        prop_assert!(raw::bytes(&name) == bytes);
    }

    #[test]
    fn a_damaged_mailbox_ends_in_errors_at_worst(
        slots_power in 0..=2_u32,
        damage in prop::collection::vec(word(), 0..6),
        operations in prop::collection::vec(any::<u8>(), 0..40),
        later_damage in prop::collection::vec(word(), 0..10),
        wait in 0..WAITS.len(),
    ) {
        let bytes = damaged_mailbox(slots_power, &damage);
        survive(&bytes, &operations, &later_damage, wait);
    }
}
