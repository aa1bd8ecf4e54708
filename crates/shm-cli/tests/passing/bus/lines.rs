//! Lines of several writers: whole, and in each writer's order, whichever process is killed.

use std::collections::HashMap;

use test_support::{Name, Process, until};

use super::seen::{attached_reader, attached_writer, bus, wait_for_lane};

const WRITERS: [&str; 4] = ["a", "b", "c", "d"];
const LINES: usize = 60;

/// Up to five pieces long, and another one for each writer and number.
fn line(writer: &str, number: usize) -> String {
    let length = (number * 997) % 5000;
    format!("{writer} {number} {}\n", writer.repeat(length))
}

fn senders(name: &Name, args: &[&str]) -> Vec<Process> {
    let start = |others| attached_writer(name, others, args);
    (0..WRITERS.len()).map(start).collect()
}

#[test]
fn lines_of_four_writers_over_1_kib_come_out_whole_and_in_order() {
    let name = Name::new();
    let mut reader = attached_reader(&name, 0, &["--senders", "4", "--slots", "4"]);
    let mut writers = senders(&name, &[]);
    for (writer, process) in WRITERS.into_iter().zip(&mut writers) {
        let input: String = (0..LINES).map(|number| line(writer, number)).collect();
        process.feed(input.into_bytes());
    }
    for writer in &mut writers {
        writer.wait().expect_code(0).expect_quiet();
    }
    let output = reader.wait().expect_code(0).expect_quiet().text();
    let mut next: HashMap<&str, usize> = HashMap::new();
    for found in output.split_inclusive('\n') {
        let writer = &found[..1];
        let number = next.entry(writer).or_default();
        assert!(
            found == line(writer, *number),
            "line {number} of {writer} is another"
        );
        *number += 1;
    }
    let expected: HashMap<&str, usize> = WRITERS.map(|writer| (writer, LINES)).into();
    assert_eq!(next, expected);
}

#[test]
fn a_writer_killed_within_a_line_delays_no_other_and_its_part_comes_last() {
    let name = Name::new();
    let mut reader = attached_reader(&name, 0, &["--senders", "2"]);
    let mut killed = attached_writer(&name, 0, &[]);
    let mut other = attached_writer(&name, 1, &[]);
    killed.send("whole\n".to_owned() + &"x".repeat(3000));
    wait_for_lane(&name, 0, 3, 2);
    killed.kill();
    other.send("first\nsecond\n");
    reader.wait_for_exactly(b"whole\nfirst\nsecond\n");
    other.finish().expect_code(0);
    let output = format!("whole\nfirst\nsecond\n{}", "x".repeat(2048));
    reader
        .wait_for_failure(6, &[name.as_str(), "died"])
        .expect_output(output.as_bytes());
}

#[test]
fn a_reader_killed_within_a_line_gets_it_whole_after_its_restart() {
    let name = Name::new();
    let args = ["--senders", "2", "--as", "log"];
    let mut reader = attached_reader(&name, 0, &args);
    let mut writer = attached_writer(&name, 0, &[]);
    writer.send("whole\n".to_owned() + &"x".repeat(3000));
    reader.wait_for_exactly(b"whole\n");
    wait_for_lane(&name, 0, 3, 2);
    reader.kill();
    let mut reader = attached_reader(&name, 0, &args);
    writer.send("end\n");
    let line = "x".repeat(3000) + "end\n";
    reader.wait_for_exactly(line.as_bytes());
    writer.finish().expect_code(0);
    reader.wait_for_success(line.as_bytes());
}

#[test]
fn the_last_line_of_a_writer_needs_no_end_whatever_its_length() {
    for length in [1, 1023, 1024, 1025, 2048] {
        let name = Name::new();
        let mut reader = attached_reader(&name, 0, &["--senders", "2"]);
        let mut first = attached_writer(&name, 0, &[]);
        let mut second = attached_writer(&name, 1, &[]);
        first.send("x".repeat(length));
        first.finish().expect_code(0);
        second.send("y\n");
        second.finish().expect_code(0);
        let output = "x".repeat(length) + "\ny\n";
        reader.wait_for_success(output.as_bytes());
    }
}

