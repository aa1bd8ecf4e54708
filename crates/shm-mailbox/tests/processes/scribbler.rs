//! A third process writes nonsense between two living ends: no signal, no panic, and every call
//! ends in time. With `SHM_TORTURE=1` it does so for a minute instead of a second.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shm_mailbox::{Message, RecvError, SendError, Wait};

use crate::support::process::Child;
use crate::support::raw::{self, SENT};
use crate::support::{
    NOTICE, Name, Random, Raw, Shared, WAITS, assert_matches, fork, is_torture, until,
};

/// How long a call waits.
const TIMEOUT: Duration = Duration::from_millis(5);

/// What the processes count for one another.
const SENT_WELL: usize = 0;
const RECEIVED_WELL: usize = 1;
const REFUSED: usize = 2;
const WRITTEN: usize = 3;
const OVER: usize = 4;

/// The strategy of the `round`-th endpoint.
fn wait(round: u64) -> Wait {
    WAITS[usize::try_from(round % 6).expect("below 6")]
}

/// A process that writes random values to random words of the object until it is told to end.
fn scribbling(name: &Name, notes: &Shared) -> Child {
    let words = Raw::new(name);
    fork(move || {
        let sound = name.bytes();
        let mut random = Random::new(0x5C41);
        while notes.number(OVER).load(Ordering::SeqCst) == 0 {
            // A sound mailbox every now and then: with no counts that agree nobody attaches any
            // more.
            for (index, bytes) in sound.chunks_exact(8).enumerate().take(80) {
                let bytes = bytes.try_into().expect("eight bytes");
                words.store(index * 8, u64::from_ne_bytes(bytes));
            }
            (0..4).for_each(|slot| words.store(raw::stamp_offset(slot), 0));
            // So that both ends attach and use it for a while.
            std::thread::sleep(Duration::from_millis(random.below(12)));
            for _ in 0..random.below(30) {
                let offset = match random.below(4) {
                    0 => random.index(sound.len() / 8) * 8,
                    1 => raw::stamp_offset(random.index(4)),
                    _ => SENT + random.index(4) * 128 + random.index(2) * 8,
                };
                let value = match random.below(4) {
                    0 => random.next(),
                    1 => 0,
                    2 => random.below(8),
                    _ => raw::stamp(random.below(200), random.below(1200)),
                };
                words.store(offset, value);
                notes.number(WRITTEN).fetch_add(1, Ordering::SeqCst);
                random.dawdle(1_000);
            }
        }
    })
}

/// Counts how a call ended, which took so long; it must not have overstayed its time-out.
#[track_caller]
fn count(fine: bool, start: Instant, notes: &Shared, counter: &AtomicU64) {
    assert!(start.elapsed() < TIMEOUT + NOTICE, "{:?}", start.elapsed());
    let counter = if fine { counter } else { notes.number(REFUSED) };
    counter.fetch_add(1, Ordering::SeqCst);
}

#[test]
fn nonsense_written_between_two_living_ends_does_them_no_harm() {
    let (name, notes) = (Name::new(), Shared::new());
    raw::create_at(&name, raw::image(4), 0);
    let running = || notes.number(OVER).load(Ordering::SeqCst) == 0;
    let sender = fork(|| {
        for round in (0..).take_while(|_| running()) {
            let Ok(mut sender) = name.options().wait(wait(round)).sender() else {
                continue;
            };
            for call in (0..20).take_while(|_| running()) {
                let start = Instant::now();
                let result = match call % 4 {
                    0 => sender.drain(Some(TIMEOUT)),
                    1 => sender.try_send(b"tried"),
                    _ => sender.send_timeout([7; 1024], TIMEOUT),
                };
                count(result.is_ok(), start, &notes, notes.number(SENT_WELL));
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
            // The object has to keep its name, whatever its counts say.
            let _ = sender.keep();
        }
    });
    let receiver = fork(|| {
        let mut message = Message::new();
        for round in (0..).take_while(|_| running()) {
            let Ok(mut receiver) = name.options().wait(wait(round / 6)).receiver() else {
                continue;
            };
            for _ in (0..20).take_while(|_| running()) {
                let start = Instant::now();
                let result = receiver.recv_timeout(&mut message, TIMEOUT);
                assert!(message.len() <= 1024);
                count(result.is_ok(), start, &notes, notes.number(RECEIVED_WELL));
                if let Err(RecvError::Corrupt { corrupt, .. }) = result {
                    let again = receiver.try_recv(&mut message);
                    assert_matches!(
                        &again,
                        Err(RecvError::Corrupt { corrupt: same, .. }) if *same == corrupt,
                        "after {corrupt}"
                    );
                    break;
                }
            }
        }
    });
    let scribbler = scribbling(&name, &notes);
    let time = Duration::from_secs(if is_torture() { 60 } else { 1 });
    std::thread::sleep(time);
    let number = |index| notes.number(index).load(Ordering::SeqCst);
    until("every kind of outcome was seen", || {
        [SENT_WELL, RECEIVED_WELL, REFUSED]
            .iter()
            .all(|&index| number(index) > 0)
    });
    notes.number(OVER).store(1, Ordering::SeqCst);
    for child in [sender, receiver, scribbler] {
        child.join();
    }
    println!(
        "{} words overwritten; {} calls of the sender and {} of the receiver went well, {} were refused",
        number(WRITTEN),
        number(SENT_WELL),
        number(RECEIVED_WELL),
        number(REFUSED)
    );
}
