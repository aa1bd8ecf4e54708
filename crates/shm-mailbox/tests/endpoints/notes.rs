//! The sender's note: what it says to the next sender, and to an observer.

use crate::support::{Name, Raw, raw, seen, take};

const FIRST: [u64; 3] = [1, 2, 3];
const SECOND: [u64; 3] = [u64::MAX, 0, 7];

#[test]
fn a_note_outlives_its_sender_however_it_leaves() {
    let name = Name::new();
    let mut sender = name.sender();
    assert_eq!(sender.note(), None);
    assert_eq!(seen(&name).note, None);
    sender.set_note(FIRST).expect("it can be written");
    assert_eq!(sender.note(), Some(FIRST));
    assert_eq!(seen(&name).note, Some(FIRST));
    sender.keep().expect("closes");

    let mut sender = name.sender();
    assert_eq!(sender.note(), Some(FIRST));
    sender.send(b"a message").expect("there is room");
    sender.set_note(SECOND).expect("it can be written");
    sender.abort().expect("closes");
    assert_eq!(seen(&name).note, Some(SECOND));
    assert_eq!(name.sender().note(), Some(SECOND));
}

#[test]
fn a_note_and_the_messages_do_not_touch_each_other() {
    let name = Name::new();
    let mut sender = name.sender();
    let mut receiver = name.receiver();
    sender.set_note(FIRST).expect("it can be written");
    for number in 0..200_u64 {
        sender.send(number.to_ne_bytes()).expect("there is room");
        sender.set_note([number; 3]).expect("it can be written");
        assert_eq!(take(&mut receiver), (number, number.to_ne_bytes().to_vec()));
        assert_eq!(sender.note(), Some([number; 3]));
    }
    drop(receiver);
    let _receiver = name.receiver();
    assert_eq!(sender.note(), Some([199; 3]));
}

#[test]
fn a_note_with_one_changed_word_is_none_and_stops_nobody() {
    let name = Name::new();
    let mut sender = name.sender();
    sender.set_note(FIRST).expect("it can be written");
    let view = Raw::new(&name);
    for word in 0..4 {
        let offset = raw::NOTE + 8 * word;
        let before = view.load(offset);
        for value in [
            before ^ 1,
            before ^ 1 << 63,
            before.wrapping_add(1),
            !before,
        ] {
            view.store(offset, value);
            assert_eq!(sender.note(), None, "word {word}");
            assert_eq!(seen(&name).note, None, "word {word}");
        }
        view.store(offset, before);
        assert_eq!(sender.note(), Some(FIRST));
    }
    view.store(raw::NOTE + 24, 0);
    sender.send(b"a message").expect("there is room");
    take(&mut name.receiver());
    sender.set_note(SECOND).expect("it can be written");
    assert_eq!(sender.note(), Some(SECOND));
}
