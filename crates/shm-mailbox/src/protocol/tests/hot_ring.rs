//! Where messages stand in a ring that has more slots than hot ones.

use super::*;

/// The bytes of message `n`.
fn content(n: u64) -> [u8; 8] {
    n.to_ne_bytes()
}

#[test]
fn as_many_messages_as_slots_fit_whatever_came_before() {
    for (hot, slots) in [(1, 2), (2, 4), (2, 8), (4, 8), (8, 8)] {
        let region = hot_region(hot, slots);
        let mut sender = SendCursor::resume(&region).unwrap();
        let mut receiver = ReceiveCursor::resume(&region).unwrap();
        for before in 0..40 {
            for _ in 0..before % 5 {
                let number = sender.next();
                send(&region, &mut sender, &content(number));
                let number = receiver.acknowledged();
                assert_eq!(receive(&region, &mut receiver), content(number));
            }
            for _ in 0..slots {
                let number = sender.next();
                send(&region, &mut sender, &content(number));
            }
            assert_eq!(room(&region, &mut sender), Ok(false));
            // One is taken: there is room for one.
            let number = receiver.acknowledged();
            assert_eq!(receive(&region, &mut receiver), content(number));
            let number = sender.next();
            send(&region, &mut sender, &content(number));
            assert_eq!(room(&region, &mut sender), Ok(false));
            for _ in 0..slots {
                let number = receiver.acknowledged();
                assert_eq!(receive(&region, &mut receiver), content(number));
            }
            assert_eq!(receiver.look(&region), Ok(None));
        }
    }
}

#[test]
fn messages_stay_in_the_hot_slots_while_those_suffice() {
    let region = hot_region(2, 8);
    let mut sender = SendCursor::resume(&region).unwrap();
    let mut receiver = ReceiveCursor::resume(&region).unwrap();
    for _ in 0..20 {
        for _ in 0..2 {
            send(&region, &mut sender, b"hot");
        }
        for _ in 0..2 {
            receive(&region, &mut receiver);
        }
    }
    for cold in 2..10 {
        let stamp = region.slot(cold).stamp.load(Ordering::Relaxed);
        assert_eq!(stamp, 0, "slot {cold}");
    }
}

/// One receiver that is late once must not send a stream through the cold slots for longer than it
/// is late.
#[test]
fn messages_go_back_to_the_hot_slots_once_a_queue_is_gone() {
    let region = hot_region(2, 64);
    let mut sender = SendCursor::resume(&region).unwrap();
    let mut receiver = ReceiveCursor::resume(&region).unwrap();
    for n in 0..9 {
        send(&region, &mut sender, &content(n));
    }
    for n in 0..9 {
        assert_eq!(receive(&region, &mut receiver), content(n));
    }
    let cold = (9..40).filter(|&n| {
        send(&region, &mut sender, &content(n));
        assert_eq!(receive(&region, &mut receiver), content(n));
        sender.slot >= 2
    });
    assert!(cold.count() < 2);
}

#[test]
fn a_rewind_goes_back_over_cold_and_hot_slots() {
    let region = hot_region(1, 4);
    let mut sender = SendCursor::resume(&region).unwrap();
    let mut receiver = ReceiveCursor::resume(&region).unwrap();
    for n in 0..4 {
        send(&region, &mut sender, &content(n));
    }
    for n in 0..3 {
        assert_eq!(receive(&region, &mut receiver), content(n));
    }
    for n in 4..7 {
        send(&region, &mut sender, &content(n));
    }
    let mut message = Message::new();
    for _ in 0..3 {
        for n in 3..7 {
            let length = receiver.look(&region).unwrap().unwrap();
            receiver.show(&region, length, &mut message);
            assert_eq!(message.as_bytes(), content(n));
        }
        assert_eq!(receiver.look(&region), Ok(None));
        receiver.rewind();
    }
}

#[test]
fn both_ends_take_up_where_they_left_off_in_any_state_of_the_hot_ring() {
    for (hot, slots) in [(1, 2), (1, 4), (2, 4), (2, 8)] {
        for pattern in 0_u32..1 << 10 {
            let region = hot_region(hot, slots);
            let (mut next, mut expected) = (0, 0);
            for step in 0..40 {
                let mut sender = SendCursor::resume(&region).unwrap();
                let mut receiver = ReceiveCursor::resume(&region).unwrap();
                assert_eq!((sender.next(), receiver.acknowledged()), (next, expected));
                let full = next - expected == u64::from(slots);
                assert_eq!(room(&region, &mut sender), Ok(!full));
                if pattern >> (step % 10) & 1 == 0 && !full {
                    send(&region, &mut sender, &content(next));
                    if step % 3 == 0 {
                        // As after a kill between the stamp and the count.
                        region
                            .control()
                            .sender
                            .count
                            .0
                            .store(next, Ordering::Relaxed);
                    }
                    next += 1;
                } else if next > expected {
                    assert_eq!(receive(&region, &mut receiver), content(expected));
                    expected += 1;
                }
            }
        }
    }
}

#[test]
fn a_stamp_that_no_rule_allows_is_corrupt_in_the_hot_ring() {
    let region = hot_region(2, 4);
    let mut sender = SendCursor::resume(&region).unwrap();
    let mut receiver = ReceiveCursor::resume(&region).unwrap();
    let set = |slot: usize, n: u64| {
        let stamp = Stamp::new(n, 1).bits();
        region.slot(slot).stamp.store(stamp, Ordering::Relaxed);
    };
    // Message 0 stands in slot 0 or 2, and nothing newer can be in either.
    set(3, 1);
    assert_eq!(receiver.look(&region), Ok(None));
    for slot in [0, 2] {
        set(slot, 4);
        assert_eq!(field_of(receiver.look(&region)), Field::Stamp);
        set(slot, 0);
        assert_eq!(receiver.look(&region), Ok(Some(1)));
        region.slot(slot).stamp.store(0, Ordering::Relaxed);
    }
    for n in 0..4 {
        send(&region, &mut sender, &content(n));
    }
    for _ in 0..3 {
        receive(&region, &mut receiver);
    }
    // Message 3: slot 1 or 5.
    set(5, 4);
    assert_eq!(field_of(receiver.look(&region)), Field::Stamp);
}
