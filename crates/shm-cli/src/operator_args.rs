//! The command lines of those who look after objects: `ls`, `stat`, `rm`, `doctor`.

use clap::Args;
use glob::Pattern;
use shm_core::ShmName;

use crate::args::{name, pattern};

pub(crate) const LS_EXAMPLES: &str = "\
Examples:
  Everything, mailboxes first:
    shm ls

  The mailboxes that nobody holds:
    shm ls --stale

  For a script: the names of mailboxes with messages in them:
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

What is there is shown; of several failures each is told, and the first
decides the exit status: 3 for what is not there, 5 for what may not be read.";

pub(crate) const RM_EXAMPLES: &str = "\
Examples:
  One that is not in use:
    shm rm orders

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

It looks whether /dev/shm is there, is memory, may be written to, and has room
and inodes left; at the limits of this shell; whether objects go when sessions
end; and for mailboxes that nobody holds, or that everybody may use.

Exit status:
  0    no problem, though there may be warnings
  1    a problem";

#[derive(Debug, Args)]
pub(crate) struct LsArgs {
    /// Only names that match, like 'orders*'
    #[arg(value_name = "GLOB", value_parser = pattern)]
    pub(crate) glob: Option<Pattern>,

    /// Also what is no object: semaphores, directories, links, and names that are
    /// not UTF-8
    #[arg(long, conflicts_with = "stale")]
    pub(crate) all: bool,

    /// Only mailboxes that nobody holds
    #[arg(long)]
    pub(crate) stale: bool,

    /// One JSON object a line for each
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StatArgs {
    /// Names of objects, with or without a leading slash
    #[arg(value_name = "NAME", required = true, value_parser = name)]
    pub(crate) names: Vec<ShmName>,

    /// One JSON object a line for each
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// Names of objects, with or without a leading slash
    #[arg(value_name = "NAME", required_unless_present = "stale", value_parser = name)]
    pub(crate) names: Vec<ShmName>,

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
