//! What a bus adds to the protocol: which receivers count, and how a receiver joins and leaves
//! while messages flow.
//!
//! The orderings between a sender's load of the counts and a change of the members belong here.
//! Locks do not: the caller says which members are dead.
//!
//! # Which receivers count
//!
//! A sender may overwrite what all *members* have given back. `members` holds a mask of places and
//! a generation, and changes under INIT only, in one store. What a sender may overwrite, its
//! *point*, is the least count of the members, or `floor` if there are none. The sender loads
//! `members`, the counts, and `members` again. If `members` has changed, generation included, or a
//! count is [`PENDING`](crate::memory::layout::PENDING), the sender learns nothing and keeps its
//! last point.
//!
//! A receiver joins in three steps: it makes its counts PENDING, then becomes a member (J2), then
//! reads the others' counts and takes a position at or above their least (J5). Between these steps
//! no sender learns anything. There are two fences, (F) between the sender's loads and (G) in the
//! join. If (G) comes first, the sender's second load finds the new generation. If (F) comes first,
//! the sender has read at most what the joiner reads. So the position is at or above every sender's
//! point, and no sender overwrites what the joiner is shown.
//!
//! Without the generation, a sender would miss a place that is left and taken again between its two
//! loads. Without PENDING, it would take the count of an earlier holder for the joiner's.
//!
//! # Why a kill is harmless
//!
//! A joiner that is killed before J2 never was a member. After J2 it is PENDING, and the next
//! process that holds INIT removes it. A sender that finds no room does that at its next check.
//! After J5 it is a receiver that died. A process that removes the last member first stores that
//! member's count to `floor`, which counts only once the mask is empty.

mod cursor;
pub(crate) mod members;
#[cfg(all(test, shm_mailbox_loom))]
mod models;
mod point;
#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests;

pub(crate) use cursor::BusReceiveCursor;
pub use members::Join;
