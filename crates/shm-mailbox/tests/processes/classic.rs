//! Two ends of ours with the classic layout in two processes, one of which is really killed.

use std::time::Duration;

use shm_mailbox::classic::{AttachError, RecvError, SendError};
use shm_mailbox::{Message, Wait};

use crate::support::c_peer::{CPeer, ask, recv, send};
use crate::support::process::{sleep_for_ever, wait_until_it_pauses};
use crate::support::{Name, PATIENCE, assert_matches, fork, until};

#[test]
fn ten_thousand_lines_pass_between_two_processes() {
    const COUNT: u32 = 10_000;
    let name = Name::new();
    name.sized(1028);
    let mut reader = name.reader();
    let sending = fork(|| {
        let mut writer = name.writer();
        for number in 0..COUNT {
            send(&mut writer, format!("line {number}\n"));
        }
        writer.drain(Some(PATIENCE)).expect("drain");
        writer.close().expect("close");
    });
    for number in 0..COUNT {
        assert_eq!(recv(&mut reader), format!("line {number}\n").as_bytes());
    }
    // The writer waits until the last line was taken, which the next request says.
    let ended = reader.recv_timeout(&mut Message::new(), PATIENCE);
    assert_matches!(ended, Err(RecvError::Unlinked { .. }));
    sending.join();
}

#[test]
fn a_reader_killed_while_it_waits_is_followed_by_another() {
    let name = Name::new();
    let mut writer = name.writer();
    let raw = CPeer::reader(&name);
    let first = fork(|| {
        let _ = name.reader().recv(&mut Message::new());
    });
    until("it asks", || raw.flag() == 1);
    let refused = name.classic().reader();
    assert_matches!(refused, Err(AttachError::RoleTaken { .. }));
    first.kill();
    assert_eq!(raw.flag(), 1, "its request is left behind");

    let mut second = name.reader();
    ask(&mut second);
    send(&mut writer, "for the second");
    assert_eq!(recv(&mut second), b"for the second");
}

#[test]
fn a_drain_does_not_wait_for_a_killed_reader() {
    let name = Name::new();
    let mut writer = name.writer();
    let reading = fork(|| {
        let mut reader = name.reader();
        recv(&mut reader);
        sleep_for_ever();
    });
    send(&mut writer, "last");
    wait_until_it_pauses(&reading);
    let waits = writer.drain(Some(Duration::from_millis(120)));
    assert_matches!(waits, Err(SendError::TimedOut));
    reading.kill();
    writer.drain(Some(PATIENCE)).expect("drain");
}

#[test]
fn a_killed_writer_is_followed_by_another() {
    let name = Name::new();
    name.sized(1028);
    let mut reader = name.reader();
    let first = fork(|| {
        let mut writer = name.writer();
        send(&mut writer, "from the first");
        sleep_for_ever();
    });
    assert_eq!(recv(&mut reader), b"from the first");
    wait_until_it_pauses(&first);
    first.kill();
    assert!(name.exists());
    let mut second = name.writer();
    ask(&mut reader);
    send(&mut second, "from the second");
    assert_eq!(recv(&mut reader), b"from the second");
}

/// In a process of its own, since what it must not die of is a signal.
#[test]
fn a_busy_reader_survives_c_writers_that_start_over() {
    for wait in [Wait::Spin, Wait::Yield] {
        let name = Name::new();
        let mut c_writer = CPeer::writer(&name);
        let reading = fork(|| {
            let mut reader = name.classic().wait(wait).reader().expect("a reader");
            assert_eq!(recv(&mut reader), b"at last\n");
        });
        for _ in 0..200 {
            until("it asks", || c_writer.flag() == 1);
            c_writer = CPeer::writer(&name);
        }
        c_writer.write(b"at last\n");
        reading.join();
    }
}

#[test]
fn a_forked_child_cannot_use_its_parents_ends() {
    let name = Name::new();
    // Taken in the child alone.
    let mut ends = Some((name.writer(), name.reader()));
    fork(|| {
        let (mut writer, mut reader) = ends.take().expect("a copy");
        assert_matches!(writer.send(b"x"), Err(SendError::Forked { .. }));
        let received = reader.recv(&mut Message::new());
        assert_matches!(received, Err(RecvError::Forked { .. }));
        assert_matches!(reader.taken(), Err(RecvError::Forked { .. }));
        assert_matches!(reader.withdraw(), Err(RecvError::Forked { .. }));
    })
    .join();
    assert!(name.exists(), "the child has unlinked nothing");
}
