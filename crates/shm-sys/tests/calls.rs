//! Each call does what its page says, on real objects.

use shm_sys::{
    LockKind, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, clock_gettime_monotonic,
    fcntl_dupfd_cloexec, futex_wait, futex_wake, getrandom, linkat_descriptor, linkat_path,
    nanosleep, open_tmpfile, shm_open, shm_unlink,
};
use std::ffi::{CStr, CString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{fs, thread};

/// An object that is gone when the test is over.
struct Temporary {
    name: CString,
    object: OwnedFd,
}

impl Temporary {
    fn new() -> Temporary {
        let name = unique();
        let object = shm_open(&name, O_RDWR | O_CREAT | O_EXCL, 0o600).unwrap();
        Temporary { name, object }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // The test may have unlinked it.
        let _ = shm_unlink(&self.name);
    }
}

fn unique() -> CString {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    CString::new(format!("/shm-sys-test-{}-{count}", std::process::id())).unwrap()
}

fn path_of(name: &CStr) -> String {
    format!("/dev/shm{}", name.to_str().unwrap())
}

fn errno<T>(result: io::Result<T>) -> i32 {
    match result {
        Ok(_) => 0,
        Err(e) => e.raw_os_error().unwrap(),
    }
}

#[test]
fn an_object_is_created_once_and_opened_until_unlinked() {
    let temporary = Temporary::new();
    let name = &temporary.name;
    assert_eq!(
        errno(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)),
        libc::EEXIST
    );
    assert!(shm_open(name, O_RDONLY, 0).is_ok());
    shm_unlink(name).unwrap();
    assert_eq!(errno(shm_open(name, O_RDWR, 0)), libc::ENOENT);
    assert_eq!(errno(shm_unlink(name)), libc::ENOENT);
}

