//! Every header survives encoding and decoding, and anything else fails.

use super::*;

fn stream() -> MailboxId {
    MailboxId::from_bytes([7; 16]).unwrap()
}

fn question(kind: Kind) -> Question {
    Question {
        kind,
        stream: stream(),
        token: 0x0123_4567_89AB_CDEF,
        first: NUMBERS - 1,
    }
}

const TAKEN: Verdict = Verdict::Taken;

fn answer(verdict: Verdict) -> Answer {
    Answer {
        verdict,
        stream: stream(),
        token: u64::MAX,
        first: 5,
        expected: 6,
    }
}

#[test]
fn questions_and_answers_arrive_as_they_were_sent() {
    for (kind, count) in [
        (Kind::Hello, 0),
        (Kind::Data, 1),
        (Kind::Data, 32),
        (Kind::End, 0),
    ] {
        let sent = question(kind);
        assert_eq!(Question::parse(&sent.header(count)), Ok((sent, count)));
    }
    for verdict in [
        TAKEN,
        Verdict::OtherStream,
        Verdict::Gap,
        Verdict::NotGreeted,
        Verdict::Strangers,
    ] {
        let sent = answer(verdict);
        assert_eq!(Answer::parse(&sent.to_bytes()), Ok(sent));
    }
}

#[test]
fn messages_arrive_as_they_were_sent() {
    let long = [b'x'; MAX_MESSAGE];
    let messages: [&[u8]; 4] = [b"", b"one tea\n", &[0, 255], &long];
    assert_eq!(unpack(&pack(&messages), 4), Ok(messages.to_vec()));
    assert_eq!(unpack(&[], 0), Ok(vec![]));
}

#[test]
fn a_header_with_any_byte_changed_is_refused_or_means_what_it_says() {
    let good = question(Kind::Data).header(3);
    for at in 0..good.len() {
        for value in 0..=u8::MAX {
            let mut bytes = good;
            bytes[at] = value;
            if let Ok((read, count)) = Question::parse(&bytes) {
                assert_eq!(read.header(count), bytes, "byte {at}, value {value}");
                assert!((1..=MAX_BATCH).contains(&count) || read.kind != Kind::Data);
                assert!(read.first < NUMBERS);
            }
        }
    }
    let good = answer(TAKEN).to_bytes();
    for at in 0..good.len() {
        for value in 0..=u8::MAX {
            let mut bytes = good;
            bytes[at] = value;
            if let Ok(read) = Answer::parse(&bytes) {
                assert_eq!(read.to_bytes(), bytes, "byte {at}, value {value}");
            }
        }
    }
}

#[test]
fn a_header_of_another_size_is_refused() {
    let good = question(Kind::Hello).header(0);
    for size in 0..good.len() {
        assert_eq!(
            Question::parse(&good[..size]),
            Err(WireError::HeaderSize {
                found: size,
                expected: QUESTION
            })
        );
    }
    assert!(Question::parse(&[0; 4096]).is_err());
    assert!(Answer::parse(&good).is_err());
}

#[test]
fn a_payload_that_is_cut_off_or_goes_on_is_refused() {
    let whole = pack(&[b"one".as_slice(), b"", b"three"]);
    for size in 0..whole.len() {
        assert!(unpack(&whole[..size], 3).is_err(), "{size} bytes");
    }
    assert!(unpack(&whole, 2).is_err());
    assert!(unpack(&whole, 4).is_err());
    let mut long = vec![0; 2 + MAX_MESSAGE + 1];
    long[..2].copy_from_slice(&1025_u16.to_le_bytes());
    assert!(matches!(
        unpack(&long, 1),
        Err(WireError::Field { found: 1025, .. })
    ));
}

#[test]
fn a_refusal_says_why_and_zenohs_own_errors_are_none() {
    let why = WireError::Version { found: 9 };
    assert_eq!(refused(&refusal(&why)), Some(why.to_string()));
    assert_eq!(refused(b"Timeout"), None);
    assert_eq!(refused(b""), None);
    let long = [b"shmB".as_slice(), &[0xFF; 100_000]].concat();
    assert!(refused(&long).unwrap().len() <= 600);
}
