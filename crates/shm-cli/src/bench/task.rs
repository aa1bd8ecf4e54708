//! What the two processes do together.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One measurement, which the leading process tells its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) enum Task {
    /// The peer sends the time, now and then: one message at once, and so many more at stratified
    /// random phase of an interval.
    Sparse { messages: u32, interval: Duration },
    /// The peer sends back what it receives, up to and including [`LAST`].
    Echo,
    /// The peer sends for so long, as fast as it can, and then [`LAST`].
    Stream { time: Duration },
    /// Both wait for a message that does not come.
    Idle { time: Duration },
}

/// The number in the last message.
pub(super) const LAST: u64 = u64::MAX;