#[test]
fn a_descriptor_closes_on_exec() {
    let temporary = Temporary::new();
    // SAFETY: the descriptor is open; F_GETFD has no further argument.
    let flags = unsafe { libc::fcntl(temporary.object.as_raw_fd(), libc::F_GETFD) };
    assert_eq!(flags & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
}

#[test]
fn names_that_are_no_names_are_refused() {
    assert_eq!(errno(shm_open(c"/", O_RDONLY, 0)), libc::EINVAL);
    assert_eq!(errno(shm_open(c"/a/b", O_RDONLY, 0)), libc::EINVAL);
    let long = CString::new(format!("/{}", "n".repeat(256))).unwrap();
    assert_eq!(errno(shm_open(&long, O_RDONLY, 0)), libc::ENAMETOOLONG);
}

#[test]
fn a_symbolic_link_is_refused_and_a_fifo_is_opened() {
    let (link, fifo) = (Temporary::new(), Temporary::new());
    shm_unlink(&link.name).unwrap();
    std::os::unix::fs::symlink("/dev/null", path_of(&link.name)).unwrap();
    assert_eq!(errno(shm_open(&link.name, O_RDWR, 0)), libc::ELOOP);

    shm_unlink(&fifo.name).unwrap();
    let path = CString::new(path_of(&fifo.name)).unwrap();
    // SAFETY: the path ends with a NUL and outlives the call.
    assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    let opened = shm_open(&fifo.name, O_RDONLY | O_NONBLOCK, 0).unwrap();
    let mode = shm_sys::fstat(opened.as_fd()).unwrap().st_mode;
    assert_eq!(mode & shm_sys::S_IFMT, shm_sys::S_IFIFO);
}

#[test]
fn the_mode_is_exact_after_fchmod() {
    let temporary = Temporary::new();
    shm_sys::fchmod(temporary.object.as_fd(), 0o666).unwrap();
    let status = shm_sys::fstat(temporary.object.as_fd()).unwrap();
    assert_eq!(status.st_mode, shm_sys::S_IFREG | 0o666);
    assert_eq!(status.st_uid, shm_sys::geteuid());
}

#[test]
fn ftruncate_sizes_and_posix_fallocate_reserves() {
    let temporary = Temporary::new();
    let object = temporary.object.as_fd();
    shm_sys::ftruncate(object, 8192).unwrap();
    let status = shm_sys::fstat(object).unwrap();
    assert_eq!((status.st_size, status.st_blocks), (8192, 0));

    shm_sys::posix_fallocate(object, 0, 4096).unwrap();
    let status = shm_sys::fstat(object).unwrap();
    assert_eq!(status.st_size, 8192);
    assert!(
        status.st_blocks * 512 >= 4096,
        "{} blocks",
        status.st_blocks
    );

    shm_sys::ftruncate(object, 0).unwrap();
    let status = shm_sys::fstat(object).unwrap();
    assert_eq!((status.st_size, status.st_blocks), (0, 0));
}

#[test]
fn sizes_that_cannot_be_are_errors() {
    let temporary = Temporary::new();
    let object = temporary.object.as_fd();
    assert_eq!(errno(shm_sys::ftruncate(object, -1)), libc::EINVAL);
    assert_eq!(errno(shm_sys::posix_fallocate(object, 0, 0)), libc::EINVAL);
    let reader = shm_open(&temporary.name, O_RDONLY, 0).unwrap();
    assert_eq!(errno(shm_sys::ftruncate(reader.as_fd(), 1)), libc::EINVAL);
    // The number is what the C function returned: it leaves `errno` alone.
    assert_eq!(
        errno(shm_sys::posix_fallocate(reader.as_fd(), 0, 1)),
        libc::EBADF
    );
}

#[test]
fn fstatvfs_tells_how_full_the_file_system_is() {
    let temporary = Temporary::new();
    let status = shm_sys::fstatvfs(temporary.object.as_fd()).unwrap();
    assert!(status.f_frsize > 0);
    assert!(status.f_bavail <= status.f_blocks);
}

#[test]
fn a_lock_excludes_another_open_of_the_same_object() {
    let temporary = Temporary::new();
    let (ours, theirs) = (temporary.object.as_fd(), &temporary.name);
    let theirs = shm_open(theirs, O_RDWR, 0).unwrap();
    let theirs = theirs.as_fd();
    let ask = |fd, kind| shm_sys::fcntl_ofd_getlk(fd, kind, 5, 1).unwrap();

    shm_sys::fcntl_ofd_setlk(ours, LockKind::Write, 5, 1).unwrap();
    assert_eq!(ask(theirs, LockKind::Write), Some(LockKind::Write));
    assert_eq!(ask(ours, LockKind::Write), None);
    assert_eq!(
        errno(shm_sys::fcntl_ofd_setlk(theirs, LockKind::Write, 5, 1)),
        libc::EAGAIN
    );
    shm_sys::fcntl_ofd_setlk(theirs, LockKind::Write, 6, 1).unwrap();

    shm_sys::fcntl_ofd_setlk(ours, LockKind::Read, 5, 1).unwrap();
    assert_eq!(ask(theirs, LockKind::Write), Some(LockKind::Read));
    assert_eq!(ask(theirs, LockKind::Read), None);

    shm_sys::fcntl_ofd_setlk(ours, LockKind::Unlock, 5, 1).unwrap();
    assert_eq!(ask(theirs, LockKind::Write), None);
    assert_eq!(
        errno(shm_sys::fcntl_ofd_setlk(ours, LockKind::Write, -1, 1)),
        libc::EINVAL
    );
}

#[test]
fn anonymous_memory_is_zeroed_and_shared_with_a_child() {
    let memory = shm_sys::mmap_shared_anonymous(4096).unwrap();
    // SAFETY: the first bytes of a fresh mapping of a page, zeroed, and unmapped only at the end.
    let word = unsafe { memory.cast::<AtomicU32>().as_ref() };
    assert_eq!(word.load(Ordering::Acquire), 0);
    // SAFETY: the child stores to mapped memory and exits at once, both without the C library's
    // locks.
    let child = unsafe { libc::fork() };
    if child == 0 {
        word.store(7, Ordering::Release);
        // SAFETY: ends the child.
        unsafe { libc::_exit(0) };
    }
    assert!(child > 0);
    let mut status = 0;
    // SAFETY: `status` outlives the call.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert_eq!((status, word.load(Ordering::Acquire)), (0, 7));
    // SAFETY: the mapping from above; `word` is not used any more.
    unsafe { shm_sys::munmap(memory, 4096) }.unwrap();
}

#[test]
fn mappings_that_cannot_be_are_errors() {
    assert_eq!(errno(shm_sys::mmap_shared_anonymous(0)), libc::EINVAL);
    assert_eq!(errno(shm_sys::mmap_shared_anonymous(1 << 60)), libc::ENOMEM);
}

#[test]
fn advice_that_cannot_be_followed_is_an_error() {
    let shared = shm_sys::mmap_shared_anonymous(4096).unwrap();
    // SAFETY: nothing refers to the mapping from above.
    let unknown = unsafe { shm_sys::madvise_unknown(shared, 4096) };
    // SAFETY: refused for shared memory, and nothing in it would mind.
    let wiped = unsafe { shm_sys::madvise_wipeonfork(shared, 4096) };
    // SAFETY: the mapping from above, to which nothing refers.
    unsafe { shm_sys::munmap(shared, 4096) }.unwrap();
    if unknown.is_ok() {
        println!("skipped: needs a system that looks at advice, as emulators do not");
        return;
    }
    assert_eq!(errno(unknown), libc::EINVAL);
    assert_eq!(errno(wiped), libc::EINVAL);
}

#[test]
fn a_page_is_replaced_by_private_zeros() {
    let page = shm_sys::page_size();
    let memory = shm_sys::mmap_shared_anonymous(2 * page).unwrap();
    let bytes = memory.as_ptr();
    // SAFETY: within the two pages, which nobody else uses.
    unsafe { bytes.write_bytes(7, 2 * page) };
    let prot = shm_sys::PROT_READ | shm_sys::PROT_WRITE;
    // SAFETY: the first of the two pages; nothing refers to it.
    unsafe { shm_sys::mmap_fixed_private_anonymous(memory, page, prot) }.unwrap();
    let read = |offset: usize| {
        let byte = bytes.wrapping_add(offset);
        // SAFETY: within the two pages.
        unsafe { byte.read() }
    };
    assert_eq!([read(page - 1), read(page)], [0, 7]);
    // SAFETY: within the two pages.
    let crooked = unsafe { memory.add(1) };
    // SAFETY: nothing is mapped at an address that is no multiple of the page size.
    let refused = unsafe { shm_sys::mmap_fixed_private_anonymous(crooked, page, prot) };
    assert_eq!(errno(refused), libc::EINVAL);
    // SAFETY: the pages mapped above.
    unsafe { shm_sys::munmap(memory, 2 * page) }.unwrap();
}

#[test]
fn an_object_keeps_its_owner_when_it_gets_a_group() {
    let temporary = Temporary::new();
    let object = temporary.object.as_fd();
    let before = shm_sys::fstat(object).unwrap();
    shm_sys::fchown(object, None, None).unwrap();
    shm_sys::fchown(object, None, Some(before.st_gid)).unwrap();
    // What the call takes for none.
    shm_sys::fchown(object, Some(u32::MAX), Some(u32::MAX)).unwrap();
    let after = shm_sys::fstat(object).unwrap();
    assert_eq!((after.st_uid, after.st_gid), (before.st_uid, before.st_gid));
}

#[test]
fn the_largest_file_has_a_limit_or_none() {
    assert!(shm_sys::getrlimit_fsize().unwrap() > 0);
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
    let map = || {
        // SAFETY: no address is asked for; the descriptor is open and the object has a page.
        let address = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                temporary.object.as_raw_fd(),
                0,
            )
        };
        assert_ne!(address, libc::MAP_FAILED);
        // SAFETY: aligned, zeroed, and never unmapped.
        unsafe { &*address.cast::<AtomicU32>() }
    };
    let (waiter, waker) = (map(), map());
    let waiting = thread::spawn(move || {
        // An end that is far off: a lost wake-up fails the test instead of hanging it.
        let deadline = clock_gettime_monotonic() + Duration::from_secs(600);
        futex_wait(waiter, 0, Some(deadline))
    });
    let start = Instant::now();
    while futex_wake(waker, 1).unwrap() == 0 {
        assert!(start.elapsed() < Duration::from_secs(600), "nobody waits");
        thread::yield_now();
    }
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_futex_in_truncated_memory_is_a_fault() {
    let temporary = Temporary::new();
    let object = temporary.object.as_fd();
    shm_sys::ftruncate(object, 4096).unwrap();
    // SAFETY: no address is asked for; the descriptor is open and the object has a page.
    let address = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            4096,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            object.as_raw_fd(),
            0,
        )
    };
    assert_ne!(address, libc::MAP_FAILED);
    // SAFETY: aligned and never unmapped; from here on only the kernel touches it.
    let word = unsafe { &*address.cast::<AtomicU32>() };
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
    // SAFETY: all zero is a valid `sigaction`: no flags (so no restart), an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = nothing as extern "C" fn(libc::c_int) as usize;
    // SAFETY: the handler does nothing; `action` outlives the call; the old action is not asked
    // for.
    let set = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    assert_eq!(set, 0);

    let long = Duration::from_secs(600);
    let deadline = clock_gettime_monotonic() + long;
    let word = AtomicU32::new(0);
    for sleep in [&|| nanosleep(long), &|| {
        futex_wait(&word, 0, Some(deadline))
    }] as [&(dyn Fn() -> io::Result<()> + Sync); 2]
    {
        thread::scope(|scope| {
            let (sender, thread_id) = std::sync::mpsc::channel();
            let sleeper = scope.spawn(move || {
                // SAFETY: no arguments, no failure.
                sender.send(unsafe { libc::pthread_self() }).unwrap();
                errno(sleep())
            });
            let id = thread_id.recv().unwrap();
            // Until it has ended: a signal that came before it slept is lost.
            while !sleeper.is_finished() {
                // SAFETY: the thread is not joined yet, so its id is valid.
                unsafe { libc::pthread_kill(id, libc::SIGUSR1) };
                thread::yield_now();
            }
            assert_eq!(sleeper.join().unwrap(), libc::EINTR);
        });
    }
}

