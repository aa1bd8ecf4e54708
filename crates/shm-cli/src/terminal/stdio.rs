//! Standard input and output as this process got them.
//!
//! Before `main` Rust's runtime opens `/dev/null` in the place of one that is closed, as the shell
//! does by `>&-`. What is written there is lost without an error; so whether they were closed is
//! looked at before the runtime starts.

use std::io::{self, Stdin, Stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, fcntl_getfd};
use rustix::stdio::{stdin, stdout};

/// Whether standard input and standard output were closed.
static CLOSED: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];

/// One of the functions that the C library calls before `main`.
// SAFETY: the section holds pointers to functions that take what they like and return nothing; this
// one needs nothing that the runtime sets up: it makes two system calls, and stores two flags.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    for (closed, fd) in CLOSED.iter().zip([stdin(), stdout()]) {
        closed.store(fcntl_getfd(fd) == Err(Errno::BADF), Ordering::Relaxed);
    }
}

/// Standard input, if there is one.
pub(crate) fn input() -> io::Result<Stdin> {
    unless(&CLOSED[0]).map(|()| io::stdin())
}

/// Standard output, if there is one.
pub(crate) fn output() -> io::Result<Stdout> {
    unless(&CLOSED[1]).map(|()| io::stdout())
}

fn unless(closed: &AtomicBool) -> io::Result<()> {
    let is_closed = closed.load(Ordering::Relaxed);
    if is_closed {
        Err(Errno::BADF.into())
    } else {
        Ok(())
    }
}
