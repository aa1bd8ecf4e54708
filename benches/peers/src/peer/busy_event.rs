//! shared_memory and raw_sync: one buffer, in which messages make round trips, and a `BusyEvent`
//! for each way.
//!
//! Who waits for a `BusyEvent` looks without a pause. There is no queue, so that there is no stream
//! either.

use raw_sync::Timeout;
use raw_sync::events::{BusyEvent, EventImpl, EventInit, EventState};
use shared_memory::{Shmem, ShmemConf};

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};
use crate::scratch;

/// Each event has a cache line, and the one that the processor fetches beside it, for itself.
const THERE: usize = 0;
const BACK: usize = 128;
const BUFFER: usize = 256;

pub(crate) struct SharedMemory;

impl Peer for SharedMemory {
    const NAME: &'static str = "raw_sync BusyEvent";
    const QUEUES: bool = false;
    type Sender<const L: usize> = End;
    type Receiver<const L: usize> = End;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let [there, _] = Self::both_ways::<L>(slots);
        there
    }

    fn both_ways<const L: usize>(_slots: usize) -> [ChannelOf<Self, L>; 2] {
        let name = scratch::unique_name();
        let mut memory = ShmemConf::new()
            .size(BUFFER + L)
            .os_id(&name)
            .create()
            .expect("make a shared memory object");
        for event in [THERE, BACK] {
            let event = memory.as_ptr().wrapping_add(event);
            // SAFETY: within the object, and nobody else has it yet.
            let event = unsafe { BusyEvent::new(event, true) };
            drop(event.expect("make an event"));
        }
        // The name goes when both sides have opened it.
        memory.set_owner(false);
        [THERE, BACK].map(|event| {
            let (one, other) = (name.clone(), name.clone());
            let mut channel = Channel::new(
                move || End::open(&one, event),
                move || End::open(&other, event),
            );
            channel.objects.push(name.clone());
            channel
        })
    }
}

/// The sender or the receiver of either direction.
pub(crate) struct End {
    event: Box<dyn EventImpl>,
    buffer: *mut u8,
    /// Keeps the mapping that the others point into.
    _memory: Shmem,
}

impl End {
    fn open(name: &str, event: usize) -> Self {
        let memory = ShmemConf::new().os_id(name).open();
        let memory = memory.expect("open the shared memory object");
        // SAFETY: within the object, where an event was made.
        let event = unsafe { BusyEvent::from_existing(memory.as_ptr().wrapping_add(event)) };
        let (event, _) = event.expect("open the event");
        Self {
            event,
            buffer: memory.as_ptr().wrapping_add(BUFFER),
            _memory: memory,
        }
    }
}

impl<const L: usize> Outgoing<L> for End {
    fn send(&mut self, message: &[u8; L]) {
        // SAFETY: the object has that many bytes; the peer waits for the event before it looks at
        // them.
        unsafe { self.buffer.copy_from_nonoverlapping(message.as_ptr(), L) };
        self.event.set(EventState::Signaled).expect("set the event");
    }
}

impl<const L: usize> Incoming<L> for End {
    fn receive(&mut self, message: &mut [u8; L]) {
        self.event.wait(Timeout::Infinite).expect("wait");
        // SAFETY: the object has that many bytes; the peer waits for our answer before it writes
        // again.
        unsafe { self.buffer.copy_to_nonoverlapping(message.as_mut_ptr(), L) };
    }
}
