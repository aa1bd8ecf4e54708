//! Objects of strangers that are large and hold nothing cost whoever looks after objects nothing.

use std::fs;

use test_support::shm::with_small_dev_shm;
use test_support::{Process, Scratch, has_mount_namespaces, has_strace};

/// The bytes that `shm ARGS` reads by offset, and so out of objects, where twenty of 68 MiB have no
/// memory at all.
fn bytes_read(args: &[&str]) -> u64 {
    let log = Scratch::new("strace");
    let script = "for i in $(seq 20); do truncate -s 68M /dev/shm/sparse$i; done; \
                  exec strace -f -qq -e trace=pread64 -e signal=none -o \"$LOG\" \"$0\" \"$@\"";
    let mut command = with_small_dev_shm("1m", script, args);
    Process::spawn(command.env("LOG", log.path()))
        .finish()
        .expect_code(0);
    let calls = fs::read_to_string(log.path()).expect("strace has written it");
    // `4711 pread64(3, "\0\0"..., 640, 0) = 640`
    let returned = calls
        .lines()
        .filter_map(|line| line.rsplit_once(" = ")?.1.parse::<u64>().ok());
    returned.sum()
}

#[test]
fn memory_that_an_object_was_never_given_is_not_read() {
    if !has_mount_namespaces() || !has_strace() {
        return;
    }
    for line in [
        "ls",
        "ls --all --json",
        "ls -q",
        "doctor",
        "rm --stale",
        "rm --stale --force --dry-run",
        "stat sparse*",
    ] {
        let args: Vec<_> = line.split(' ').collect();
        let bytes = bytes_read(&args);
        assert!(
            bytes < 100_000,
            "{line} reads {bytes} bytes of objects without memory"
        );
    }
}
