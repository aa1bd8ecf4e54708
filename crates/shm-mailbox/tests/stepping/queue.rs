//! What a mailbox is to hold: the messages that were sent and not acknowledged.

use std::collections::VecDeque;

/// Messages in order, and the number of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Queue {
    first: u64,
    messages: VecDeque<Vec<u8>>,
}

impl Queue {
    /// Nothing, after so many messages were acknowledged.
    pub(crate) fn starting_at(first: u64) -> Self {
        Self {
            first,
            messages: VecDeque::new(),
        }
    }

    /// The number of the first message, which is also how many were acknowledged.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next message gets, which is also how many were sent.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.messages.len() as u64
    }

    pub(crate) fn len(&self) -> u64 {
        self.messages.len() as u64
    }

    /// Message `index` from the first.
    pub(crate) fn get(&self, index: usize) -> &[u8] {
        &self.messages[index]
    }

    /// The next message, if it has `length` bytes.
    pub(crate) fn message(&self, length: usize) -> Vec<u8> {
        content(self.next(), length)
    }

    /// Appends the next message, of `length` bytes, and returns it.
    pub(crate) fn push(&mut self, length: usize) -> Vec<u8> {
        let message = self.message(length);
        self.messages.push_back(message.clone());
        message
    }

    /// Removes the first message, with its number.
    pub(crate) fn pop(&mut self) -> Option<(u64, Vec<u8>)> {
        let message = self.messages.pop_front()?;
        self.first += 1;
        Some((self.first - 1, message))
    }

    /// As it is once the first `count` messages were acknowledged.
    pub(crate) fn without(&self, count: usize) -> Self {
        Self {
            first: self.first + count as u64,
            messages: self.messages.iter().skip(count).cloned().collect(),
        }
    }

    /// As it is with one more message, of `length` bytes.
    pub(crate) fn with(&self, length: usize) -> Self {
        let mut queue = self.clone();
        queue.push(length);
        queue
    }

    /// Whether exactly these messages, with these numbers, are in it.
    pub(crate) fn holds(&self, found: &[(u64, Vec<u8>)]) -> bool {
        let numbered = (self.first..).zip(self.messages.iter());
        found.len() == self.messages.len()
            && numbered
                .zip(found)
                .all(|((number, message), found)| number == found.0 && *message == found.1)
    }

    /// In words, for a report.
    pub(crate) fn describe(&self) -> String {
        format!("{} from {}", self.messages.len(), self.first)
    }
}

/// Bytes that tell one message from every other, whichever part of it is looked at.
fn content(number: u64, length: usize) -> Vec<u8> {
    let mut state = (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        bytes.extend(state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_ne_bytes());
    }
    bytes.truncate(length);
    bytes
}
