//! Both ends of a mailbox that never has a name.

use std::os::unix::fs::MetadataExt;

use shm_mailbox::{AttachError, Closed, Mailbox, Message, Peer, RecvError, SendError, Wait};

use crate::support::{Name, WAITS};

/// The names in `/dev/shm`; those of this process's tests have its number.
fn names() -> Vec<String> {
    let entries = std::fs::read_dir("/dev/shm").unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("pair-without")).collect()
}

#[test]
fn a_pair_passes_messages_and_never_has_a_name() {
    let (mut sender, mut receiver) = Mailbox::options("pair-without-a-name").pair().unwrap();
    let mut message = Message::new();
    for number in 0..100_u32 {
        sender.send(number.to_le_bytes()).unwrap();
        receiver.recv(&mut message).unwrap();
        assert_eq!(message, number.to_le_bytes());
        assert_eq!(message.sequence(), u64::from(number));
    }
    assert_eq!(sender.id(), receiver.id());
    assert_eq!((sender.created(), receiver.created()), (true, false));
    assert_eq!(names(), Vec::<String>::new());
    assert_eq!(sender.close(), Ok(Closed::Unlinked));
    assert_eq!(receiver.close(), Ok(Closed::Unlinked));
    assert_eq!(names(), Vec::<String>::new());
}

#[test]
fn two_pairs_are_two_mailboxes() {
    let (mut sender, _receiver) = Mailbox::pair().unwrap();
    let (_sender, mut receiver) = Mailbox::pair().unwrap();
    sender.send("one").unwrap();
    assert_eq!(
        receiver.try_recv(&mut Message::new()),
        Err(RecvError::Empty)
    );
}

#[test]
fn the_ends_of_a_pair_sleep_and_wake_in_two_threads() {
    for wait in WAITS {
        let (mut sender, mut receiver) = Mailbox::options("threads")
            .slots(2)
            .wait(wait)
            .pair()
            .unwrap();
        let sending = std::thread::spawn(move || {
            for number in 0..1000_u32 {
                sender.send(number.to_le_bytes()).unwrap();
            }
        });
        let mut next = 0_u32;
        for message in &mut receiver {
            assert_eq!(message.unwrap(), next.to_le_bytes());
            next += 1;
        }
        assert_eq!(next, 1000, "{wait}");
        sending.join().unwrap();
    }
}

#[test]
fn an_end_that_goes_is_reported_although_another_peer_was_to_be_awaited() {
    let options = || {
        Mailbox::options("awaited")
            .slots(1)
            .await_peer(true)
            .wait(Wait::Block)
    };
    let (sender, mut receiver) = options().pair().unwrap();
    drop(sender);
    let error = receiver.recv(&mut Message::new()).unwrap_err();
    assert!(matches!(error, RecvError::Closed { .. }), "{error:?}");
    assert_eq!(receiver.peer(), Ok(Peer::Closed));

    let (mut sender, receiver) = options().pair().unwrap();
    sender.send("one").unwrap();
    drop(receiver);
    let error = sender.send("two").unwrap_err();
    assert!(matches!(error, SendError::Closed { .. }), "{error:?}");
}

#[test]
fn a_pair_leaves_alone_what_has_its_name() {
    let name = Name::new();
    let _other = name.options().sender().unwrap();
    let inode = std::fs::metadata(name.path()).unwrap().ino();
    let (sender, receiver) = name.options().pair().unwrap();
    assert_eq!(sender.close(), Ok(Closed::Unlinked));
    assert_eq!(receiver.close(), Ok(Closed::Unlinked));
    assert_eq!(std::fs::metadata(name.path()).unwrap().ino(), inode);
}

#[test]
fn a_pair_has_the_options_that_were_asked_for() {
    let (sender, receiver) = Mailbox::options("options").slots(4).pair().unwrap();
    assert_eq!((sender.capacity(), receiver.capacity()), (4, 4));
    let odd = Mailbox::options("options").slots(3).pair();
    assert_eq!(odd.err(), Some(AttachError::Slots { found: 3 }));
}

#[test]
fn an_end_shows_itself_in_one_short_line() {
    let (mut sender, mut receiver) = Mailbox::options("shown").pair().unwrap();
    sender.send_batch(&["one", "two"]).unwrap();
    receiver.recv(&mut Message::new()).unwrap();
    let text = r#"Sender { name: "shown", slots: 64, committed: 2, .. }"#;
    assert_eq!(format!("{sender:?}"), text);
    let text = r#"Receiver { name: "shown", slots: 64, acknowledged: 1, .. }"#;
    assert_eq!(format!("{receiver:?}"), text);
}
