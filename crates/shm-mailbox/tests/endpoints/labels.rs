//! What a bus keeps for a label, until it is forgotten; and what a receiver gives back lane by
//! lane.

use shm_mailbox::bus::{self, Bus, ForgetError};
use shm_mailbox::{AttachError, Closed, Message, OpenError, Options, RecvError};

use crate::support::{Name, assert_matches, turn};

fn options(name: &Name) -> Options<Bus> {
    Bus::options(name.as_str()).senders(2).receivers(3)
}

fn labelled(name: &Name) -> bus::Receiver {
    let options = options(name).label("billing");
    options.receiver().expect("a place")
}

#[test]
fn a_place_that_is_forgotten_holds_nobody_back() {
    let _turn = turn();
    let name = Name::new();
    let mut sender = options(&name).slots(1).sender().expect("a lane");
    let other = options(&name).receiver().expect("a place");
    drop(labelled(&name));
    drop(other);
    sender.send("kept").expect("there is room");
    assert!(sender.try_send("no room").is_err());
    let forgotten = options(&name).label("billing").forget();
    assert_matches!(forgotten, Ok(Closed::Kept { .. }));
    assert!(sender.places().expect("it is there").is_empty());
    // It is held for no receiver in particular.
    let mut next = options(&name).receiver().expect("a place");
    let mut message = Message::new();
    next.try_recv(&mut message).expect("the message");
    assert_eq!(message, "kept");
    sender.send("room again").expect("there is room");
    next.try_recv(&mut message).expect("the message");
    sender.close().expect("it can be closed");
}

#[test]
fn the_object_goes_with_the_label_that_was_all_that_kept_it() {
    let _turn = turn();
    let name = Name::new();
    let sender = options(&name).label("billing").sender().expect("a lane");
    drop(labelled(&name));
    assert_matches!(sender.close(), Ok(Closed::Kept { queued: 0 }));
    let forgotten = options(&name).label("billing").forget();
    assert_eq!(forgotten, Ok(Closed::Unlinked));
    assert!(!name.exists());
}

#[test]
fn the_lane_and_the_place_of_a_label_are_forgotten_together() {
    let _turn = turn();
    let name = Name::new();
    let reader = options(&name).receiver().expect("a place");
    let other = options(&name).sender().expect("a lane");
    drop(options(&name).label("billing").sender().expect("a lane"));
    drop(labelled(&name));
    options(&name).label("billing").forget().expect("both");
    let again = options(&name).label("billing").forget();
    let Err(ForgetError::Attach(AttachError::NoLabel { label, .. })) = again else {
        panic!("it was forgotten: {again:?}")
    };
    assert_eq!(label, "billing");
    let lanes = reader.lanes().expect("they are there");
    assert_eq!(lanes.len(), 2);
    assert!(lanes.iter().all(|lane| lane.label.is_none()), "{lanes:?}");
    drop(other);
}

#[test]
fn what_a_living_process_has_is_not_forgotten() {
    let _turn = turn();
    let name = Name::new();
    let receiver = labelled(&name);
    let forgotten = options(&name)
        .label("billing")
        .attach_timeout(std::time::Duration::ZERO)
        .forget();
    let taken = ForgetError::Attach(AttachError::LabelTaken {
        name: name.shm_name(),
        label: "billing".to_owned(),
        pid: Some(std::process::id()),
    });
    assert_eq!(forgotten, Err(taken));
    receiver.forget().expect("its own holder may");
}

#[test]
fn forgetting_makes_no_object_and_needs_a_label() {
    let _turn = turn();
    let name = Name::new();
    let absent = options(&name).label("billing").forget();
    assert_matches!(
        absent,
        Err(ForgetError::Attach(AttachError::Open(
            OpenError::NotFound { .. }
        )))
    );
    let unnamed = options(&name).forget();
    assert_matches!(unnamed, Err(ForgetError::Attach(AttachError::Label { .. })));
    assert!(!name.exists());
}

#[test]
fn a_receiver_gives_back_a_part_of_one_lane_and_nothing_of_another() {
    let _turn = turn();
    let name = Name::new();
    let mut receiver = labelled(&name);
    let mut senders: Vec<_> = (0..2)
        .map(|_| options(&name).sender().expect("a lane"))
        .collect();
    for sender in &mut senders {
        for text in ["a", "b", "c"] {
            sender.send(text).expect("there is room");
        }
    }
    let mut message = Message::new();
    for _ in 0..6 {
        receiver.try_peek(&mut message).expect("a message");
    }
    assert_matches!(receiver.try_peek(&mut message), Err(RecvError::Empty));
    receiver.ack_through(1, 1).expect("it was shown");
    assert_eq!(senders[0].queued(), 3);
    assert_eq!(senders[1].queued(), 1);
    // Messages that were given back are not shown again, and the others are.
    receiver.rewind();
    let mut shown = Vec::new();
    while receiver.try_peek(&mut message).is_ok() {
        shown.push((message.lane(), message.sequence()));
    }
    shown.sort_unstable();
    assert_eq!(shown, [(0, 0), (0, 1), (0, 2), (1, 2)]);
    // No more than was shown.
    receiver.ack_through(0, u64::MAX).expect("all of the lane");
    for none in [2, 7, 31, 32, 33, u32::MAX] {
        receiver
            .ack_through(none, 0)
            .expect("no such lane is no error");
    }
    assert_eq!((senders[0].queued(), senders[1].queued()), (0, 1));
    receiver.ack().expect("the rest");
    assert_eq!(senders[1].queued(), 0);
    receiver.forget().expect("it can leave");
}

#[test]
fn a_receiver_of_a_mailbox_gives_back_a_part_too() {
    let _turn = turn();
    let (mut sender, mut receiver) = shm_mailbox::Mailbox::pair().expect("two ends");
    sender.send_batch(&["a", "b", "c"]).expect("there is room");
    let mut message = Message::new();
    for _ in 0..2 {
        receiver.peek(&mut message).expect("a message");
    }
    receiver.ack_through(0, 0).expect("it was shown");
    assert_eq!((receiver.acknowledged(), sender.queued()), (1, 2));
    receiver.ack_through(0, 2).expect("as far as it was shown");
    assert_eq!((receiver.acknowledged(), sender.queued()), (2, 1));
    receiver.peek(&mut message).expect("the last one");
    assert_eq!(message, "c");
}
