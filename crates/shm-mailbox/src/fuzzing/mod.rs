//! What fuzzing does to the protocol itself, on the heap; only there for the fuzzers and the tests.
//!
//! The targets that go through real objects are in `fuzz/bodies`: they need some hundred microseconds for what
//! takes one here.

mod hostile;
mod input;
mod queue;
#[cfg(test)]
mod replay;

pub use hostile::run as protocol;
pub use queue::run as queue;

use crate::memory::layout::Geometry;
use crate::memory::region::Region;

/// The longest sequence of operations that one input stands for.
const OPERATIONS: usize = 1000;

/// A region of 1, 2, 4, 8 or 16 slots, a half or all of which are hot, or as many as usual.
fn region(form: u8) -> Region {
    let slots = 1 << (form % 5);
    let geometry = match form / 5 % 3 {
        0 => Geometry::new(slots),
        1 => Geometry::with_hot(slots, slots),
        _ => Geometry::with_hot(slots, slots.div_ceil(2)),
    };
    Region::heap(geometry.expect("powers of two"))
}

#[cfg(test)]
mod tests {
    use super::replay::replay;

    #[test]
    fn words_that_fuzzing_has_found_do_no_harm_to_the_protocol() {
        replay("protocol", super::protocol);
    }

    #[test]
    fn sequences_that_fuzzing_has_found_do_what_a_queue_does() {
        replay("queue", super::queue);
    }
}
