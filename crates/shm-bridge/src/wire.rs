//! What two bridges say to each other: a question and its answer, as bytes.
//!
//! All integers are little-endian. A question is a Zenoh query: its attachment is the header below,
//! its payload the messages, each as its length (2 bytes) and its bytes. An answer is a reply to
//! that query, whose payload is the second header. The answer to anything that is not a question is
//! an error reply: the magic, and a text.
//!
//! ```text
//! question                             answer
//! offset  size  field                  offset  size  field
//!      0     4  magic "shmB"                0     4  magic "shmB"
//!      4     1  version: 1                  4     1  version: 1
//!      5     1  1 hello, 2 data, 3 end      5     1  verdict, see `Verdict`
//!      6     2  messages: 0 to 32           6     2  0
//!      8    16  stream                      8    16  stream of the question
//!     24     8  token; 0 in a hello        24     8  token
//!     32     8  number of the first        32     8  number of the first in the question
//!                                          40     8  number that is expected next
//! ```
//!
//! All received bytes are checked before use, and no bytes cause a panic here.

use shm_mailbox::{MAX_MESSAGE, MailboxId};
use thiserror::Error;

/// The most messages in one question, and the most that can be under way at any moment.
pub const MAX_BATCH: usize = 32;
/// The numbers of messages end before this one.
const NUMBERS: u64 = 1 << 53;
const MAGIC: [u8; 4] = *b"shmB";
const VERSION: u8 = 1;
const QUESTION: usize = 40;
const ANSWER: usize = 48;

/// What the near bridge asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Which message is expected next? The answer has the token for the questions to come.
    Hello = 1,
    /// Take these messages.
    Data = 2,
    /// No message will come after those that were taken: another stream may follow.
    End = 3,
}

/// The header of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// What is asked for.
    pub kind: Kind,
    /// The near mailbox.
    pub stream: MailboxId,
    /// The token from the answer to the last hello; 0 in a hello.
    pub token: u64,
    /// The number of the first message, which is also how many were acknowledged.
    pub first: u64,
}

/// The result of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Verdict {
    /// Accepted: everything below the expected number is in the far mailbox.
    Taken = 0,
    /// The far mailbox carries another stream, which has not ended.
    OtherStream = 1,
    /// The number of the first message is above the expected one: messages are missing.
    Gap = 2,
    /// The token is not that of the last hello: say hello again.
    NotGreeted = 3,
    /// The far mailbox has messages that are not of this stream, after some that are.
    Strangers = 4,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The result of the question.
    pub verdict: Verdict,
    /// The stream of the question.
    pub stream: MailboxId,
    /// The token for the next questions.
    pub token: u64,
    /// The number of the first message in the question.
    pub first: u64,
    /// The number of the message that is expected next.
    pub expected: u64,
}

/// Bytes that are not a question, or not an answer.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireError {
    /// The header has a wrong size.
    #[error("a header of {found} bytes, expected {expected}")]
    HeaderSize {
        /// What came.
        found: usize,
        /// What it should have been.
        expected: usize,
    },
    /// The header begins with other bytes.
    #[error("bytes of another program")]
    Magic,
    /// The other side speaks another version.
    #[error("version {found}, expected {VERSION}; use the same shm-bridge on both sides")]
    Version {
        /// What came.
        found: u8,
    },
    /// A field has a value that it cannot have.
    #[error("{field} is {found}, expected {expected}")]
    Field {
        /// Which.
        field: &'static str,
        /// What came.
        found: u64,
        /// What it could have been.
        expected: &'static str,
    },
    /// The payload ends within a message, or continues after the last.
    #[error("a payload of {found} bytes does not hold {count} messages")]
    PayloadSize {
        /// The bytes that came.
        found: usize,
        /// The messages that the header announced.
        count: usize,
    },
}

impl Question {
    /// The attachment of a query with `count` messages, at most [`MAX_BATCH`].
    #[must_use]
    pub fn header(&self, count: usize) -> [u8; QUESTION] {
        let mut bytes = [0; QUESTION];
        let count = u16::try_from(count).unwrap_or(u16::MAX);
        begin(&mut bytes, self.kind as u8, count, self.stream);
        put(&mut bytes, 24, self.token);
        put(&mut bytes, 32, self.first);
        bytes
    }

    /// Reads the attachment of a query, and how many messages its payload has.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything that no bridge of this version sends.
    pub fn parse(bytes: &[u8]) -> Result<(Self, usize), WireError> {
        let (kind, count, stream) = parse_begin(bytes, QUESTION)?;
        let kind = match kind {
            1 => Kind::Hello,
            2 => Kind::Data,
            3 => Kind::End,
            found => return Err(field("kind", found.into(), "1, 2 or 3")),
        };
        let first = number("number", get(bytes, 32))?;
        let count = usize::from(count);
        let fits = match kind {
            Kind::Data => (1..=MAX_BATCH).contains(&count),
            Kind::Hello | Kind::End => count == 0,
        };
        if !fits {
            return Err(field("count", count as u64, "1 to 32, and 0 without data"));
        }
        let token = get(bytes, 24);
        let question = Self {
            kind,
            stream,
            token,
            first,
        };
        Ok((question, count))
    }
}

