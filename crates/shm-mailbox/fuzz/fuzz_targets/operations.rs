//! Any sequence of operations, against a queue.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| shm_mailbox::fuzzing::operations(input));
