//! The hot ring: which slot a message lives in. Arithmetic on private numbers; every access is in `protocol`.
//!
//! A plain ring walks through all of its slots even if only a few messages are ever queued, and is slower by
//! half as soon as they outgrow the first-level cache. So the first H of the N slots are *hot*: messages go
//! round in them for as long as they suffice. The C = N - H *cold* slots are entered only when the hot ones
//! are all taken, and then all of them in one *pass*, in order:
//!
//! ```text
//!   slots 0 … H-1, hot     message n in slot n mod H
//!   slots H … N-1, cold    message F + i in slot H + i, where F is the first message of the pass
//! ```
//!
//! Both are powers of two, so H divides C, and a hot message is in slot n mod H before and after a pass alike.
//! With N = H there are no cold slots, and this is the plain ring.
//!
//! # Why no message is overwritten
//!
//! Let q be the messages committed and not given back when message n is to be sent; q < N, or there is no room.
//! The sender takes the first rule that applies.
//!
//! 1. In a pass, F ≤ n < F + C: slot H + (n - F). What was there is of an earlier pass, which began N or more messages
//!    before F (rule 4), so it is N or more messages old, and given back, since q < N.
//! 2. q < H: slot n mod H. What was there is H or more messages old, and given back, since q < H.
//! 3. F + C ≤ n < F + N, the H messages after a pass: slot n mod H. What was there came before the pass; it is message
//!    n - N, and given back, since q < N.
//! 4. Otherwise a pass starts, F = n, slot H. The last one began N or more messages ago (rules 1 and 3), so
//!    what was there is given back.
//!
//! So the capacity is exactly N, whatever the pattern of traffic.
//!
//! # Why the receiver finds it
//!
//! The only thing to know besides n is F, and the receiver learns it by finding a message in slot H: outside a
//! pass, message n is in slot n mod H or in slot H, and in no other. It looks at the hot slot *first*: if a
//! newer message stands there, the sender has been through a pass, which began with message n in slot H, before
//! it came round; slot H, loaded after it, must then show n. Whoever restarts finds F in the stamps: slot H has
//! the first message of the last pass; and if that pass is already the next one, slot N - 1 has the last
//! message of the one before, for as long as a message of it is not given back.

use crate::layout::Geometry;

/// The first message of the last pass through the cold slots, if that still matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass(u64);

impl Pass {
    /// So far from every message number that no message is near it.
    pub(crate) const NONE: Self = Self(1 << 63);

    #[inline]
    pub(crate) const fn starting_with(n: u64) -> Self {
        Self(n)
    }

    /// The pass that was begun by the message of which slot H shows the ordinal, 0 if none was.
    pub(crate) const fn shown_by(ordinal: u64) -> Self {
        match ordinal {
            0 => Self::NONE,
            _ => Self::starting_with(ordinal - 1),
        }
    }

    /// How many messages lie between the first one and `n`; very many if `n` comes before it.
    #[inline]
    const fn distance_to(self, n: u64) -> u64 {
        n.wrapping_sub(self.0)
    }
}

impl Geometry {
    /// C, the number of cold slots.
    #[inline]
    const fn cold(self) -> u64 {
        (self.slots() - self.hot_slots()) as u64
    }

    /// Whether this is the plain ring.
    #[inline]
    pub(crate) const fn is_plain(self) -> bool {
        self.slots() == self.hot_slots()
    }

    /// H, the first cold slot, if there is one.
    #[inline]
    pub(crate) const fn first_cold_slot(self) -> usize {
        self.hot_slots() as usize
    }

    /// N - 1.
    #[inline]
    pub(crate) const fn last_slot(self) -> usize {
        self.slots() as usize - 1
    }

    /// The slot of message `n` outside a pass.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 65,535")]
    pub(crate) const fn hot_slot(self, n: u64) -> usize {
        (n & (self.hot_slots() - 1) as u64) as usize
    }

    /// The slot of message `n` if it belongs to `pass`.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most 65,535")]
    pub(crate) const fn cold_slot(self, n: u64, pass: Pass) -> Option<usize> {
        let distance = pass.distance_to(n);
        if distance < self.cold() {
            Some(self.first_cold_slot() + distance as usize)
        } else {
            None
        }
    }

    /// The slot in which message `n` stands, if it was committed and no pass has begun since the one that slot H shows.
    pub(crate) const fn slot_of_committed(self, n: u64, pass: Pass) -> usize {
        match self.cold_slot(n, pass) {
            Some(slot) => slot,
            None => self.hot_slot(n),
        }
    }

