//! What the library's errors say, each in a situation that causes it. Those that the command passes
//! on are listed with its own, in its `tests/messages`.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use shm_mailbox::classic::Classic;
use shm_mailbox::{Message, Removal, remove};

use crate::support::raw::{self, LAST_MESSAGE, RECEIVED, SENT, stamp, stamp_offset};
use crate::support::{LIMIT, Name, Raw, die, take};

/// Long enough to be a time-out, and no longer.
const SHORT: Duration = Duration::from_millis(1);

/// Fails unless this is an error that says so, of an object called `x`.
#[track_caller]
fn says<T: Debug, E: ToString>(name: &Name, result: Result<T, E>, text: &str) {
    let error = result.expect_err("an error");
    let said = error.to_string().replace(name.as_str(), "x");
    let said = said.replace(&std::process::id().to_string(), "PID");
    assert_eq!(said, text);
}

#[test]
fn an_attach_that_fails_says_why() {
    let name = Name::new();
    let slots = name.options().slots(3).sender();
    let text = "a mailbox cannot have 3 slots, expected a power of two from 1 to 65536";
    says(&name, slots, text);
    let hot = name.options().slots(4).hot_slots(8).sender();
    let text = "a mailbox of 4 slots cannot have 8 hot ones, expected a power of two from 1 to 4";
    says(&name, hot, text);
    for (mode, found) in [(0, "0000"), (0o4777, "4777"), (0o400, "0400")] {
        let text = format!(
            "a mailbox cannot have mode {found}, expected permission bits that let its owner read and write, like 0600"
        );
        says(&name, name.options().mode(mode).sender(), &text);
    }
    assert!(!name.path().exists(), "nothing is made");
    let text = r#"object "x" does not exist; start a writer first"#;
    says(&name, Classic::options(name.as_str()).reader(), text);
    let _sender = name.options().slots(4).sender().expect("a sender");
    let text = r#"object "x" already has a sender, process PID; end it first, or use another name"#;
    says(&name, name.options().sender(), text);
    let exact = name.options().slots(8).exact(true).receiver();
    let text = r#"object "x" has 4 slots, expected 8; remove it first, or accept any number"#;
    says(&name, exact, text);
    let name = Name::new();
    let mut image = raw::image(4);
    raw::put(&mut image, SENT, LAST_MESSAGE + 2);
    name.fill(&image);
    let text = r#"object "x" is corrupt: `sent` is 9007199254740992, expected 0 to 9007199254740991; remove it and restart both processes"#;
    says(&name, name.options().sender(), text);
}

#[test]
fn a_send_that_fails_says_why() {
    let name = Name::new();
    let (mut sender, receiver) = name.pair(1);
    let text = "a message of 1025 bytes is 1 too long, expected at most 1024; split it";
    says(&name, sender.send([0; 1025]), text);
    let batch = sender.send_batch(&[&[0; 1025][..]]);
    says(
        &name,
        batch,
        &format!("after 0 messages of the batch: {text}"),
    );
    sender.send(b"a").expect("there is room");
    says(&name, sender.try_send(b"b"), "the mailbox is full");
    let text = "timed out waiting for the receiver";
    says(&name, sender.send_timeout(b"b", SHORT), text);
    receiver.close().expect("closes");
    let text =
        r#"the receiver of object "x" has closed, and messages are left; start a receiver again"#;
    says(&name, sender.send_timeout(b"b", LIMIT), text);
    die(name.receiver());
    let text = r#"the receiver of object "x" died, and messages are left; start a receiver again"#;
    says(&name, sender.send_timeout(b"b", LIMIT), text);
}

#[test]
fn a_drain_that_fails_says_why() {
    let name = Name::new();
    let (mut sender, receiver) = name.pair(4);
    sender.send(b"a").expect("there is room");
    let text = "timed out waiting for the receiver";
    says(&name, sender.drain(Some(SHORT)), text);
    receiver.close().expect("closes");
    let text =
        r#"the receiver of object "x" has closed, and messages are left; start a receiver again"#;
    says(&name, sender.drain(Some(LIMIT)), text);
    die(name.receiver());
    let text = r#"the receiver of object "x" died, and messages are left; start a receiver again"#;
    says(&name, sender.drain(Some(LIMIT)), text);
}

