//! What the fuzz targets do with their inputs; only there for the fuzzers and the tests.
//!
//! `hostile` and `queue` try the protocol itself, on the heap; `image` and `operations` go through
//! real objects, which takes some hundred times as long. The inputs that were kept, and random
//! ones, run with the unit tests.

mod header;
mod hostile;
mod image;
mod input;
mod object;
mod operations;
mod queue;
#[cfg(test)]
mod replay;

pub use hostile::run as protocol;
pub use image::run as image;
pub use operations::run as operations;
pub use queue::run as queue;

use crate::memory::geometry::Geometry;
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
    use fastrand::Rng;

    use super::replay::replay;

    /// Runs `body` on so many inputs, and tells which it was when it panics.
    fn run_random(count: u64, body: fn(&[u8])) {
        for seed in 0..count {
            let mut random = Rng::with_seed(seed);
            let mut input = vec![0; random.usize(..600)];
            random.fill(&mut input);
            if std::panic::catch_unwind(|| body(&input)).is_err() {
                panic!("the input of seed {seed} was {input:?}");
            }
        }
    }

    #[test]
    fn words_that_fuzzing_has_found_do_no_harm_to_the_protocol() {
        replay("protocol", super::protocol);
    }

    #[test]
    fn sequences_that_fuzzing_has_found_do_what_a_queue_does() {
        replay("queue", super::queue);
    }

    #[test]
    fn objects_that_fuzzing_has_found_do_no_harm() {
        replay("image", super::image);
    }

    #[test]
    fn any_object_ends_in_errors_at_worst() {
        run_random(1200, super::image);
    }

    #[test]
    fn operations_that_fuzzing_has_found_do_what_a_queue_does() {
        replay("operations", super::operations);
    }

    #[test]
    fn any_operations_do_what_a_queue_does() {
        run_random(1200, super::operations);
    }
}
