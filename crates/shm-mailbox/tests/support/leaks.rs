//! What an endpoint must not leave in its process: descriptors, mappings, locks.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Fails if this process has the object open or mapped, or anybody holds a lock on it.
#[track_caller]
pub(crate) fn assert_none(path: &Path, what: &str) {
    let shown = path.to_str().expect("a name of ours");
    let descriptors = fs::read_dir("/proc/self/fd").expect("/proc is there");
    let open = descriptors
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter(|target| target.to_str().is_some_and(|target| is_of(target, shown)));
    assert_eq!(open.count(), 0, "{what}: a descriptor is left");

    let maps = fs::read_to_string("/proc/self/maps").expect("/proc is there");
    let mapped = maps.lines().any(|line| is_of(line, shown));
    assert!(!mapped, "{what}: a mapping is left");

    if let Ok(metadata) = fs::metadata(path) {
        // `1: OFDLCK ADVISORY  WRITE -1 00:1b:2 5 5`, see proc_locks(5). With the device: each
        // tmpfs counts its inodes from 1.
        let device = metadata.dev();
        let (major, minor) = (nix::sys::stat::major(device), nix::sys::stat::minor(device));
        let file = format!(" {major:02x}:{minor:02x}:{} ", metadata.ino());
        let locks = fs::read_to_string("/proc/locks").expect("/proc is there");
        let lock = locks.lines().find(|line| line.contains(&file));
        assert_eq!(lock, None, "{what}: a lock is left");
    }
}

/// Whether a path as the system shows it, after which it may say `(deleted)`, is this one.
fn is_of(shown: &str, path: &str) -> bool {
    let shown = shown.trim_end_matches(" (deleted)");
    shown.ends_with(path)
}
