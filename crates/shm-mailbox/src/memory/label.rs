//! The label of a seat on a bus.

use std::fmt;

use crate::memory::sync::{AtomicU64, Ordering};

/// The longest label, in bytes.
pub(crate) const MAX_LABEL: usize = 31;

/// A seat's name on a bus: 1 to 31 bytes of UTF-8, without a zero byte.
///
/// A process that attaches with a label gets the seat that has it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    bytes: [u8; 32],
}

impl Label {
    /// Makes a label; `None` unless it has 1 to 31 bytes and no zero byte.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.is_empty() || text.len() > MAX_LABEL || text.contains('\0') {
            return None;
        }
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Self { bytes })
    }

    /// Returns the label as a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let end = self
            .bytes
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(MAX_LABEL);
        std::str::from_utf8(&self.bytes[..end]).unwrap_or_default()
    }

    /// Reads a label from memory; `None` if there is none.
    pub(crate) fn from_bytes(bytes: [u8; 32]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == 0)?;
        Self::new(std::str::from_utf8(&bytes[..end]).ok()?)
    }
}

/// 32 bytes of shared memory. The process that holds INIT changes them. An empty label has a first
/// word of 0.
#[repr(transparent)]
#[derive(Debug)]
pub(crate) struct LabelCell([AtomicU64; 4]);

impl LabelCell {
    #[cfg(any(test, shm_mailbox_loom, fuzzing))]
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }

    /// The label. Without INIT it may be a mixture, which suffices for display.
    pub(crate) fn load(&self) -> Option<Label> {
        let mut bytes = [0; 32];
        for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(&self.0) {
            // Relaxed: handed over by INIT.
            *bytes = word.load(Ordering::Relaxed).to_ne_bytes();
        }
        Label::from_bytes(bytes)
    }

    /// Writes a label where there is none, the first word last, so that a kill leaves none or all
    /// of it.
    pub(crate) fn store(&self, label: &Label) {
        let (words, _) = label.bytes.as_chunks::<8>();
        for (word, bytes) in self.0.iter().zip(words).rev() {
            // Release: the first word not before the others.
            word.store(u64::from_ne_bytes(*bytes), Ordering::Release);
        }
    }

    /// Removes the label.
    pub(crate) fn clear(&self) {
        self.0[0].store(0, Ordering::Relaxed);
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_1_to_31_bytes() {
        let longest = "x".repeat(31);
        for good in ["a", "billing", "grün", longest.as_str()] {
            assert_eq!(Label::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "a\0b", "x".repeat(32).as_str()] {
            assert_eq!(Label::new(bad), None);
        }
    }

    #[test]
    fn what_is_not_a_label_is_none() {
        let mut bytes = [0; 32];
        assert_eq!(Label::from_bytes(bytes), None);
        bytes[0] = 0xff;
        assert_eq!(Label::from_bytes(bytes), None);
        assert_eq!(Label::from_bytes([b'x'; 32]), None);
    }

    #[test]
    fn a_label_that_is_stored_in_part_is_none() {
        let label = Label::new("a label of 4 words, or nearly").unwrap();
        let (words, _) = label.bytes.as_chunks::<8>();
        let cell = LabelCell::new();
        for (word, bytes) in cell.0.iter().zip(words).skip(1).rev() {
            word.store(u64::from_ne_bytes(*bytes), Ordering::Relaxed);
            assert_eq!(cell.load(), None);
        }
        cell.store(&label);
        assert_eq!(cell.load(), Some(label));
        cell.clear();
        assert_eq!(cell.load(), None);
        let short = Label::new("b").unwrap();
        cell.store(&short);
        assert_eq!(cell.load(), Some(short));
    }
}
