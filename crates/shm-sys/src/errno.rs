//! From C's way of reporting an error to `io::Result`.

use std::io;

/// `Ok` unless the call returned a negative number; then `errno`, read before anything else can
/// change it.
pub(crate) fn check(returned: libc::c_int) -> io::Result<libc::c_int> {
    if returned < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(returned)
}

/// Repeats a call that a signal handler interrupted.
pub(crate) fn restart<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_call_is_made_again_and_other_errors_are_not() {
        let mut results = vec![libc::ENOSPC, libc::EINTR, libc::EINTR];
        let outcome: io::Result<()> =
            restart(|| Err(io::Error::from_raw_os_error(results.pop().unwrap())));
        assert_eq!(outcome.unwrap_err().raw_os_error(), Some(libc::ENOSPC));
        assert!(results.is_empty());
    }

    #[test]
    fn only_a_negative_number_is_an_error() {
        assert_eq!(check(0).unwrap(), 0);
        assert_eq!(check(7).unwrap(), 7);
        // SAFETY: the call takes a number; -1 is no descriptor.
        let closed = check(unsafe { libc::close(-1) });
        assert_eq!(closed.unwrap_err().raw_os_error(), Some(libc::EBADF));
    }
}
