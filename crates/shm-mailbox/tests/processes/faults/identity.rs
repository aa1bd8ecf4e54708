//! Which process an end belongs to, where that process starts programs.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shm_mailbox::{Message, RecvError};

use crate::support::process::sleep_for_ever;
use crate::support::{Name, PATIENCE, Shared, assert_matches, fork, take, until};

#[test]
fn a_program_that_an_end_starts_has_no_descriptor_of_it() {
    let name = Name::new();
    let (_sender, _receiver) = name.pair(4);
    let listed = Command::new("ls").args(["-l", "/proc/self/fd"]).output();
    let listed = String::from_utf8_lossy(&listed.expect("ls runs").stdout).into_owned();
    assert!(listed.contains("/proc/"), "{listed}");
    assert!(!listed.contains(name.as_str()), "{listed}");
}

/// A program that nobody waits for; killed when this is dropped.
struct Orphan(Pid);

impl Drop for Orphan {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL);
    }
}

#[test]
#[expect(clippy::zombie_processes, reason = "who would wait for it is killed")]
fn a_program_that_outlives_the_end_that_started_it_does_not_keep_its_role() {
    let (name, shared) = (Name::new(), Shared::new());
    let started = shared.number(0);
    let child = fork(|| {
        let mut sender = name.sender();
        sender.send(b"left").unwrap();
        let program = Command::new("sleep")
            .arg("60")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("sleep runs");
        started.store(u64::from(program.id()), Ordering::SeqCst);
        sleep_for_ever();
    });
    until("it has started a program", || {
        started.load(Ordering::SeqCst) > 0
    });
    let program = Orphan(Pid::from_raw(
        i32::try_from(started.load(Ordering::SeqCst)).unwrap(),
    ));
    until("that is another program by now", || {
        fs::read_to_string(format!("/proc/{}/comm", program.0)).is_ok_and(|name| name == "sleep\n")
    });
    child.kill();
    let mut receiver = name.receiver();
    assert_eq!(take(&mut receiver).1, b"left");
    let result = receiver.recv_timeout(&mut Message::new(), PATIENCE);
    assert_matches!(result, Err(RecvError::PeerDied { .. }));
    name.options()
        .sender()
        .expect("the role is free")
        .keep()
        .unwrap();
    kill(program.0, None).expect("it has outlived it");
}
