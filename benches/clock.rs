//! The clocks: one that two processes agree on, and the processor time of this one.

use std::mem::MaybeUninit;

/// Nanoseconds of `CLOCK_MONOTONIC`, which is the same in every process of the machine.
#[inline]
pub fn monotonic() -> u64 {
    read(libc::CLOCK_MONOTONIC)
}

/// Nanoseconds that this process has spent on a processor, in user mode and in the kernel.
pub fn processor() -> u64 {
    read(libc::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: libc::clockid_t) -> u64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    // SAFETY: `time` is where one timespec goes.
    let result = unsafe { libc::clock_gettime(clock, time.as_mut_ptr()) };
    assert_eq!(result, 0, "both clocks exist on every Linux");
    // SAFETY: the call has succeeded, so it is filled in.
    let time = unsafe { time.assume_init() };
    let seconds = u64::try_from(time.tv_sec).expect("these clocks start at 0");
    let nanoseconds = u64::try_from(time.tv_nsec).expect("below a second");
    seconds * 1_000_000_000 + nanoseconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_clock_goes_backwards_and_work_takes_both_kinds_of_time() {
        let before = (monotonic(), processor());
        let mut sum = 0_u64;
        while processor() == before.1 {
            sum = std::hint::black_box(sum + 1);
        }
        assert!(monotonic() > before.0);
    }
}
