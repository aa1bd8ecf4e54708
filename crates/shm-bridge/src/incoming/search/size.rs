//! How large a model is, and which rule is broken in it.

/// How large a model is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    /// Near mailboxes, each with a bridge of its own: 1 or 2. The second has one message, and its
    /// questions arrive at once or never: what is late is the first one's.
    pub(super) streams: usize,
    /// Messages of the first, and the most in a question.
    pub(super) messages: u64,
    pub(super) batch: u64,
    /// Questions that may arrive later, as often as the network likes, beside those that do so at
    /// once.
    pub(super) under_way: usize,
    /// The far bridge may be started with `--new-stream`, as long as no stream was replaced.
    pub(super) new_stream: bool,
}

impl Size {
    pub(super) fn messages(self, stream: usize) -> u64 {
        if stream == 0 { self.messages } else { 1 }
    }
}

/// Breaks one rule, to see that the search would notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// The note is written after the messages.
    NoteLate,
    /// Tokens are the same for each hello.
    OneToken,
    /// The far bridge takes what it has already.
    TakesAgain,
    /// The near bridge acknowledges what it has asked, whatever the answer.
    AcknowledgesAll,
    /// The far bridge takes an end without asking whether the messages before it are all.
    EndUnchecked,
    /// A start of the far bridge that fails removes the note.
    StartRemovesNote,
    /// The far bridge replaces a stream that has not ended, and no user has asked for it.
    Replaces,
}
