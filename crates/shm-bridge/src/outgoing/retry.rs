//! How long the near bridge keeps asking, and what it prints while it waits.

use std::fmt;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Halt, Status};
use crate::log::Log;
use crate::signals::Signals;

/// The pauses between unanswered questions: each twice as long as the one before.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Counts failed attempts.
#[derive(Debug)]
pub(crate) struct Retry {
    log: Log,
    /// The longest time without progress.
    limit: Option<Duration>,
    /// While there is something to ask.
    since: Option<Instant>,
    /// Questions without an answer, in a row.
    unanswered: u32,
    /// Whether the other mailbox is full, and how often that began. It is said the first time, and
    /// then as often as the number doubles: behind a slow reader it begins with each question.
    is_full: bool,
    fulls: u64,
}

impl Retry {
    pub(crate) fn new(log: Log, limit: Option<Duration>) -> Self {
        Self {
            log,
            limit,
            since: None,
            unanswered: 0,
            is_full: false,
            fulls: 0,
        }
    }

    /// There is something to ask from now on.
    pub(crate) fn begin(&mut self) {
        self.since = Some(Instant::now());
    }

    /// There is nothing to ask that could not wait.
    pub(crate) fn rest(&mut self) {
        self.since = None;
    }

    /// Something was taken.
    pub(crate) fn progress(&mut self) {
        self.begin();
        if self.is_full {
            self.is_full = false;
            if self.fulls.is_power_of_two() {
                self.log.say("room", "the other mailbox has room again");
            }
        }
    }

    /// The other bridge has answered.
    pub(crate) fn answered(&mut self) {
        if self.unanswered > 0 {
            self.unanswered = 0;
            self.log.say("answered", "the other bridge answers again");
        }
    }

    /// The other mailbox is full.
    pub(crate) fn full(&mut self) -> Result<(), Failure> {
        if !self.is_full {
            self.is_full = true;
            self.fulls += 1;
            if self.fulls.is_power_of_two() {
                let times = self.fulls;
                self.log.say(
                    "full",
                    format_args!(
                        "the other mailbox is full; its reader is behind ({times} so far)"
                    ),
                );
            }
        }
        self.ensure_time("the other mailbox is full")
    }

    /// There was no answer. Pauses, and returns how many times in a row that happened.
    pub(crate) fn unanswered(
        &mut self,
        why: impl fmt::Display,
        signals: &Signals,
    ) -> Result<u32, Halt> {
        if self.unanswered == 0 {
            self.log.say(
                "waiting",
                format_args!("waiting for the other bridge: {why}"),
            );
        }
        self.ensure_time(why)?;
        let doublings = self.unanswered.min(16);
        self.unanswered += 1;
        let pause = SHORTEST.saturating_mul(1 << doublings).min(LONGEST);
        signals.sleep(pause)?;
        Ok(self.unanswered)
    }

    /// The other bridge rejected the token. The question can be asked again at once.
    pub(crate) fn again(&mut self, signals: &Signals) -> Result<(), Halt> {
        self.ensure_time("the other bridge restarts again and again")?;
        Ok(signals.sleep(Duration::from_millis(1))?)
    }

    fn ensure_time(&self, why: impl fmt::Display) -> Result<(), Failure> {
        match self.limit.zip(self.since) {
            Some((limit, since)) if since.elapsed() >= limit => {
                let what = format!(
                    "nothing was taken for {}: {why}",
                    humantime::format_duration(limit)
                );
                Err(Failure::new(Status::TimedOut, what)
                    .next("the messages stay in the mailbox; start the bridge again"))
            }
            _ => Ok(()),
        }
    }
}
