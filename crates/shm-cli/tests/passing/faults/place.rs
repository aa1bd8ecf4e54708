//! Without `/dev/shm` every command says so, with the doctor's words, and no name is to blame.

use test_support::shm::in_namespace;
use test_support::{Ended, Process, has_mount_namespaces};

/// `shm ARGS` where `/dev/shm` is what `script` makes of it.
fn elsewhere(script: &str, args: &str) -> Ended {
    let script = format!("{script}; exec \"$0\" \"$@\"");
    let args: Vec<_> = args.split(' ').collect();
    Process::spawn(&mut in_namespace(&script, &args)).finish()
}

const NOTHING: &str = "mount -t tmpfs tmpfs /dev";

#[test]
fn every_command_tells_that_dev_shm_is_not_there() {
    if !has_mount_namespaces() {
        return;
    }
    let page = elsewhere(NOTHING, "doctor").expect_code(1).text();
    let mut told = page.lines().filter_map(|line| line.split_once("/dev/shm "));
    let finding = told.next().expect("a finding").1;
    let sentence = format!("/dev/shm {}", finding.trim_start());
    for args in [
        "writer -m a x",
        "writer --classic -m a x",
        "reader x",
        "reader --classic x",
        "reader --follow x",
        "ls",
        "ls --json x",
        "stat x",
        "rm x",
        "rm --force x",
        "rm --stale",
        "bench --quick",
    ] {
        elsewhere(NOTHING, args)
            .expect_failure(1, &[&sentence, "next: mount -t tmpfs"])
            .expect_output(b"");
    }
}

#[test]
fn a_file_in_its_place_is_no_directory() {
    if !has_mount_namespaces() {
        return;
    }
    elsewhere(&format!("{NOTHING}; : > /dev/shm"), "reader x")
        .expect_failure(1, &["/dev/shm is not a directory", "next: "]);
}

#[test]
fn what_needs_no_object_does_without() {
    if !has_mount_namespaces() {
        return;
    }
    for args in ["man writer", "completions bash", "--help"] {
        elsewhere(NOTHING, args).expect_code(0).expect_quiet();
    }
}
