//! inotify, ringing by `futimens(3)`, and waiting for descriptors.

use std::ffi::CString;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use nix::unistd::pipe;
use shm_sys::{
    IN_ATTRIB, POLLIN, futimens_now, inotify_add_watch, inotify_init1, inotify_rm_watch, pollfd,
    ppoll,
};

use crate::{Temporary, errno};

fn ready(descriptor: &impl AsRawFd, limit: Duration) -> bool {
    let mut descriptors = [pollfd {
        fd: descriptor.as_raw_fd(),
        events: POLLIN,
        revents: 0,
    }];
    ppoll(&mut descriptors, Some(limit)).unwrap() == 1
}

#[test]
fn a_watch_tells_of_new_times_until_it_is_removed() {
    let temporary = Temporary::new();
    let instance = File::from(inotify_init1().unwrap());
    let path = format!("/proc/self/fd/{}", temporary.object.as_raw_fd());
    let path = CString::new(path).unwrap();
    let watch = inotify_add_watch(instance.as_fd(), &path, IN_ATTRIB).unwrap();
    assert!(!ready(&instance, Duration::ZERO));
    futimens_now(temporary.object.as_fd()).unwrap();
    assert!(ready(&instance, Duration::ZERO));
    let mut event = [0; 64];
    assert_eq!((&instance).read(&mut event).unwrap(), 16);
    assert_eq!(event[..4], watch.to_ne_bytes());
    assert_eq!(event[4..8], IN_ATTRIB.to_ne_bytes());
    assert_eq!(errno((&instance).read(&mut event)), libc::EAGAIN);
    inotify_rm_watch(instance.as_fd(), watch).unwrap();
    // That the watch has ended.
    assert_eq!((&instance).read(&mut event).unwrap(), 16);
    futimens_now(temporary.object.as_fd()).unwrap();
    assert!(!ready(&instance, Duration::ZERO));
    let again = inotify_rm_watch(instance.as_fd(), watch);
    assert_eq!(errno(again), libc::EINVAL);
}

#[test]
fn nothing_can_be_watched_where_nothing_is() {
    let instance = inotify_init1().unwrap();
    let watched = inotify_add_watch(instance.as_fd(), c"/dev/shm/no/such", IN_ATTRIB);
    assert_eq!(errno(watched), libc::ENOENT);
}

#[test]
fn a_wait_for_descriptors_ends_with_the_first_that_is_ready_or_with_its_time() {
    let (first, _writer) = pipe().unwrap();
    let (second, writer) = pipe().unwrap();
    let entry = |descriptor: &dyn AsRawFd| pollfd {
        fd: descriptor.as_raw_fd(),
        events: POLLIN,
        revents: 0,
    };
    let mut both = [entry(&first), entry(&second)];
    assert_eq!(ppoll(&mut both, Some(Duration::from_millis(5))).unwrap(), 0);
    nix::unistd::write(&writer, b"x").unwrap();
    assert_eq!(ppoll(&mut both, None).unwrap(), 1);
    assert_eq!((both[0].revents, both[1].revents), (0, POLLIN));
}
