//! The command lines of those who look after objects: `ls`, `stat`, `rm`, `doctor`.

use clap::{Args, ValueEnum};
use glob::Pattern;
use shm_core::ShmName;

use crate::args::{DEFAULT_NAME, count, name, name_of_environment, pattern};
use crate::completions;
use crate::wanted::Wanted;

pub(crate) const LS_EXAMPLES: &str = "\
Examples:
  Everything, mailboxes first:
    shm ls

  The mailboxes that nobody holds:
    shm ls --stale

  For a script: names alone, or the columns that it needs:
    shm ls -q 'orders*' 'bills*'
    shm ls --no-headings -o name,queued

  The names of mailboxes with messages in them:
    shm ls --json | jq -r 'select(.mailbox.queued > 0).name'

  Every second, until Ctrl-C (watching disturbs nobody):
    watch -n 1 shm ls 'orders*'

A role is alive while its process lives, however silent; a ? stands behind a
process number that only the process itself has told. queued is exact when
nobody sends or receives at this moment.";

pub(crate) const STAT_EXAMPLES: &str = "\
Examples:
  Who holds it, how far it is, who has it open:
    shm stat orders

  One number for a monitor:
    shm stat --json orders | jq .mailbox.queued

  All that match:
    shm stat 'orders*'

What is there is shown; of several failures each is told, and the first
decides the exit status: 3 for what is not there, 5 for what may not be read.";

pub(crate) const PEEK_EXAMPLES: &str = "\
Examples:
  The messages that wait in a mailbox; they stay there:
    shm peek orders

  The oldest one, with its number:
    shm peek --json -c 1 orders

The number, seq, counts from 0 since the mailbox was created. Neither writer
nor reader notices, and a message that is taken meanwhile is left out.

Exit status:
  0    done, also if nothing is queued
  1    failure
  2    usage
  3    no such object
  5    permission
  7    not a mailbox, or a damaged one";

pub(crate) const RM_EXAMPLES: &str = "\
Examples:
  One that is not in use:
    shm rm orders

  All that match and are not in use:
    shm rm 'orders*'

  What would be removed of all that nobody holds:
    shm rm --stale --dry-run

  Those that nobody holds, with the messages that nobody took:
    shm rm --stale --force

Exit status:
  0    done
  1    failure
  2    usage
  3    no such object
  4    in use
  5    permission
  7    no object

What can be removed is removed; of several failures each is told, and the
first decides.";

pub(crate) const DOCTOR_EXAMPLES: &str = "\
Examples:
  Before a service is started, and when it does not come up:
    shm doctor

  For a monitor, what is not as it should be:
    shm doctor --json | jq -r 'select(.verdict != \"ok\").what'

It looks whether /dev/shm is there, is memory, may be written to, and has room
and inodes left; at the limits of this shell; whether objects go when sessions
end; and for mailboxes that nobody holds, or that everybody may use.

Exit status:
  0    no problem, though there may be warnings
  1    a problem";

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Only names that match one of these, like 'orders*'
    #[arg(value_name = "GLOB", value_parser = pattern, value_hint = completions::OBJECT)]
    pub(crate) globs: Vec<Pattern>,

    /// Also what is no object: semaphores, directories, links, and names that are
    /// not UTF-8
    #[arg(long, conflicts_with = "stale")]
    pub(crate) all: bool,

    /// Only mailboxes that nobody holds
    #[arg(long)]
    pub(crate) stale: bool,

    /// Only these columns, in this order
    ///
    /// A list with commas of name, kind, slots, queued, sent, received, writer, reader, owner, mode and size.
    #[arg(
        short,
        long,
        value_name = "COLUMNS",
        value_enum,
        value_delimiter = ',',
        hide_possible_values = true
    )]
    pub(crate) output: Vec<ColumnName>,

    /// No line with the columns' names
    #[arg(long)]
    pub(crate) no_headings: bool,

    /// Only names, one a line
    #[arg(short, long, conflicts_with_all = ["output", "json"])]
    pub(crate) quiet: bool,

    /// One JSON object a line for each
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
    /// With or without a leading slash. What is no name but has *, ? or [ is a pattern.
    #[arg(value_name = "NAME", value_parser = Wanted::parser(), value_hint = completions::OBJECT)]
    pub(crate) names: Vec<Wanted>,

    /// One JSON object a line for each
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PeekArgs {
    /// Name of the object [default: $SHM_NAME, else shm-mailbox]
    ///
    /// With or without a leading slash.
    #[arg(value_name = "NAME", value_parser = name, value_hint = completions::OBJECT)]
    name: Option<ShmName>,

    /// Show at most N messages, the oldest
    #[arg(short = 'c', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) count: Option<u64>,

    /// One JSON object a line for each message
    ///
    /// As those of shm reader --json: {"schema":1,"seq":7,"len":6,"data":{"text":"hello\n"}}
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Names of objects, or patterns
    ///
    /// With or without a leading slash. What is no name but has *, ? or [ is a pattern. $SHM_NAME is not used, so that
    /// nothing is removed by mistake.
    #[arg(value_name = "NAME", value_parser = Wanted::parser(), value_hint = completions::OBJECT)]
    pub(crate) names: Vec<Wanted>,

    /// All mailboxes that nobody holds
    ///
    /// One that has messages stays without --force, and what is no mailbox stays in any case.
    #[arg(long, conflicts_with = "names")]
    pub(crate) stale: bool,

    /// Also what is in use; with --stale what has messages
    ///
    /// By name also an object in use: its ends go on with an object that nobody else can find. With --stale also
    /// mailboxes with messages, which are lost then.
    #[arg(long)]
    pub(crate) force: bool,

    /// Only say what would be removed
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// One JSON object a line for each thing that was looked at
    #[arg(long)]
    pub(crate) json: bool,
}

impl StatArgs {
    /// Takes the name from the environment if the command line has none.
    pub(crate) fn complete(&mut self) -> Result<(), String> {
        if self.names.is_empty() {
            self.names.push(Wanted::Name(default_name()?, None));
        }
        Ok(())
    }
}

impl PeekArgs {
    /// Takes the name from the environment if the command line has none.
    pub(crate) fn complete(&mut self) -> Result<(), String> {
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
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.names.is_empty() && !self.stale {
            return Err(
                "name what to remove, or --stale; $SHM_NAME is not used here, so that nothing is removed by mistake",
            );
        }
        Ok(())
    }
}

fn default_name() -> Result<ShmName, String> {
    match name_of_environment()? {
        Some(name) => Ok(name),
        None => name(DEFAULT_NAME),
    }
}
