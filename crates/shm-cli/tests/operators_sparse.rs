//! Objects of strangers that are large and hold nothing cost whoever looks after objects nothing.

mod support;

use std::fs;
use std::path::Path;

use support::{Process, has, has_mount_namespaces, object, shm_with_small_dev_shm};

/// The bytes that `shm ARGS` reads by offset, and so out of objects, where twenty of 68 MiB have no memory at all.
fn bytes_read(args: &[&str]) -> u64 {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(object::unique("strace"));
    let script = "for i in $(seq 20); do truncate -s 68M /dev/shm/sparse$i; done; \
                  exec strace -f -qq -e trace=pread64 -e signal=none -o \"$LOG\" \"$0\" \"$@\"";
    let mut command = shm_with_small_dev_shm("1m", script, args);
    Process::spawn(command.env("LOG", &log))
        .finish()
        .expect_code(0);
    let calls = fs::read_to_string(&log).expect("strace has written it");
    fs::remove_file(&log).expect("it is ours");
    // `4711 pread64(3, "\0\0"..., 640, 0) = 640`
    let returned = calls
        .lines()
        .filter_map(|line| line.rsplit_once(" = ")?.1.parse::<u64>().ok());
    returned.sum()
}

#[test]
fn memory_that_an_object_was_never_given_is_not_read() {
    if !has_mount_namespaces() || !has("strace", "strace", &["-V"]) {
        return;
    }
    for args in [
        &["ls"][..],
        &["ls", "--all", "--json"],
        &["ls", "-q"],
        &["doctor"],
        &["rm", "--stale"],
        &["rm", "--stale", "--force", "--dry-run"],
        &["stat", "sparse*"],
    ] {
        let bytes = bytes_read(args);
        assert!(
            bytes < 100_000,
            "{args:?} reads {bytes} bytes of objects without memory"
        );
    }
}
