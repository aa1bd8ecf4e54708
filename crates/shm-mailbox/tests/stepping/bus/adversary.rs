//! Another process rewrites the words of a bus between any two instructions. Every call ends in
//! time, with a usual result, a permanent error, or an error that leaves out a lane. It writes only
//! where its role may.

use shm_mailbox::Role;

use crate::stepping::adversary::{Count, Target, attack};
use crate::stepping::bus::victim::{self, Call, RECEIVER, SENDER};
use crate::stepping::tracee;
use crate::stepping::word::{Word, half, word};
use crate::support::bus::{Form, MEMBERS, OPENED, content_of};
use crate::support::raw::{HOT, KIND, MAGIC, SLOTS, STRIDE, VERSION};
use crate::support::{Name, Raw, is_torture};

const FORM: Form = Form {
    senders: 3,
    receivers: 3,
    slots: 2,
    hot: 1,
};

/// About how many combinations to try for each call.
const SHORT: usize = 900;
const LONG: usize = 20_000;

#[test]
fn somebody_who_rewrites_any_word_of_a_bus_in_any_gap_of_a_call_does_no_harm() {
    if !tracee::can_step() {
        return;
    }
    let mut all = Count::default();
    for call in Call::ALL {
        match attack_bus(call) {
            Ok(count) => all.add(&format!("on a bus, {call:?}"), count),
            Err(reason) => panic!("{call:?}: {reason}"),
        }
    }
    all.conclude();
}

/// A bus with `queued` messages in each lane, for two kept receivers, and with room for a third.
fn bus(name: &Name, queued: u64) -> Raw {
    let count = |ends: usize| u32::try_from(ends).expect("a few");
    let options = name
        .bus()
        .slots(count(FORM.slots))
        .hot_slots(count(FORM.hot));
    let options = options
        .senders(count(FORM.senders))
        .receivers(count(FORM.receivers));
    let mut receivers = [RECEIVER, "other"].map(|label| {
        let receiver = options.clone().label(label).receiver();
        receiver.expect("a place")
    });
    let mut senders = [SENDER, "second", "third"].map(|label| {
        let sender = options.clone().label(label).sender();
        sender.expect("a lane")
    });
    for count in [2, queued] {
        for sender in &mut senders {
            for _ in 0..count {
                let mut buffer = [0; 1024];
                let content = content_of(sender.lane(), sender.committed(), &mut buffer);
                sender.try_send(content).expect("there is room");
            }
        }
        if count == 2 && senders[0].committed() == 2 {
            let mut message = shm_mailbox::Message::new();
            for receiver in &mut receivers {
                while receiver.try_recv(&mut message).is_ok() {}
            }
        }
    }
    let view = Raw::new(name);
    for receiver in receivers {
        receiver.close().expect("it closes");
    }
    for sender in senders {
        sender.keep().expect("it closes");
    }
    view
}

/// Every word of the bus that any process reads or writes, except the labels and notes.
fn words() -> Vec<Word> {
    let mut words = vec![word(MAGIC), word(MEMBERS), half(OPENED)];
    words.extend([VERSION, KIND, SLOTS, HOT, HOT + 4, HOT + 8].map(half));
    for lane in 0..FORM.senders {
        let (sender, parked) = (FORM.sender(lane), FORM.sender_parked(lane));
        words.extend([word(FORM.sent(lane)), word(sender), word(FORM.floor(lane))]);
        words.extend([half(parked), half(parked + 4), half(parked + 8)]);
        words.extend((0..FORM.receivers).map(|place| word(FORM.received(lane, place))));
        for slot in 0..FORM.lane_slots() {
            let stamp = FORM.stamp(lane, slot);
            words.extend([word(stamp), word(stamp + 8)]);
        }
    }
    for place in 0..FORM.receivers {
        let (receiver, parked) = (FORM.receiver(place), FORM.receiver_parked(place));
        words.extend([
            word(receiver),
            half(parked),
            half(parked + 4),
            half(parked + 8),
        ]);
    }
    words
}

fn attack_bus(call: Call) -> Result<Count, String> {
    let name = Name::new();
    let queued = call.queued(FORM.slots as u64);
    let view = bus(&name, queued);
    let members = view.load(MEMBERS);
    // Those of a process that attached in between, or left and attached again.
    let other_members = [1 << 32, 1 << 32 | 0b100].map(|more| (word(MEMBERS), members + more));
    let attacks = words().into_iter().flat_map(|word| {
        let values = word.values_near(&view, FORM.slots as u64, 2 + queued);
        values.map(move |value| (word, value))
    });
    let target = Target {
        view: &view,
        attacks: attacks.chain(other_members).collect(),
        trespass: &|before, after| {
            let differs = |offset: &usize| before[*offset] != after[*offset];
            (0..before.len())
                .filter(differs)
                .find(|offset| !may_write(call, *offset))
        },
    };
    let options = name.bus();
    let wanted = if is_torture() { LONG } else { SHORT };
    attack(&target, wanted, |console| {
        victim::live(call, &options, console)
    })
}

/// Whether an endpoint of lane 0 or place 0 may write the byte during the call, or, if it attaches
/// or leaves, an endpoint at any place.
fn may_write(call: Call, offset: usize) -> bool {
    let is_in = |start: usize, length: usize| (start..start + length).contains(&offset);
    let lanes = || 0..FORM.senders;
    let places = || 0..FORM.receivers;
    let is_parked = lanes().any(|lane| is_in(FORM.sender_parked(lane), 4))
        || places().any(|place| is_in(FORM.receiver_parked(place), 4));
    // A sender without room also drops the dead.
    let drops = call.comes_or_goes() || call.role() == Role::Sender;
    let is_membership = is_in(MEMBERS, 8) || lanes().any(|lane| is_in(FORM.floor(lane), 8));
    let is_own = match call {
        _ if call.comes_or_goes() => {
            is_in(FORM.received(0, 0), FORM.stamp(0, 0) - FORM.received(0, 0))
        }
        _ if call.role() == Role::Sender => {
            let slots = FORM.stamp(0, 0);
            let is_slot = is_in(slots, FORM.stamp(1, 0) - slots);
            // The last 56 bytes of each slot are unused.
            is_in(FORM.sent(0), 8) || is_slot && (offset - slots) % STRIDE < 8 + 1024
        }
        _ => lanes().any(|lane| is_in(FORM.received(lane, 0), 8)),
    };
    is_parked || drops && is_membership || is_own
}
