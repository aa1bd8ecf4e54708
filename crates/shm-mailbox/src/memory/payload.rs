//! A slot's payload: bytes that the peer may change at any time, so they are copied and never lent.

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 1024;
/// The payload bytes that share the stamp's cache line.
pub(crate) const FIRST_LINE: usize = 56;

#[cfg(not(shm_mailbox_loom))]
pub(crate) use mapped::Payload;
#[cfg(shm_mailbox_loom)]
pub(crate) use modelled::Payload;

#[cfg(not(shm_mailbox_loom))]
mod mapped {
    use std::cell::UnsafeCell;
    use std::fmt;

    use shm_core::bytes;

    use super::{FIRST_LINE, MAX_MESSAGE};

    /// 1024 bytes of shared memory.
    #[repr(transparent)]
    pub(crate) struct Payload(UnsafeCell<[u8; MAX_MESSAGE]>);

    // SAFETY: the bytes are only copied, by functions that are sound while others read or write
    // them.
    unsafe impl Sync for Payload {}

    impl Payload {
        #[cfg(any(test, fuzzing))]
        pub(crate) fn new() -> Self {
            Self(UnsafeCell::new([0; MAX_MESSAGE]))
        }

        /// Copies `bytes` to `offset`.
        #[inline(always)]
        pub(crate) fn write_at(&self, offset: usize, bytes: &[u8]) {
            assert!(offset <= MAX_MESSAGE && bytes.len() <= MAX_MESSAGE - offset);
            // SAFETY: `offset` is within the payload.
            let target = unsafe { self.0.get().cast::<u8>().add(offset) };
            // SAFETY: in bounds (asserted above); `store` is sound while the peer reads or writes.
            unsafe { bytes::store(target, bytes.as_ptr(), bytes.len()) };
        }

        /// Copies the first `length` bytes into `buffer`; from the second cache line on, without a
        /// move across two lines, except for the last.
        #[inline(always)]
        pub(crate) fn read(&self, buffer: &mut [u8; MAX_MESSAGE], length: usize) {
            assert!(length <= MAX_MESSAGE);
            if length <= FIRST_LINE {
                self.read_part(buffer, 0, length);
            } else {
                self.read_part(buffer, 0, FIRST_LINE);
                self.read_part(buffer, FIRST_LINE, length - FIRST_LINE);
            }
        }

        /// Copies `length` bytes at `offset`.
        #[inline(always)]
        fn read_part(&self, buffer: &mut [u8; MAX_MESSAGE], offset: usize, length: usize) {
            let target = &mut buffer[offset..][..length];
            let source = self.0.get().cast::<u8>().wrapping_add(offset);
            // SAFETY: in bounds there, hence here, since the two are of one size; `load` is sound
            // while the peer writes.
            unsafe { bytes::load(target.as_mut_ptr(), source, target.len()) };
        }
    }

    impl fmt::Debug for Payload {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("Payload")
        }
    }
}

/// Under loom a small cell that notices every access that is not ordered after the one before it.
#[cfg(shm_mailbox_loom)]
mod modelled {
    use loom::cell::UnsafeCell;

    use super::MAX_MESSAGE;

    #[derive(Debug)]
    pub(crate) struct Payload(UnsafeCell<[u8; 8]>);

    impl Payload {
        pub(crate) fn new() -> Self {
            Self(UnsafeCell::new([0; 8]))
        }

        pub(crate) fn write_at(&self, offset: usize, bytes: &[u8]) {
            self.0.with_mut(|cell| {
                // SAFETY: loom has checked that nobody else is at the cell.
                let cell = unsafe { &mut *cell };
                cell[offset..offset + bytes.len()].copy_from_slice(bytes);
            });
        }

        pub(crate) fn read(&self, buffer: &mut [u8; MAX_MESSAGE], length: usize) {
            self.0.with(|cell| {
                // SAFETY: loom has checked that nobody writes to the cell.
                let cell = unsafe { &*cell };
                buffer[..length].copy_from_slice(&cell[..length]);
            });
        }
    }
}
