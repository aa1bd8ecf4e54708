//! The mailbox between two programs: what goes in at the writer comes out at the reader, byte for
//! byte, with every wait strategy, framing and order of starting.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;

use fastrand::Rng;
use test_support::shm::{attached_reader, expect_passed, reader, shm, writer};
use test_support::{Name, Process, both_cores, lines, until};

/// Every strategy, polling quickly enough for a test.
const WAITS: [&[&str]; 8] = [
    &["--wait", "spin"],
    &["--wait", "yield"],
    &["--wait", "poll", "--interval", "100us"],
    &["--wait", "backoff"],
    &["--wait", "block"],
    &["--wait", "bell"],
    &["--prompt"],
    &["--wait", "adaptive"],
];

/// Sends the text from one to the other and compares what arrives.
#[track_caller]
fn pass(text: &[u8], writer_args: &[&str], reader_args: &[&str]) {
    let name = Name::new();
    let mut reader = reader(&name, reader_args);
    let mut writer = writer(&name, writer_args);
    writer.feed(text.to_vec());
    expect_passed(&mut writer, &mut reader, text);
    assert!(
        !name.exists(),
        "the writer unlinks the object when everything was taken"
    );
}

#[test]
fn any_wait_strategy_works_with_any_other() {
    let _busy = both_cores();
    let text = lines(20_000, 3);
    // With many slots two spinning programs that share a core take turns less often.
    for writer_waits in WAITS {
        for reader_waits in WAITS {
            let slots = &["--slots", "256"][..];
            pass(
                &text,
                &[writer_waits, slots].concat(),
                &[reader_waits, slots].concat(),
            );
        }
    }
}

#[test]
fn any_number_of_slots_keeps_the_order() {
    let text = lines(5_000, 4);
    for slots in ["1", "2", "16", "65536"] {
        pass(&text, &["--slots", slots], &["--slots", slots]);
    }
}

#[test]
fn the_writer_may_start_first() {
    for text in [lines(10, 5), lines(1_000, 5)] {
        let name = Name::new();
        let mut writer = writer(&name, &[]);
        name.wait_for_sender();
        writer.feed(text.clone());
        let mut reader = reader(&name, &[]);
        expect_passed(&mut writer, &mut reader, &text);
    }
}

#[test]
fn the_reader_may_start_first() {
    for text in [lines(10, 6), lines(1_000, 6)] {
        let name = Name::new();
        let mut reader = reader(&name, &[]);
        name.wait_for_receiver();
        let mut writer = writer(&name, &[]);
        writer.feed(text.clone());
        expect_passed(&mut writer, &mut reader, &text);
    }
}

#[test]
fn both_may_start_at_the_same_time() {
    for _ in 0..50 {
        pass(b"one\ntwo\n", &[], &[]);
    }
}

#[test]
fn every_kind_of_line_arrives_as_it_was() {
    let mut text = "\n\none\n \n\tžluťoučký kůň, 共享内存, 🦀\n"
        .as_bytes()
        .to_vec();
    text.extend(b"bytes \x00\x01\x7f\x80\xff\n");
    for len in [1022, 1023, 1024, 1025, 2047, 2048, 2049, 100_000] {
        text.extend(b"0123456789".iter().cycle().take(len));
        text.push(b'\n');
    }
    for end in ["", "no newline at the end"] {
        pass(&[&text, end.as_bytes()].concat(), &[], &[]);
    }
}

#[test]
fn an_empty_input_ends_the_reader() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    writer(&name, &[]).finish().expect_code(0).expect_quiet();
    reader.wait_for_success(b"");
    assert!(!name.exists());
}

#[test]
fn records_that_end_with_a_null_arrive_as_they_were() {
    let mut text = b"one\0two\nlines\0\0".to_vec();
    text.extend([b'x'; 3000]);
    text.push(0);
    for end in [&b""[..], b"no null at the end"] {
        pass(&[&text, end].concat(), &["-0"], &["-0"]);
        pass(&[&text, end].concat(), &["--null"], &["--null"]);
    }
}

#[test]
fn length_delimited_messages_of_every_length_arrive() {
    let mut random = Rng::with_seed(7);
    let mut text = Vec::new();
    for len in 0..=1024 {
        frame(&mut text, &mut random, len);
    }
    pass(&text, &["--length-delimited"], &["--length-delimited"]);
}

/// Appends a message of random bytes with its length before it.
fn frame(text: &mut Vec<u8>, random: &mut Rng, len: usize) {
    text.extend(u32::try_from(len).expect("at most 1024").to_be_bytes());
    let start = text.len();
    text.resize(start + len, 0);
    random.fill(&mut text[start..]);
}

#[test]
fn a_hundred_megabytes_arrive_through_raw() {
    let mut random = Rng::with_seed(8);
    pass_with_checksum("--raw", || {
        let mut piece = vec![0; 1_000_000];
        random.fill(&mut piece);
        piece
    });
}

