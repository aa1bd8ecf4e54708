//! The C interface of shm-mailbox. `include/shm_mailbox.h` is its documentation.
//!
//! Each exported function checks what it was given, calls the Rust library, and turns the result
//! into a number; the text of an error stays in the thread. Nothing unwinds into C: a panic, which
//! would be a mistake in these crates, ends the process.
//!
//! **Unsafe code.** What a pointer of the caller is cannot be checked, apart from NULL. The header
//! says what each has to be, and a SAFETY comment that names "the header" relies on that: a handle
//! is one that was opened and not closed, that no other thread uses during the call; what is read
//! is readable, and what is written is writable, for the size that stands beside it.

#![allow(
    clippy::missing_safety_doc,
    reason = "the header says what each pointer has to be"
)]

pub mod bus;
pub mod classic;
pub mod draft;
pub mod either;
pub mod error;
mod handle;
mod number;
pub mod observe;
mod options;
mod pointer;
pub mod receiver;
pub mod select;
pub mod sender;
#[cfg(test)]
mod tests;
pub mod whole;
