//! Memory barriers on other processors' behalf.

use std::io;

/// Executes a memory barrier on every processor that runs a thread of a process that has registered
/// itself.
///
/// `int membarrier(int cmd, unsigned int flags, int cpu_id);`
///
/// With `MEMBARRIER_CMD_GLOBAL_EXPEDITED`. On return, every running thread of those processes has
/// passed through a state in which its accesses to memory were in the order of its program, between
/// the call and the return; a thread that does not run has passed through one when it stopped.
/// Costs less than a microsecond if no such thread runs, otherwise an interrupt on its processor.
///
/// # Errors
///
/// * `ENOSYS`: the kernel has no such call, or a filter hides it.
/// * `EPERM`: a filter forbids it.
/// * `ENOMEM`: no memory for the set of processors.
///
/// # References
///
/// [`membarrier(2)`](https://man7.org/linux/man-pages/man2/membarrier.2.html)
pub fn membarrier_global_expedited() -> io::Result<()> {
    membarrier(libc::MEMBARRIER_CMD_GLOBAL_EXPEDITED)
}

/// Registers the process for the barriers of [`membarrier_global_expedited`], for as long as it
/// lives.
///
/// `int membarrier(int cmd, unsigned int flags, int cpu_id);`
///
/// With `MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED`. The first time it takes some milliseconds in a
/// process of several threads, afterwards nothing is left to do.
///
/// # Errors
///
/// As [`membarrier_global_expedited`].
///
/// # References
///
/// [`membarrier(2)`](https://man7.org/linux/man-pages/man2/membarrier.2.html)
pub fn membarrier_register_global_expedited() -> io::Result<()> {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED)
}

fn membarrier(command: libc::c_int) -> io::Result<()> {
    // SAFETY: numbers only; the call touches no memory of ours.
    let returned = unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) };
    if returned < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registered_process_can_ask_for_a_barrier() {
        membarrier_register_global_expedited().unwrap();
        membarrier_global_expedited().unwrap();
    }
}
