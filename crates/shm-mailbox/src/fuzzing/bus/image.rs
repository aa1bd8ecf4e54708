//! A bus with some words changed, and any words written into it while senders and receivers use it:
//! errors at worst.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use crate::bus::{Bus, Join, Receiver, Sender};
use crate::fuzzing::input::Input;
use crate::fuzzing::object::{BusForm, Name};
use crate::{Message, Options, RecvError, SendError};

pub(in crate::fuzzing) fn run(input: &[u8]) {
    let name = Name::new("image");
    let mut input = Input(input);
    let byte = input.byte();
    let form = BusForm {
        slots: 1 << (byte % 3),
        senders: 1 + u32::from(byte / 4 % 3),
        receivers: 1 + u32::from(byte / 16 % 3),
    };
    std::fs::write(name.path(), form.bytes(0)).expect("room in /dev/shm");
    let file = OpenOptions::new().write(true).open(name.path());
    let file = file.expect("the object is there");
    for _ in 0..input.byte() % 16 {
        damage(&file, form, &mut input);
    }
    let options = name.bus().any_owner(true).attach_timeout(Duration::ZERO);
    let mut senders = [0, 1].map(|_| options.clone().sender().ok());
    let mut receivers = [Some("kept"), None].map(|label| come(&options, label));
    let mut message = Message::new();
    for _ in 0..200 {
        if input.is_over() {
            break;
        }
        let operation = input.byte();
        let which = usize::from(operation & 1);
        if let Some(sender) = &mut senders[which] {
            send(sender, operation / 2);
        }
        match (&mut receivers[which], operation / 16 % 8) {
            (Some(_), 6) => {
                let left = receivers[which].take().expect("it is there");
                let _ = left.close();
            }
            (Some(_), 7) => {
                let left = receivers[which].take().expect("it is there");
                let _ = left.forget();
            }
            (Some(receiver), way) => receive(receiver, way, &mut message),
            (none, way) => *none = come(&options, (way & 1 == 0).then_some("kept")),
        }
        if operation >= 192 {
            damage(&file, form, &mut input);
        }
    }
}

fn come(options: &Options<Bus>, label: Option<&str>) -> Option<Receiver> {
    let options = options.clone();
    match label {
        Some(label) => options.label(label).receiver().ok(),
        None => options.join(Join::Oldest).receiver().ok(),
    }
}

/// Writes one word that the input names, never past the end, which stays where it is.
fn damage(file: &File, form: BusForm, input: &mut Input<'_>) {
    let spot = input.byte();
    let offset = match spot % 8 {
        0 => 64,
        1 => 72,
        2 | 3 => form.stamp(usize::from(spot / 8) % (form.senders * form.slots) as usize),
        // The words of lanes, counts and places.
        _ => 128 + input.below(form.stamp(0) - 128) / 8 * 8,
    };
    let value = match input.byte() {
        byte @ 0..100 => u64::from(byte),
        // The stamp of a message nearby.
        byte @ 100..180 => u64::from(byte - 100) << 11 | input.below(2048) as u64,
        180..200 => u64::MAX,
        _ => u64::from_le_bytes(input.bytes()),
    };
    file.write_all_at(&value.to_ne_bytes(), offset as u64)
        .expect("it was opened for that");
}

fn send(sender: &mut Sender, way: u8) {
    let result = match way % 8 {
        0 | 1 => sender.try_send(b"tried"),
        2 => sender.send_timeout([1; 1024], Duration::ZERO),
        3 => sender.try_send_batch(&["a", "b", "c", "d", "e"]).map(drop),
        4 => sender.drain(Some(Duration::ZERO)),
        _ => Ok(()),
    };
    if let Err(SendError::Corrupt { corrupt, .. }) = result {
        match sender.try_send(b"again") {
            Err(SendError::Corrupt { corrupt: same, .. }) => assert_eq!(same, corrupt),
            other => panic!("{other:?} after {corrupt}"),
        }
    }
    assert!(sender.queued() <= u64::from(sender.capacity()));
    let _ = (sender.peer(), sender.places());
}

fn receive(receiver: &mut Receiver, way: u8, message: &mut Message) {
    let result = match way % 8 {
        0 => receiver.try_recv(message),
        1 => receiver.recv_timeout(message, Duration::ZERO),
        2 => receiver.try_peek(message),
        3 => receiver.peek_timeout(message, Duration::ZERO),
        4 => receiver.ack(),
        _ => {
            receiver.rewind();
            Ok(())
        }
    };
    if let Err(RecvError::Corrupt { corrupt, .. }) = result {
        // Reported once for a lane that is left out, or at each call.
        match receiver.try_peek(message) {
            Err(RecvError::Corrupt { corrupt: same, .. }) if same == corrupt => {}
            Err(RecvError::Corrupt { corrupt: other, .. }) => {
                assert!(corrupt.lane().is_some() && corrupt.lane() != other.lane());
            }
            _ => {
                let lanes = receiver.lanes().expect("they can be looked at");
                let is_left_out = |lane| lanes.iter().all(|seen| seen.lane != lane || seen.corrupt);
                assert!(corrupt.lane().is_some_and(is_left_out), "{corrupt}");
            }
        }
    }
    assert!(message.len() <= 1024);
    let _ = (receiver.queued(), receiver.peer(), receiver.lanes());
}
