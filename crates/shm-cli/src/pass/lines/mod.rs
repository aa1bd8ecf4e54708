//! What the reader hands to its output: messages as they arrive. On a bus with several writers it
//! hands on whole lines, so that no line has pieces of another in it.
//!
//! A writer sends a line over 1 KiB in pieces, each but the last of 1 KiB and without an end of
//! line. Pieces of different lanes come in any order. The reader keeps those of each lane until the
//! line is whole. It does not acknowledge them before, so that a kill does not lose them, unless
//! they take all the slots of the lane.
//!
//! An empty message ends a line whose rest will not come: the next message of the lane is another
//! writer's. Where there is one writer at a time, the reader hands pieces on as they come, and ends
//! such a line, too.

use std::{mem, slice};

use shm_mailbox::{MAX_MESSAGE, MailboxId};

use super::output::{Origin, Output};

/// What the output was given and has not written, and what the lanes keep.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The object that the messages come from.
    id: Option<MailboxId>,
    /// What ends a line, if the output has lines.
    terminator: Option<u8>,
    /// Whether lines are put together.
    joins: bool,
    /// If they are not, whether the last message was a piece of a line, and not its end.
    is_cut: bool,
    /// The most messages of a lane that may be unacknowledged.
    capacity: u64,
    lanes: Vec<Lane>,
    tail: Tail,
    given: Vec<Given>,
}

/// How the output ends, if lines are put together.
#[derive(Clone, Copy, Debug, Default)]
enum Tail {
    #[default]
    EndOfLine,
    /// With a text that only this lane may continue.
    Open(u32),
    /// With a text that no lane continues.
    Over,
}

/// The line of one writer, as far as it was received.
#[derive(Debug, Default)]
struct Lane {
    line: Vec<u8>,
    /// Of how many messages it is.
    pieces: usize,
    /// How many of them are not acknowledged.
    held: u64,
    /// The number of the last one.
    last: u64,
}

/// What the output was given at once.
#[derive(Clone, Copy, Debug)]
struct Given {
    messages: usize,
    bytes: usize,
    /// None if its object was replaced.
    acknowledgement: Option<Acknowledgement>,
}

/// That what a lane has handed out was written, up to this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acknowledgement {
    pub(super) lane: u32,
    pub(super) sequence: u64,
}

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) messages: usize,
    pub(super) bytes: usize,
    /// For each lane at most one.
    pub(super) acknowledgements: Vec<Acknowledgement>,
}

impl Lines {
    /// Whether the messages of another object come from now on.
    pub(super) fn is_of_another(&self, id: Option<MailboxId>) -> bool {
        self.id != id || self.capacity == 0
    }

    /// Begins with an object, a lane of which has `capacity` slots. If it `is_shared` by several
    /// writers and there is a terminator, puts lines together; else messages are handed on as they
    /// come.
    pub(super) fn begin(
        &mut self,
        id: Option<MailboxId>,
        capacity: u32,
        is_shared: bool,
        terminator: Option<u8>,
        output: &mut Output,
    ) {
        self.complete_all(output);
        for given in &mut self.given {
            given.acknowledgement = None;
        }
        self.id = id;
        self.capacity = capacity.into();
        self.terminator = terminator;
        self.joins = is_shared && terminator.is_some();
        self.is_cut = false;
    }

    /// Takes a message, and hands on what it completes. Returns how many messages that is.
    pub(super) fn take(
        &mut self,
        lane: Option<u32>,
        sequence: u64,
        message: &[u8],
        output: &mut Output,
    ) -> usize {
        let index = lane.unwrap_or(0);
        let is_piece = self.terminator.is_some_and(|terminator| {
            message.len() == MAX_MESSAGE && !message.ends_with(&[terminator])
        });
        let Some(terminator) = self.terminator.filter(|_| self.joins) else {
            let origin = Origin {
                id: self.id,
                lane,
                missed: None,
            };
            let end = self
                .terminator
                .filter(|_| self.is_cut && message.is_empty());
            let text = end.as_ref().map_or(message, slice::from_ref);
            output.push(origin, sequence, text);
            self.give(index, sequence, 1, text.len());
            self.is_cut = is_piece;
            return 1;
        };
        let at = index as usize;
        if self.lanes.len() <= at {
            self.lanes.resize_with(at + 1, Lane::default);
        }
        let own = &mut self.lanes[at];
        own.line.extend_from_slice(message);
        own.pieces += 1;
        own.held += 1;
        own.last = sequence;
        if is_piece {
            return 0;
        }
        let pieces = self.complete(index, terminator, output);
        if message.is_empty() && matches!(self.tail, Tail::Open(lane) if lane == index) {
            self.tail = Tail::Over;
        }
        pieces
    }

    /// Hands on what a lane has, as a separate line.
    fn complete(&mut self, lane: u32, terminator: u8, output: &mut Output) -> usize {
        let own = mem::take(&mut self.lanes[lane as usize]);
        let (pieces, length) = (own.pieces, own.line.len());
        let mut line = own.line;
        if length > 0 {
            let is_begun = match self.tail {
                Tail::EndOfLine => false,
                Tail::Open(open) => open != lane,
                Tail::Over => true,
            };
            if is_begun {
                line.insert(0, terminator);
            }
            self.tail = match line.ends_with(&[terminator]) {
                true => Tail::EndOfLine,
                false => Tail::Open(lane),
            };
        }
        output.push(Origin::default(), own.last, &line);
        self.give(lane, own.last, pieces, length);
        pieces
    }

    /// Hands on incomplete lines whose rest will not come, each as a separate line.
    pub(super) fn complete_all(&mut self, output: &mut Output) {
        let Some(terminator) = self.terminator.filter(|_| self.joins) else {
            return;
        };
        let lanes = (0..).zip(&self.lanes);
        let begun = lanes
            .filter(|(_, own)| own.pieces > 0)
            .map(|(lane, _)| lane);
        for lane in begun.collect::<Vec<_>>() {
            self.complete(lane, terminator, output);
        }
    }

    fn give(&mut self, lane: u32, sequence: u64, messages: usize, bytes: usize) {
        self.given.push(Given {
            messages,
            bytes,
            acknowledgement: Some(Acknowledgement { lane, sequence }),
        });
    }

    /// The output has written the first `count` of what it was given, and forgotten the rest.
    pub(super) fn written(&mut self, count: usize) -> Written {
        let mut written = Written::default();
        for given in self.given.drain(..).take(count) {
            written.messages += given.messages;
            written.bytes += given.bytes;
            let Some(new) = given.acknowledgement else {
                continue;
            };
            let all = &mut written.acknowledgements;
            match all.iter_mut().find(|old| old.lane == new.lane) {
                Some(old) => *old = new,
                None => all.push(new),
            }
        }
        written
    }

    /// The pieces of lines that take all the slots of their lane: its writer cannot continue the
    /// line before they are acknowledged.
    pub(super) fn overdue(&mut self) -> Vec<Acknowledgement> {
        let mut overdue = Vec::new();
        for (lane, own) in (0..).zip(&mut self.lanes) {
            if own.held >= self.capacity {
                own.held = 0;
                let sequence = own.last;
                overdue.push(Acknowledgement { lane, sequence });
            }
        }
        overdue
    }
}

#[cfg(test)]
mod tests;
