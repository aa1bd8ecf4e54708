//! One writer and one reader of ours at a time.

use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use shm_mailbox::Role;
use shm_mailbox::classic::AttachError;

use crate::support::{Name, assert_matches};

#[test]
fn a_second_writer_and_a_second_reader_are_refused() {
    let name = Name::new();
    let writer = name.writer();
    let reader = name.reader();
    let error = name.classic().writer().expect_err("taken");
    assert_matches!(
        error,
        AttachError::RoleTaken {
            role: Role::Sender,
            ..
        }
    );
    let error = name.classic().reader().expect_err("taken");
    assert_eq!(
        error.to_string(),
        format!(
            "object {:?} already has a reader: another process reads; end it first, or use another name",
            name.as_str()
        )
    );
    drop(reader);
    name.reader();
    writer.keep();
    name.writer();
}

#[test]
fn of_two_writers_that_race_for_the_role_exactly_one_wins() {
    for _ in 0..100 {
        let name = Name::new();
        let barrier = Barrier::new(2);
        let attach = || {
            barrier.wait();
            name.classic().attach_timeout(Duration::ZERO).writer()
        };
        let (one, two) = thread::scope(|scope| {
            let two = scope.spawn(attach);
            (attach(), two.join().expect("no panic"))
        });
        assert_ne!(one.is_ok(), two.is_ok(), "{one:?} {two:?}");
        assert!(name.exists());
    }
}

#[test]
fn a_writer_that_attaches_while_another_unlinks_gets_a_linked_object() {
    let name = Name::new();
    let (give, take) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            for writer in take {
                drop(writer);
            }
        });
        let mut attached = 0;
        while attached < 300 {
            match name.classic().writer() {
                Ok(writer) => {
                    assert!(name.exists());
                    attached += 1;
                    give.send(writer).expect("the other thread lives");
                }
                Err(AttachError::RoleTaken { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        drop(give);
    });
    assert!(!name.exists());
}
