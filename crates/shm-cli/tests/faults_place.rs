//! Without `/dev/shm` every command says so, with the doctor's words, and no name is to blame.

mod support;

use std::process::Command;

use support::{Process, SHM, has_mount_namespaces};

/// `shm ARGS` where `/dev/shm` is what `script` makes of it.
fn elsewhere(script: &str, args: &[&str]) -> Process {
    let mut command = Command::new("unshare");
    command
        .args(["-m", "sh", "-c", &format!("{script}; exec \"$0\" \"$@\"")])
        .arg(SHM)
        .args(args)
        .env_remove("SHM_NAME");
    Process::spawn(&mut command)
}

const NOTHING: &str = "mount -t tmpfs tmpfs /dev";

#[test]
fn every_command_tells_that_dev_shm_is_not_there() {
    if !has_mount_namespaces() {
        return;
    }
    let doctor = elsewhere(NOTHING, &["doctor"]).finish().expect_code(1);
    let page = String::from_utf8_lossy(&doctor.output).into_owned();
    let mut told = page.lines().filter_map(|line| line.split_once("/dev/shm "));
    let sentence = format!(
        "/dev/shm {}",
        told.next().expect("a finding").1.trim_start()
    );
    for args in [
        &["writer", "-m", "a", "x"][..],
        &["writer", "--classic", "-m", "a", "x"],
        &["reader", "x"],
        &["reader", "--classic", "x"],
        &["reader", "--follow", "x"],
        &["ls"],
        &["ls", "--json", "x"],
        &["stat", "x"],
        &["rm", "x"],
        &["rm", "--force", "x"],
        &["rm", "--stale"],
        &["bench", "--quick"],
    ] {
        elsewhere(NOTHING, args)
            .finish()
            .expect_code(1)
            .expect_output(b"")
            .expect_errors(&[&sentence, "next: mount -t tmpfs"]);
    }
}

#[test]
fn a_file_in_its_place_is_no_directory() {
    if !has_mount_namespaces() {
        return;
    }
    elsewhere(&format!("{NOTHING}; : > /dev/shm"), &["reader", "x"])
        .finish()
        .expect_code(1)
        .expect_errors(&["/dev/shm is not a directory", "next: "]);
}

#[test]
fn what_needs_no_object_does_without() {
    if !has_mount_namespaces() {
        return;
    }
    for args in [
        &["man", "writer"][..],
        &["completions", "bash"],
        &["--help"],
    ] {
        elsewhere(NOTHING, args)
            .finish()
            .expect_code(0)
            .expect_quiet();
    }
}
