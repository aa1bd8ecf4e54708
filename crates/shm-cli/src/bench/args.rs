//! The command line of `shm bench`, and of the process that it starts as its peer.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use shm_core::ShmName;

use super::number;
use super::placement::Placement;
use super::way::{Layout, Way};
use crate::args::{WaitArg, interval, measurement, name, slots};

/// What each way of waiting costs: latency, round trip, throughput, processor time.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// spin, yield, backoff, adaptive, block, poll [default: all]
    #[arg(
        long,
        value_name = "LIST",
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true
    )]
    #[arg(default_values_t = WaitArg::ALL, hide_default_value = true)]
    pub(super) wait: Vec<WaitArg>,

    /// Intervals of poll [default: 1us,10us,100us,1ms,10ms,100ms]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = interval, allow_hyphen_values = true)]
    #[arg(default_values = ["1us", "10us", "100us", "1ms", "10ms", "100ms"], hide_default_value = true)]
    pub(super) interval: Vec<Duration>,

    /// Also measure the lesson's layout
    ///
    /// It has four ways of waiting: spin, yield, block and poll.
    #[arg(long)]
    pub(super) classic: bool,

    /// Leave out the lesson's own loop, which takes seconds
    #[arg(long, conflicts_with = "classic")]
    pub(super) no_lesson: bool,

    /// Bytes in a message, 10 to 1024
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = size, allow_negative_numbers = true)]
    pub(super) size: u16,

    /// Room for N messages
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = slots, allow_negative_numbers = true)]
    pub(super) slots: u32,

    /// Cores of the two processes: far, same or none
    ///
    /// far pins them to different cores, same to one core, and none leaves it to the system. The default is far, or same
    /// if there is only one core.
    #[arg(long, value_name = "WHERE", value_enum, hide_possible_values = true)]
    pub(super) pin: Option<Placement>,

    /// Measure less exactly, in less than a minute
    #[arg(long)]
    pub(super) quick: bool,

    /// How long each measurement lasts, 1ms or more
    ///
    /// A way that polls takes as long as 32 messages need, or 128 if its interval is 10 ms or less. [default: 2s to 8s,
    /// with --quick a quarter to one second]
    #[arg(long, value_name = "D", value_parser = measurement, allow_hyphen_values = true)]
    pub(super) duration: Option<Duration>,

    /// Figures as JSON, to FILE or instead of the table
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(super) json: Option<PathBuf>,

    /// One line a way of waiting, to FILE or instead of the table
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(super) csv: Option<PathBuf>,

    /// A picture of latency against processor time, to FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) svg: Option<PathBuf>,
}

impl BenchArgs {
    /// Every way of waiting that was asked for, each once; the lesson's own last.
    pub(super) fn ways(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        let mut add = |layout, wait| {
            let way = Way { layout, wait };
            if way.exists() && !ways.contains(&way) {
                ways.push(way);
            }
        };
        let layouts = [Layout::Mailbox, Layout::Classic];
        for layout in layouts.into_iter().take(1 + usize::from(self.classic)) {
            for wait in &self.wait {
                if *wait == WaitArg::Poll {
                    for interval in &self.interval {
                        add(layout, wait.with(*interval));
                    }
                } else {
                    add(layout, wait.with(Duration::ZERO));
                }
            }
        }
        if !self.no_lesson {
            add(Way::LESSON.layout, Way::LESSON.wait);
        }
        ways
    }

    /// What no single argument can check about itself.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let to_output = |file: &Option<PathBuf>| file.as_ref().is_some_and(|file| file == "-");
        if to_output(&self.json) && to_output(&self.csv) {
            return Err("standard output is for one of --json and --csv; give the other a FILE");
        }
        Ok(())
    }
}

/// What the peer is told when it is started.
#[derive(Debug, Args)]
pub(crate) struct PeerArgs {
    #[arg(long, value_enum)]
    pub(super) layout: Layout,
    #[arg(long, value_enum)]
    pub(super) wait: WaitArg,
    #[arg(long, value_parser = interval)]
    pub(super) interval: Option<Duration>,
    #[arg(long, value_parser = slots)]
    pub(super) slots: u32,
    #[arg(long, value_parser = size)]
    pub(super) size: u16,
    #[arg(long)]
    pub(super) core: Option<usize>,
    /// The object that it receives from.
    #[arg(value_parser = name)]
    pub(super) there: ShmName,
    /// The object that it sends to.
    #[arg(value_parser = name)]
    pub(super) back: ShmName,
}

impl PeerArgs {
    pub(super) fn way(&self) -> Way {
        Way {
            layout: self.layout,
            wait: self.wait.with(self.interval.unwrap_or_default()),
        }
    }
}

fn size(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(size) if (number::LENGTH..=shm_mailbox::MAX_MESSAGE).contains(&size.into()) => Ok(size),
        _ => Err(format!("expected {} to 1024 bytes", number::LENGTH)),
    }
}

/// The name of a value on the command line.
pub(super) fn word(value: impl ValueEnum) -> String {
    let value = value.to_possible_value().expect("none is skipped");
    value.get_name().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        bench: BenchArgs,
    }

    fn ways(arguments: &[&str]) -> Vec<String> {
        let line = ["bench"].iter().chain(arguments);
        let line = Line::try_parse_from(line).expect("a good command line");
        line.bench.ways().iter().map(Way::to_string).collect()
    }

    #[test]
    fn by_default_every_way_is_measured_and_the_lesson_last() {
        let ways = ways(&[]);
        assert_eq!(ways.len(), 12, "{ways:?}");
        assert_eq!(ways[0], "spin");
        assert_eq!(ways[11], "classic/poll/100ms");
    }

    #[test]
    fn each_way_is_measured_once() {
        let ways = ways(&[
            "--wait",
            "spin,spin,poll",
            "--interval",
            "1ms,1ms",
            "--no-lesson",
        ]);
        assert_eq!(ways, ["spin", "poll/1ms"]);
    }

    #[test]
    fn the_lessons_layout_has_four_ways_of_waiting() {
        let ways = ways(&["--classic", "--interval", "1ms"]);
        let classic = ways.iter().filter(|way| way.starts_with("classic/"));
        assert_eq!(classic.count(), 5, "{ways:?}");
    }

    #[test]
    fn only_one_format_goes_to_standard_output() {
        let check = |arguments: &[&str]| {
            let line = ["bench"].iter().chain(arguments);
            Line::try_parse_from(line)
                .expect("a good command line")
                .bench
                .check()
        };
        assert!(check(&["--json", "--csv"]).is_err());
        assert!(check(&["--json", "--csv=figures.csv"]).is_ok());
    }
}
