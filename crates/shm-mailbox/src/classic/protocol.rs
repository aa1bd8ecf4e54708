//! The protocol of the classic layout as plain functions over a [`Region`], with all of its
//! orderings.
//!
//! # What the C programs do
//!
//! ```text
//! reader   flag++;  while (flag > 0) sleep;   print text up to NUL;  again
//! writer   while (flag == 0) sleep;  strncpy(text, line, 1024);  flag = 0;  again
//! ```
//!
//! and the writer sets flag to 0 once more when it starts, after `O_TRUNC` has emptied the object
//! and `ftruncate` has made it 1028 zeros. So a flag above 0 is a *request*, and its fall to 0 the
//! *answer*. Who may touch the text follows: the writer between request and answer, the reader at
//! all other times. One reader and one writer: among our own programs the role locks see to that.
//!
//! # What ours do, and why it is sound
//!
//! **Requesting** ([`request`]) swaps 1 into the flag, whatever was there. If that was 0, it is the
//! C reader's `flag++`. If it was above 0, a reader was killed (or a C reader interrupted) while it
//! waited; its request is as good as ours and is taken over. It is not counted up: a C reader that
//! overlaps would see the same, and a writer stores 0 whatever the number. Should the answer to
//! that old request come just before the swap, it is lost, as it would have been had it come before
//! we started: the layout cannot tell a message that was read from one that was not. That is the
//! message *in flight when a reader is killed*, which the classic layout loses and a mailbox does
//! not. Should a writer be in the middle of its answer, a C writer answers us, and ours finds
//! another number in the flag than the one it saw, and hands over to us in its next attempt.
//!
//! **Answering** ([`hand_over`]) copies the text, NUL and padding included (so does `strncpy`;
//! nothing of an earlier message stays behind), and then exchanges the number that was seen for 0.
//! The exchange fails if the reader has withdrawn by then: in that case the message was not handed
//! over, and the writer keeps it for the next request. If the reader withdrew *and requested
//! again*, the exchange succeeds, rightly: the text is complete, and a reader waits for it. A plain
//! store of 0, as in C, would lose the message in the first case.
//!
//! **Withdrawing** ([`withdraw`]) exchanges the positive number for 0. Exactly one of this and the
//! writer's exchange succeeds, so either the message was not handed over, or it is here and the
//! reader takes it. Against a C writer there is a gap: between its check of the flag and its store,
//! the time of one `strncpy`, it cannot learn of a withdrawal, and takes the message for delivered.
//!
//! **Taking** ([`take`]) copies all 1024 bytes and looks for the NUL in the copy, so the length is
//! right whatever another process writes at the same time. A text without any NUL (our writer and
//! the C writer always leave one) is taken as 1024 bytes: no byte is lost, and none after the text
//! is read, as C's `printf` would.
//!
//! **Marking as taken** ([`mark_taken`]) stores 0 into the first word of the text. It is done only
//! by a reader that has taken a message and not requested since; then the flag is 0 because that
//! message answered it, so no writer touches the text: ours wait for a request, C's too. (After a
//! withdrawal a writer may still be at its copy; nothing is marked then.) A C writer never looks at
//! the text. A C reader does so only after the next answer has overwritten it. Our writer, at its
//! end of input, learns from it that its last message was taken, without a next request. The next
//! request implies it: a text is always empty when our reader asks, unless the reader has just been
//! started.
//!
//! **A reset** is distinguished from an answer by the text: an answer of ours is never empty, a C
//! writer's holds at least the line's end. When a C writer starts, the text is emptied by `O_TRUNC`
//! and the flag falls to 0; our reader, which waits for the answer, finds no text and requests
//! again. The C writer's own store of 0, after that, does the same once more. (A C writer's line
//! that begins with NUL is empty too, and is asked for again; the C reader prints nothing for it
//! either.) Our own writer never resets: it would destroy the request of a reader that waits, and
//! it has no need to, since a request left behind by a dead reader is answered into the void by the
//! C writer in any case.
//!
//! A negative flag belongs to no process: the C reader would count it up and take the old text for
//! an answer. To our writer it is no request, to our reader an answer if there is a text, and
//! [`request`] repairs it.
//!
//! # The orderings, and what each pairs with
//!
//! * (Q) the swap in [`request`], Release, pairs with the Acquire load in [`wanted`]: the reader's
//!   copy of the last text, and its mark, are over before the writer writes the next.
//! * (A) the exchange in [`hand_over`], Release, pairs with the Acquire load in [`is_answered`] and
//!   with the failing exchange in [`withdraw`]: a process that sees the 0 sees the text.
//! * (T) the store in [`mark_taken`], Release, pairs with the Acquire load in [`is_taken`]: the
//!   copy is over when the writer believes it.
//!
//! The C programs use plain accesses. On x86-64 the processor keeps their stores and loads in the
//! order that is needed; on aarch64 it need not, which is the C programs' data race, and this side
//! cannot mend it.
//!
//! # Sleeping and waking
//!
//! A process that waits for the flag sleeps in `FUTEX_WAIT(flag, the number seen)`, and the process
//! that changes it wakes it. The kernel compares under its lock, so a change between check and
//! sleep prevents the sleep: between our two programs no wake-up is lost. A C program wakes no
//! process, so the sleep has a time-out. A writer that waits for its last message to be taken
//! sleeps on the first word of the text in the same way, since that word changes in every case but
//! one: our reader marks before it requests. The one is a reader that has just been started, and is
//! noticed when the sleep's time is over.

