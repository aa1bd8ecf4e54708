//! One writer and three readers: one with a label is killed and restarted, one without is killed,
//! and one is stopped and continued.

use std::ops::Range;

use test_support::shm::printed;
use test_support::{Name, Process, Signal, until};

use super::seen::{attached_reader, attached_writer, bus, wait_for_lane};

fn lines(numbers: Range<u32>) -> String {
    numbers.map(|n| format!("tick {n}\n")).collect()
}

#[track_caller]
fn wait_for(reader: &Process, numbers: Range<u32>) {
    reader.wait_for_exactly(lines(numbers).as_bytes());
}

#[test]
fn a_killed_a_stopped_and_a_restarted_reader_each_get_what_they_are_promised() {
    let name = Name::new();
    let mut writer = attached_writer(&name, 0, &["--receivers", "3", "--slots", "16"]);
    let mut billing = attached_reader(&name, 0, &["--as", "billing"]);
    let mut killed = attached_reader(&name, 1, &[]);
    let mut stopped = attached_reader(&name, 2, &[]);
    writer.send(lines(0..10));
    for reader in [&billing, &killed, &stopped] {
        wait_for(reader, 0..10);
    }
    wait_for_lane(&name, 0, 10, 0);

    // With a label: the bus keeps its messages until the restart.
    billing.kill();
    assert_eq!(billing.wait().output, lines(0..10).as_bytes());
    writer.send(lines(10..20));
    wait_for(&stopped, 0..20);
    let kept = &bus(&name)["places"][0];
    assert_eq!(
        (&kept["label"], &kept["kept"]),
        (&"billing".into(), &true.into())
    );
    assert_eq!(kept["behind"], 10);
    let mut billing = attached_reader(&name, 2, &["--as", "billing"]);
    wait_for(&billing, 10..20);

    // Without a label: the writer drops it as soon as it needs the room, and continues.
    wait_for(&killed, 0..20);
    killed.kill();
    assert_eq!(killed.wait().output, lines(0..20).as_bytes());
    writer.send(lines(20..60));
    wait_for(&billing, 10..60);
    wait_for(&stopped, 0..60);
    wait_for_lane(&name, 0, 60, 0);

    // A stopped reader is alive: the writer waits as soon as the lane is full, and stat names the
    // reader.
    stopped.signal(Signal::SIGSTOP);
    until("it stands still", || stopped.state() == Some('T'));
    writer.send(lines(60..100));
    wait_for_lane(&name, 0, 76, 16);
    wait_for(&billing, 10..76);
    let page = printed(["stat", name.as_str()]);
    let holding: Vec<_> = page
        .lines()
        .filter(|line| line.contains("HOLDS BACK"))
        .collect();
    let [line] = holding.as_slice() else {
        panic!("one reader holds the writer back: {page}")
    };
    assert!(line.contains(&stopped.pid().to_string()), "{page}");
    stopped.signal(Signal::SIGCONT);

    writer.finish().expect_code(0).expect_quiet();
    stopped.wait_for_success(lines(0..100).as_bytes());
    billing.wait_for_success(lines(10..100).as_bytes());
    // The label is a promise to a reader that may return.
    assert!(name.exists());
    assert_eq!(printed(["forget", name.as_str(), "billing"]), "");
    assert!(!name.exists());
}

#[test]
fn a_late_reader_begins_with_what_comes_next_or_with_what_is_still_there() {
    let name = Name::new();
    let mut writer = attached_writer(&name, 0, &["--receivers", "3"]);
    let mut early = attached_reader(&name, 0, &[]);
    writer.send("one\n");
    early.wait_for_exactly(b"one\n");
    wait_for_lane(&name, 0, 1, 0);
    early.signal(Signal::SIGSTOP);
    until("it stands still", || early.state() == Some('T'));
    writer.send("two\n");
    wait_for_lane(&name, 0, 2, 1);
    let mut oldest = attached_reader(&name, 1, &["--from", "oldest"]);
    let mut next = attached_reader(&name, 2, &[]);
    early.signal(Signal::SIGCONT);
    writer.send("three\n");
    writer.finish().expect_code(0);
    early.wait_for_success(b"one\ntwo\nthree\n");
    oldest.wait_for_success(b"two\nthree\n");
    next.wait_for_success(b"three\n");
    assert!(!name.exists());
}
