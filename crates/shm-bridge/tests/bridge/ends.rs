//! The end of a stream, which the near bridge tells when its mailbox is empty: what may follow it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use shm_bridge::wire::{Answer, Kind, Verdict};
use shm_mailbox::observe::{self, Content};
use test_support::{Process, until};

use super::liars::{answer, false_in};
use super::pair::{Pair, bridge, content, expect_no_more, take};

/// Whether the note of the far mailbox says that its stream has ended: the third word is odd.
fn has_ended(pair: &Pair) -> bool {
    let object = observe::open(&pair.far.as_str().parse().expect("a name"));
    let note = match observe::look(&object.expect("it is there")).expect("it is read") {
        Content::Mailbox(seen) => seen.note,
        other => panic!("{other:?}"),
    };
    note.is_some_and(|[_, _, last]| last % 2 == 1)
}

#[test]
fn two_streams_take_turns_while_the_other_one_is_idle() {
    let [pair, other] = [Pair::new(), Pair::new()];
    let mut receiver = pair.receiver();
    let far = pair.start_in(0, &[]);
    let _first = pair.start_out(far.port, &["--follow"]);
    let mut command = bridge("out", &other.near);
    command.args(["--follow", "--key", pair.far.as_str(), "--connect"]);
    let mut senders = [pair.sender(), other.sender()];
    let mut second = None;
    for number in 0..4 {
        let turn = usize::from(number % 2 == 1);
        senders[turn].send(content(number)).expect("there is room");
        if turn == 1 && second.is_none() {
            let connect = format!("tcp/127.0.0.1:{}", far.port);
            second = Some(Process::spawn(command.arg(&connect)));
        }
        take(&mut receiver, number, number + 1);
        until("the other bridge has heard the end", || has_ended(&pair));
    }
    expect_no_more(&pair, &senders[0], &mut receiver);
    assert_eq!(other.near.received(), 2);
}

#[test]
fn the_end_of_an_idle_stream_is_told_once() {
    let pair = Pair::new();
    let mut sender = pair.sender();
    let ends = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&ends);
    let far = false_in(pair.far.as_str(), move |question, count| {
        counted.fetch_add(u32::from(question.kind == Kind::End), Ordering::SeqCst);
        let expected = question.first + count as u64;
        vec![
            answer(question, Verdict::Taken, expected)
                .to_bytes()
                .to_vec(),
        ]
    });
    // There before the bridge is, so that it is not idle at first.
    sender.send(content(0)).expect("there is room");
    let _near = pair.start_out(far.port, &["--follow"]);
    for end in 1..3 {
        until("the other bridge has heard the end", || {
            ends.load(Ordering::SeqCst) == end
        });
        // Longer than it takes to say it again.
        thread::sleep(Duration::from_millis(2500));
        assert_eq!(ends.load(Ordering::SeqCst), end);
        sender.send(content(0)).expect("there is room");
    }
}

#[test]
fn with_follow_the_end_is_told_until_it_is_heard() {
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let mut far = pair.start_in(0, &[]);
    let near = pair.start_out(far.port, &["--follow"]);
    let mut sender = pair.sender();
    sender.send(content(0)).expect("there is room");
    take(&mut receiver, 0, 1);
    sender.drain(None).expect("it is carried");
    far.process.kill();
    sender.close().expect("it closes, and the mailbox goes");
    let mut sender = pair.sender();
    sender.send(content(1)).expect("there is room");
    near.wait_for_error("waiting for the other bridge");
    // Longer than a bridge without --follow tells it.
    thread::sleep(Duration::from_secs(4));
    let _far = pair.start_in(far.port, &[]);
    take(&mut receiver, 1, 2);
    expect_no_more(&pair, &sender, &mut receiver);
}

#[test]
fn an_end_that_is_not_heard_is_told_for_as_long_as_was_said() {
    let pair = Pair::new();
    // It takes messages, and does not answer to their end.
    let far = false_in(pair.far.as_str(), move |question, count| {
        let expected = question.first + count as u64;
        let answer = answer(question, Verdict::Taken, expected);
        let is_end = question.kind == Kind::End;
        Some(answer.to_bytes().to_vec())
            .filter(|_| !is_end)
            .into_iter()
            .collect()
    });
    let start = |args| {
        let mut sender = pair.sender();
        let near = pair.start_out(far.port, args);
        sender.send(content(0)).expect("there is room");
        sender.drain(None).expect("it is carried");
        sender.close().expect("it closes");
        near
    };
    // Carried is all: that was the task.
    let ended = start(&["--timeout", "1s"]).wait().expect_code(0);
    ended.expect_errors(&["did not hear that stream"]);
    let mut near = start(&["--timeout", "1s", "--follow"]);
    near.wait_for_failure(124, &["nothing was taken for 1s"]);
}

#[test]
fn a_wrong_answer_to_the_end_is_an_error() {
    let pair = Pair::new();
    let sender = pair.sender();
    let far = false_in(pair.far.as_str(), |question, _| {
        let good = answer(question, Verdict::Taken, question.first);
        let token = good.token + u64::from(question.kind == Kind::End);
        vec![Answer { token, ..good }.to_bytes().to_vec()]
    });
    let mut near = pair.start_out(far.port, &[]);
    near.wait_for_error("takes stream");
    sender.close().expect("it closes");
    near.wait_for_failure(7, &["another question"]);
}

#[test]
fn a_bridge_waits_for_the_next_writer_of_a_mailbox_that_is_empty_and_closed() {
    let pair = Pair::new();
    let mut receiver = pair.receiver();
    let far = pair.start_in(0, &[]);
    pair.sender().keep().expect("it closes");
    let mut near = pair.start_out(far.port, &[]);
    near.wait_for_error("takes stream");
    let mut sender = pair.sender();
    sender.send(content(0)).expect("there is room");
    take(&mut receiver, 0, 1);
    sender.drain(None).expect("it is carried");
    sender.close().expect("it closes");
    near.wait().expect_code(0);
}
