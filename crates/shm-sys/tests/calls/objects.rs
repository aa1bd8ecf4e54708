//! Names, descriptors, sizes, locks, and what else an object can be asked.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::symlink;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use shm_sys::{
    LockKind, O_CREAT, O_EXCL, O_NONBLOCK, O_RDONLY, O_RDWR, fcntl_dupfd_cloexec, getrandom,
    linkat_descriptor, linkat_path, open_tmpfile, shm_open, shm_unlink,
};
use test_support::Name;

use crate::{Temporary, errno, path_of, with_slash};

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
    let flags = fcntl(&temporary.object, FcntlArg::F_GETFD).unwrap();
    assert_eq!(flags, FdFlag::FD_CLOEXEC.bits());
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
    symlink("/dev/null", link.shown.path()).unwrap();
    assert_eq!(errno(shm_open(&link.name, O_RDWR, 0)), libc::ELOOP);

    shm_unlink(&fifo.name).unwrap();
    fifo.shown.make_fifo();
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
fn a_file_without_a_name_gets_one_in_one_step_unless_it_is_taken() {
    let (taken, free) = (Temporary::new(), Name::new());
    let (name, path) = (with_slash(&free), path_of(&free));
    let file = open_tmpfile(c"/dev/shm", 0o600).unwrap();
    shm_sys::ftruncate(file.as_fd(), 4096).unwrap();
    assert_eq!(shm_sys::fstat(file.as_fd()).unwrap().st_nlink, 0);

    let from = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).unwrap();
    assert_eq!(
        errno(linkat_path(&from, &path_of(&taken.shown))),
        libc::EEXIST
    );
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
