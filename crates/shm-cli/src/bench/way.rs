//! A way of passing messages: in which layout, and how both processes wait.

use std::fmt;
use std::time::Duration;

use shm_mailbox::Wait;

pub(crate) use crate::args::Layout;

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    pub(super) layout: Layout,
    pub(super) wait: Wait,
}

impl Way {
    /// That of the original C programs: their layout, and a check every 100 ms.
    pub(super) const ORIGINAL: Self = Self {
        layout: Layout::Classic,
        wait: Wait::Poll(Duration::from_millis(100)),
    };

    /// Whether there is such a way: the classic layout has fewer.
    pub(super) fn exists(&self) -> bool {
        self.layout == Layout::Mailbox
            || !matches!(self.wait, Wait::Backoff | Wait::Bell | Wait::Adaptive)
    }

    /// The time between two checks, of those that poll.
    pub(super) fn interval(&self) -> Option<Duration> {
        match self.wait {
            Wait::Poll(interval) => Some(interval),
            _ => None,
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.layout == Layout::Classic {
            f.write_str("classic/")?;
        }
        match self.wait {
            Wait::Poll(interval) => {
                let interval = humantime::format_duration(interval).to_string();
                write!(f, "poll/{}", interval.replace(' ', ""))
            }
            other => write!(f, "{other}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_named_by_layout_strategy_and_interval() {
        assert_eq!(Way::ORIGINAL.to_string(), "classic/poll/100ms");
        let way = |wait| {
            Way {
                layout: Layout::Mailbox,
                wait,
            }
            .to_string()
        };
        assert_eq!(way(Wait::Spin), "spin");
        assert_eq!(
            way(Wait::Poll(Duration::from_micros(1500))),
            "poll/1ms500us"
        );
    }
}
