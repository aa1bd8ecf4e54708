use std::io::{self, Read as _};
use std::os::fd::AsFd as _;

use super::*;
use crate::pass::output::Form;
use crate::terminal::signals::Signals;

/// Lines of a bus with two writers and four slots each, and what they are written to.
struct Stream {
    lines: Lines,
    output: Output,
    reader: io::PipeReader,
    sequences: [u64; 2],
}

impl Stream {
    fn new(terminator: Option<u8>) -> Self {
        let (reader, writer) = io::pipe().unwrap();
        let mut output = Output::new(writer.as_fd(), Form::Bytes).unwrap();
        let mut lines = Lines::default();
        lines.begin(None, 4, true, terminator, &mut output);
        Self {
            lines,
            output,
            reader,
            sequences: [0; 2],
        }
    }

    /// Takes a message. Returns how many are handed on with it.
    fn take(&mut self, lane: u32, bytes: &[u8]) -> usize {
        let sequence = &mut self.sequences[lane as usize];
        let output = &mut self.output;
        let taken = self.lines.take(Some(lane), *sequence, bytes, output);
        *sequence += 1;
        taken
    }

    /// Writes what was handed on; what of it is acknowledged, as lanes and numbers.
    fn flush(&mut self) -> Vec<(u32, u64)> {
        let (count, stop) = self.output.flush(&Signals::none());
        assert!(stop.is_none());
        pairs(&self.lines.written(count).acknowledgements)
    }

    /// All that was written.
    fn end(self) -> String {
        let Self {
            output, mut reader, ..
        } = self;
        drop(output);
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    }
}

fn pairs(acknowledgements: &[Acknowledgement]) -> Vec<(u32, u64)> {
    let pair = |one: &Acknowledgement| (one.lane, one.sequence);
    acknowledgements.iter().map(pair).collect()
}

const PIECE: [u8; MAX_MESSAGE] = [b'x'; MAX_MESSAGE];

fn pieces(count: usize) -> String {
    "x".repeat(count * MAX_MESSAGE)
}

#[test]
fn a_line_in_pieces_has_no_line_of_another_lane_in_it() {
    let mut stream = Stream::new(Some(b'\n'));
    assert_eq!(stream.take(0, &PIECE), 0);
    assert_eq!(stream.take(1, b"short\n"), 1);
    assert_eq!(stream.take(0, &PIECE), 0);
    // Nothing of the line in pieces is acknowledged before it is written.
    assert_eq!(stream.flush(), [(1, 0)]);
    assert_eq!(stream.take(1, b"again\n"), 1);
    assert_eq!(stream.take(0, b"end\n"), 3);
    assert_eq!(stream.flush(), [(1, 1), (0, 2)]);
    assert_eq!(stream.end(), format!("short\nagain\n{}end\n", pieces(2)));
}

#[test]
fn a_last_line_without_its_end_gets_one_if_another_lane_follows() {
    let mut stream = Stream::new(Some(b'\n'));
    stream.take(0, b"no end");
    stream.take(1, b"line\n");
    stream.take(1, b"none");
    stream.take(1, b" again\n");
    stream.take(0, b"last");
    assert_eq!(stream.flush(), [(0, 1), (1, 2)]);
    assert_eq!(stream.end(), "no end\nline\nnone again\nlast");
}

#[test]
fn an_empty_message_ends_a_line_of_whole_pieces() {
    let mut stream = Stream::new(Some(b'\n'));
    assert_eq!(stream.take(0, &PIECE), 0);
    assert_eq!(stream.take(0, b""), 2);
    assert_eq!(stream.flush(), [(0, 1)]);
    assert_eq!(stream.take(0, b"next"), 1);
    assert_eq!(stream.take(0, b""), 1);
    assert_eq!(stream.take(0, b""), 1);
    assert_eq!(stream.take(0, b"last\n"), 1);
    assert_eq!(stream.take(0, b""), 1);
    assert_eq!(stream.take(1, b"other"), 1);
    assert_eq!(stream.flush(), [(0, 6), (1, 0)]);
    assert_eq!(stream.end(), pieces(1) + "\nnext\nlast\nother");
}

#[test]
fn an_empty_message_ends_a_line_of_whole_pieces_of_one_writer_at_a_time() {
    let mut stream = Stream::new(Some(b'\n'));
    let mut whole = PIECE;
    whole[MAX_MESSAGE - 1] = b'\n';
    stream
        .lines
        .begin(None, 4, false, Some(b'\n'), &mut stream.output);
    for message in [
        &PIECE[..],
        &PIECE,
        b"",
        b"",
        b"text",
        b"",
        b"\n",
        &whole,
        b"",
    ] {
        assert_eq!(stream.take(0, message), 1);
    }
    let whole = String::from_utf8(whole.to_vec()).unwrap();
    assert_eq!(stream.flush(), [(0, 8)]);
    assert_eq!(stream.end(), pieces(2) + "\ntext\n" + &whole);
}

#[test]
fn what_is_left_at_the_end_is_written_as_lines() {
    let mut stream = Stream::new(Some(b'\n'));
    stream.take(1, &PIECE);
    stream.take(0, &PIECE);
    assert_eq!(stream.flush(), []);
    stream.lines.complete_all(&mut stream.output);
    assert_eq!(stream.flush(), [(0, 0), (1, 0)]);
    assert_eq!(stream.end(), format!("{}\n{}", pieces(1), pieces(1)));
}

#[test]
fn a_line_that_takes_all_slots_is_acknowledged_piece_by_piece() {
    let mut stream = Stream::new(Some(b'\n'));
    for _ in 0..3 {
        stream.take(0, &PIECE);
    }
    assert_eq!(pairs(&stream.lines.overdue()), []);
    stream.take(0, &PIECE);
    assert_eq!(pairs(&stream.lines.overdue()), [(0, 3)]);
    assert_eq!(pairs(&stream.lines.overdue()), []);
    assert_eq!(stream.take(0, b"\n"), 5);
    assert_eq!(stream.flush(), [(0, 4)]);
    assert_eq!(stream.end(), pieces(4) + "\n");
}

#[test]
fn what_belongs_to_another_object_is_written_and_not_acknowledged() {
    let mut stream = Stream::new(Some(b'\n'));
    stream.take(0, &PIECE);
    let id = MailboxId::from_bytes(*b"0123456789abcdef");
    assert!(stream.lines.is_of_another(id));
    stream
        .lines
        .begin(id, 4, true, Some(b'\n'), &mut stream.output);
    assert!(!stream.lines.is_of_another(id));
    stream.take(1, b"new\n");
    assert_eq!(stream.flush(), [(1, 0)]);
    assert_eq!(stream.end(), pieces(1) + "\nnew\n");
}

#[test]
fn messages_that_are_no_lines_are_handed_on_as_they_come() {
    let mut stream = Stream::new(None);
    assert_eq!(stream.take(0, &PIECE), 1);
    assert_eq!(stream.take(1, b"a"), 1);
    assert_eq!(stream.take(0, b"b"), 1);
    let (count, _) = stream.output.flush(&Signals::none());
    let written = stream.lines.written(count);
    assert_eq!((written.messages, written.bytes), (3, MAX_MESSAGE + 2));
    assert_eq!(pairs(&written.acknowledgements), [(0, 1), (1, 0)]);
    assert_eq!(stream.end(), pieces(1) + "ab");
}
