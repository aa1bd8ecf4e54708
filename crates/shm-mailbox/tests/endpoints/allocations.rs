//! What allocates nothing: passing messages, and being told again and again that there will be
//! none.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use shm_mailbox::{Message, RecvError, SendError};

use crate::support::Name;

/// Counts what the calling thread allocates; the others are the test harness's.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: the system's allocator does all the work; a thread's counter of a plain number needs no
// memory.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's obligations are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's obligations are passed on; `memory` came from `System`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often `work` allocates.
fn allocations(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

#[test]
fn the_counter_counts() {
    assert_eq!(
        allocations(|| drop(std::hint::black_box(Box::new(1_u8)))),
        1
    );
}

#[test]
fn a_message_passes_without_an_allocation() {
    let name = Name::new();
    let mut sender = name.options().sender().unwrap();
    let mut receiver = name.options().receiver().unwrap();
    let mut message = Message::new();
    let count = allocations(|| {
        for _ in 0..100 {
            sender.send(b"one").unwrap();
            receiver.recv(&mut message).unwrap();
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn a_receiver_that_asks_after_the_end_allocates_nothing() {
    let name = Name::new();
    let sender = name.options().sender().unwrap();
    let mut receiver = name.options().receiver().unwrap();
    let mut message = Message::new();
    assert_eq!(receiver.try_recv(&mut message), Err(RecvError::Empty));
    sender.keep().unwrap();
    let count = allocations(|| {
        for _ in 0..100 {
            let error = receiver.try_recv(&mut message).unwrap_err();
            assert!(matches!(error, RecvError::Closed { .. }), "{error:?}");
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn a_sender_that_asks_a_closed_receiver_for_room_allocates_nothing() {
    let name = Name::new();
    let mut sender = name.options().slots(1).sender().unwrap();
    let receiver = name.options().receiver().unwrap();
    sender.send(b"one").unwrap();
    assert_eq!(sender.try_send(b"two"), Err(SendError::Full));
    receiver.close().unwrap();
    let count = allocations(|| {
        for _ in 0..100 {
            let error = sender.try_send(b"two").unwrap_err();
            assert!(matches!(error, SendError::Closed { .. }), "{error:?}");
        }
    });
    assert_eq!(count, 0);
}
