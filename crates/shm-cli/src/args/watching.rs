//! The command lines of `shm tap` and `shm top`.

use std::time::Duration;

use clap::{Args, ValueEnum};
use glob::Pattern;
use shm_core::ShmName;

use super::operators::default_name;
use super::value::{OBJECT, count, duration, interval, name, pattern, times};

#[derive(Debug, Args)]
pub(crate) struct TapArgs {
    /// Name of the object [default: $SHM_NAME, else shm-mailbox]
    ///
    /// A leading slash does not matter.
    #[arg(value_name = "NAME", value_parser = name, value_hint = OBJECT)]
    name: Option<ShmName>,

    /// The first message: next, or oldest [default: next]
    ///
    /// next is the next one that is sent. oldest is the oldest one that is queued.
    #[arg(long, value_name = "WHERE", value_enum, default_value_t = Begin::Next)]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub(crate) from: Begin,

    /// Exit after N messages
    #[arg(short = 'c', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) count: Option<u64>,

    /// Wait at most D for the next message, else exit 124
    ///
    /// 0s means now.
    #[arg(long, value_name = "D", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,

    /// When the writer exits or dies, wait for the next
    ///
    /// If the object does not exist, or is removed, wait for the next one of this name.
    #[arg(long)]
    pub(crate) follow: bool,

    /// Write the length before each message, not its framing
    ///
    /// The length is an unsigned 32-bit number, most significant byte first, as with shm reader.
    #[arg(long)]
    pub(crate) length_delimited: bool,

    /// One JSON object a line for each message
    ///
    /// The form is that of shm reader --json, with missed after seq: how many messages passed
    /// unseen just before this one.
    #[arg(long, conflicts_with = "length_delimited")]
    pub(crate) json: bool,
}

/// Where a tap begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Begin {
    Next,
    Oldest,
}

#[derive(Debug, Args)]
pub(crate) struct TopArgs {
    /// Only names that match one of these, like 'orders*'
    #[arg(value_name = "GLOB", value_parser = pattern, value_hint = OBJECT)]
    pub(crate) globs: Vec<Pattern>,

    /// Refresh every D
    #[arg(long, value_name = "D", value_parser = interval, default_value = "1s")]
    #[arg(allow_hyphen_values = true)]
    pub(crate) interval: Duration,

    /// Exit after N refreshes
    ///
    /// On a terminal, it then prints the tables below each other.
    #[arg(short = 'n', long, value_name = "N", value_parser = times, allow_negative_numbers = true)]
    pub(crate) count: Option<u64>,

    /// One JSON object a line for each refresh
    #[arg(long)]
    pub(crate) json: bool,
}

impl TapArgs {
    /// Takes the name from the environment if the command line has none.
    pub(super) fn complete(&mut self) -> Result<(), String> {
        if self.name.is_none() {
            self.name = Some(default_name()?);
        }
        Ok(())
    }

    /// The name of the object.
    pub(crate) fn name(&self) -> &ShmName {
        self.name.as_ref().expect("it is complete")
    }
}
