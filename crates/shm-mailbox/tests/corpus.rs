//! The inputs that fuzzing of real objects has found worth keeping, run again without a fuzzer.
//!
//! Those of the protocol alone are run by the unit tests in `src/fuzzing.rs`.

#![cfg(not(shm_mailbox_loom))]

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;
#[path = "../src/fuzzing/replay.rs"]
mod replay;

use replay::replay;

#[test]
fn objects_that_fuzzing_has_found_do_no_harm() {
    replay("image", bodies::image::run);
}

#[test]
fn operations_that_fuzzing_has_found_do_what_a_queue_does() {
    replay("operations", bodies::operations::run);
}
