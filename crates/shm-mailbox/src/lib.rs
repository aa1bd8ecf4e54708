//! A channel for messages of up to 1 KiB between two processes on one machine, through one POSIX shared memory object.

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("shm-mailbox supports Linux on x86-64 and aarch64 only");

mod wait;

pub use wait::Wait;