use super::layout::{Region, TEXT};
use crate::memory::sync::Ordering;

/// What our reader leaves in the flag while it waits.
const REQUEST: u32 = 1;
/// What an answer, or a withdrawal, leaves there.
const NOTHING: u32 = 0;

/// C's `flag > 0`.
pub(super) const fn is_request(flag: u32) -> bool {
    flag.cast_signed() > 0
}

/// Reader: asks for the next message, or takes over the request of a reader that has left.
#[inline]
pub(super) fn request(region: &Region) {
    // (Q) Release: pairs with the Acquire in `wanted`.
    region.flag.swap(REQUEST, Ordering::Release);
}

/// Reader: whether the request is no longer there.
#[inline]
pub(super) fn is_answered(region: &Region) -> bool {
    // Acquire: pairs with (A) in `hand_over`; the text is complete.
    !is_request(region.flag.load(Ordering::Acquire))
}

/// Reader: copies out the text and returns its length, 0 to 1024 bytes. 0 is a reset, not a
/// message.
#[inline]
pub(super) fn take(region: &Region, text: &mut [u8; TEXT]) -> usize {
    region.text.read(text, TEXT);
    text.iter().position(|&byte| byte == 0).unwrap_or(TEXT)
}

/// Reader: lets the writer know that the message was taken, which must have been the last thing to
/// happen.
#[inline]
pub(super) fn mark_taken(region: &Region) {
    // (T) Release: pairs with the Acquire in `is_taken`; our copy is over.
    region.head().store(0, Ordering::Release);
}

/// Reader: takes the request back. `false`: too late, the answer is there.
pub(super) fn withdraw(region: &Region) -> bool {
    // Relaxed on success: nothing was read or written under this request. Acquire on failure:
    // pairs with (A); the text is complete.
    region
        .flag
        .fetch_update(Ordering::Relaxed, Ordering::Acquire, |flag| {
            is_request(flag).then_some(NOTHING)
        })
        .is_ok()
}

/// Writer: the flag, if a reader waits for a message.
#[inline]
pub(super) fn wanted(region: &Region) -> Option<u32> {
    // Acquire: pairs with (Q) in `request`; the reader is done with the text.
    let flag = region.flag.load(Ordering::Acquire);
    is_request(flag).then_some(flag)
}

/// Writer: answers the request that showed as `wanted`. `false`: it was withdrawn, the message is
/// still ours.
#[inline]
#[must_use]
pub(super) fn hand_over(region: &Region, wanted: u32, text: &[u8; TEXT]) -> bool {
    region.text.write_at(0, text);
    // (A) Release: pairs with the Acquire in `is_answered` and `withdraw`; publishes the text.
    // Relaxed on failure: the text is written again under the next request.
    region
        .flag
        .compare_exchange(wanted, NOTHING, Ordering::Release, Ordering::Relaxed)
        .is_ok()
}

