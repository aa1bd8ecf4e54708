//! The object: its size, mode and name, and what happens to them under our ends.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use shm_core::OpenError;
use shm_mailbox::classic::{AttachError, RecvError, SIZE, SendError};
use shm_mailbox::{Message, Wait};
use test_support::skip;

use crate::support::c_peer::{CPeer, ask, recv};
use crate::support::process::{is_in, thread_id};
use crate::support::{Name, PATIENCE, assert_matches, until};

#[test]
fn a_writer_makes_the_lessons_object() {
    let name = Name::new();
    let writer = name.writer();
    assert!(writer.created());
    assert_eq!(writer.name(), name.as_str());
    assert_eq!(fs::read(name.path()).expect("read"), [0; 1028]);
}

#[test]
fn its_mode_is_what_the_c_program_gets() {
    let (ours, theirs) = (Name::new(), Name::new());
    let _writer = ours.classic().writer().expect("a writer");
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o666)
        .open(theirs.path())
        .expect("create");
    let mode = |name: &Name| fs::metadata(name.path()).expect("stat").mode();
    assert_eq!(mode(&ours), mode(&theirs));
}

#[test]
fn a_writer_takes_the_object_that_is_there_as_it_is() {
    let name = Name::new();
    let raw = CPeer::writer(&name);
    raw.set_flag(1);
    raw.set_text(b"stays");
    let writer = name.writer();
    assert!(!writer.created());
    assert_eq!((raw.flag(), raw.text()), (1, b"stays".to_vec()));
}

#[test]
fn an_empty_object_gets_its_size() {
    for attach in ["writer", "reader"] {
        let name = Name::new();
        let file = name.sized(0);
        match attach {
            "writer" => name.writer().keep(),
            _ => drop(name.reader()),
        }
        let metadata = file.metadata().expect("stat");
        assert_eq!(metadata.len(), SIZE, "by the {attach}");
        assert!(metadata.blocks() > 0, "reserved by the {attach}");
    }
}

#[test]
fn an_object_of_another_size_is_left_alone() {
    for size in [1, 1027, 1029, 4096] {
        let name = Name::new();
        let file = name.sized(size);
        let error = name.classic().writer().expect_err("foreign");
        assert_matches!(error, AttachError::Foreign { expected: 1028, found, .. } if found == size);
        let error = name.classic().reader().expect_err("foreign");
        assert_eq!(
            error.to_string(),
            format!(
                "object {:?} has {size} bytes, the classic layout has 1028; it was left as it is, use another name",
                name.as_str()
            )
        );
        assert_eq!(file.metadata().expect("stat").len(), size);
        assert!(name.exists());
    }
}

#[test]
fn a_reader_does_not_create() {
    let name = Name::new();
    let error = name.classic().reader().expect_err("nothing there");
    assert_matches!(error, AttachError::NotFound { .. });
    assert!(!name.exists());
}

#[test]
fn a_bad_name_and_a_strategy_that_needs_news_are_refused() {
    let error = shm_mailbox::classic::Classic::options("a/b").writer();
    assert_matches!(error, Err(AttachError::Name(_)));
    for wait in [Wait::Backoff, Wait::Adaptive] {
        let name = Name::new();
        let error = name.classic().wait(wait).writer().expect_err("refused");
        assert_eq!(
            error.to_string(),
            format!(
                "object {:?} has the classic layout, which cannot wait by {wait}; use spin, yield, poll or block",
                name.as_str()
            )
        );
        assert!(!name.exists());
    }
}

#[test]
fn an_object_of_another_user_is_refused_unless_allowed() {
    let name = Name::new();
    name.sized(1028);
    if chown(name.path(), Some(65534), Some(65534)).is_err() {
        skip("root");
        return;
    }
    let error = name.classic().writer().expect_err("not ours");
    assert_matches!(
        error,
        AttachError::Open(OpenError::ForeignOwner { owner: 65534, .. })
    );
    name.classic()
        .any_owner(true)
        .writer()
        .expect("allowed")
        .keep();
}

/// What a reader that waits in this way is told when this happens to the object after it has asked.
fn told_after(happens: fn(&Name), wait: Wait) -> Result<(), RecvError> {
    let name = Name::new();
    let raw = CPeer::writer(&name);
    let mut reader = name.classic().wait(wait).reader().expect("a reader");
    thread::scope(|scope| {
        let told = scope.spawn(|| reader.recv_timeout(&mut Message::new(), PATIENCE));
        until("it asks", || raw.flag() == 1);
        happens(&name);
        told.join().expect("no panic")
    })
}

