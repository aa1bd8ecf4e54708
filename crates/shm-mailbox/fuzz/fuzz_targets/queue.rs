//! Any sequence of the protocol's steps and of restarts, against a queue.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| shm_mailbox::fuzzing::queue(input));
