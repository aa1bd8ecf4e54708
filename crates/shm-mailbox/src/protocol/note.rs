//! The sender's note: how it is written, so that a kill at any instruction leaves a whole one or
//! none, and how it is read.
//!
//! The check word is cleared first and stored last. A sender killed before the first store leaves
//! the former note, one killed after the last leaves the new note, and one killed in between leaves
//! a check word of 0, which belongs to no three words: none. So a torn note is never mistaken for
//! either. But the former note is then lost, so a sender must not need it. It writes a note before
//! it does anything that depends on the note.

use crate::memory::note::{Note, check_word};
use crate::memory::sync::{AtomicU64, Ordering};

/// Writes the note. The caller holds the sender's role.
pub(crate) fn write_note(note: &Note, words: [u64; 3]) {
    for (word, value) in steps(note, words) {
        // Release: none before the ones that come first, for an observer and for the compiler. A
        // kill needs no more, since what an instruction stored outlives its process.
        word.store(value, Ordering::Release);
    }
}

/// The note, if there is one.
pub(crate) fn read_note(note: &Note) -> Option<[u64; 3]> {
    // Acquire: after the words of a former holder, whose death or close we know from the role's
    // lock.
    let words = [&note.words[0], &note.words[1], &note.words[2]];
    let words = words.map(|word| word.load(Ordering::Acquire));
    whole_note(words, note.check.load(Ordering::Acquire))
}

/// The words, if their check word belongs to them.
pub(crate) fn whole_note(words: [u64; 3], check: u64) -> Option<[u64; 3]> {
    (check == check_word(words)).then_some(words)
}

/// The stores, in order.
fn steps(note: &Note, words: [u64; 3]) -> [(&AtomicU64, u64); 5] {
    let [first, second, third] = &note.words;
    [
        (&note.check, 0),
        (first, words[0]),
        (second, words[1]),
        (third, words[2]),
        (&note.check, check_word(words)),
    ]
}

#[cfg(all(test, not(shm_mailbox_loom)))]
mod tests {
    use super::*;

    /// Words that belong to nothing, and such as differ in one place only.
    const NOTES: [[u64; 3]; 4] = [[0; 3], [1, 2, 3], [1, 2, 4], [u64::MAX; 3]];

    #[test]
    fn a_note_that_was_never_written_is_none() {
        assert_eq!(read_note(&Note::new()), None);
    }

    #[test]
    fn a_sender_killed_between_two_stores_leaves_the_old_note_or_none_or_the_new_one() {
        for old in NOTES {
            for new in NOTES {
                for stores in 0..=5 {
                    let note = Note::new();
                    write_note(&note, old);
                    for (word, value) in steps(&note, new).into_iter().take(stores) {
                        word.store(value, Ordering::Relaxed);
                    }
                    let expected = match stores {
                        0 => Some(old),
                        5 => Some(new),
                        _ => None,
                    };
                    let found = read_note(&note);
                    assert_eq!(found, expected, "{stores} stores from {old:?} to {new:?}");
                    // The next sender writes it as any other.
                    write_note(&note, old);
                    assert_eq!(read_note(&note), Some(old));
                }
            }
        }
    }
}
