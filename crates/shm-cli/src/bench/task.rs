//! What the two processes do together, as one line from the leading process to its peer.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// One measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// The peer sends the time, now and then: one message at once, and so many more at stratified random phase of an
    /// interval.
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

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sparse { messages, interval } => {
                write!(f, "sparse {messages} {}", interval.as_nanos())
            }
            Self::Echo => f.write_str("echo"),
            Self::Stream { time } => write!(f, "stream {}", time.as_nanos()),
            Self::Idle { time } => write!(f, "idle {}", time.as_nanos()),
        }
    }
}

impl FromStr for Task {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let wrong = || format!("no task {line:?}");
        let time = |word: &str| word.parse().map(Duration::from_nanos).map_err(|_| wrong());
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["sparse", messages, interval] => Ok(Self::Sparse {
                messages: messages.parse().map_err(|_| wrong())?,
                interval: time(interval)?,
            }),
            ["echo"] => Ok(Self::Echo),
            ["stream", length] => Ok(Self::Stream {
                time: time(length)?,
            }),
            ["idle", length] => Ok(Self::Idle {
                time: time(length)?,
            }),
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_arrives_as_it_was_given() {
        let time = Duration::from_millis(7);
        for task in [
            Task::Sparse {
                messages: 32,
                interval: time,
            },
            Task::Echo,
            Task::Stream { time },
            Task::Idle { time },
        ] {
            assert_eq!(task.to_string().parse(), Ok(task));
        }
        assert!("sparse 1".parse::<Task>().is_err());
    }
}
