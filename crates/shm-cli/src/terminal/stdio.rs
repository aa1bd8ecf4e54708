//! Standard input and output as this process got them.
//!
//! Before `main` Rust's runtime opens `/dev/null` in the place of one that is closed, as the shell
//! does by `>&-`. What is written there is lost without an error; so whether they were closed is
//! looked at before the runtime starts.

use std::io::{self, Stdin, Stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::{Errno, fcntl_getfd};

static INPUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);
static OUTPUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// One of the functions that the C library calls before `main`.
// SAFETY: the section holds pointers to functions that take what they like and return nothing; this
// one needs nothing that the runtime sets up: it makes two system calls, and stores two flags.
#[used]
#[unsafe(link_section = ".init_array")]
static LOOK: extern "C" fn() = look;

extern "C" fn look() {
    let is_closed = |fd| fcntl_getfd(fd) == Err(Errno::BADF);
    INPUT_WAS_CLOSED.store(is_closed(rustix::stdio::stdin()), Ordering::Relaxed);
    OUTPUT_WAS_CLOSED.store(is_closed(rustix::stdio::stdout()), Ordering::Relaxed);
}

/// Standard input, if there is one.
pub(crate) fn input() -> io::Result<Stdin> {
    unless(&INPUT_WAS_CLOSED).map(|()| io::stdin())
}

/// Standard output, if there is one.
pub(crate) fn output() -> io::Result<Stdout> {
    unless(&OUTPUT_WAS_CLOSED).map(|()| io::stdout())
}

fn unless(closed: &AtomicBool) -> io::Result<()> {
    if closed.load(Ordering::Relaxed) {
        return Err(Errno::BADF.into());
    }
    Ok(())
}