#[test]
fn a_writer_that_gets_the_lane_of_a_killed_one_begins_a_line() {
    // One takes the first lane that is free, the other finds its own again.
    for label in [&[][..], &["--as", "sensor"]] {
        for unfinished in [1024, 2048, 3000] {
            let name = Name::new();
            let reader = attached_reader(&name, 0, &["--senders", "2"]);
            let mut killed = attached_writer(&name, 0, label);
            let _other = attached_writer(&name, 1, &[]);
            killed.send("whole\n".to_owned() + &"x".repeat(unfinished));
            let pieces = unfinished as u64 / 1024;
            wait_for_lane(&name, 0, 1 + pieces, pieces);
            killed.kill();
            let mut next = attached_writer(&name, 1, label);
            next.send("hello\n");
            next.finish().expect_code(0).expect_quiet();
            let part = "x".repeat(1024 * pieces as usize);
            let output = format!("whole\n{part}\nhello\n");
            reader.wait_for_exactly(output.as_bytes());
        }
    }
}

#[test]
fn a_writer_that_gets_a_lane_after_a_whole_line_adds_nothing() {
    for last in [1, 1023, 1024, 1025, 2048] {
        let name = Name::new();
        let reader = attached_reader(&name, 0, &["--senders", "2"]);
        let mut killed = attached_writer(&name, 0, &[]);
        let _other = attached_writer(&name, 1, &[]);
        let line = "x".repeat(last - 1) + "\n";
        killed.send(&line);
        reader.wait_for_exactly(line.as_bytes());
        killed.kill();
        let mut next = attached_writer(&name, 1, &[]);
        next.send("hello\n");
        next.finish().expect_code(0);
        reader.wait_for_exactly((line + "hello\n").as_bytes());
    }
}

#[test]
fn a_writer_that_gets_the_lane_of_one_whose_last_line_had_no_end_begins_a_line() {
    let name = Name::new();
    let reader = attached_reader(&name, 0, &["--senders", "2"]);
    let _other = attached_writer(&name, 0, &[]);
    for _ in 0..2 {
        let mut writer = attached_writer(&name, 1, &[]);
        writer.send("no end");
        writer.finish().expect_code(0);
    }
    reader.wait_for_exactly(b"no end\nno end");
}

#[test]
fn a_count_of_messages_includes_the_rest_of_the_line_of_the_last() {
    let name = Name::new();
    let mut reader = attached_reader(&name, 0, &["--senders", "2", "-c", "4"]);
    let mut first = attached_writer(&name, 0, &[]);
    let mut second = attached_writer(&name, 1, &[]);
    first.send("x".repeat(3000));
    wait_for_lane(&name, 0, 2, 2);
    second.send("one\n");
    reader.wait_for_exactly(b"one\n");
    first.send("end\n");
    let output = "one\n".to_owned() + &"x".repeat(3000) + "end\n";
    reader.wait_for_success(output.as_bytes());
    second.send("two\n");
    second.end_input();
    let rest = attached_reader(&name, 0, &[]);
    rest.wait_for_exactly(b"two\n");
}

#[test]
fn json_tells_the_lane_and_the_number_in_it() {
    let name = Name::new();
    let mut reader = attached_reader(&name, 0, &["--senders", "2", "--json"]);
    let mut first = attached_writer(&name, 0, &[]);
    let mut second = attached_writer(&name, 1, &[]);
    first.send("a\n");
    until("it is taken", || bus(&name)["lanes"][0]["received"] == 1);
    second.send("b\n");
    until("it is taken", || bus(&name)["lanes"][1]["received"] == 1);
    first.send("c\n");
    first.finish().expect_code(0);
    second.finish().expect_code(0);
    let id = bus_id(&reader);
    let line = |lane: u32, seq: u32, text: &str| {
        format!(
            r#"{{"schema":1,"id":"{id}","lane":{lane},"seq":{seq},"len":2,"data":{{"text":"{text}\n"}}}}"#
        ) + "\n"
    };
    let output = line(0, 0, "a") + &line(1, 0, "b") + &line(0, 1, "c");
    reader.wait_for_success(output.as_bytes());
}

/// The identity in the first line.
fn bus_id(reader: &Process) -> String {
    let output = String::from_utf8(reader.output()).expect("it is JSON");
    let id = output.split('"').skip_while(|part| *part != "id").nth(2);
    id.expect("there is one").to_owned()
}
