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
    /// One stream that has not ended may be replaced.
    may_replace: bool,
    greeted: Option<Greeted>,
}

/// An answered hello. Only questions with its token are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Greeted {
    stream: MailboxId,
    token: u64,
    first: u64,
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
        let expected = match self.position {
            Some(position) if !position.ended && position.stream == stream => {
                position.expected(committed)
            }
            Some(position) if !position.ended && !self.may_replace => {
                return answer(Verdict::OtherStream, 0);
            }
            // It would begin here.
            _ => first,
        };
        if expected < first {
            return answer(Verdict::Gap, expected);
        }
        // Only one question is under way, so the mailbox cannot already have more.
        if expected - first > MAX_BATCH as u64 {
            return answer(Verdict::Strangers, expected);
        }
        self.greeted = Some(Greeted {
            stream,
            token,
            first,
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
        let going_on = self
            .position
            .filter(|position| position.stream == question.stream && !position.ended);
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
        self.greeted(question)?;
        match self.position {
            Some(position) if position.stream == question.stream && !position.ended => {
                let expected = position.expected(committed);
                if expected != question.first {
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
        if position.ended {
            // A late question with this token would begin the stream again.
            self.greeted = None;
        }
        if let Some(former) = self.position.replace(position)
            && former.stream != position.stream
            && !former.ended
        {
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
