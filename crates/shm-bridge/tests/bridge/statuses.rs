//! Exit statuses and output of the programs, which are those of `shm`.

use std::fs;

use shm_mailbox::Mailbox;
use test_support::{Ended, Name, Process, Scratch, Signal, until};

use super::pair::{Pair, bridge, content, take};

fn run(side: &str, name: &Name, args: &[&str]) -> Ended {
    Process::spawn(bridge(side, name).args(args)).wait()
}

/// Writes a note, as a sender that leaves the mailbox to the next.
fn write_note(name: &Name, words: [u64; 3]) {
    let mut sender = Mailbox::options(name.as_str()).sender().expect("the role");
    sender.set_note(words).expect("it can be written");
    sender.keep().expect("it closes");
}

#[test]
fn a_wrong_command_line_is_status_2() {
    let name = Name::new();
    let local = ["--listen", "tcp/127.0.0.1:0"];
    for args in [
        &[][..],
        &["--listen", "udp/127.0.0.1:0"],
        &["--listen", "tcp/127.0.0.1:0", "--key", "a/*"],
        &["--listen", "tcp/127.0.0.1:0", "--slots", "3"],
        &["--listen", "tcp/127.0.0.1:0", "--no-such-flag"],
    ] {
        run("in", &name, args).expect_code(2);
    }
    for listen in ["tcp/0.0.0.0:0", "tcp/[::]:0", "tcp/192.0.2.1:0"] {
        let ended = run("in", &name, &["--listen", listen]);
        ended.expect_failure(2, &["not on this machine", "--allow-remote"]);
    }
    let ended = run("out", &name, &["--connect", "tcp/192.0.2.1:1"]);
    ended.expect_failure(2, &["not on this machine", "--allow-remote"]);
    let absent = [&local[..], &["--config", "/no/such/file.json5"]].concat();
    run("in", &name, &absent).expect_failure(2, &["/no/such/file.json5"]);
    assert!(!name.exists(), "nothing was made");
}

#[test]
fn a_configuration_that_is_none_is_status_2() {
    let name = Name::new();
    for text in ["{", "{ no_such_setting: 1 }", "{ mode: 5 }"] {
        let folder = Scratch::folder("config");
        let file = folder.path().join("zenoh.json5");
        fs::write(&file, text).expect("a file");
        let file = file.to_str().expect("a path");
        let args = ["--listen", "tcp/127.0.0.1:0", "--config", file];
        run("in", &name, &args).expect_failure(2, &[file]);
    }
}

#[test]
fn passwords_that_would_protect_nothing_are_status_2() {
    let name = Name::new();
    let folder = Scratch::folder("passwords");
    let path = |file: &str| folder.path().join(file).to_str().expect("text").to_owned();
    fs::write(path("blank.txt"), " \n\n").expect("a file");
    for (setting, says) in [
        (
            format!("dictionary_file: {:?}", path("blank.txt")),
            "no user",
        ),
        (
            format!("dictionary_file: {:?}", path("absent.txt")),
            "absent.txt",
        ),
        ("user: 'kitchen'".to_owned(), "Invalid configuration"),
        (
            "password: 'a-long-secret'".to_owned(),
            "Invalid configuration",
        ),
    ] {
        let config = path("zenoh.json5");
        let text = format!("{{ transport: {{ auth: {{ usrpwd: {{ {setting} }} }} }} }}");
        fs::write(&config, text).expect("a file");
        let args = ["--listen", "tcp/127.0.0.1:0", "--config", &config];
        let ended = run("in", &name, &args).expect_failure(2, &[says]);
        assert!(!ended.errors.contains("a-long-secret"), "{}", ended.errors);
    }
    // A certificate that is not there: no time is spent on connecting.
    let config = path("zenoh.json5");
    let ca = path("ca.pem");
    let text = format!("{{ transport: {{ link: {{ tls: {{ root_ca_certificate: {ca:?} }} }} }} }}");
    fs::write(&config, text).expect("a file");
    let args = ["--connect", "tls/localhost:1", "--config", &config];
    run("out", &name, &args).expect_failure(2, &[&ca]);
    assert!(!name.exists(), "nothing was made");
}

#[test]
fn a_role_that_is_taken_is_status_4() {
    let pair = Pair::new();
    let _sender = Mailbox::options(pair.far.as_str())
        .sender()
        .expect("the role");
    let ended = run("in", &pair.far, &["--listen", "tcp/127.0.0.1:0"]);
    ended.expect_failure(4, &["already has a sender"]);
    let _receiver = Mailbox::options(pair.near.as_str())
        .receiver()
        .expect("the role");
    let ended = run("out", &pair.near, &["--connect", "tcp/127.0.0.1:1"]);
    ended.expect_failure(4, &["already has a receiver"]);
}