    /// The slot for message `n` by rules 1 to 3, with `queued` messages before it, less than N; `None` if a
    /// pass starts.
    #[inline]
    pub(crate) const fn slot_for(self, n: u64, queued: u64, pass: Pass) -> Option<usize> {
        if let Some(slot) = self.cold_slot(n, pass) {
            return Some(slot);
        }
        let follows_pass = pass.distance_to(n) < self.slots() as u64;
        if queued < self.hot_slots() as u64 || follows_pass {
            Some(self.hot_slot(n))
        } else {
            None
        }
    }

    /// The pass that message `n` belongs to, if it belongs to one, by how many messages there are up to and with the
    /// one in slot H, and then the one in slot N - 1.
    pub(crate) const fn pass_of(self, n: u64, in_first: u64, in_last: u64) -> Pass {
        let started = Pass(in_first.wrapping_sub(1));
        let ended = Pass(in_last.wrapping_sub(self.cold()));
        if in_first > 0 && self.cold_slot(n, started).is_some() {
            started
        } else if in_last > 0 && self.cold_slot(n, ended).is_some() {
            ended
        } else {
            Pass::NONE
        }
    }
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use super::*;

    fn geometry(hot: u32, slots: u32) -> Geometry {
        Geometry::with_hot(slots, hot).unwrap()
    }

    #[test]
    fn a_plain_ring_has_no_passes() {
        let plain = geometry(4, 4);
        for n in 0..20 {
            for queued in 0..4 {
                let slot = usize::try_from(n % 4).unwrap();
                assert_eq!(plain.slot_for(n, queued, Pass::NONE), Some(slot));
            }
        }
    }

    #[test]
    fn a_pass_fills_the_cold_slots_and_the_hot_ones_follow() {
        let ring = geometry(2, 8);
        assert_eq!(ring.slot_for(5, 1, Pass::NONE), Some(1));
        assert_eq!(ring.slot_for(5, 2, Pass::NONE), None);
        let pass = Pass::starting_with(5);
        let slots: Vec<_> = (6..14).map(|n| ring.slot_for(n, 7, pass)).collect();
        let expected = [3, 4, 5, 6, 7].map(Some);
        assert_eq!(slots[..5], expected);
        assert_eq!(slots[5..], [Some(1), Some(0), None]);
        assert_eq!(ring.slot_for(13, 1, pass), Some(1));
    }

    /// Sends and receives in every pattern that a counter makes, and looks whether a slot is taken when it is chosen.
    #[test]
    fn no_slot_is_chosen_while_it_is_taken() {
        for (hot, slots) in [(1, 2), (1, 4), (2, 4), (2, 8), (4, 8), (1, 8), (4, 4)] {
            let ring = geometry(hot, slots);
            for pattern in 0_u64..1 << 12 {
                let mut pass = Pass::NONE;
                let (mut next, mut received) = (0_u64, 0_u64);
                let mut places = std::collections::VecDeque::new();
                for step in 0..48 {
                    let full = next - received == u64::from(slots);
                    if pattern >> (step % 12) & 1 == 0 && !full {
                        let queued = next - received;
                        let slot = ring.slot_for(next, queued, pass).unwrap_or_else(|| {
                            pass = Pass::starting_with(next);
                            ring.first_cold_slot()
                        });
                        assert!(!places.contains(&slot), "{hot}/{slots} {pattern:b}");
                        places.push_back(slot);
                        next += 1;
                    } else if places.pop_front().is_some() {
                        received += 1;
                    }
                }
            }
        }
    }

    #[test]
    fn whoever_restarts_finds_the_pass_again() {
        let ring = geometry(2, 8);
        // Messages 10 to 15 are the pass: number 10 in slot 2, number 15 in slot 7.
        for n in 10..16 {
            assert_eq!(ring.pass_of(n, 11, 16), Pass::starting_with(10));
            // The next pass has begun already, and not come to the end.
            assert_eq!(ring.pass_of(n, 19, 16), Pass::starting_with(10));
        }
        assert_eq!(ring.pass_of(12, 11, 0), Pass::starting_with(10));
        for n in [8, 9, 16, 17] {
            assert_eq!(ring.pass_of(n, 11, 16), Pass::NONE);
        }
        assert_eq!(ring.pass_of(0, 0, 0), Pass::NONE);
    }
}
