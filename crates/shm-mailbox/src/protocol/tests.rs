//! The protocol's arithmetic and its checks, on the heap.

mod hot_ring;

use std::cell::UnsafeCell;
use std::thread;
use std::time::{Duration, Instant};

use super::*;
use crate::memory::geometry::Geometry;
use crate::memory::layout::LAST_MESSAGE;
use crate::memory::message::Message;
use crate::memory::payload::MAX_MESSAGE;

/// A plain ring, as is any of at most 8 slots.
fn region(slots: u32) -> Region {
    hot_region(slots, slots)
}

/// A ring for `slots` messages, with so many hot slots.
fn hot_region(hot: u32, slots: u32) -> Region {
    Region::heap(Geometry::with_hot(slots, hot).unwrap())
}

/// A region in which `n` messages have been sent and received.
fn region_after(slots: u32, n: u64) -> Region {
    let region = region(slots);
    region.control().sender.count.0.store(n, Ordering::Relaxed);
    region
        .control()
        .receiver
        .count
        .0
        .store(n, Ordering::Relaxed);
    for earlier in n.saturating_sub(slots.into())..n {
        let slot = region.slot(region.geometry().hot_slot(earlier));
        slot.stamp
            .store(Stamp::new(earlier, 1).bits(), Ordering::Relaxed);
    }
    region
}

fn room(region: &Region, cursor: &mut SendCursor) -> Result<bool, Corrupt> {
    cursor.room(region, || false)
}

fn send(region: &Region, cursor: &mut SendCursor, bytes: &[u8]) {
    assert_eq!(room(region, cursor), Ok(true));
    cursor.commit(region, bytes);
}

fn receive(region: &Region, cursor: &mut ReceiveCursor) -> Vec<u8> {
    let mut message = Message::new();
    let length = cursor.look(region).unwrap().unwrap();
    cursor.show(region, length, &mut message);
    cursor.acknowledge(region);
    message.as_bytes().to_vec()
}

fn field_of<T: std::fmt::Debug>(result: Result<T, Corrupt>) -> Field {
    result.unwrap_err().field()
}

#[test]
fn every_length_arrives_whole() {
    let region = region(2);
    let mut sender = SendCursor::resume(&region).unwrap();
    let mut receiver = ReceiveCursor::resume(&region).unwrap();
    let bytes: Vec<u8> = (0..=255).cycle().take(MAX_MESSAGE).collect();
    for length in 0..=MAX_MESSAGE {
        send(&region, &mut sender, &bytes[..length]);
        assert_eq!(receive(&region, &mut receiver), &bytes[..length]);
    }
}

#[test]
fn a_sender_killed_between_stamp_and_count_is_repaired() {
    let region = region_after(4, 9);
    let slot = region.slot(region.geometry().hot_slot(9));
    slot.stamp.store(Stamp::new(9, 3).bits(), Ordering::Relaxed);
    let sender = SendCursor::resume(&region).unwrap();
    assert_eq!(sender.next(), 10);
    assert_eq!(region.control().sender.count.0.load(Ordering::Relaxed), 10);
}

#[test]
fn a_restarted_sender_knows_a_full_ring() {
    let region = region(2);
    let mut sender = SendCursor::resume(&region).unwrap();
    send(&region, &mut sender, b"one");
    send(&region, &mut sender, b"two");
    let mut next = SendCursor::resume(&region).unwrap();
    assert_eq!(room(&region, &mut next), Ok(false));
}

#[test]
fn a_receiver_killed_before_it_acknowledged_gets_the_same_message_again() {
    let region = region(2);
    let mut sender = SendCursor::resume(&region).unwrap();
    send(&region, &mut sender, b"one");
    let mut killed = ReceiveCursor::resume(&region).unwrap();
    assert_eq!(killed.look(&region), Ok(Some(3)));
    killed.show(&region, 3, &mut Message::new());
    let mut next = ReceiveCursor::resume(&region).unwrap();
    assert_eq!(receive(&region, &mut next), b"one");
}

#[test]
fn the_numbers_end_before_they_wrap() {
    let region = region_after(4, LAST_MESSAGE);
    let mut sender = SendCursor::resume(&region).unwrap();
    let mut receiver = ReceiveCursor::resume(&region).unwrap();
    send(&region, &mut sender, b"last");
    assert!(sender.is_exhausted());
    assert_eq!(receive(&region, &mut receiver), b"last");
    assert_eq!(receiver.look(&region), Ok(None));
    assert!(SendCursor::resume(&region).unwrap().is_exhausted());
    assert!(ReceiveCursor::resume(&region).is_ok());
}