#[test]
fn a_hundred_megabytes_arrive_through_length_delimited() {
    let mut random = Rng::with_seed(9);
    pass_with_checksum("--length-delimited", || {
        let mut piece = Vec::new();
        while piece.len() < 1_000_000 {
            let len = random.usize(..1025);
            frame(&mut piece, &mut random, len);
        }
        piece
    });
}

/// Sends 100 pieces of 1 MB or more and compares the SHA-256 of both ends; nothing is kept in
/// memory.
fn pass_with_checksum(framing: &str, mut piece: impl FnMut() -> Vec<u8>) {
    let _busy = both_cores();
    let name = Name::new();
    let (received, output) = std::io::pipe().expect("a pipe");
    let mut command = shm(["reader", framing, "--slots", "64", name.as_str()]);
    let mut reader = Process::spawn_as_is(command.stdout(output).stderr(Stdio::piped()));
    drop(command);
    let mut at_reader = Process::spawn_as_is(
        Command::new("sha256sum")
            .stdin(received)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped()),
    );
    let mut at_writer = Process::spawn(&mut Command::new("sha256sum"));
    let mut writer = writer(&name, &[framing, "--slots", "64"]);

    let (mut input, mut copy) = (writer.take_input(), at_writer.take_input());
    let mut len = 0;
    for _ in 0..100 {
        let piece = piece();
        len += piece.len();
        thread::scope(|scope| {
            scope.spawn(|| copy.write_all(&piece).expect("sha256sum reads"));
            input.write_all(&piece).expect("the writer reads");
        });
    }
    drop((input, copy));
    assert!(len >= 100_000_000);
    writer.wait_for_success(b"");
    reader.wait_for_success(b"");
    let expected = at_writer.wait().expect_code(0).output;
    at_reader.wait_for_success(&expected);
}

#[test]
fn messages_given_as_arguments_get_the_terminator_of_the_framing() {
    let frames = b"\0\0\0\x03one\0\0\0\x00\0\0\0\x03two";
    let cases: [(&[&str], &[u8]); 4] = [
        (&[], b"one\n\ntwo\n"),
        (&["-0"], b"one\0\0two\0"),
        (&["--raw"], b"onetwo"),
        (&["--length-delimited"], frames),
    ];
    for (framing, expected) in cases {
        let name = Name::new();
        let mut reader = reader(&name, framing);
        writer(
            &name,
            &[framing, &["-m", "one", "-m", "", "-m", "two"]].concat(),
        )
        .wait_for_success(b"");
        reader.wait_for_success(expected);
    }
}

#[test]
fn json_shows_text_as_text_and_other_bytes_in_base64() {
    let name = Name::new();
    let mut reader = reader(&name, &["--json"]);
    name.wait_for_receiver();
    let id = name.id();
    let mut writer = writer(&name, &[]);
    writer.send(b"hello\n\"quoted\" \\ \t\x01\n\xff\xfe\n\xc5\xbe\n\nend");
    writer.finish().expect_code(0);
    let records = [
        r#"len":6,"data":{"text":"hello\n"}}"#,
        r#"len":14,"data":{"text":"\"quoted\" \\ \t\u0001\n"}}"#,
        r#"len":3,"data":{"bytes":"//4K"}}"#,
        r#"len":3,"data":{"text":"ž\n"}}"#,
        r#"len":1,"data":{"text":"\n"}}"#,
        r#"len":3,"data":{"text":"end"}}"#,
    ];
    let lines = (0..)
        .zip(records)
        .map(|(seq, record)| format!("{{\"schema\":1,\"id\":\"{id}\",\"seq\":{seq},\"{record}\n"));
    let expected: String = lines.collect();
    reader.wait_for_success(expected.as_bytes());
}

#[test]
fn a_line_is_shown_before_the_next_one_is_typed() {
    let name = Name::new();
    let mut reader = reader(&name, &[]);
    let mut writer = writer(&name, &[]);
    let mut shown = Vec::new();
    for line in ["one\n", "two\n", "three\n"] {
        writer.send(line);
        shown.extend(line.as_bytes());
        reader.wait_for_exactly(&shown);
    }
    until("everything was acknowledged", || name.received() == 3);
    writer.finish().expect_code(0);
    reader.wait().expect_code(0);
}

#[test]
fn statistics_are_one_line_of_the_errors_at_the_end() {
    let name = Name::new();
    let mut reader = reader(&name, &["--stats"]);
    let writer = writer(&name, &["--stats", "-m", "one", "-m", "two"]).wait();
    let reader = reader.wait().expect_output(b"one\ntwo\n");
    for ended in [writer, reader] {
        let ended = ended.expect_code(0);
        assert_eq!(ended.errors.lines().count(), 1, "{}", ended.errors);
        ended.expect_errors(&["2 messages", "8"]);
    }
}
