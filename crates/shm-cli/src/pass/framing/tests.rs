use super::*;
use proptest::prelude::*;

const LINES: Framing = Framing::Terminated(b'\n');

/// What comes out when `reads` come in one after the other, and how it ended.
fn frames(mut framer: Framer, reads: &[&[u8]]) -> (Vec<Vec<u8>>, Result<(), FramingError>) {
    let mut messages = Vec::new();
    let mut drain = |framer: &mut Framer| -> Result<(), FramingError> {
        while let Some(message) = framer.next()? {
            messages.push(message.to_vec());
        }
        Ok(())
    };
    let mut run = || {
        for read in reads {
            let mut read = *read;
            while !read.is_empty() {
                let room = framer.room();
                assert!(!room.is_empty());
                let count = room.len().min(read.len());
                room[..count].copy_from_slice(&read[..count]);
                read = &read[count..];
                framer.filled(count);
                drain(&mut framer)?;
            }
        }
        framer.end();
        drain(&mut framer)
    };
    let result = run();
    (messages, result)
}

/// Whether the last message is a piece of a line, and not its end.
fn ends_inside_line(framing: Framing, input: &[u8]) -> bool {
    let mut framer = Framer::new(framing, Oversize::Split, 4);
    framer.room()[..input.len()].copy_from_slice(input);
    framer.filled(input.len());
    framer.end();
    while framer.next().unwrap().is_some() {}
    framer.is_inside_line()
}

#[test]
fn only_a_line_without_an_end_ends_inside_a_line() {
    for inside in [&b"abc"[..], b"abcd", b"abcde", b"abcdefgh", b"a\nbcde"] {
        assert!(ends_inside_line(LINES, inside), "{inside:?}");
    }
    for ended in [&b""[..], b"abc\n", b"abcd\n"] {
        assert!(!ends_inside_line(LINES, ended), "{ended:?}");
    }
    assert!(!ends_inside_line(Framing::Raw, b"abcd"));
}

fn framed(framing: Framing, limit: usize, reads: &[&[u8]]) -> Vec<Vec<u8>> {
    let (messages, result) = frames(Framer::new(framing, Oversize::Split, limit), reads);
    assert_eq!(result, Ok(()));
    messages
}

#[test]
fn a_line_keeps_its_newline_and_the_last_may_lack_it() {
    let messages = framed(LINES, 1024, &[b"one\n\ntwo\nthree"]);
    assert_eq!(messages, [&b"one\n"[..], b"\n", b"two\n", b"three"]);
}

#[test]
fn an_empty_input_has_no_messages() {
    for framing in [LINES, Framing::Raw, Framing::LengthDelimited] {
        assert!(framed(framing, 1024, &[]).is_empty());
    }
}

#[test]
fn a_complete_line_comes_out_before_more_input_comes() {
    let mut framer = Framer::new(LINES, Oversize::Split, 1024);
    framer.room()[..7].copy_from_slice(b"one\ntwo");
    framer.filled(7);
    assert_eq!(framer.next(), Ok(Some(&b"one\n"[..])));
    assert_eq!(framer.next(), Ok(None));
    assert!(framer.is_inside_message());
    framer.room()[0] = b'\n';
    framer.filled(1);
    assert_eq!(framer.next(), Ok(Some(&b"two\n"[..])));
    assert!(!framer.is_inside_message());
}

#[test]
fn a_long_line_is_split_where_the_lesson_splits_it() {
    let line = [vec![b'x'; 2499], vec![b'\n']].concat();
    let lengths = |limit| -> Vec<usize> {
        framed(LINES, limit, &[&line])
            .iter()
            .map(Vec::len)
            .collect()
    };
    assert_eq!(lengths(1023), [1023, 1023, 454]);
    assert_eq!(lengths(1024), [1024, 1024, 452]);
}

#[test]
fn a_line_fits_up_to_its_limit_and_not_beyond() {
    let outcome = |line: &[u8]| frames(Framer::new(LINES, Oversize::Error, 4), &[line]);
    assert_eq!(outcome(b"abc\n"), (vec![b"abc\n".to_vec()], Ok(())));
    assert_eq!(outcome(b"abcd"), (vec![b"abcd".to_vec()], Ok(())));
    let long = |message| Err(FramingError::Long { message, limit: 4 });
    assert_eq!(outcome(b"abcd\n"), (vec![], long(1)));
    assert_eq!(outcome(b"a\nabcde"), (vec![b"a\n".to_vec()], long(2)));
}

