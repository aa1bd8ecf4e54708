//! The classic layout, every pairing of C and Rust: what goes in at the writer comes out at the
//! reader, byte for byte.

use std::time::{Duration, Instant};

use test_support::shm::peers::{c_reader, c_writer, has_c};
use test_support::shm::{classic_writer, expect_passed, reader, writer};
use test_support::{Name, Process, Signal, lines};

/// Short lines, empty ones, lengths around the lesson's buffer, other alphabets, no newline at the
/// end.
fn every_kind_of_line() -> Vec<u8> {
    let mut text = String::from("one\n\ntwo words\n \n\tthree\n");
    for len in [1022, 1023, 1024, 2500] {
        let line: String = ('a'..='z').cycle().take(len).collect();
        text += &line;
        text += "\n";
    }
    // Two-, three- and four-byte characters; the long line is cut within one of them.
    text += "žluťoučký kůň, 共享内存, 🦀\n";
    text += &"é".repeat(600);
    text += "\nno newline at the end";
    text.into_bytes()
}

fn thirty_lines() -> Vec<u8> {
    (1..=30)
        .flat_map(|n| format!("line {n}\n").into_bytes())
        .collect()
}

fn our_reader(name: &Name) -> Process {
    reader(name, &["--classic"])
}

#[test]
fn our_writer_first_and_our_reader() {
    for text in [every_kind_of_line(), thirty_lines()] {
        let name = Name::new();
        let mut writer = classic_writer(&name, &[]);
        let mut reader = our_reader(&name);
        writer.feed(text.clone());
        expect_passed(&mut writer, &mut reader, &text);
        assert!(!name.exists(), "the writer unlinks the object at its end");
    }
}

#[test]
fn our_reader_first_and_our_writer() {
    for text in [every_kind_of_line(), thirty_lines()] {
        let name = Name::new();
        let mut reader = our_reader(&name);
        reader.wait_until_asleep();
        let mut writer = classic_writer(&name, &[]);
        writer.feed(text.clone());
        expect_passed(&mut writer, &mut reader, &text);
        assert!(!name.exists(), "the writer unlinks the object at its end");
    }
}

#[test]
fn our_writer_and_a_c_reader() {
    if !has_c() {
        return;
    }
    for text in [every_kind_of_line(), thirty_lines()] {
        let name = Name::new();
        let mut writer = classic_writer(&name, &[]);
        writer.feed(text.clone());
        let reader = c_reader(&name);
        reader.wait_for_exactly(&text);
        writer.wait_for_success(b"");
        assert!(!name.exists(), "the writer unlinks the object at its end");
    }
}

#[test]
fn a_c_writer_first_and_our_reader() {
    if !has_c() {
        return;
    }
    let (name, text) = (Name::new(), every_kind_of_line());
    let mut writer = c_writer(&name);
    // Without --classic: the reader recognises the lesson's object.
    let mut reader = reader(&name, &[]);
    writer.feed(text.clone());
    writer.wait().expect_code(0);
    reader.wait_for_success(&text);
}

#[test]
fn our_reader_first_and_a_c_writer() {
    if !has_c() {
        return;
    }
    let (name, text) = (Name::new(), thirty_lines());
    let mut reader = our_reader(&name);
    reader.wait_until_asleep();
    let mut writer = c_writer(&name);
    writer.feed(text.clone());
    writer.wait().expect_code(0);
    reader.wait_for_success(&text);
}

#[test]
fn a_c_writer_and_a_c_reader() {
    if !has_c() {
        return;
    }
    let (name, text) = (Name::new(), every_kind_of_line());
    let mut writer = c_writer(&name);
    let reader = c_reader(&name);
    writer.feed(text.clone());
    writer.wait().expect_code(0);
    reader.wait_for_exactly(&text);
}

#[test]
fn every_wait_strategy_of_the_layout_carries_every_kind_of_line() {
    let text = every_kind_of_line();
    let waits = [
        &["--wait", "spin"][..],
        &["--wait", "yield"],
        &["--wait", "poll", "--interval", "1ms"],
        &["--wait", "block", "--interval", "10ms"],
    ];
    for writer_waits in waits {
        for reader_waits in waits {
            let name = Name::new();
            let mut writer = writer(&name, &[&["--classic"], writer_waits].concat());
            let mut reader = reader(&name, &[&["--classic"], reader_waits].concat());
            writer.feed(text.clone());
            expect_passed(&mut writer, &mut reader, &text);
        }
    }
}

#[test]
fn ten_thousand_lines_take_a_second_or_two_with_the_futex() {
    let (name, text) = (Name::new(), lines(10_000, 1));
    let start = Instant::now();
    let mut reader = our_reader(&name);
    let mut writer = classic_writer(&name, &[]);
    writer.feed(text.clone());
    expect_passed(&mut writer, &mut reader, &text);
    // The lesson's pair takes 18 minutes; ten times what ours takes is still far from that.
    let taken = start.elapsed();
    assert!(
        taken < Duration::from_secs(100),
        "10,000 lines took {taken:?}"
    );
}

#[test]
fn messages_given_as_arguments_are_sent_as_lines() {
    let name = Name::new();
    let mut reader = our_reader(&name);
    writer(&name, &["--classic", "-m", "one", "-m", "two"]).wait_for_success(b"");
    reader.wait_for_success(b"one\ntwo\n");
}

#[test]
fn the_object_has_the_size_and_mode_of_the_lesson() {
    let name = Name::new();
    let mut writer = classic_writer(&name, &[]);
    // 0666 minus the umask, as open(2) makes it.
    assert_eq!(name.mode() & 0o777, 0o666 & !umask());
    writer.signal(Signal::SIGTERM);
    writer.wait().expect_signal(Signal::SIGTERM);
    assert!(
        !name.exists(),
        "an interrupted writer leaves nothing when nothing is queued"
    );
}

/// The umask of this process, which its children inherit.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is there");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))
        .expect("Linux 4.7");
    u32::from_str_radix(line.trim(), 8).expect("an octal number")
}