#[test]
fn a_count_of_received_messages_out_of_its_range_is_corrupt() {
    let region = region_after(4, 100);
    let mut sender = SendCursor::resume(&region).unwrap();
    for bytes in [b"a", b"b", b"c", b"d"] {
        send(&region, &mut sender, bytes);
    }
    let received = &region.control().receiver.count.0;
    for wrong in [0, 99, 105, u64::MAX] {
        received.store(wrong, Ordering::Relaxed);
        assert_eq!(
            field_of(room(&region, &mut sender)),
            Field::Received,
            "{wrong}"
        );
    }
    received.store(102, Ordering::Relaxed);
    assert_eq!(room(&region, &mut sender), Ok(true));
    assert_eq!(sender.queued(&region), Ok(2));
    received.store(101, Ordering::Relaxed);
    assert_eq!(field_of(sender.queued(&region)), Field::Received);
}

#[test]
fn a_stamp_that_is_newer_or_too_long_is_corrupt() {
    let region = region_after(4, 100);
    let mut receiver = ReceiveCursor::resume(&region).unwrap();
    let stamp = &region.slot(region.geometry().hot_slot(100)).stamp;
    for older in [0, Stamp::new(96, 7).bits(), Stamp::new(99, 2047).bits()] {
        stamp.store(older, Ordering::Relaxed);
        assert_eq!(receiver.look(&region), Ok(None));
    }
    stamp.store(Stamp::new(101, 1).bits(), Ordering::Relaxed);
    assert_eq!(field_of(receiver.look(&region)), Field::Stamp);
    stamp.store(Stamp::new(100, 1025).bits(), Ordering::Relaxed);
    assert_eq!(field_of(receiver.look(&region)), Field::Length);
    stamp.store(Stamp::new(100, 1024).bits(), Ordering::Relaxed);
    assert_eq!(receiver.look(&region), Ok(Some(1024)));
}

#[test]
fn counts_beyond_the_last_message_are_corrupt_from_the_start() {
    let region = region(1);
    region
        .control()
        .sender
        .count
        .0
        .store(LAST_MESSAGE + 2, Ordering::Relaxed);
    assert_eq!(field_of(SendCursor::resume(&region)), Field::Sent);
    region
        .control()
        .receiver
        .count
        .0
        .store(u64::MAX, Ordering::Relaxed);
    assert_eq!(field_of(ReceiveCursor::resume(&region)), Field::Received);
}

#[test]
fn a_life_is_never_taken_for_one_never_lived() {
    let region = region(1);
    let presence = &region.control().sender.presence;
    for before in [0, 2, 3, u64::MAX - 1, u64::MAX] {
        presence.life.store(before, Ordering::Relaxed);
        let life = begin_life(presence, 7, 0);
        assert_eq!(read_life(presence), life);
        assert!(life != 0 && !is_closed(life) && life != before);
        end_life(presence, life, false);
        assert!(is_closed(read_life(presence)));
    }
}

/// A plain number beside each slot. The copy of a payload is assembly, which ThreadSanitizer does
/// not look into; an access to the number at the same place in the program shows it when the two
/// ends may be there.
struct Shadow(Vec<UnsafeCell<u64>>);

// SAFETY: that no two threads are at one number at the same time is what the test below shows.
unsafe impl Sync for Shadow {}

impl Shadow {
    fn set(&self, slot: usize, number: u64) {
        // SAFETY: as above.
        unsafe { *self.0[slot].get() = number };
    }

    fn get(&self, slot: usize) -> u64 {
        // SAFETY: as above.
        unsafe { *self.0[slot].get() }
    }
}

#[test]
fn the_two_ends_are_never_at_one_slot_at_the_same_time() {
    const MESSAGES: u64 = 20_000;
    let start = Instant::now();
    let pass_time = || {
        assert!(start.elapsed() < Duration::from_secs(600), "nothing moves");
        thread::yield_now();
    };
    for (hot, slots) in [(1, 1), (4, 4), (1, 2), (2, 8)] {
        let region = hot_region(hot, slots);
        let shadow = Shadow(
            (0..region.geometry().all_slots())
                .map(|_| UnsafeCell::new(0))
                .collect(),
        );
        thread::scope(|scope| {
            let sending = scope.spawn(|| {
                let mut sender = SendCursor::resume(&region).unwrap();
                for number in 0..MESSAGES {
                    while room(&region, &mut sender) == Ok(false) {
                        pass_time();
                    }
                    shadow.set(sender.slot, number);
                    sender.commit(&region, &number.to_ne_bytes());
                }
            });
            let mut receiver = ReceiveCursor::resume(&region).unwrap();
            for number in 0..MESSAGES {
                while receiver.look(&region) == Ok(None) {
                    pass_time();
                }
                assert_eq!(shadow.get(receiver.slot), number);
                assert_eq!(receive(&region, &mut receiver), number.to_ne_bytes());
            }
            // The end of the scope would wait as well, but in a way that ThreadSanitizer does not
            // know.
            sending.join().unwrap();
        });
    }
}