#[test]
fn a_receive_that_fails_says_why() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(1);
    let mut message = Message::new();
    says(
        &name,
        receiver.try_recv(&mut message),
        "the mailbox is empty",
    );
    let text = "timed out waiting for a message";
    says(&name, receiver.recv_timeout(&mut message, SHORT), text);
    sender.send(b"a").expect("there is room");
    receiver.peek(&mut message).expect("it is there");
    let text =
        "all 1 slots hold messages that were shown and not acknowledged; acknowledge them first";
    says(&name, receiver.peek(&mut message), text);
    receiver.ack().expect("it was shown");
    sender.keep().expect("closes");
    let text = r#"the sender of object "x" has closed, and nothing is left"#;
    says(&name, receiver.recv(&mut message), text);
    let view = Raw::new(&name);
    view.store(stamp_offset(0), stamp(9, 1));
    let text = r#"object "x" is corrupt: the number in a stamp is 10, expected 0 to 2; remove it and restart both processes"#;
    says(&name, receiver.recv(&mut message), text);
}

#[test]
fn an_interrupted_wait_says_so() {
    let name = Name::new();
    let flag = Arc::new(AtomicBool::new(true));
    let options = name.options().slots(1).interrupt(flag);
    let mut sender = options.sender().expect("a sender");
    sender.send(b"a").expect("there is room");
    let text = "interrupted while waiting for the receiver";
    says(&name, sender.send(b"b"), text);
}

#[test]
fn a_damaged_object_is_told_with_its_sizes() {
    let name = Name::new();
    let (mut sender, mut receiver) = name.pair(4);
    sender.send(b"a").expect("there is room");
    let file = std::fs::File::options().write(true).open(name.path());
    file.expect("it is there")
        .set_len(4096)
        .expect("it is ours");
    let text = r#"object "x" was truncated to 4096 bytes, expected 8192; remove it and restart both processes"#;
    says(&name, sender.drain(Some(LIMIT)), text);
    assert_eq!(take(&mut receiver), (0, b"a".to_vec()));
    says(&name, receiver.recv(&mut Message::new()), text);
    let text = r#"object "x" was truncated; it was not unlinked, remove it"#;
    says(&name, receiver.close(), text);
}

#[test]
fn a_mailbox_that_has_used_up_its_numbers_says_so() {
    let name = Name::new();
    raw::create_at(&name, raw::image(4), LAST_MESSAGE + 1);
    let mut sender = name.sender();
    let text = r#"object "x" has used up its message numbers; create a new one"#;
    says(&name, sender.send(b"a"), text);
    assert_eq!(Raw::new(&name).load(RECEIVED), LAST_MESSAGE + 1);
}

#[test]
fn an_object_that_has_lost_its_name_is_told() {
    let name = Name::new();
    let mut receiver = name.receiver();
    name.unlink();
    let text =
        r#"object "x" was unlinked and no peer is attached; attach again to create a new one"#;
    says(&name, receiver.recv(&mut Message::new()), text);
}

#[test]
fn a_removal_that_is_refused_says_why() {
    let name = Name::new();
    let mut sender = name.sender();
    let stale = || remove(&name.shm_name(), None, Removal::Stale);
    let text =
        r#"object "x" is in use: it has a sender; end that process first, or force the removal"#;
    says(&name, stale(), text);
    sender.send(b"a").expect("there is room");
    sender.keep().expect("closes");
    let text = r#"object "x" has messages that no receiver has taken (1); receive them, or remove it with them"#;
    says(&name, stale(), text);
    name.fill(b"something else");
    let text = r#"object "x" is not a mailbox; it was left as it is"#;
    says(&name, stale(), text);
}