#[test]
fn a_null_ends_a_message_and_a_newline_does_not() {
    let messages = framed(Framing::Terminated(0), 1024, &[b"one\n\0two\0"]);
    assert_eq!(messages, [&b"one\n\0"[..], b"two\0"]);
}

#[test]
fn raw_pieces_are_as_long_as_fits_and_never_wait() {
    let messages = framed(Framing::Raw, 4, &[b"abcdef", b"g"]);
    assert_eq!(messages, [&b"abcd"[..], b"ef", b"g"]);
}

#[test]
fn a_length_may_announce_nothing_and_any_bytes() {
    let stream = b"\0\0\0\0\0\0\0\x03a\n\0\0\0\0\0";
    let messages = framed(Framing::LengthDelimited, 4, &[stream]);
    assert_eq!(messages, [&b""[..], b"a\n\0", b""]);
}

#[test]
fn a_length_over_the_limit_is_refused_before_its_bytes_come() {
    let (messages, result) = frames(
        Framer::new(Framing::LengthDelimited, Oversize::Split, 4),
        &[b"\0\0\0\x01a\0\0\0\x05"],
    );
    assert_eq!(messages, [b"a"]);
    let error = FramingError::Length {
        message: 2,
        length: 5,
        limit: 4,
    };
    assert_eq!(result, Err(error));
    assert_eq!(
        error.to_string(),
        "message 2 of the input announces 5 bytes, at most 4 fit"
    );
}

#[test]
fn an_input_that_ends_inside_a_message_is_truncated() {
    let outcome = |input: &[u8]| {
        frames(
            Framer::new(Framing::LengthDelimited, Oversize::Split, 9),
            &[input],
        )
        .1
    };
    let truncated = |expected, found| {
        Err(FramingError::Truncated {
            message: 1,
            expected,
            found,
        })
    };
    assert_eq!(outcome(b"\0\0"), truncated(4, 2));
    assert_eq!(outcome(b"\0\0\0\x02a"), truncated(6, 5));
}

/// A stream with many terminators, and the places where the reads that bring it end.
fn stream() -> impl Strategy<Value = (Vec<u8>, Vec<usize>)> {
    let byte = prop_oneof![3 => Just(b'\n'), 3 => Just(0_u8), 10 => any::<u8>()];
    (
        prop::collection::vec(byte, 0..400),
        prop::collection::vec(0_usize..400, 0..40),
    )
}

fn pieces<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|at| (*at).min(stream.len())).collect();
    cuts.push(0);
    cuts.push(stream.len());
    cuts.sort_unstable();
    cuts.windows(2)
        .map(|pair| &stream[pair[0]..pair[1]])
        .collect()
}

proptest! {
    #[test]
    fn messages_joined_are_the_stream((stream, cuts) in stream(), limit in 1_usize..20, buffer in 25_usize..60) {
        for framing in [LINES, Framing::Terminated(0), Framing::Raw] {
            let framer = Framer::with_buffer(framing, Oversize::Split, limit, buffer);
            let (messages, result) = frames(framer, &pieces(&stream, &cuts));
            prop_assert_eq!(result, Ok(()));
            prop_assert!(messages.iter().all(|m| !m.is_empty() && m.len() <= limit));
            prop_assert_eq!(messages.concat(), stream.clone());
        }
    }

    #[test]
    fn how_a_stream_was_read_does_not_show((stream, cuts) in stream(), limit in 1_usize..20, buffer in 25_usize..60) {
        for framing in [LINES, Framing::Terminated(0), Framing::LengthDelimited] {
            for oversize in [Oversize::Split, Oversize::Error] {
                let at_once = frames(Framer::new(framing, oversize, limit), &[&stream]);
                let framer = Framer::with_buffer(framing, oversize, limit, buffer);
                prop_assert_eq!(frames(framer, &pieces(&stream, &cuts)), at_once);
            }
        }
    }

    #[test]
    fn prefixed_messages_come_back(
        sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..20),
        cuts in prop::collection::vec(0_usize..400, 0..40),
    ) {
        let mut stream = Vec::new();
        for message in &sent {
            stream.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
            stream.extend(message);
        }
        let framer = Framer::with_buffer(Framing::LengthDelimited, Oversize::Error, 20, 30);
        prop_assert_eq!(frames(framer, &pieces(&stream, &cuts)), (sent, Ok(())));
    }
}
