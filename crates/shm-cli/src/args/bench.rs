//! The command line of `shm bench`, and of the process that it starts as its peer.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum, ValueHint};
use serde::Serialize;
use shm_cli::measure::number::LENGTH;
use shm_cli::measure::placement::Placement;
use shm_core::ShmName;

use super::channel::WaitArg;
use super::value::{interval, measurement, name, slots};

/// Whose layout the object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Layout {
    Mailbox,
    Classic,
}

/// Measure what each way of waiting costs: latency, round trip, throughput, CPU time.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// spin, yield, backoff, adaptive, block, bell, poll [default: all]
    #[arg(long, value_name = "LIST", value_enum, value_delimiter = ',')]
    #[arg(default_values_t = WaitArg::ALL, hide_default_value = true, hide_possible_values = true)]
    pub(crate) wait: Vec<WaitArg>,

    /// Intervals of poll [default: 1us,10us,100us,1ms,10ms,100ms]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = interval, allow_hyphen_values = true)]
    #[arg(default_values = ["1us", "10us", "100us", "1ms", "10ms", "100ms"], hide_default_value = true)]
    pub(crate) interval: Vec<Duration>,

    /// Also measure the layout of the original C programs
    ///
    /// It has four ways of waiting: spin, yield, block and poll.
    #[arg(long)]
    pub(crate) classic: bool,

    /// Leave out the loop of the original C programs
    ///
    /// It is the last row of the table, and takes seconds to measure.
    #[arg(long, conflicts_with = "classic")]
    pub(crate) no_original: bool,

    /// Bytes in a message, 10 to 1024
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = size, allow_negative_numbers = true)]
    pub(crate) size: u16,

    /// Room for N messages
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = slots, allow_negative_numbers = true)]
    pub(crate) slots: u32,

    /// Cores of the two processes: far, same or none
    ///
    /// far pins them to different cores, same to one core, and none leaves it to the system. The
    /// default is far, or same if there is only one core.
    #[arg(long, value_name = "WHERE", value_enum, hide_possible_values = true)]
    pub(crate) pin: Option<Placement>,

    /// Measure less exactly, in less than a minute
    #[arg(long)]
    pub(crate) quick: bool,

    /// How long each measurement lasts, 1ms or more
    ///
    /// Polling takes as long as 32 messages need, or 128 if the interval is 10 ms or less.
    /// [default: 2s to 8s, with --quick a quarter to one second]
    #[arg(long, value_name = "D", value_parser = measurement, allow_hyphen_values = true)]
    pub(crate) duration: Option<Duration>,

    /// Write figures as JSON, to FILE or instead of the table
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) json: Option<PathBuf>,

    /// Write figures as CSV, to FILE or instead of the table
    ///
    /// Each way of waiting has one line.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub(crate) csv: Option<PathBuf>,

    /// Draw latency against CPU time, to FILE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) svg: Option<PathBuf>,
}

impl BenchArgs {
    /// What no single argument can check about itself.
    pub(super) fn check(&self) -> Result<(), String> {
        let to_output = |file: &Option<PathBuf>| file.as_ref().is_some_and(|file| file == "-");
        if to_output(&self.json) && to_output(&self.csv) {
            return Err(
                "standard output is for one of --json and --csv; give the other a FILE".into(),
            );
        }
        Ok(())
    }
}

/// The arguments that the peer is started with.
#[derive(Debug, Args)]
pub(crate) struct PeerArgs {
    #[arg(long, value_enum)]
    pub(crate) layout: Layout,
    #[arg(long, value_enum)]
    pub(crate) wait: WaitArg,
    #[arg(long, value_parser = interval)]
    pub(crate) interval: Option<Duration>,
    #[arg(long, value_parser = slots)]
    pub(crate) slots: u32,
    #[arg(long, value_parser = size)]
    pub(crate) size: u16,
    #[arg(long)]
    pub(crate) core: Option<usize>,
    /// The object that it receives from.
    #[arg(value_parser = name)]
    pub(crate) there: ShmName,
    /// The object that it sends to.
    #[arg(value_parser = name)]
    pub(crate) back: ShmName,
}

fn size(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(size) if (LENGTH..=shm_mailbox::MAX_MESSAGE).contains(&size.into()) => Ok(size),
        _ => Err(format!("expected {} to 1024 bytes", LENGTH)),
    }
}
