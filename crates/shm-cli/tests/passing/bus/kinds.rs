//! Which command makes a bus, which uses an existing object, and how endpoints leave a bus.

use test_support::shm::{expect_left, leave, reader, run, writer};
use test_support::{Name, Signal, until};

use super::seen::{attached_reader, attached_writer, bus, wait_for_lane};

#[test]
fn an_end_without_options_takes_the_bus_that_is_there() {
    let name = Name::new();
    let mut writer = attached_writer(&name, 0, &["--receivers", "2"]);
    let mut first = attached_reader(&name, 0, &[]);
    let mut second = attached_reader(&name, 1, &[]);
    writer.send("one\ntwo\n");
    writer.finish().expect_code(0).expect_quiet();
    first.wait_for_success(b"one\ntwo\n");
    second.wait_for_success(b"one\ntwo\n");
    assert!(!name.exists());
}

#[test]
fn a_reader_may_make_the_bus() {
    for option in [
        ["--receivers", "2"],
        ["--senders", "1"],
        ["--as", "x"],
        ["--from", "next"],
    ] {
        let name = Name::new();
        let mut reader = attached_reader(&name, 0, &option);
        writer(&name, &["-m", "hello"])
            .finish()
            .expect_code(0)
            .expect_quiet();
        reader.wait_for_success(b"hello\n");
    }
}

#[test]
fn a_mailbox_takes_no_options_of_a_bus() {
    let name = Name::new();
    leave(&name, &[], "kept\n");
    for end in ["writer", "reader"] {
        for option in [["--receivers", "2"], ["--senders", "2"], ["--as", "x"]] {
            run([&[end, name.as_str()], &option[..]].concat())
                .expect_failure(7, &["is a mailbox", "--receivers"]);
        }
    }
    run(["reader", name.as_str(), "--from", "oldest"]).expect_failure(7, &["is a mailbox"]);
    expect_left(&name, "kept\n");
}

#[test]
fn what_a_writer_keeps_on_a_bus_is_the_next_readers() {
    let name = Name::new();
    writer(
        &name,
        &["--receivers", "2", "--keep", "-m", "one", "-m", "two"],
    )
    .finish()
    .expect_code(0);
    wait_for_lane(&name, 0, 2, 2);
    run(["peek", name.as_str()])
        .expect_code(0)
        .expect_output(b"one\ntwo\n");
    run(["reader", name.as_str(), "--no-wait", "-c", "1"])
        .expect_code(0)
        .expect_output(b"one\n");
    let mut rest = reader(&name, &[]);
    rest.wait_for_success(b"two\n");
}

#[test]
fn a_reader_that_follows_a_bus_takes_the_mailbox_that_comes_next() {
    let name = Name::new();
    let mut writer = attached_writer(&name, 0, &["--receivers", "2"]);
    let mut reader = attached_reader(&name, 0, &["--follow", "-c", "3"]);
    writer.send("one\n");
    writer.finish().expect_code(0);
    assert!(!name.exists());
    leave(&name, &["-m", "two", "-m", "three"], "");
    reader.wait_for_success(b"one\ntwo\nthree\n");
}

#[test]
fn a_reader_that_follows_a_mailbox_takes_all_that_the_next_bus_has() {
    let name = Name::new();
    let mut reader = reader(&name, &["--follow", "-c", "2"]);
    name.wait_for_receiver();
    reader.signal(Signal::SIGSTOP);
    until("it stands still", || reader.state() == Some('T'));
    run(["rm", "--force", name.as_str()]).expect_code(0);
    let mut writer = attached_writer(&name, 0, &["--receivers", "2"]);
    let other = attached_reader(&name, 0, &[]);
    other.signal(Signal::SIGSTOP);
    until("it stands still", || other.state() == Some('T'));
    writer.send("one\ntwo\n");
    wait_for_lane(&name, 0, 2, 2);
    reader.signal(Signal::SIGCONT);
    reader.wait_for_success(b"one\ntwo\n");
}