#[test]
fn a_waiting_reader_notices_that_the_object_was_unlinked() {
    for wait in [Wait::Spin, Wait::Yield, Wait::Poll(PATIENCE), Wait::Block] {
        let told = told_after(|name| name.unlink(), wait);
        assert_matches!(told, Err(RecvError::Unlinked { .. }));
    }
}

#[test]
fn the_last_message_is_received_before_the_end() {
    let name = Name::new();
    let raw = CPeer::writer(&name);
    let mut reader = name.reader();
    ask(&mut reader);
    // The C writer at its end of input: it waits for nobody.
    raw.write(b"last\n");
    name.unlink();
    assert_eq!(recv(&mut reader), b"last\n");
    let ended = reader.recv(&mut Message::new());
    assert_matches!(ended, Err(RecvError::Unlinked { .. }));
}

#[test]
fn a_writer_notices_that_the_object_was_unlinked() {
    let name = Name::new();
    let mut writer = name.writer();
    thread::scope(|scope| {
        let (ready, is_ready) = mpsc::channel();
        scope.spawn(move || {
            ready.send(()).expect("tell");
            let sent = writer.send_timeout(b"x", PATIENCE);
            assert_matches!(sent, Err(SendError::Unlinked { .. }));
        });
        is_ready.recv().expect("told");
        name.unlink();
    });
}

#[test]
fn an_object_that_stays_truncated_is_an_error_at_both_ends() {
    let name = Name::new();
    let mut writer = name.writer();
    let mut reader = name.reader();
    name.sized(0);
    let sent = writer.send_timeout(b"x", PATIENCE);
    assert_matches!(sent, Err(SendError::Truncated { found: 0, .. }));
    let received = reader.recv_timeout(&mut Message::new(), PATIENCE);
    assert_matches!(received, Err(RecvError::Truncated { expected: 1028, .. }));
    assert!(reader.withdraw().is_err());
    assert!(reader.taken().is_err());
}

#[test]
fn a_sleeping_reader_notices_a_truncation_without_a_signal() {
    for wait in [Wait::Poll(Duration::from_millis(20)), Wait::Block] {
        let told = told_after(|name| name.resize(0), wait);
        assert_matches!(told, Err(RecvError::Truncated { found: 0, .. }));
    }
}

#[test]
fn a_truncation_that_is_mended_at_once_is_none() {
    // On a busy machine the mend may come later than a reader waits for it, but not every time.
    let received = (0..50).any(|_| receives_when_a_truncation_is_mended());
    assert!(received, "50 times in vain");
}

/// Truncates the object, and mends it when a reader has seen that. Whether the mend came in time,
/// and a message too.
fn receives_when_a_truncation_is_mended() -> bool {
    let name = Name::new();
    name.sized(1028);
    let mut reader = name.reader();
    let file = name.sized(0);
    let (tell, told) = mpsc::channel();
    let received = thread::scope(|scope| {
        let reading = scope.spawn(move || {
            tell.send(thread_id()).expect("tell");
            let mut message = Message::new();
            let received = reader.recv_timeout(&mut message, PATIENCE);
            received.map(|()| message.as_bytes().to_vec())
        });
        let id = told.recv().expect("told");
        // Before the next look at the size.
        until("it sleeps", || {
            is_in(id, libc::SYS_clock_nanosleep) || reading.is_finished()
        });
        file.set_len(1028).expect("mend");
        let c_writer = CPeer::reader(&name);
        until("it asks", || c_writer.flag() == 1 || reading.is_finished());
        if !reading.is_finished() {
            c_writer.write(b"hello\n");
        }
        reading.join().expect("no panic")
    });
    match received {
        Ok(text) => {
            assert_eq!(text, b"hello\n");
            true
        }
        Err(RecvError::Truncated { .. }) => false,
        Err(error) => panic!("{error:?}"),
    }
}

#[test]
fn closing_unlinks_and_keeping_does_not() {
    let name = Name::new();
    name.writer().keep();
    assert!(name.exists());
    name.writer().close().expect("close");
    assert!(!name.exists());
    drop(name.writer());
    assert!(!name.exists());
}

#[test]
fn closing_leaves_another_object_of_the_same_name_alone() {
    let name = Name::new();
    let writer = name.writer();
    name.unlink();
    name.sized(5);
    writer.close().expect("close");
    assert!(name.exists());
}
