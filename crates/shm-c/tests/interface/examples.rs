//! The examples do what they say.

use std::path::PathBuf;
use std::process::Command;

use shm_mailbox::observe::{self, Content, Place};
use shm_mailbox::{Mailbox, Message, Peer, ShmName};
use test_support::c::{compile, has_library};
use test_support::{Name, Process, Scratch, Signal, has, until};

use crate::file;

#[track_caller]
fn example(folder: &Scratch, name: &str) -> PathBuf {
    let program = folder.path().join(name);
    let source = file(&format!("examples/{name}.c"));
    compile("cc", &["-std=gnu11", "-Wno-pedantic"], &source, &program);
    program
}

#[test]
fn the_program_of_the_first_page_leaves_a_message() {
    if !has_library() {
        return;
    }
    // Its mailbox has a name that others may use, so it is compiled with another one.
    let (folder, name) = (Scratch::folder("c-"), Name::new());
    let source = std::fs::read_to_string(file("examples/hello.c")).expect("it is there");
    let renamed = folder.path().join("renamed.c");
    std::fs::write(&renamed, source.replace("orders", name.as_str())).expect("room");
    let program = folder.path().join("hello");
    compile("cc", &["-std=c99"], &renamed, &program);
    Process::spawn(&mut Command::new(program)).wait_for_success(b"");
    let mut receiver = Mailbox::options(name.as_str()).receiver().expect("a role");
    let mut message = Message::new();
    receiver.recv(&mut message).expect("a message");
    assert_eq!(message, "one tea\n");
}

#[test]
fn a_cpp_program_closes_its_handles() {
    if !has_library() || !has("a C++ compiler, as `c++`", "c++", &["--version"]) {
        return;
    }
    let folder = Scratch::folder("c-");
    let program = folder.path().join("hello");
    compile(
        "c++",
        &["-std=c++17"],
        &file("examples/hello.cpp"),
        &program,
    );
    Process::spawn(&mut Command::new(program)).wait_for_success(b"two scones\n");
}

#[test]
fn a_server_answers_each_request_in_order() {
    if !has_library() {
        return;
    }
    let (folder, name) = (Scratch::folder("c-"), Name::new());
    let program = example(&folder, "request_reply");
    let start = |role| Process::spawn(Command::new(&program).args([role, name.as_str()]));
    let mut server = start("server");
    let mut client = start("client");
    client.send("one tea\ntwo scones\n");
    client.end_input();
    client.wait_for_success(b"ONE TEA\nTWO SCONES\n");
    server.wait_for_success(b"");
    let left = ["requests", "replies"].map(|it| format!("{}-{it}", name.path().display()));
    assert!(
        !left
            .iter()
            .any(|path| std::fs::exists(path).unwrap_or(true))
    );
}

/// Sends messages from Rust.
fn send(name: &Name, messages: &[&str]) {
    let mut sender = Mailbox::options(name.as_str()).sender().expect("a role");
    sender.send_batch(messages).expect("there is room");
    sender.close().expect("it can be closed");
}

#[test]
fn an_event_loop_gets_the_messages_of_all_mailboxes() {
    if !has_library() {
        return;
    }
    let (folder, one, two) = (Scratch::folder("c-"), Name::new(), Name::new());
    let program = example(&folder, "event_loop");
    let mut command = Command::new(program);
    let mut process = Process::spawn(command.args([one.as_str(), two.as_str()]));
    one.wait_for_receiver();
    two.wait_for_receiver();
    send(&one, &["one tea\n"]);
    process.wait_for_exactly(format!("{}: one tea\n", one.as_str()).as_bytes());
    send(&two, &["two scones\n"]);
    let expected = format!("{}: one tea\n{}: two scones\n", one.as_str(), two.as_str());
    process.wait_for_success(expected.as_bytes());
    assert!(!one.exists() && !two.exists());
}

#[test]
fn a_supervisor_sets_a_message_aside_that_crashes_twice() {
    if !has_library() {
        return;
    }
    let (folder, name) = (Scratch::folder("c-"), Name::new());
    let program = example(&folder, "supervisor");
    send(&name, &["one tea\n", "crash\n", "two scones\n"]);
    let mut process = Process::spawn(Command::new(program).arg(name.as_str()));
    process.wait_for_success(
        b"one tea\n\
        the worker died of message 1, 2 queued\n\
        the worker died of message 1, 2 queued\n\
        message 1 is set aside\n\
        two scones\n",
    );
    assert!(!name.exists());
}

/// Waits until a bus has `count` receivers.
#[track_caller]
fn wait_for_readers(name: &Name, count: usize) {
    let name = ShmName::new(name.as_str()).expect("a valid name");
    let is_attached = |place: &&Place| place.receiver.state == Peer::Attached;
    until("the readers have come", || {
        let object = observe::open(&name).ok();
        match object.map(|object| observe::look(&object)) {
            Some(Ok(Content::Bus(bus))) => bus.places.iter().filter(is_attached).count() == count,
            _ => false,
        }
    });
}

#[test]
fn each_reader_gets_every_line_and_one_with_a_label_also_across_a_kill() {
    if !has_library() {
        return;
    }
    let (folder, name) = (Scratch::folder("c-"), Name::new());
    let program = example(&folder, "ticks");
    let start = |arguments: &[&str]| Process::spawn(Command::new(&program).args(arguments));
    let billing = || start(&["read", name.as_str(), "billing"]);
    let (mut reader, mut killed) = (start(&["read", name.as_str()]), billing());
    wait_for_readers(&name, 2);
    let mut writer = start(&["write", name.as_str()]);
    writer.send("price 42\n");
    reader.wait_for_exactly(b"price 42\n");
    killed.wait_for_exactly(b"price 42\n");
    killed.kill();
    killed.wait().expect_signal(Signal::SIGKILL);
    writer.send("price 43\n");
    reader.wait_for_exactly(b"price 42\nprice 43\n");
    writer.end_input();
    // It may have been killed after it printed the line, and before it acknowledged it.
    let mut again = billing();
    again.wait_for_output("the last line", |output| output.ends_with(b"price 43\n"));
    writer.wait_for_success(b"");
    reader.wait_for_success(b"price 42\nprice 43\n");
    let ended = again.wait().expect_code(0).text();
    assert!(
        ["price 43\n", "price 42\nprice 43\n"].contains(&ended.as_str()),
        "{ended}"
    );
    assert!(!name.exists());
}
