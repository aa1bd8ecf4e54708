//! What the fuzzers do with real objects, without a fuzzer: the inputs that they found worth
//! keeping, and random ones.
//!
//! Those of the protocol alone are run by the unit tests in `src/fuzzing.rs`.

#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;
#[path = "../../src/fuzzing/replay.rs"]
mod replay;

use fastrand::Rng;

use replay::replay;

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
fn objects_that_fuzzing_has_found_do_no_harm() {
    replay("image", bodies::image::run);
}

#[test]
fn any_object_ends_in_errors_at_worst() {
    run_random(1200, bodies::image::run);
}

#[test]
fn operations_that_fuzzing_has_found_do_what_a_queue_does() {
    replay("operations", bodies::operations::run);
}

#[test]
fn any_operations_do_what_a_queue_does() {
    run_random(1200, bodies::operations::run);
}
