//! A process writes nonsense into a bus between its living endpoints: no signal, no panic, and
//! every call ends in time. With `SHM_TORTURE=1` it does so for a minute instead of a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shm_mailbox::bus::{Bus, Join};
use shm_mailbox::{Message, Options, RecvError, SendError};

use crate::support::bus::{Form, MEMBERS, OPENED};
use crate::support::process::Child;
use crate::support::{
    NOTICE, Name, Random, Raw, Shared, WAITS, assert_matches, fork, is_torture, raw, until,
};

const FORM: Form = Form {
    senders: 2,
    receivers: 3,
    slots: 4,
    hot: 4,
};

/// How long a call waits.
const TIMEOUT: Duration = Duration::from_millis(5);

/// The counts that the processes share.
const SENT_WELL: usize = 0;
const RECEIVED_WELL: usize = 1;
const REFUSED: usize = 2;
const WRITTEN: usize = 3;
const OVER: usize = 4;

fn is_over(notes: &Shared) -> bool {
    notes.number(OVER).load(Ordering::SeqCst) == 1
}

/// A process that writes random values to random words of the bus until the test stops it.
fn scribbling(name: &Name, notes: &Shared) -> Child {
    let words = Raw::new(name);
    fork(move || {
        let sound = name.bytes();
        let mut random = Random::new(0x5C42);
        while !is_over(notes) {
            // Writes a sound bus now and then, because no process can attach to contradictory
            // counts.
            for (index, bytes) in sound[..FORM.stamp(0, 0)].chunks_exact(8).enumerate() {
                let bytes = bytes.try_into().expect("eight bytes");
                words.store(index * 8, u64::from_ne_bytes(bytes));
            }
            for slot in 0..FORM.senders * FORM.slots {
                words.store(FORM.stamp(0, slot), 0);
            }
            // So that all endpoints attach and use it for a while.
            std::thread::sleep(Duration::from_millis(random.below(12)));
            for _ in 0..random.below(30) {
                let lane = random.index(FORM.senders);
                let offset = match random.below(6) {
                    0 => random.index(sound.len() / 8) * 8,
                    1 => FORM.stamp(lane, random.index(FORM.slots)),
                    2 => MEMBERS,
                    3 => [OPENED, FORM.floor(lane)][random.index(2)],
                    _ => FORM.received(lane, random.index(FORM.receivers)),
                };
                let value = match random.below(5) {
                    0 => random.next(),
                    1 => 0,
                    2 => random.below(8),
                    3 => u64::MAX,
                    _ => raw::stamp(random.below(200), random.below(1200)),
                };
                words.store(offset, value);
                notes.number(WRITTEN).fetch_add(1, Ordering::SeqCst);
                random.dawdle(1_000);
            }
        }
    })
}

/// Counts how a call ended, which must not have exceeded its time-out.
#[track_caller]
fn count(fine: bool, start: Instant, notes: &Shared, counter: &AtomicU64) {
    assert!(start.elapsed() < TIMEOUT + NOTICE, "{:?}", start.elapsed());
    let counter = if fine { counter } else { notes.number(REFUSED) };
    counter.fetch_add(1, Ordering::SeqCst);
}

/// A process that sends, by one sender after the other.
fn sending(options: &Options<Bus>, notes: &Shared) -> Child {
    fork(|| {
        for round in (0..).take_while(|_| !is_over(notes)) {
            let wait = WAITS[round % WAITS.len()];
            let Ok(mut sender) = options.clone().wait(wait).sender() else {
                continue;
            };
            for call in (0..20).take_while(|_| !is_over(notes)) {
                let start = Instant::now();
                let result = match call % 4 {
                    0 => sender.drain(Some(TIMEOUT)),
                    1 => sender.try_send(b"tried"),
                    _ => sender.send_timeout([7; 1024], TIMEOUT),
                };
                count(result.is_ok(), start, notes, notes.number(SENT_WELL));
                if let Err(SendError::Corrupt { corrupt, .. }) = result {
                    let again = sender.try_send(b"again");
                    assert_matches!(
                        &again,
                        Err(SendError::Corrupt { corrupt: same, .. }) if *same == corrupt,
                        "after {corrupt}"
                    );
                    break;
                }
            }
            // The object must keep its name, whatever its counts are.
            let _ = sender.keep();
        }
    })
}

/// A process that receives, by one receiver after the other.
fn receiving(options: &Options<Bus>, notes: &Shared) -> Child {
    fork(|| {
        let mut message = Message::new();
        for round in (0..).take_while(|_| !is_over(notes)) {
            let wait = WAITS[round / 6 % WAITS.len()];
            let join = [Join::Next, Join::Oldest][round % 2];
            let Ok(mut receiver) = options.clone().wait(wait).join(join).receiver() else {
                continue;
            };
            for _ in (0..20).take_while(|_| !is_over(notes)) {
                let start = Instant::now();
                let result = receiver.recv_timeout(&mut message, TIMEOUT);
                assert!(message.len() <= 1024);
                count(result.is_ok(), start, notes, notes.number(RECEIVED_WELL));
                if let Err(RecvError::Corrupt { corrupt, .. }) = result {
                    // Reported once for a lane, or at each call.
                    if let Err(RecvError::Corrupt { corrupt: other, .. }) =
                        receiver.try_recv(&mut message)
                    {
                        assert!(
                            other == corrupt || other.lane() != corrupt.lane(),
                            "{other}"
                        );
                    }
                }
            }
        }
    })
}

#[test]
fn nonsense_written_into_a_bus_does_its_living_ends_no_harm() {
    let (name, notes) = (Name::new(), Shared::new());
    let options = name.bus().slots(4).hot_slots(4).senders(2).receivers(3);
    // The sound bytes have a closed sender that keeps the bus, so no process unlinks it.
    for sender in [(); 2].map(|()| options.clone().sender()) {
        sender.unwrap().keep().unwrap();
    }
    let options = options.attach_timeout(Duration::from_millis(20));
    let children = [
        sending(&options, &notes),
        sending(&options, &notes),
        receiving(&options, &notes),
        receiving(&options, &notes),
        scribbling(&name, &notes),
    ];
    std::thread::sleep(Duration::from_secs(if is_torture() { 60 } else { 1 }));
    let number = |index| notes.number(index).load(Ordering::SeqCst);
    until("every kind of outcome was seen", || {
        [SENT_WELL, RECEIVED_WELL, REFUSED]
            .iter()
            .all(|&index| number(index) > 0)
    });
    notes.number(OVER).store(1, Ordering::SeqCst);
    children.into_iter().for_each(Child::join);
    println!(
        "{} words of a bus overwritten; {} calls of senders and {} of receivers went well, \
         {} were refused",
        number(WRITTEN),
        number(SENT_WELL),
        number(RECEIVED_WELL),
        number(REFUSED)
    );
}