impl Answer {
    /// The payload of a reply.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ANSWER] {
        let mut bytes = [0; ANSWER];
        begin(&mut bytes, self.verdict as u8, 0, self.stream);
        put(&mut bytes, 24, self.token);
        put(&mut bytes, 32, self.first);
        put(&mut bytes, 40, self.expected);
        bytes
    }

    /// Reads the payload of a reply.
    ///
    /// # Errors
    ///
    /// [`WireError`] for anything that no bridge of this version sends.
    pub fn parse(bytes: &[u8]) -> Result<Self, WireError> {
        let (verdict, unused, stream) = parse_begin(bytes, ANSWER)?;
        let verdict = match verdict {
            0 => Verdict::Taken,
            1 => Verdict::OtherStream,
            2 => Verdict::Gap,
            3 => Verdict::NotGreeted,
            4 => Verdict::Strangers,
            found => return Err(field("verdict", found.into(), "0 to 4")),
        };
        if unused != 0 {
            return Err(field("unused field", unused.into(), "0"));
        }
        Ok(Self {
            verdict,
            stream,
            token: get(bytes, 24),
            first: get(bytes, 32),
            expected: get(bytes, 40),
        })
    }
}

/// The payload of an error reply.
#[must_use]
pub fn refusal(error: &WireError) -> Vec<u8> {
    [&MAGIC, error.to_string().as_bytes()].concat()
}

/// The text of an error reply, if a bridge sent it. Other error replies are Zenoh's.
#[must_use]
pub fn refused(bytes: &[u8]) -> Option<String> {
    /// Longer than any that a bridge sends.
    const LONGEST: usize = 200;
    let text = bytes.strip_prefix(&MAGIC)?;
    let text = &text[..text.len().min(LONGEST)];
    Some(String::from_utf8_lossy(text).into_owned())
}

/// The payload of a query: each message with its length before it. Each has at most 1024 bytes.
#[must_use]
pub fn pack<T: AsRef<[u8]>>(messages: &[T]) -> Vec<u8> {
    let size = messages.iter().map(|message| 2 + message.as_ref().len());
    let mut bytes = Vec::with_capacity(size.sum());
    for message in messages {
        let message = message.as_ref();
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(message);
    }
    bytes
}

/// The messages in a payload, which must be exactly `count`.
///
/// # Errors
///
/// [`WireError::PayloadSize`], and [`WireError::Field`] for a message that is too long.
pub fn unpack(bytes: &[u8], count: usize) -> Result<Vec<&[u8]>, WireError> {
    let wrong = WireError::PayloadSize {
        found: bytes.len(),
        count,
    };
    let mut rest = bytes;
    let mut messages = Vec::with_capacity(count.min(MAX_BATCH));
    for _ in 0..count {
        let (length, after) = rest.split_first_chunk().ok_or(wrong)?;
        let length = usize::from(u16::from_le_bytes(*length));
        if length > MAX_MESSAGE {
            return Err(field("length", length as u64, "0 to 1024"));
        }
        let (message, after) = after.split_at_checked(length).ok_or(wrong)?;
        messages.push(message);
        rest = after;
    }
    if rest.is_empty() {
        Ok(messages)
    } else {
        Err(wrong)
    }
}

fn begin(bytes: &mut [u8], what: u8, count: u16, stream: MailboxId) {
    bytes[..4].copy_from_slice(&MAGIC);
    bytes[4] = VERSION;
    bytes[5] = what;
    bytes[6..8].copy_from_slice(&count.to_le_bytes());
    bytes[8..24].copy_from_slice(stream.as_bytes());
}

fn parse_begin(bytes: &[u8], expected: usize) -> Result<(u8, u16, MailboxId), WireError> {
    let found = bytes.len();
    if found != expected {
        return Err(WireError::HeaderSize { found, expected });
    }
    if bytes[..4] != MAGIC {
        return Err(WireError::Magic);
    }
    if bytes[4] != VERSION {
        return Err(WireError::Version { found: bytes[4] });
    }
    let count = u16::from_le_bytes([bytes[6], bytes[7]]);
    let mut id = [0; 16];
    id.copy_from_slice(&bytes[8..24]);
    let stream = MailboxId::from_bytes(id).ok_or(field("stream", 0, "an id of a mailbox"))?;
    Ok((bytes[5], count, stream))
}

/// A number that a message can have, or the number after the last.
fn number(what: &'static str, found: u64) -> Result<u64, WireError> {
    if found < NUMBERS {
        Ok(found)
    } else {
        Err(field(what, found, "less than 2^53"))
    }
}

fn field(field: &'static str, found: u64, expected: &'static str) -> WireError {
    WireError::Field {
        field,
        found,
        expected,
    }
}

fn put(bytes: &mut [u8], offset: usize, value: u64) {
    bytes[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
}

fn get(bytes: &[u8], offset: usize) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(&bytes[offset..offset + 8]);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests;
