//! Who is who: twice in one process, in children with and without `exec`.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::atomic::Ordering;

use shm_mailbox::{AttachError, Message, Peer, RecvError};

use crate::leaks;
use crate::support::process::sleep_for_ever;
use crate::support::{Name, PATIENCE, Shared, assert_matches, fork, take, turn, until};

#[test]
fn one_process_cannot_have_a_role_twice_and_both_roles_once() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    for _ in 0..3 {
        let again = name.options().sender();
        assert_matches!(again, Err(AttachError::RoleTaken { pid, .. }) if pid == Some(std::process::id()));
        let again = name.options().receiver();
        assert_matches!(again, Err(AttachError::RoleTaken { .. }));
    }
    // Those that were refused have taken nothing along.
    sender.send(b"still here").unwrap();
    assert_eq!(take(&mut receiver).1, b"still here");
    assert_eq!(sender.peer().unwrap(), Peer::Attached);
    drop(receiver);
    assert_eq!(sender.peer().unwrap(), Peer::Closed);
    drop(sender);
    leaks::assert_none(&name.path(), "attached twice");
}

#[test]
fn a_program_that_an_end_starts_has_no_descriptor_of_it() {
    let _turn = turn();
    let name = Name::new();
    let (_sender, _receiver) = name.pair(4);
    let listed = Command::new("ls").args(["-l", "/proc/self/fd"]).output();
    let listed = String::from_utf8_lossy(&listed.expect("ls runs").stdout).into_owned();
    assert!(listed.contains("/proc/"), "{listed}");
    assert!(!listed.contains(name.as_str()), "{listed}");
}

/// A program that nobody waits for; killed when this is dropped.
struct Orphan(libc::pid_t);

impl Drop for Orphan {
    fn drop(&mut self) {
        // SAFETY: a number; the program lives until now.
        unsafe { libc::kill(self.0, libc::SIGKILL) };
    }
}

#[test]
#[expect(clippy::zombie_processes, reason = "who would wait for it is killed")]
fn a_program_that_outlives_the_end_that_started_it_does_not_keep_its_role() {
    let _turn = turn();
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
    let program = Orphan(i32::try_from(started.load(Ordering::SeqCst)).unwrap());
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
    // SAFETY: a number, and no signal.
    assert_eq!(unsafe { libc::kill(program.0, 0) }, 0, "it has outlived it");
}
