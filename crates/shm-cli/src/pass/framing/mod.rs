//! Framing: cuts a stream of bytes into messages, however the stream happens to arrive.

use crate::args::{Framing, Oversize};

/// Bytes that the framer holds at once: large enough that a fast input costs few reads, small
/// enough for a near cache.
const BUFFER: usize = 128 * 1024;

/// Bytes before each message of [`Framing::LengthDelimited`]: its length, an unsigned 32-bit
/// number, most significant byte first.
const PREFIX: usize = 4;

/// What is wrong with the stream. Messages are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FramingError {
    /// A terminated message is longer than `limit`, and may not be split.
    #[error("message {message} of the input is longer than {limit} bytes")]
    Long { message: u64, limit: usize },
    /// The length before a message is more than `limit`.
    #[error("message {message} of the input announces {length} bytes, at most {limit} fit")]
    Length {
        message: u64,
        length: u32,
        limit: usize,
    },
    /// The stream ended inside a message or inside the length before it.
    #[error(
        "the input ends inside message {message}: expected {expected} bytes with its length, \
         found {found}"
    )]
    Truncated {
        message: u64,
        expected: usize,
        found: usize,
    },
}

impl FramingError {
    /// What to do about it; with `--timeout`, or without.
    pub(super) fn next(&self, is_bounded: bool) -> &'static str {
        match self {
            Self::Long { .. } if is_bounded => {
                "shorter messages; only without --timeout a line can go out in pieces"
            }
            Self::Long { .. } => "--oversize split, or shorter messages",
            Self::Length { .. } | Self::Truncated { .. } => {
                "check that the input has a length (u32, big-endian) before each message"
            }
        }
    }
}

/// An incremental framer: fill [`room`](Self::room), say how much with [`filled`](Self::filled),
/// take messages with [`next`](Self::next) until there is none, and call [`end`](Self::end) when
/// the stream has ended.
#[derive(Debug)]
pub(super) struct Framer {
    framing: Framing,
    oversize: Oversize,
    /// Longest message, in bytes.
    limit: usize,
    buffer: Box<[u8]>,
    /// `buffer[start..filled]` came in and has not been handed out.
    start: usize,
    filled: usize,
    ended: bool,
    /// Messages handed out.
    messages: u64,
    /// The last of them did not end its line.
    is_cut: bool,
}

impl Framer {
    pub(super) fn new(framing: Framing, oversize: Oversize, limit: usize) -> Self {
        Self::with_buffer(framing, oversize, limit, BUFFER)
    }

    /// The buffer must hold more than one message with its prefix, or [`room`](Self::room) could be
    /// empty.
    fn with_buffer(framing: Framing, oversize: Oversize, limit: usize, buffer: usize) -> Self {
        assert!(limit > 0 && buffer > PREFIX + limit);
        Self {
            framing,
            oversize,
            limit,
            buffer: vec![0; buffer].into_boxed_slice(),
            start: 0,
            filled: 0,
            ended: false,
            messages: 0,
            is_cut: false,
        }
    }

    /// Where the next bytes of the stream go; never empty once [`next`](Self::next) has returned
    /// `None`.
    pub(super) fn room(&mut self) -> &mut [u8] {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.start = 0;
        }
        &mut self.buffer[self.filled..]
    }

    /// The first `count` bytes of [`room`](Self::room) hold what came next in the stream.
    pub(super) fn filled(&mut self, count: usize) {
        self.filled += count;
        assert!(self.filled <= self.buffer.len());
    }

    /// Nothing more will come: what is left is a message, or a truncated one.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Is the beginning of a message here, whose end has not come yet?
    pub(super) fn is_inside_message(&self) -> bool {
        self.start < self.filled
    }

    /// Did the last message handed out not end its line?
    pub(super) fn is_inside_line(&self) -> bool {
        self.is_cut
    }

    /// The next message that is complete, or that may go out in pieces; `None` if more has to come
    /// first.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, FramingError> {
        let rest = &self.buffer[self.start..self.filled];
        let (skip, length) = match self.framing {
            Framing::Raw => (0, rest.len().min(self.limit)),
            Framing::Terminated(terminator) => (0, self.terminated(rest, terminator)?),
            Framing::LengthDelimited => match self.prefixed(rest)? {
                Some(length) => (PREFIX, length),
                None => return Ok(None),
            },
        };
        if skip + length == 0 {
            return Ok(None);
        }
        let begin = self.start + skip;
        self.start = begin + length;
        self.messages += 1;
        self.is_cut = match self.framing {
            Framing::Terminated(terminator) => self.buffer[self.start - 1] != terminator,
            Framing::Raw | Framing::LengthDelimited => false,
        };
        Ok(Some(&self.buffer[begin..self.start]))
    }

    /// Length of the terminated message, or piece of one, at the beginning of `rest`; 0 if more has
    /// to come.
    fn terminated(&self, rest: &[u8], terminator: u8) -> Result<usize, FramingError> {
        let window = &rest[..rest.len().min(self.limit)];
        if let Some(at) = memchr::memchr(terminator, window) {
            return Ok(at + 1);
        }
        match self.oversize {
            // A message of exactly `limit` bytes fits if it is the last one and has no terminator.
            Oversize::Error if rest.len() > self.limit => Err(FramingError::Long {
                message: self.messages + 1,
                limit: self.limit,
            }),
            Oversize::Split if rest.len() >= self.limit => Ok(self.limit),
            Oversize::Error | Oversize::Split if self.ended => Ok(rest.len()),
            Oversize::Error | Oversize::Split => Ok(0),
        }
    }

    /// Length of the message behind the prefix at the beginning of `rest`; `None` if more has to
    /// come.
    fn prefixed(&self, rest: &[u8]) -> Result<Option<usize>, FramingError> {
        let truncated = |expected| FramingError::Truncated {
            message: self.messages + 1,
            expected,
            found: rest.len(),
        };
        let Some((prefix, body)) = rest.split_first_chunk::<PREFIX>() else {
            return match rest {
                [_, ..] if self.ended => Err(truncated(PREFIX)),
                _ => Ok(None),
            };
        };
        let announced = u32::from_be_bytes(*prefix);
        match usize::try_from(announced) {
            Ok(length) if length <= body.len().min(self.limit) => Ok(Some(length)),
            Ok(length) if length <= self.limit && self.ended => Err(truncated(PREFIX + length)),
            Ok(length) if length <= self.limit => Ok(None),
            _ => Err(FramingError::Length {
                message: self.messages + 1,
                length: announced,
                limit: self.limit,
            }),
        }
    }
}

#[cfg(test)]
mod tests;
