//! The command lines of `shm writer` and `shm reader`.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::channel::ChannelArgs;
use super::value::{count, duration};
use super::watching::Begin;

/// What becomes of a terminated message that is longer than the channel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Oversize {
    /// Sent in pieces, which are one again when written out.
    Split,
    /// An error, exit 8.
    Error,
}

#[derive(Debug, Args)]
pub(crate) struct WriterArgs {
    #[command(flatten)]
    pub(crate) channel: ChannelArgs,

    /// Send TEXT instead of standard input; repeatable
    ///
    /// The writer frames TEXT like standard input: it adds a newline, or a null with -0.
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) message: Vec<OsString>,

    /// A line over 1 KiB: split, or error [default: split]
    ///
    /// With split, shm reader joins the pieces again, unless it writes JSON. With error, the writer
    /// sends nothing of the line and exits with status 8. With --timeout the default is error.
    /// With --length-delimited a length over 1 KiB is always an error.
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    oversize: Option<Oversize>,

    /// Wait at most D to send a message, else exit 124
    ///
    /// With 0s the writer sends a message now or not at all. The messages before it stay in the
    /// mailbox. A line over 1 KiB, which would be several messages, is an error, so that the writer
    /// never sends half a line. To bound
    /// the wait at the end, use --drain or --keep.
    #[arg(long, value_name = "D", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,

    /// At the end, wait at most D for messages to be taken
    ///
    /// If messages are left after D, the writer exits with status 6, and the object stays with
    /// them. 0s means now. Without --drain the wait has no limit.
    #[arg(long, value_name = "D", value_parser = duration, conflicts_with = "keep", allow_hyphen_values = true)]
    pub(crate) drain: Option<Duration>,

    /// Exit at the end, and leave object and messages
    ///
    /// If there are more messages than slots, the writer still waits for a reader. With --classic
    /// it waits for each message.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReaderArgs {
    #[command(flatten)]
    pub(crate) channel: ChannelArgs,

    /// On a bus, start with next or oldest [default: next]
    ///
    /// next is the next message that is sent. If no other reader is attached, it is the first that
    /// no reader has taken. oldest is the oldest message that the bus still has. A reader that
    /// restarts with its label resumes where it stopped, and ignores --from.
    #[arg(long, value_name = "WHERE", value_enum, hide_possible_values = true)]
    #[arg(conflicts_with = "classic")]
    pub(crate) from: Option<Begin>,

    /// Exit after N messages
    ///
    /// A line over 1 KiB is several messages. On a bus with several writers the reader completes
    /// the line that has the last of them.
    #[arg(short = 'c', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) count: Option<u64>,

    /// Wait at most D for the next message, else exit 124
    ///
    /// 0s means now. With --classic this is the only way to notice that the writer was killed,
    /// because that layout does not record it.
    #[arg(long, value_name = "D", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,

    /// Take what is queued, and do not wait for more
    ///
    /// The exit status is 0, also if nothing is queued. If the object does not exist, the reader
    /// makes none and exits with status 3.
    #[arg(long, conflicts_with_all = ["timeout", "follow", "classic"])]
    pub(crate) no_wait: bool,

    /// When the writer exits or dies, wait for the next
    #[arg(long)]
    pub(crate) follow: bool,

    /// One JSON object per line for each message
    ///
    /// {"schema":1,"seq":7,"len":6,"data":{"text":"hello\n"}}. Data that is not UTF-8 is
    /// {"bytes":"BASE64"}. A line over 1 KiB is several messages, and only the last of them ends
    /// with the newline. On a bus, "lane" before "seq" is the number of the writer's lane, in which
    /// seq counts.
    #[arg(long, conflicts_with = "length_delimited")]
    pub(crate) json: bool,
}

impl ReaderArgs {
    /// Whether the object must be a bus.
    pub(crate) fn wants_bus(&self) -> bool {
        self.channel.bus.are_given() || self.from.is_some()
    }
}

impl WriterArgs {
    /// What becomes of a line over 1 KiB: with `--timeout` it could be sent in part.
    pub(crate) fn oversize(&self) -> Oversize {
        self.oversize.unwrap_or(match self.timeout {
            Some(_) => Oversize::Error,
            None => Oversize::Split,
        })
    }

    pub(super) fn complete(&mut self) -> Result<(), String> {
        if self.timeout.is_some() && self.oversize() == Oversize::Split {
            return Err("with --timeout, --oversize split could send a part of a line".to_owned());
        }
        self.channel.complete()
    }
}
