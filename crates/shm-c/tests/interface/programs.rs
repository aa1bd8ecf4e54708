//! Every call and every error, from C: the programs beside this folder, and what valgrind says.

use std::path::PathBuf;
use std::process::Command;

use test_support::c::{compile, has_library};
use test_support::{Name, Process, Scratch, Signal, has, has_mount_namespaces};

use crate::file;

/// Builds a program of the folder above.
#[track_caller]
fn program(folder: &Scratch, name: &str) -> PathBuf {
    let program = folder.path().join(name);
    let options = ["-std=gnu11", "-g", "-Wno-pedantic"];
    compile("cc", &options, &file(&format!("tests/{name}.c")), &program);
    program
}

/// Builds a program and runs it to its end, which has to be a success.
#[track_caller]
fn expect_success(name: &str) {
    if !has_library() {
        return;
    }
    let (folder, object) = (Scratch::folder("c-"), Name::new());
    let mut command = Command::new(program(&folder, name));
    let ended = Process::spawn(command.arg(object.as_str())).finish();
    ended.expect_code(0).expect_quiet();
    assert!(!object.exists());
}

#[test]
fn every_call_does_what_the_header_says() {
    expect_success("calls");
}

#[test]
fn null_is_an_error_in_every_call() {
    expect_success("nothing");
}

#[test]
fn misuse_is_an_error_and_no_crash() {
    expect_success("errors");
}

#[test]
fn a_full_dev_shm_is_an_error() {
    if !has_library() || !has_mount_namespaces() {
        return;
    }
    let (folder, object) = (Scratch::folder("c-"), Name::new());
    let mount = "mount -t tmpfs -o size=16k tmpfs /dev/shm && exec \"$0\" \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", mount]);
    command.arg(program(&folder, "errors"));
    let ended = Process::spawn(command.args([object.as_str(), "full"])).finish();
    ended.expect_code(0).expect_quiet();
}

#[test]
fn a_killed_process_loses_nothing_that_it_has_sent() {
    expect_success("processes");
}

#[test]
fn a_bus_passes_each_message_to_all_and_keeps_what_a_label_holds() {
    expect_success("bus");
}

#[test]
fn calls_that_carry_messages_allocate_nothing() {
    expect_success("allocations");
}

#[test]
fn a_signal_handler_ends_a_wait_that_sleeps() {
    if !has_library() {
        return;
    }
    let (folder, object) = (Scratch::folder("c-"), Name::new());
    let mut command = Command::new(program(&folder, "interrupt"));
    let mut process = Process::spawn(command.arg(object.as_str()));
    process.wait_for_exactly(b"waiting\n");
    process.wait_until_asleep();
    process.signal(Signal::SIGUSR1);
    process.wait().expect_code(0).expect_quiet();
}

/// What is still reachable at the end is kept for ever by design: one handler, one list.
#[test]
fn valgrind_finds_no_error_and_no_byte_lost() {
    if !has_library() || !has("valgrind", "valgrind", &["--version"]) {
        return;
    }
    let folder = Scratch::folder("c-");
    for name in ["calls", "nothing", "errors", "processes", "bus"] {
        let object = Name::new();
        let mut valgrind = Command::new("valgrind");
        valgrind.args([
            "--leak-check=full",
            "--show-leak-kinds=definite,indirect,possible",
            "--errors-for-leak-kinds=definite,indirect,possible",
            "--error-exitcode=99",
        ]);
        valgrind.arg(program(&folder, name)).arg(object.as_str());
        let ended = Process::spawn(&mut valgrind).finish().expect_code(0);
        ended.expect_errors(&["ERROR SUMMARY: 0 errors"]);
    }
}