#[test]
fn nothing_is_left_when_a_test_is_over() {
    let temporary = Temporary::new();
    let path = path_of(&temporary.name);
    assert!(fs::exists(&path).unwrap());
    drop(temporary);
    assert!(!fs::exists(&path).unwrap());
}

#[test]
fn a_file_without_a_name_gets_one_in_one_step_unless_it_is_taken() {
    let taken = Temporary::new();
    let taken_path = CString::new(path_of(&taken.name)).unwrap();
    let name = unique();
    let path = CString::new(path_of(&name)).unwrap();
    let file = open_tmpfile(c"/dev/shm", 0o600).unwrap();
    shm_sys::ftruncate(file.as_fd(), 4096).unwrap();
    assert_eq!(shm_sys::fstat(file.as_fd()).unwrap().st_nlink, 0);

    let from = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
    assert_eq!(errno(linkat_path(&from, &taken_path)), libc::EEXIST);
    linkat_path(&from, &path).unwrap();
    let found = shm_open(&name, O_RDWR, 0).unwrap();
    shm_unlink(&name).unwrap();
    assert_eq!(shm_sys::fstat(found.as_fd()).unwrap().st_size, 4096);

    // Root may, on any Linux; others since 6.10.
    let other = open_tmpfile(c"/dev/shm", 0o600).unwrap();
    match linkat_descriptor(other.as_fd(), &path) {
        Ok(()) => shm_unlink(&name).unwrap(),
        Err(e) => assert_eq!(e.raw_os_error(), Some(libc::ENOENT)),
    }
    assert_eq!(errno(open_tmpfile(c"/dev/shm/none", 0o600)), libc::ENOENT);
    assert_eq!(errno(open_tmpfile(c"/proc", 0o600)), libc::EOPNOTSUPP);
}

#[test]
fn a_copy_of_a_descriptor_has_the_number_asked_for_and_shares_the_locks() {
    let temporary = Temporary::new();
    let copy = fcntl_dupfd_cloexec(temporary.object.as_fd(), 300).unwrap();
    assert!(copy.as_raw_fd() >= 300);
    let lock = |fd: &OwnedFd| shm_sys::fcntl_ofd_setlk(fd.as_fd(), LockKind::Write, 0, 1);
    lock(&temporary.object).unwrap();
    lock(&copy).unwrap();
    let object = temporary.object.as_fd();
    assert_eq!(errno(fcntl_dupfd_cloexec(object, i32::MAX)), libc::EINVAL);
}

#[test]
fn random_bytes_differ_from_one_call_to_the_next() {
    let (mut first, mut second) = ([0; 16], [0; 16]);
    getrandom(&mut first).unwrap();
    getrandom(&mut second).unwrap();
    assert_ne!(first, second);
}
