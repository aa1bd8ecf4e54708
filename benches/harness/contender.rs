//! One thing that is timed, in two halves: one leads, in this process, and one follows, in the
//! other.

use std::time::{Duration, Instant};

use shm_cli::measure::clock;
use shm_core::ShmName;

use super::drive::{Answer, Ask, Follow, Lead, follow, lead};

/// A baseline, or the library in one configuration.
pub struct Contender {
    pub(super) name: String,
    /// Names that have to be removed once both sides are attached.
    pub(super) objects: Vec<ShmName>,
    /// How long its slices last, if another time than the others'.
    pub(super) slice: Option<Duration>,
    pub(super) lead: Box<dyn FnOnce() -> Box<dyn Lead>>,
    pub(super) follow: Box<dyn FnOnce() -> Box<dyn Follow>>,
}

impl Contender {
    /// Two functions that make the halves, `lead` first, each in its own process.
    pub fn new(
        name: impl Into<String>,
        lead: impl FnOnce() -> Box<dyn Lead> + 'static,
        follow: impl FnOnce() -> Box<dyn Follow> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            objects: Vec::new(),
            slice: None,
            lead: Box::new(lead),
            follow: Box::new(follow),
        }
    }

    /// A baseline: its halves are there already, in memory that forked processes share.
    pub fn baseline(
        name: impl Into<String>,
        (ask, answer): (impl Ask + 'static, impl Answer + 'static),
    ) -> Self {
        Self::new(name, || lead(ask), || follow(answer))
    }

    /// Under another name.
    #[must_use]
    pub fn called(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// With these objects, which `lead` creates.
    #[must_use]
    pub fn on(mut self, objects: Vec<ShmName>) -> Self {
        self.objects = objects;
        self
    }

    /// With slices of this length.
    #[must_use]
    pub fn slices_of(mut self, slice: Duration) -> Self {
        self.slice = Some(slice);
        self
    }
}

/// What the leading side saw of one slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) exchanges: u64,
    /// Nanoseconds.
    pub(super) elapsed: u64,
    /// Nanoseconds that this process spent on a processor.
    pub(super) processor: u64,
    pub(super) sum: u64,
}

/// The leading half, and how many exchanges it makes between two looks at the clock.
pub(super) struct Leader {
    lead: Box<dyn Lead>,
    stride: u64,
}

/// A stride is to take about this long, in nanoseconds. Reading the clock (25 ns) does not count
/// beside it, and it stays bearable if the two processes land on one core, where each exchange
/// takes milliseconds.
const STRIDE: u64 = 10_000;

impl Leader {
    pub(super) fn new(lead: Box<dyn Lead>) -> Self {
        Self { lead, stride: 1 }
    }

    /// Exchanges until `limit` has passed, then once more.
    pub(super) fn slice(&mut self, limit: Duration) -> Slice {
        let processor = clock::processor();
        let start = Instant::now();
        let mut exchanges = 0;
        let mut now = start;
        while now - start < limit {
            self.lead.exchange(self.stride);
            exchanges += self.stride;
            let before = now;
            now = Instant::now();
            self.adapt(now - before);
        }
        let sum = self.lead.stop();
        let elapsed = start.elapsed();
        Slice {
            exchanges: exchanges + 1,
            elapsed: u64::try_from(elapsed.as_nanos()).expect("less than centuries"),
            processor: clock::processor() - processor,
            sum,
        }
    }

    /// Grows slowly, and shrinks at once.
    fn adapt(&mut self, took: Duration) {
        let took = u64::try_from(took.as_nanos()).expect("less than centuries");
        let fitting = self.stride.saturating_mul(STRIDE) / took.max(1);
        self.stride = fitting.clamp(1, 2 * self.stride);
    }
}
