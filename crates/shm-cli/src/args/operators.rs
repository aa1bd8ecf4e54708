//! The command lines of the operators: `shm ls`, `stat`, `peek`, `rm`, `forget` and `doctor`.

use clap::{Args, ValueEnum};
use glob::Pattern;
use shm_core::ShmName;

use super::value::{DEFAULT_NAME, OBJECT, count, label, name, name_of_environment, pattern};
use super::wanted::Wanted;

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Only names that match one of these, like 'orders*'
    #[arg(value_name = "GLOB", value_parser = pattern, value_hint = OBJECT)]
    pub(crate) globs: Vec<Pattern>,

    /// Also semaphores, directories, links, and names not in UTF-8
    #[arg(long, conflicts_with = "stale")]
    pub(crate) all: bool,

    /// Only mailboxes with neither writer nor reader
    #[arg(long)]
    pub(crate) stale: bool,

    /// Only these columns, in this order
    ///
    /// Separate them with commas: name, kind, slots, queued, sent, received, writer, reader, owner,
    /// mode, size.
    #[arg(short, long, value_name = "COLUMNS", value_enum)]
    #[arg(value_delimiter = ',', hide_possible_values = true)]
    pub(crate) output: Vec<ColumnName>,

    /// Leave out the line with the columns' names
    #[arg(long)]
    pub(crate) no_headings: bool,

    /// Only names, one per line
    #[arg(short, long, conflicts_with_all = ["output", "json"])]
    pub(crate) quiet: bool,

    /// One JSON object per line
    #[arg(long, conflicts_with = "output")]
    pub(crate) json: bool,
}

/// A column of `shm ls`, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColumnName {
    Name,
    Kind,
    Slots,
    Queued,
    Sent,
    Received,
    Writer,
    Reader,
    Owner,
    Mode,
    Size,
}

#[derive(Debug, Args)]
pub(crate) struct StatArgs {
    /// Names of objects, or patterns [default: $SHM_NAME, else shm-mailbox]
    ///
    /// A leading slash does not matter. If no object has the name, and it contains *, ? or [, it is
    /// a pattern.
    #[arg(value_name = "NAME", value_parser = Wanted::parser(), value_hint = OBJECT)]
    pub(crate) names: Vec<Wanted>,

    /// One JSON object per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PeekArgs {
    /// Name of the object [default: $SHM_NAME, else shm-mailbox]
    ///
    /// A leading slash does not matter.
    #[arg(value_name = "NAME", value_parser = name, value_hint = OBJECT)]
    name: Option<ShmName>,

    /// Show at most N messages, the oldest
    #[arg(short = 'c', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) count: Option<u64>,

    /// One JSON object per line for each message
    ///
    /// The form is that of shm reader --json:
    /// {"schema":1,"seq":7,"len":6,"data":{"text":"hello\n"}}
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Names of objects, or patterns
    ///
    /// A leading slash does not matter. If no object has the name, and it contains *, ? or [, it is
    /// a pattern. $SHM_NAME is not used, so that nothing is removed by mistake.
    #[arg(value_name = "NAME", value_parser = Wanted::parser(), value_hint = OBJECT)]
    pub(crate) names: Vec<Wanted>,

    /// Remove all mailboxes with neither writer nor reader
    ///
    /// Mailboxes with messages stay unless you add --force. Objects other than mailboxes always
    /// stay.
    #[arg(long, conflicts_with = "names")]
    pub(crate) stale: bool,

    /// Remove objects in use; with --stale, those with messages
    ///
    /// With a name, --force removes an object that is in use. Its writer and reader keep using
    /// it, but no other process can find it. With --stale, --force removes mailboxes
    /// with messages, which are then lost.
    #[arg(long)]
    pub(crate) force: bool,

    /// Only print what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ForgetArgs {
    /// Name of the bus
    ///
    /// A leading slash does not matter. $SHM_NAME is not used, so that nothing is forgotten by
    /// mistake.
    #[arg(value_name = "NAME", value_parser = name, value_hint = OBJECT)]
    pub(crate) name: ShmName,

    /// Label of a reader, a writer, or both
    #[arg(value_name = "LABEL", value_parser = label)]
    pub(crate) label: String,

    /// Accept an object that others own or may write to
    #[arg(long)]
    pub(crate) any_owner: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print one JSON object per line for each check
    #[arg(long)]
    pub(crate) json: bool,
}

impl StatArgs {
    /// Takes the name from the environment if the command line has none.
    pub(super) fn complete(&mut self) -> Result<(), String> {
        if self.names.is_empty() {
            self.names.push(Wanted::Name(default_name()?, None));
        }
        Ok(())
    }
}

impl PeekArgs {
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

impl RmArgs {
    /// What no single argument can check about itself.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.names.is_empty() && !self.stale {
            true => Err(
                "name what to remove, or --stale; $SHM_NAME is not used here, \
                         so that nothing is removed by mistake"
                    .to_owned(),
            ),
            false => Ok(()),
        }
    }
}

pub(super) fn default_name() -> Result<ShmName, String> {
    name_of_environment()?.map_or_else(|| name(DEFAULT_NAME), Ok)
}
