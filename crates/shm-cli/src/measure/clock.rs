//! The clocks: one that two processes agree on, and the CPU time of this one.

use rustix::time::{ClockId, clock_gettime};

/// Nanoseconds of `CLOCK_MONOTONIC`, which is the same in every process of the machine.
#[inline]
pub fn monotonic() -> u64 {
    read(ClockId::Monotonic)
}

/// Nanoseconds that this process has spent on a processor, in user mode and in the kernel.
pub fn processor() -> u64 {
    read(ClockId::ProcessCPUTime)
}

#[inline]
fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let seconds = u64::try_from(time.tv_sec).expect("these clocks start at 0");
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).expect("below a second")
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
