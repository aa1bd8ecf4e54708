//! Any words in the shared memory, at any step of the protocol.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| shm_mailbox::fuzzing::protocol(input));
