//! What was measured, and whether it can be right.

use serde::Serialize;
use shm_cli::measure::machine::Machine;
use shm_cli::measure::phase::is_plausible;
use shm_cli::measure::placement::Placement;
use shm_cli::measure::units::{grouped, percent};

use super::latency::Summary;
use super::usage::Cost;
use super::way::{Layout, Way};

/// Everything that one run measured.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    schema: u32,
    pub(super) machine: Machine,
    pub(super) settings: Settings,
    pub(super) rows: Vec<Row>,
    /// What keeps the figures from being those of the machine alone.
    pub(super) notes: Vec<String>,
    /// What cannot be right.
    pub(super) warnings: Vec<String>,
}

/// What holds for every row.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Settings {
    /// Bytes in a message.
    pub(super) size: u16,
    pub(super) slots: u32,
    pub(super) pin: Placement,
    pub(super) quick: bool,
}

/// One way of waiting, which both processes use.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) layout: Layout,
    /// Between two checks, of those that poll.
    pub(super) interval_ns: Option<u64>,
    /// Whether this is the loop of the original C programs.
    pub(super) is_original: bool,
    /// The mean latency in intervals of poll.
    pub(super) mean_in_intervals: Option<f64>,
    /// Whether the figures can be right.
    pub(super) is_valid: bool,
    pub(super) sparse: Sparse,
    pub(super) idle: Idle,
    pub(super) round_trip: Summary,
    pub(super) stream: Stream,
}

/// The two processes' costs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Both {
    pub(super) receiver: Cost,
    pub(super) sender: Cost,
}

impl Both {
    pub(super) fn cpu_percent(&self) -> f64 {
        self.receiver.cpu_percent + self.sender.cpu_percent
    }
}

/// A message comes now and then.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Sparse {
    pub(super) one_way: Summary,
    pub(super) messages_per_second: f64,
    #[serde(flatten)]
    pub(super) cost: Both,
}

/// Both wait, and nothing comes: `receiver` is the leading process, `sender` its peer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Idle {
    #[serde(flatten)]
    pub(super) cost: Both,
}

/// Messages come as fast as they can.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Stream {
    pub(super) messages: u64,
    pub(super) messages_per_second: f64,
    #[serde(flatten)]
    pub(super) cost: Both,
}

impl Row {
    pub(super) fn new(
        way: Way,
        sparse: Sparse,
        idle: Idle,
        round_trip: Summary,
        stream: Stream,
    ) -> Self {
        let interval = way.interval();
        let mean_in_intervals =
            interval.map(|interval| sparse.one_way.mean_ns / (interval.as_secs_f64() * 1e9));
        Self {
            name: way.to_string(),
            layout: way.layout,
            interval_ns: interval.and_then(|interval| u64::try_from(interval.as_nanos()).ok()),
            is_original: way == Way::ORIGINAL,
            mean_in_intervals,
            is_valid: interval
                .zip(mean_in_intervals)
                .is_none_or(|(interval, mean)| is_plausible(interval, mean)),
            sparse,
            idle,
            round_trip,
            stream,
        }
    }

    /// What an endpoint costs that waits for nothing, in percent of one core: the mean of the two.
    pub(super) fn idle_percent(&self) -> f64 {
        self.idle.cost.cpu_percent() / 2.0
    }
}

impl Report {
    pub(super) fn new(machine: Machine, settings: Settings, rows: Vec<Row>) -> Self {
        let wrong = |row: &Row| {
            let mean = row.mean_in_intervals.unwrap_or_default();
            format!(
                "this measurement is wrong: with {} a message waited {mean:.2} intervals on average, \
                 and it must be 0.4 to 0.7",
                row.name
            )
        };
        let warnings = rows.iter().filter(|row| !row.is_valid).map(wrong).collect();
        Self {
            schema: 1,
            notes: machine.objection().into_iter().collect(),
            machine,
            settings,
            rows,
            warnings,
        }
    }

    pub(super) fn is_valid(&self) -> bool {
        self.warnings.is_empty()
    }

    /// The loop of the original C programs, if it was measured.
    pub(super) fn original(&self) -> Option<&Row> {
        self.rows.iter().find(|row| row.is_original)
    }

    /// How many times as many messages this way moves as the original loop.
    pub(super) fn times_the_original(&self, row: &Row) -> Option<f64> {
        let original = self.original()?.stream.messages_per_second;
        (original > 0.0).then(|| row.stream.messages_per_second / original)
    }