/// Writer, after an answer: whether the reader has taken the message, or asks for the next.
#[inline]
pub(super) fn is_taken(region: &Region) -> bool {
    // Acquire: pairs with (T) in `mark_taken`.
    region.head().load(Ordering::Acquire) == 0 || wanted(region).is_some()
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::sync::atomic::AtomicBool;
    use std::thread;

    use super::*;
    use crate::memory::payload::Payload;
    use crate::memory::sync::AtomicU32;

    fn region(flag: i32) -> Region {
        Region {
            flag: AtomicU32::new(flag.cast_unsigned()),
            text: Payload::new(),
        }
    }

    fn flag(region: &Region) -> i32 {
        region.flag.load(Ordering::Relaxed).cast_signed()
    }

    fn text(bytes: &[u8]) -> [u8; TEXT] {
        let mut text = [0; TEXT];
        text[..bytes.len()].copy_from_slice(bytes);
        text
    }

    fn taken(region: &Region) -> Vec<u8> {
        let mut text = [0xFF; TEXT];
        let length = take(region, &mut text);
        text[..length].to_vec()
    }

    #[test]
    fn a_request_is_one_whatever_was_there() {
        for before in [0, 1, 5, -3, i32::MAX, i32::MIN] {
            let region = region(before);
            request(&region);
            assert_eq!(flag(&region), 1, "after {before}");
        }
    }

    #[test]
    fn a_message_travels_from_request_to_mark() {
        let region = region(0);
        assert_eq!(wanted(&region), None);
        request(&region);
        assert!(!is_answered(&region));
        let request = wanted(&region).expect("a request");
        assert!(hand_over(&region, request, &text(b"x")));
        assert!(is_answered(&region));
        assert_eq!(taken(&region), b"x");
        assert!(!is_taken(&region));
        mark_taken(&region);
        assert!(is_taken(&region));
        assert_eq!(taken(&region), b"");
    }

    #[test]
    fn the_next_request_says_that_the_last_message_was_taken() {
        let region = region(1);
        assert!(hand_over(&region, 1, &text(b"x")));
        request(&region);
        assert!(is_taken(&region));
    }

    #[test]
    fn a_withdrawn_request_is_not_answered() {
        let region = region(0);
        request(&region);
        let seen = wanted(&region).expect("a request");
        assert!(withdraw(&region));
        assert!(!hand_over(&region, seen, &text(b"kept")));
        assert_eq!(flag(&region), 0);
    }

    #[test]
    fn a_request_that_was_renewed_meanwhile_is_answered() {
        let region = region(1);
        let seen = wanted(&region).expect("a request");
        assert!(withdraw(&region));
        request(&region);
        assert!(hand_over(&region, seen, &text(b"whole")));
        assert_eq!(taken(&region), b"whole");
    }

    #[test]
    fn a_request_that_was_taken_over_meanwhile_is_answered_in_the_next_attempt() {
        let region = region(5);
        let seen = wanted(&region).expect("a request");
        request(&region);
        assert!(!hand_over(&region, seen, &text(b"once")));
        let seen = wanted(&region).expect("a request");
        assert!(hand_over(&region, seen, &text(b"once")));
    }

    #[test]
    fn a_request_cannot_be_withdrawn_after_its_answer() {
        let region = region(1);
        assert!(hand_over(&region, 1, &text(b"came")));
        assert!(!withdraw(&region));
        assert_eq!(taken(&region), b"came");
    }

    #[test]
    fn a_request_that_was_counted_up_is_withdrawn_whole() {
        let region = region(7);
        assert!(withdraw(&region));
        assert_eq!(flag(&region), 0);
    }

    #[test]
    fn a_negative_flag_is_no_request() {
        let region = region(-1);
        assert!(wanted(&region).is_none());
        assert!(is_answered(&region));
        assert!(!withdraw(&region));
    }

    #[test]
    fn a_text_ends_at_its_nul_or_with_its_memory() {
        let region = region(0);
        for length in [0, 1, 1023, 1024] {
            region.text.write_at(0, &text(&vec![b'x'; length]));
            assert_eq!(taken(&region).len(), length);
        }
    }

    #[test]
    fn of_answer_and_withdrawal_exactly_one_succeeds() {
        const ROUNDS: usize = 20_000;
        let region = region(0);
        let handed = AtomicBool::new(false);
        let start = Barrier::new(2);
        let end = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    start.wait();
                    let done = wanted(&region)
                        .is_some_and(|seen| hand_over(&region, seen, &text(b"a message")));
                    handed.store(done, Ordering::Relaxed);
                    end.wait();
                }
            });
            for _ in 0..ROUNDS {
                mark_taken(&region);
                request(&region);
                start.wait();
                let withdrawn = withdraw(&region);
                if !withdrawn {
                    assert_eq!(taken(&region), b"a message");
                }
                end.wait();
                assert_ne!(withdrawn, handed.load(Ordering::Relaxed));
            }
        });
    }
}
