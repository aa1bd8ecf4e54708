//! What the fuzz targets do with their inputs; only there for the fuzzers and the tests.
//!
//! `hostile` and `queue` try the protocol itself, on the heap; `image` and `operations` go through
//! real objects, which takes some hundred times as long. The inputs that were kept, and random
//! ones, run with the unit tests.

mod bus;
mod header;
mod hostile;
mod image;
mod input;
mod object;
mod operations;
mod queue;
#[cfg(test)]
mod replay;

/// Tries the steps of the protocol, with words in the memory from the input.
pub fn protocol(input: &[u8]) {
    run(input, hostile::run, bus::hostile::run);
}

/// Tries the steps of the protocol, against a queue.
pub fn queue(input: &[u8]) {
    run(input, queue::run, bus::queue::run);
}

/// Tries an object with the bytes that the input has.
pub fn image(input: &[u8]) {
    run(input, image::run, bus::image::run);
}

/// Tries operations on a sound object, against a queue.
pub fn operations(input: &[u8]) {
    run(input, operations::run, bus::operations::run);
}

/// Does what an input says, about a mailbox or about a bus.
fn run(input: &[u8], mailbox: fn(&[u8]), bus: fn(&[u8])) {
    match input.split_first() {
        Some((&bus::BUS, rest)) => bus(rest),
        _ => mailbox(input),
    }
}

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
    use test_support::is_torture;

    use super::replay::replay;

    /// Runs `body` on `count` inputs about a mailbox, and a quarter as many about a bus, and prints
    /// the input if it panics. The long form has fifty times as many.
    fn run_random(count: u64, body: fn(&[u8])) {
        let count = if is_torture() { 50 * count } else { count };
        for seed in 0..count + count / 4 {
            let mut random = Rng::with_seed(seed);
            let mut input = vec![0; random.usize(1..600)];
            random.fill(&mut input);
            if seed >= count {
                input[0] = super::bus::BUS;
            }
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
    fn any_words_do_no_harm_to_the_protocol() {
        run_random(40_000, super::protocol);
    }

    #[test]
    fn any_sequences_do_what_a_queue_does() {
        run_random(20_000, super::queue);
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
