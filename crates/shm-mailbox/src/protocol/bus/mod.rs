//! What a bus adds to the protocol: who counts, and how a receiver comes and goes while messages
//! flow.
//!
//! Here stand the orderings between a sender's look at the counts and a change of the members.
//! Locks are asked for elsewhere: what is told apart here is dead or alive by the caller's word.
//!
//! # Who counts
//!
//! A sender may overwrite what all *members* have given back. `members` holds a mask of places and
//! a generation, and changes under INIT only, in one store. What a sender may overwrite, its
//! *point*, is the least count of the members, or `floor` if there are none. It is learned by a
//! look at `members`, at the counts, and again at `members`: if that has changed, generation
//! included, or a count is [`PENDING`](crate::memory::layout::PENDING), nothing is learned, and the
//! sender goes by what it knew.
//!
//! A receiver joins in three steps: it makes its counts PENDING, then becomes a member (J2), then
//! reads the others' counts and takes a position at or above their least (J5). Between these steps
//! no sender learns anything. There are two fences, (F) in the sender's look and (G) in the join.
//! If (G) comes first, the sender's second look finds the new generation. If (F) comes first, what
//! the sender has read is at most what the joiner reads. So the position is at or above every point
//! that a sender goes by, and nothing that is shown to the joiner is overwritten.
//!
//! Without the generation, a place that is left and taken again between the two looks would be
//! overlooked. Without PENDING, the count of an earlier holder would be taken for the joiner's.
//!
//! # Why a kill is harmless
//!
//! A joiner that is killed before J2 was never there. After it, it is PENDING, and whoever next
//! holds INIT removes it; a sender that finds no room does so at its next check. After J5 it is a
//! receiver that died. Whoever removes the last member first stores what that had given back to
//! `floor`, which counts only once the mask is empty.

mod cursor;
pub(crate) mod members;
#[cfg(all(test, shm_mailbox_loom))]
mod models;
mod point;
#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests;

pub(crate) use cursor::BusReceiveCursor;
pub use members::Join;