#[test]
fn a_reader_that_follows_a_bus_by_its_options_refuses_a_mailbox() {
    let name = Name::new();
    let mut reader = attached_reader(&name, 0, &["--follow", "--receivers", "2"]);
    reader.signal(Signal::SIGSTOP);
    until("it stands still", || reader.state() == Some('T'));
    run(["rm", "--force", name.as_str()]).expect_code(0);
    leave(&name, &["-m", "one"], "");
    reader.signal(Signal::SIGCONT);
    reader.wait_for_failure(7, &["is a mailbox", "leave out --receivers"]);
    expect_left(&name, "one\n");
}

#[test]
fn a_bus_without_room_refuses_one_more() {
    let name = Name::new();
    let _reader = attached_reader(&name, 0, &["--receivers", "1"]);
    let _writer = attached_writer(&name, 0, &[]);
    for end in ["reader", "writer"] {
        let refused = run([end, name.as_str(), "--attach-timeout", "0s"]);
        refused.expect_failure(4, &["no room for another", end]);
    }
}

#[test]
fn a_label_has_one_holder_at_a_time_and_is_forgotten_when_it_has_none() {
    let name = Name::new();
    let mut holder = attached_reader(&name, 0, &["--as", "billing"]);
    let pid = holder.pid().to_string();
    run([
        "reader",
        name.as_str(),
        "--as",
        "billing",
        "--attach-timeout",
        "0s",
    ])
    .expect_failure(4, &["billing", &pid]);
    run(["forget", name.as_str(), "billing"]).expect_failure(4, &["billing", &pid]);
    holder.kill();
    assert_eq!(bus(&name)["places"][0]["kept"], true);
    run(["forget", name.as_str(), "other"]).expect_failure(3, &["other", "shm stat"]);
    run(["forget", name.as_str(), "billing"])
        .expect_code(0)
        .expect_quiet();
    run(["forget", name.as_str(), "billing"]).expect_code(3);
}

#[test]
fn only_a_bus_has_labels_to_forget() {
    let name = Name::new();
    leave(&name, &[], "kept\n");
    run(["forget", name.as_str(), "billing"]).expect_failure(7, &["is a mailbox"]);
    expect_left(&name, "kept\n");
    run(["forget", name.as_str(), ""]).expect_code(2);
}

#[test]
fn a_writer_that_does_not_wait_for_ever_names_the_reader_that_is_away() {
    let name = Name::new();
    let mut writer = attached_writer(&name, 0, &["--receivers", "2", "--drain", "0s"]);
    let mut billing = attached_reader(&name, 0, &["--as", "billing"]);
    let mut other = attached_reader(&name, 1, &[]);
    billing.kill();
    writer.send("one\n");
    other.wait_for_exactly(b"one\n");
    writer.end_input();
    writer.wait_for_failure(6, &["left in object", "billing", "died", "shm forget"]);
    other.wait_for_success(b"one\n");
    let mut again = reader(&name, &["--as", "billing"]);
    again.wait_for_success(b"one\n");
    run(["forget", name.as_str(), "billing"]).expect_code(0);
    assert!(!name.exists());
}

#[test]
fn a_message_for_which_there_is_no_room_names_the_reader_that_holds_it_back() {
    let name = Name::new();
    let args = ["--receivers", "2", "--slots", "1", "--timeout", "0s"];
    let mut writer = attached_writer(&name, 0, &args);
    let mut billing = attached_reader(&name, 0, &["--as", "billing"]);
    let _other = attached_reader(&name, 1, &[]);
    billing.kill();
    writer.send("one\n");
    wait_for_lane(&name, 0, 1, 1);
    writer.send("two\n");
    writer.wait_for_failure(124, &["no room", "billing"]);
}

#[test]
fn every_framing_passes_over_a_bus_with_several_writers() {
    for (args, input) in [
        (&["--raw"][..], &b"no line\0at all"[..]),
        (&["-0"], b"one\0two\0"),
        (&["--length-delimited"], b"\0\0\0\x03a\nb\0\0\0\0"),
    ] {
        let name = Name::new();
        let mut reader = attached_reader(&name, 0, &[&["--senders", "2"], args].concat());
        let mut writer = attached_writer(&name, 0, args);
        writer.send(input);
        writer.finish().expect_code(0);
        reader.wait_for_success(input);
    }
}
