//! Baseline and library in turns, a few milliseconds each, inside one pair of processes.
//!
//! A [`Row`] has several [`Contender`]s. One process is forked for it; both attach to everything, and then
//! slices alternate: A B C, C B A, A B C, … A slice is bounded by time and not by a count, since two
//! spinning processes that land on one core are ten thousand times slower. A ratio is taken within a round; what is
//! reported is the median of all rounds with the least and the greatest.
//!
//! Objects lose their names as soon as both sides are attached, so nothing is left in `/dev/shm` however a run ends;
//! only a SIGKILL in the milliseconds before that leaves the names of one row behind.

mod comparison;
mod contender;
mod control;
mod fork;
mod placement;
mod report;
mod row;
mod rows;
mod turns;

pub use comparison::{Comparison, ComparisonResult};
pub use contender::{Contender, Follow, Lead};
pub use placement::Placement;
pub use report::{Report, lines, table};
pub use row::{Effort, Row, RowResult};
pub use rows::rows;
pub use turns::ContenderResult;
