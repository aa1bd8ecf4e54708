//! Contenders in turns, a few milliseconds each, inside one pair of processes.
//!
//! Here lives how it is measured, compared and reported; what is measured stays in `baseline` and
//! `library`, which import from here, and nothing here may import from them.
//!
//! A [`Row`] has several [`Contender`]s. One process is forked for it; both attach to everything,
//! and then slices alternate: A B C, C B A, A B C, … A slice is bounded by time and not by a count,
//! since two spinning processes that land on one core are ten thousand times slower. A ratio is
//! taken within a round; what is reported is the median of all rounds with the least and the
//! greatest.
//!
//! Objects lose their names as soon as both sides are attached, so nothing is left in `/dev/shm`
//! however a run ends; only a SIGKILL in the milliseconds before that leaves the names of one row
//! behind.

mod comparison;
mod contender;
mod control;
mod drive;
mod fork;
mod options;
pub mod payload;
mod report;
mod row;
mod shared;
pub mod statistics;
mod turns;

pub use comparison::{Comparison, ComparisonResult, Kind};
pub use contender::Contender;
pub use drive::{Answer, Ask, Follow, Lead, follow, lead};
pub use options::{Timing, is_written, is_written_as_json};
pub use report::{Report, aligned, lines, spread, table, verdict};
pub use row::{Effort, Row, RowResult};
pub use shared::{Shared, share};
pub use turns::ContenderResult;
