//! What goes wrong outside shared memory: with the streams, with files that were asked for, with
//! signals.

use std::io;
use std::path::Path;

use rustix::io::Errno;

use crate::failure::{Failure, Status};

/// What to do if a process, or the machine, has too many files open.
pub(crate) const MORE_FILES: &str = "ulimit -n 1024, or LimitNOFILE= of the service";

/// Whether no more files may be opened.
pub(super) fn are_too_many(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    matches!(errno, Some(Errno::MFILE | Errno::NFILE))
}

/// Standard input could not be read.
pub(crate) fn input(error: &io::Error) -> Failure {
    let next = "give it a pipe or a file; what was read before has been sent";
    own("read standard input", error, next)
}

/// A page could not be written to standard output.
pub(crate) fn output(error: &io::Error) -> Failure {
    own(
        "write standard output",
        error,
        "write it elsewhere, or make room there",
    )
}

/// Messages could not be written to standard output.
pub(crate) fn messages(error: &io::Error) -> Failure {
    let next = "write elsewhere; in a mailbox, what was not written waits for the next reader";
    own("write standard output", error, next)
}

/// No signal can be caught, nor waited for.
pub(crate) fn signals(error: &io::Error) -> Failure {
    let next = match are_too_many(error) {
        true => MORE_FILES,
        false => "shm doctor shows the limits",
    };
    own("catch signals", error, next)
}

/// A call of the command's own failed: `cannot catch signals: Too many open files (os error 24)`.
fn own(what: &str, error: &io::Error, next: &str) -> Failure {
    Failure::new(Status::Failure, format_args!("cannot {what}: {error}")).next(next)
}

/// A file could not be written.
pub(crate) fn file(path: &Path, error: &io::Error) -> Failure {
    let status = match error.kind() {
        io::ErrorKind::PermissionDenied => Status::Permission,
        _ => Status::Failure,
    };
    let what = format_args!("file {:?} cannot be written: {error}", path.display());
    Failure::new(status, what)
}