    /// Compares the original loop with the quickest way and with the default.
    pub(super) fn against_the_original(&self) -> Vec<String> {
        let Some(original) = self.original() else {
            return Vec::new();
        };
        let rate = |row: &Row| row.stream.messages_per_second;
        let cpu = |row: &Row| percent(row.stream.cost.cpu_percent());
        let mut sentences = vec![format!(
            "The loop of the original C programs moves {:.1} messages a second, at {} of one core \
             for both processes.",
            rate(original),
            cpu(original)
        )];
        let ours = || self.rows.iter().filter(|row| row.layout == Layout::Mailbox);
        let quickest = ours().max_by(|one, other| rate(one).total_cmp(&rate(other)));
        let default = ours().find(|row| row.name == "adaptive");
        let default = default.filter(|row| quickest.is_none_or(|best| best.name != row.name));
        for row in quickest.into_iter().chain(default) {
            if let Some(times) = self.times_the_original(row) {
                sentences.push(format!(
                    "{} moves {} a second, {} times as many, at {}.",
                    row.name,
                    grouped(rate(row)),
                    grouped(times),
                    cpu(row)
                ));
            }
        }
        sentences
    }
}

#[cfg(test)]
pub(super) mod samples {
    //! A report as it could be.

    use std::time::Duration;

    use super::super::latency::Times;
    use super::*;
    use shm_mailbox::Wait;

    fn times(median: u64) -> Summary {
        let mut times = Times::new();
        (0..1000).for_each(|part| times.add(median / 2 + median * part / 1000));
        times.summary()
    }

    pub(in super::super) fn row(
        layout: Layout,
        wait: Wait,
        median: u64,
        cpu: f64,
        rate: f64,
    ) -> Row {
        let cost = Both {
            receiver: Cost {
                cpu_percent: cpu,
                ..Cost::default()
            },
            sender: Cost::default(),
        };
        let one_way = times(median);
        let sparse = Sparse {
            one_way,
            messages_per_second: 500.0,
            cost,
        };
        let stream = Stream {
            messages: 1000,
            messages_per_second: rate,
            cost,
        };
        Row::new(Way { layout, wait }, sparse, Idle { cost }, one_way, stream)
    }

    pub(in super::super) fn report() -> Report {
        let poll = |interval| Wait::Poll(Duration::from_micros(interval));
        let rows = vec![
            row(Layout::Mailbox, Wait::Spin, 180, 100.0, 8e6),
            row(Layout::Mailbox, Wait::Yield, 260, 99.9, 7e6),
            row(Layout::Mailbox, Wait::Adaptive, 31_000, 3.0, 6e6),
            row(Layout::Mailbox, Wait::Block, 29_000, 1.5, 4e5),
            row(Layout::Mailbox, poll(1), 30_000, 11.0, 3e5),
            row(Layout::Mailbox, poll(1000), 520_000, 1.0, 15e3),
            row(Layout::Mailbox, poll(100_000), 50_000_000, 0.01, 160.0),
            row(Layout::Classic, poll(100_000), 51_000_000, 0.01, 9.0),
        ];
        let machine = Machine {
            cpu: "A <fast> CPU".to_owned(),
            cores: 2,
            kernel: "6.18.0".to_owned(),
            is_virtual: true,
            ..Machine::default()
        };
        let settings = Settings {
            size: 64,
            slots: 16,
            pin: Placement::Far,
            quick: true,
        };
        Report::new(machine, settings, rows)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::samples::{report, row};
    use super::*;
    use shm_mailbox::Wait;

    fn poll(interval: Duration, median: u64) -> Row {
        row(Layout::Mailbox, Wait::Poll(interval), median, 1.0, 1.0)
    }

    #[test]
    fn a_poll_that_waits_half_an_interval_is_right() {
        let row = poll(Duration::from_millis(10), 5_000_000);
        assert!(row.is_valid, "{:?}", row.mean_in_intervals);
    }

    #[test]
    fn a_poll_that_waits_longer_or_shorter_is_wrong_and_said_to_be() {
        for median in [3_900_000, 7_200_000] {
            let row = poll(Duration::from_millis(10), median);
            assert!(!row.is_valid, "{:?}", row.mean_in_intervals);
            let Report {
                machine, settings, ..
            } = report();
            let report = Report::new(machine, settings, vec![row]);
            assert!(!report.is_valid());
            assert!(
                report.warnings[0].contains("poll/10ms"),
                "{:?}",
                report.warnings
            );
        }
    }

    #[test]
    fn the_timers_slack_is_nobodys_mistake() {
        assert!(poll(Duration::from_micros(10), 60_000).is_valid);
    }

    #[test]
    fn the_original_is_compared_with_the_quickest_and_the_default() {
        let sentences = report().against_the_original();
        assert_eq!(sentences.len(), 3, "{sentences:?}");
        assert!(sentences[0].contains("9.0 messages"), "{sentences:?}");
        assert!(
            sentences[1].contains("spin moves 8,000,000"),
            "{sentences:?}"
        );
        assert!(sentences[1].contains("888,889 times"), "{sentences:?}");
        assert!(sentences[2].contains("adaptive"), "{sentences:?}");
    }
}
