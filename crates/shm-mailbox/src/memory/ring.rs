//! The two slots of a message. Arithmetic on private numbers; every access is in `protocol`.
//!
//! A ring of N slots walks through all of them even if only a few messages are ever queued, and is
//! slower by half as soon as they outgrow the first-level cache. So there is a small ring of H
//! *hot* slots before it, and message n stands in one of two slots:
//!
//! ```text
//!   slots 0 … H-1      hot    message n in slot n mod H, if fewer than H were queued before it
//!   slots H … H+N-1    cold   message n in slot H + n mod N, otherwise
//! ```
//!
//! With H = N there are no cold slots, and this is a plain ring.
//!
//! # Why no message is overwritten
//!
//! Let message n be the next, and r how many were given back, for all that the sender knows: it may
//! know of fewer than there are, never of more. It sends only if n - r < N.
//!
//! * Hot, n - r < H: the slot was last used for a message n - H or older, which is below r.
//! * Cold: the slot was last used for a message n - N or older, which is below r.
//!
//! So the capacity is N, whatever the pattern of traffic, and a message may go to its cold slot at
//! any time.
//!
//! # Why the receiver finds it
//!
//! It looks at both slots, the hot one first; each number is stamped once, so whichever slot
//! shows it is the right one. Neither ever shows a newer message than n while n is awaited: what
//! overwrites n's slot needs n to be given back, as above; and if n is in the other slot, the
//! sender comes round to this one with message n + H (hot) only if fewer than H are queued, with n
//! + N (cold) only if fewer than N are, and both count n.

use crate::memory::geometry::Geometry;

impl Geometry {
    /// Whether there are no cold slots.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self.slots() == self.hot_slots()
    }

    /// How many slots there are for messages of which N can be queued.
    #[inline]
    pub(crate) const fn all_slots(self) -> u32 {
        self.hot_slots() + if self.is_plain() { 0 } else { self.slots() }
    }

    /// The hot slot of message `n`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 65,535")]
    pub(crate) const fn hot_slot(self, n: u64) -> usize {
        (n & (self.hot_slots() - 1) as u64) as usize
    }

    /// The cold slot of message `n`, if there are any.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 65,535")]
    pub(crate) const fn cold_slot(self, n: u64) -> Option<usize> {
        if self.is_plain() {
            return None;
        }
        Some(self.hot_slots() as usize + (n & (self.slots() - 1) as u64) as usize)
    }

    /// The slot for message `n` with `queued` messages before it, less than N.
    #[inline]
    pub(crate) const fn slot_for(self, n: u64, queued: u64) -> usize {
        if queued < self.hot_slots() as u64 {
            return self.hot_slot(n);
        }
        match self.cold_slot(n) {
            Some(slot) => slot,
            None => self.hot_slot(n),
        }
    }
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn geometry(hot: u32, slots: u32) -> Geometry {
        Geometry::with_hot(slots, hot).unwrap()
    }

    #[test]
    fn a_plain_ring_has_no_cold_slots() {
        let plain = geometry(4, 4);
        assert_eq!(plain.all_slots(), 4);
        for n in 0..20 {
            assert_eq!(plain.cold_slot(n), None);
            for queued in 0..4 {
                assert_eq!(plain.slot_for(n, queued), usize::try_from(n % 4).unwrap());
            }
        }
    }

    #[test]
    fn a_message_behind_h_others_is_in_its_cold_slot() {
        let ring = geometry(2, 8);
        assert_eq!(ring.all_slots(), 10);
        assert_eq!(ring.slot_for(5, 1), 1);
        assert_eq!(ring.slot_for(5, 2), 7);
        assert_eq!(ring.slot_for(7, 7), 9);
        assert_eq!(ring.slot_for(8, 7), 2);
    }

    /// Sends and receives in every pattern that a counter makes, with a sender that learns late of
    /// what was received, and checks whether a slot is taken when it is chosen, and whether both
    /// slots show what they may.
    #[test]
    fn no_slot_is_chosen_while_it_is_taken() {
        for (hot, slots) in [(1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (1, 8), (4, 4)] {
            let ring = geometry(hot, slots);
            for pattern in 0_u64..1 << 12 {
                let (mut next, mut received, mut known) = (0_u64, 0_u64, 0_u64);
                let mut taken = VecDeque::new();
                let mut shown = vec![0; ring.all_slots() as usize];
                for step in 0..48 {
                    if step % 3 == pattern % 3 || next - known == u64::from(slots) {
                        known = received;
                    }
                    let full = next - known == u64::from(slots);
                    if pattern >> (step % 12) & 1 == 0 && !full {
                        let slot = ring.slot_for(next, next - known);
                        assert!(!taken.contains(&slot), "{hot}/{slots} {pattern:b}");
                        taken.push_back(slot);
                        next += 1;
                        shown[slot] = next;
                    } else if taken.pop_front().is_some() {
                        received += 1;
                    }
                    let (first, second) = (ring.hot_slot(received), ring.cold_slot(received));
                    let newest = shown[first].max(second.map_or(0, |slot| shown[slot]));
                    assert!(newest <= received + 1, "{hot}/{slots} {pattern:b}");
                }
            }
        }
    }
}
