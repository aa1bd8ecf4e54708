//! What the far bridge knows of the stream, and what it answers. These are only the decisions,
//! without a mailbox.

use shm_mailbox::MailboxId;

use super::position::Position;
use crate::wire::{Answer, Kind, MAX_BATCH, Question, Verdict};

/// The streams of one far mailbox. Only its position outlives the process, in the note.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ledger {
    /// What the note says.
    position: Option<Position>,
    /// One stream that has not ended may be replaced, by another or by itself.
    may_replace: bool,
    greeted: Option<Greeted>,
}

/// An answered hello. Only questions with its token are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Greeted {
    stream: MailboxId,
    token: u64,
    first: u64,
    /// The next messages begin the stream, at `first`, whatever the note says.
    begins: bool,
}

/// What to do with messages, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admitted {
    /// First, the new contents of the note.
    pub(crate) note: Option<Position>,
    /// Then, how many messages to skip, because the mailbox already has them.
    pub(crate) skip: usize,
}

impl Ledger {
    /// As the note says; one stream that has not ended may be replaced if `may_replace`.
    pub(crate) fn new(position: Option<Position>, may_replace: bool) -> Self {
        Self {
            position,
            may_replace,
            greeted: None,
        }
    }

    /// Answers a hello, which changes only the token. `token` must never have been used.
    pub(crate) fn hello(&mut self, question: &Question, token: u64, committed: u64) -> Answer {
        let Question { stream, first, .. } = *question;
        let answer = |verdict, expected| Answer {
            verdict,
            stream,
            token,
            first,
            expected,
        };
        let expected = match self.position.filter(|position| !position.ended) {
            Some(position) if position.stream == stream => Some(position.expected(committed)),
            Some(_) if !self.may_replace => return answer(Verdict::OtherStream, 0),
            _ => None,
        };
        // No more than one question is under way, so no more can be there already.
        let known = first..=first + MAX_BATCH as u64;
        let (begins, expected) = match expected {
            Some(expected) if known.contains(&expected) => (false, expected),
            Some(expected) if !self.may_replace => {
                let verdict = match expected < first {
                    true => Verdict::Gap,
                    false => Verdict::Strangers,
                };
                return answer(verdict, expected);
            }
            _ => (true, first),
        };
        self.greeted = Some(Greeted {
            stream,
            token,
            first,
            begins,
        });
        answer(Verdict::Taken, expected)
    }

    /// What to do with `count` messages, or the answer if there is nothing to do.
    pub(crate) fn data(
        &self,
        question: &Question,
        count: usize,
        committed: u64,
    ) -> Result<Admitted, Answer> {
        let greeted = self.greeted(question)?;
        let going_on = self.position.filter(|_| !greeted.begins);
        let note = match going_on {
            Some(_) => None,
            None if question.first != greeted.first => {
                return Err(self.answer(question, Verdict::NotGreeted, 0));
            }
            None => Some(Position::begin(question.stream, question.first, committed)),
        };
        let position = going_on.or(note).expect("one of them is there");
        let expected = position.expected(committed);
        let Some(known) = expected.checked_sub(question.first) else {
            return Err(self.answer(question, Verdict::Gap, expected));
        };
        let skip = usize::try_from(known).map_or(count, |known| known.min(count));
        Ok(Admitted { note, skip })
    }

    /// The note to write once the stream has ended, if it changes.
    pub(crate) fn end(
        &self,
        question: &Question,
        committed: u64,
    ) -> Result<Option<Position>, Answer> {
        let greeted = self.greeted(question)?;
        match self.position {
            Some(position) if position.stream == question.stream && !position.ended => {
                let expected = position.expected(committed);
                if expected != question.first && !greeted.begins {
                    return Err(self.answer(question, Verdict::Gap, expected));
                }
                Ok(Some(position.at_the_end()))
            }
            // The stream has no messages here, or has already ended.
            _ => Ok(None),
        }
    }

    /// Records what the note contains now.
    pub(crate) fn noted(&mut self, position: Position) {
        // A late question with the token of a stream that has ended would begin it once more.
        self.greeted = self.greeted.filter(|_| !position.ended);
        if let Some(greeted) = &mut self.greeted {
            greeted.begins = false;
        }
        let former = self.position.replace(position);
        if !position.ended && former.is_some_and(|former| !former.ended) {
            self.may_replace = false;
        }
    }

    /// The answer to an accepted question.
    pub(crate) fn taken(&self, question: &Question, committed: u64) -> Answer {
        let expected = match self.position {
            Some(position) if question.kind == Kind::Data => position.expected(committed),
            _ => question.first,
        };
        self.answer(question, Verdict::Taken, expected)
    }

    fn greeted(&self, question: &Question) -> Result<Greeted, Answer> {
        let greeted = self
            .greeted
            .filter(|greeted| greeted.token == question.token && greeted.stream == question.stream);
        greeted.ok_or_else(|| self.answer(question, Verdict::NotGreeted, 0))
    }

    fn answer(&self, question: &Question, verdict: Verdict, expected: u64) -> Answer {
        Answer {
            verdict,
            stream: question.stream,
            token: question.token,
            first: question.first,
            expected,
        }
    }
}
