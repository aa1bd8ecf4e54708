//! Lanes, places and labels: which an endpoint gets, and when attaching fails.

use std::time::Duration;

use shm_mailbox::bus::Join;
use shm_mailbox::{AttachError, Role, SendError};

use crate::support::{Name, assert_matches, die};

use super::{look, send_all, take, take_all};

#[test]
fn a_place_with_a_label_is_kept_with_its_messages() {
    let name = Name::new();
    let mut sender = name.bus().slots(4).sender().unwrap();
    let billing = || name.bus().label("billing");
    let mut receiver = billing().receiver().unwrap();
    send_all(&mut sender, 2);
    assert_eq!(take(&mut receiver).1, 0);
    die(receiver);
    send_all(&mut sender, 1);
    let mut receiver = billing().receiver().unwrap();
    assert_eq!(receiver.place(), 0);
    assert_eq!(take(&mut receiver).1, 1);
    receiver.close().unwrap();
    send_all(&mut sender, 2);
    assert!(look(&name).places[0].is_kept());
    // `join` does not matter to a receiver that returns.
    let mut receiver = billing().join(Join::Next).receiver().unwrap();
    assert_eq!(take_all(&mut receiver), [2, 3, 4]);
}

#[test]
fn a_label_has_one_holder() {
    let name = Name::new();
    let _receiver = name.bus().label("billing").receiver().unwrap();
    let _sender = name.bus().senders(2).exact(false).label("billing").sender();
    let options = name.bus().label("billing").attach_timeout(Duration::ZERO);
    let taken = options.receiver().unwrap_err();
    assert_eq!(
        taken,
        AttachError::LabelTaken {
            name: name.shm_name(),
            label: "billing".to_owned(),
            pid: Some(std::process::id()),
        }
    );
    for bad in ["", "a\0b", &"x".repeat(32)] {
        let refused = name.bus().label(bad).receiver().unwrap_err();
        let found = bad.to_owned();
        assert_eq!(refused, AttachError::Label { found });
    }
}

#[test]
fn a_lane_is_anothers_once_it_is_free_and_a_labels_as_long_as_it_has_one() {
    let name = Name::new();
    let options = || name.bus().senders(3).receivers(1).slots(4);
    let mut receiver = options().receiver().unwrap();
    let mut sensor = options().label("sensor-3").sender().unwrap();
    sensor.send("1").unwrap();
    assert_eq!(sensor.lane(), 0);
    die(sensor);
    let mut plain = options().sender().unwrap();
    assert_eq!(plain.lane(), 1);
    plain.send("2").unwrap();
    die(plain);
    // An empty lane first.
    let other = options().sender().unwrap();
    assert_eq!(other.lane(), 2);
    let again = options().sender().unwrap();
    assert_eq!((again.lane(), again.committed()), (1, 1));
    let refused = options().attach_timeout(Duration::ZERO).sender();
    let role = Role::Sender;
    let name_of = name.shm_name();
    assert_eq!(
        refused.unwrap_err(),
        AttachError::NoPlace {
            name: name_of,
            role
        }
    );
    let mut sensor = options().label("sensor-3").sender().unwrap();
    assert_eq!((sensor.lane(), sensor.committed()), (0, 1));
    sensor.send("3").unwrap();
    let mut all: Vec<_> = (0..3).map(|_| take(&mut receiver)).collect();
    all.sort();
    let text = |text: &str| text.as_bytes().to_vec();
    assert_eq!(
        all,
        [(0, 0, text("1")), (0, 1, text("3")), (1, 0, text("2"))]
    );
}

#[test]
fn there_are_as_many_seats_as_the_creator_has_made() {
    let name = Name::new();
    let options = || name.bus().receivers(2);
    let kept = [options().receiver().unwrap(), options().receiver().unwrap()];
    let refused = options().attach_timeout(Duration::ZERO).receiver();
    assert_matches!(
        refused,
        Err(AttachError::NoPlace {
            role: Role::Receiver,
            ..
        })
    );
    let [one, _other] = kept;
    die(one);
    options().receiver().unwrap();
    let other = name.bus().receivers(3).receiver().unwrap_err();
    assert_eq!(
        other,
        AttachError::OtherSeats {
            name: name.shm_name(),
            role: Role::Receiver,
            found: 2,
            expected: 3,
        }
    );
    assert_matches!(
        name.bus().senders(2).sender(),
        Err(AttachError::OtherSeats {
            role: Role::Sender,
            found: 1,
            expected: 2,
            ..
        })
    );
    name.bus().receivers(3).exact(false).receiver().unwrap();
    for (senders, receivers, slots) in
        [(0, 1, 4), (1, 0, 4), (33, 1, 4), (1, 33, 4), (2, 1, 65_536)]
    {
        let other = Name::new();
        let options = other
            .bus()
            .senders(senders)
            .receivers(receivers)
            .slots(slots);
        let refused = options.sender().unwrap_err();
        assert_eq!(refused, AttachError::Seats { senders, receivers });
    }
}

#[test]
fn a_bus_is_no_mailbox_and_a_mailbox_no_bus() {
    let name = Name::new();
    let _bus = name.bus().sender().unwrap();
    let (found, expected) = ("bus", "mailbox");
    assert_eq!(
        name.options().receiver().unwrap_err(),
        AttachError::OtherKind {
            name: name.shm_name(),
            found,
            expected
        }
    );
    let name = Name::new();
    let _mailbox = name.sender();
    let (found, expected) = ("mailbox", "bus");
    assert_eq!(
        name.bus().receiver().unwrap_err(),
        AttachError::OtherKind {
            name: name.shm_name(),
            found,
            expected
        }
    );
}

#[test]
fn a_label_that_is_forgotten_holds_nothing() {
    let name = Name::new();
    let mut sender = name.bus().slots(2).sender().unwrap();
    let mut other = name.bus().receiver().unwrap();
    let billing = name.bus().label("billing").receiver().unwrap();
    send_all(&mut sender, 2);
    assert_eq!(take_all(&mut other), [0, 1]);
    assert_matches!(sender.try_send("more"), Err(SendError::Full));
    billing.forget().unwrap();
    send_all(&mut sender, 2);
    let places = look(&name).places;
    assert_eq!((places[1].label, places[1].counts), (None, false));
    // A label that was forgotten is new when it is used again.
    let mut billing = name.bus().label("billing").receiver().unwrap();
    assert_eq!(take_all(&mut billing), [] as [u64; 0]);
    // A lane's label is forgotten in the same way.
    let labelled = Name::new();
    let sensor = labelled.bus().label("sensor").sender().unwrap();
    let _receiver = labelled.bus().receiver().unwrap();
    sensor.keep().unwrap();
    assert_matches!(
        labelled.bus().attach_timeout(Duration::ZERO).sender(),
        Err(AttachError::NoPlace { .. })
    );
    labelled
        .bus()
        .label("sensor")
        .sender()
        .unwrap()
        .forget()
        .unwrap();
}
