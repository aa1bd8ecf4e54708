//! Any bytes as the object.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| shm_mailbox::fuzzing::image(input));