#[test]
fn a_port_that_is_taken_is_status_1_and_the_note_survives_it() {
    let pair = Pair::new();
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = format!("tcp/{}", other.local_addr().expect("it has one"));
    run("in", &pair.far, &["--listen", &listen]).expect_code(1);
    assert!(!pair.far.exists(), "one that it has made itself goes");
    // One that was there stays: empty, with a reader and with a note.
    let _receiver = pair.receiver();
    let note = [1, 2, 4];
    write_note(&pair.far, note);
    run("in", &pair.far, &["--listen", &listen]).expect_code(1);
    let sender = Mailbox::options(pair.far.as_str()).sender();
    assert_eq!(sender.expect("the role").note(), Some(note));
}

#[test]
fn another_object_and_another_programs_note_are_status_7() {
    let pair = Pair::new();
    pair.far.fill(&[1; 4096]);
    run(
        "in",
        &pair.far,
        &["--listen", "tcp/127.0.0.1:0", "--any-owner"],
    )
    .expect_code(7);
    pair.far.unlink();
    write_note(&pair.far, [0, 0, 5]);
    let ended = run("in", &pair.far, &["--listen", "tcp/127.0.0.1:0"]);
    ended.expect_failure(7, &["note of another program"]);
    assert!(pair.far.exists(), "it is the other program's");
}

#[test]
fn a_writer_that_died_is_status_6_once_all_is_carried() {
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let far = pair.start_in(0, &[]);
    let mut sender = pair.sender();
    sender.send(content(0)).expect("there is room");
    let mut near = pair.start_out(far.port, &[]);
    take(&mut receiver, 0, 1);
    sender.send(content(1)).expect("there is room");
    sender.abort().expect("it leaves");
    near.wait_for_failure(6, &["died", "--follow"]);
    take(&mut receiver, 1, 2);
}

#[test]
fn a_mailbox_that_was_removed_is_status_3() {
    let pair = Pair::new();
    let mut far = pair.start_in(0, &[]);
    pair.far.unlink();
    far.process.wait_for_failure(3, &["was removed"]);
}

#[test]
fn a_message_for_a_mailbox_that_was_removed_is_not_lost() {
    let pair = Pair::new();
    let mut far = pair.start_in(0, &[]);
    let mut sender = pair.sender();
    let _near = pair.start_out(far.port, &["--follow"]);
    sender.send(content(0)).expect("there is room");
    until("it is carried", || pair.near.received() == 1);
    pair.far.unlink();
    sender.send(content(1)).expect("there is room");
    far.process.wait_for_failure(3, &["was removed"]);
    assert_eq!(pair.near.received(), 1, "the near mailbox has it still");
    let _far = pair.start_in(far.port, &[]);
    take(&mut pair.receiver(), 1, 2);
}

#[test]
fn the_unit_has_what_the_page_shows_of_it() {
    let read = |path| fs::read_to_string(path).expect("it is in the repository");
    let page = read("../../docs/two-machines.md");
    let unit = read("examples/shm-bridge@.service");
    let (_, shown) = page.split_once("```ini\n").expect("a unit");
    let (shown, _) = shown.split_once("```").expect("its end");
    for line in shown.lines() {
        assert!(unit.lines().any(|other| other == line), "{line}");
    }
}

#[test]
fn what_is_said_can_be_had_as_json() {
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let mut far = pair.start_in(0, &["--json", "--stats"]);
    let mut sender = pair.sender();
    sender.send(content(0)).expect("there is room");
    let mut near = pair.start_out(far.port, &["--json", "--stats"]);
    take(&mut receiver, 0, 1);
    sender.drain(None).expect("it was carried");
    sender.close().expect("it closes");
    near.wait().expect_code(0);
    far.process.wait_for_error("\"end\"");
    far.process.signal(Signal::SIGTERM);
    far.process.wait().expect_signal(Signal::SIGTERM);
    for (errors, events) in [
        (near.errors(), &["carrying", "connected", "stats"][..]),
        (
            far.process.errors(),
            &["listening", "stream", "end", "stats"],
        ),
    ] {
        let lines: Vec<serde_json::Value> = errors
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect();
        let found: Vec<_> = lines.iter().map(|line| line["event"].as_str()).collect();
        let expected: Vec<_> = events.iter().copied().map(Some).collect();
        assert_eq!(found, expected);
        assert!(lines.iter().all(|line| line["schema"] == 1));
        assert_eq!(lines[events.len() - 1]["messages"], 1);
    }
    // Errors, too.
    let args = ["--json", "--listen", "tcp/192.0.2.1:1"];
    let ended = run("in", &Name::new(), &args).expect_code(2);
    ended.expect_errors(&["\"event\":\"error\"", "\"status\":2"]);
}
