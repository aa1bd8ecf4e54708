//! The position of a stream in the far mailbox, as stored in the sender's note.

use shm_mailbox::MailboxId;

/// Numbers of messages are below this, so offsets are between it and its negative.
const NUMBERS: i64 = 1 << 53;

/// Message *n* of the stream is message *n* + offset of the far mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Position {
    pub(crate) stream: MailboxId,
    offset: i64,
    /// The near bridge has acknowledged everything, so another stream may follow.
    pub(crate) ended: bool,
}

impl Position {
    /// The position of a stream whose next message is `first`, in a mailbox with `committed` ones.
    ///
    /// Both are numbers of messages, below 2^53.
    pub(crate) fn begin(stream: MailboxId, first: u64, committed: u64) -> Self {
        Self {
            stream,
            offset: committed.wrapping_sub(first).cast_signed(),
            ended: false,
        }
    }

    /// The same position, at the end of the stream.
    pub(crate) fn at_the_end(self) -> Self {
        Self {
            ended: true,
            ..self
        }
    }

    /// The number of the stream's message that comes next in a mailbox with `committed` messages.
    pub(crate) fn expected(self, committed: u64) -> u64 {
        committed.wrapping_sub(self.offset.cast_unsigned())
    }

    /// As three words: the stream's id, so that it can be read in them, and twice the offset, plus
    /// 1 at the end.
    pub(crate) fn to_words(self) -> [u64; 3] {
        let (words, _) = self.stream.as_bytes().as_chunks::<8>();
        let [high, low] = [words[0], words[1]].map(u64::from_be_bytes);
        let offset = self.offset.cast_unsigned() << 1;
        [high, low, offset | u64::from(self.ended)]
    }

    /// From three words; `None` if another program wrote them.
    pub(crate) fn from_words([high, low, last]: [u64; 3]) -> Option<Self> {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&high.to_be_bytes());
        id[8..].copy_from_slice(&low.to_be_bytes());
        let offset = last.cast_signed() >> 1;
        Some(Self {
            stream: MailboxId::from_bytes(id)?,
            offset: Some(offset).filter(|offset| (-NUMBERS..=NUMBERS).contains(offset))?,
            ended: last & 1 == 1,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_from_its_words() {
        let stream = MailboxId::from_bytes(*b"0123456789abcdef").unwrap();
        let last = (1 << 53) - 1;
        for (first, committed) in [(0, 0), (0, 7), (7, 0), (last, 0), (0, last), (5, 5)] {
            let position = Position::begin(stream, first, committed);
            assert_eq!(position.expected(committed), first);
            assert_eq!(position.expected(committed + 3), first + 3);
            for position in [position, position.at_the_end()] {
                assert_eq!(Position::from_words(position.to_words()), Some(position));
            }
        }
    }

    #[test]
    fn words_of_another_program_are_no_position() {
        assert_eq!(Position::from_words([0, 0, 5]), None);
        assert_eq!(Position::from_words([1, 2, 1 << 60]), None);
        assert_eq!(Position::from_words([1, 2, 1 << 63]), None);
    }
}
