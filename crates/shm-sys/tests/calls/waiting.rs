//! Futexes, sleeping, and the clock.

use std::io;
use std::os::fd::AsFd as _;
use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::mman::{MapFlags, ProtFlags, mmap};
use nix::sys::pthread::{pthread_kill, pthread_self};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, sigaction};
use shm_sys::{clock_gettime_monotonic, futex_wait, futex_wake, nanosleep};
use test_support::{LIMIT, Signal, until};

use crate::{Temporary, errno};

/// The first word of an object of one page, in a mapping of its own that is never unmapped.
fn map(temporary: &Temporary) -> &'static AtomicU32 {
    let access = ProtFlags::PROT_READ | ProtFlags::PROT_WRITE;
    let (len, object) = (4096.try_into().unwrap(), &temporary.object);
    // SAFETY: no address is asked for, so no existing mapping is replaced.
    let page = unsafe { mmap(None, len, access, MapFlags::MAP_SHARED, object, 0) }.unwrap();
    // SAFETY: aligned, and as long as a word.
    unsafe { page.cast().as_ref() }
}

#[test]
fn a_futex_word_that_differs_does_not_wait() {
    let word = AtomicU32::new(1);
    assert_eq!(errno(futex_wait(&word, 0, None)), libc::EAGAIN);
}

#[test]
fn a_futex_wait_ends_at_its_deadline() {
    let word = AtomicU32::new(0);
    let deadline = clock_gettime_monotonic() + Duration::from_millis(20);
    // The second time it has passed.
    for _ in 0..2 {
        let waited = futex_wait(&word, 0, Some(deadline));
        assert_eq!(errno(waited), libc::ETIMEDOUT);
        assert!(clock_gettime_monotonic() >= deadline);
    }
}

#[test]
fn the_monotonic_clock_goes_forward_as_the_standard_librarys_does() {
    let (outer, before) = (Instant::now(), clock_gettime_monotonic());
    let inner = Instant::now();
    nanosleep(Duration::from_millis(5)).unwrap();
    let least = inner.elapsed();
    let passed = clock_gettime_monotonic() - before;
    assert!(least <= passed && passed <= outer.elapsed());
}

#[test]
fn a_futex_wakes_across_two_mappings_of_one_object() {
    let temporary = Temporary::new();
    shm_sys::ftruncate(temporary.object.as_fd(), 4096).unwrap();
    let (waiter, waker) = (map(&temporary), map(&temporary));
    let waiting = thread::spawn(move || {
        // An end that is far off: a lost wake-up fails the test instead of hanging it.
        let deadline = clock_gettime_monotonic() + LIMIT;
        futex_wait(waiter, 0, Some(deadline))
    });
    until("it waits", || futex_wake(waker, 1).unwrap() > 0);
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_futex_in_truncated_memory_is_a_fault() {
    let temporary = Temporary::new();
    let object = temporary.object.as_fd();
    shm_sys::ftruncate(object, 4096).unwrap();
    let word = map(&temporary);
    shm_sys::ftruncate(object, 0).unwrap();
    assert_eq!(errno(futex_wait(word, 0, None)), libc::EFAULT);
}

#[test]
fn nanosleep_sleeps_at_least_as_long_as_asked() {
    let start = Instant::now();
    nanosleep(Duration::from_millis(5)).unwrap();
    assert!(start.elapsed() >= Duration::from_millis(5));
}

#[test]
fn a_signal_ends_nanosleep_and_futex_wait() {
    extern "C" fn nothing(_: libc::c_int) {}
    let handler = SigHandler::Handler(nothing);
    // No flags, so no call is made again.
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.unwrap();

    let deadline = clock_gettime_monotonic() + LIMIT;
    let word = AtomicU32::new(0);
    for sleep in [&|| nanosleep(LIMIT), &|| {
        futex_wait(&word, 0, Some(deadline))
    }] as [&(dyn Fn() -> io::Result<()> + Sync); 2]
    {
        thread::scope(|scope| {
            let (sender, thread_id) = std::sync::mpsc::channel();
            let sleeper = scope.spawn(move || {
                sender.send(pthread_self()).unwrap();
                errno(sleep())
            });
            let id = thread_id.recv().unwrap();
            // Until it has ended: a signal that came before it slept is lost.
            while !sleeper.is_finished() {
                // Not joined yet, so the id is valid; it may have ended, which some systems tell.
                let _ = pthread_kill(id, Signal::SIGUSR1);
                thread::yield_now();
            }
            assert_eq!(sleeper.join().unwrap(), libc::EINTR);
        });
    }
}
