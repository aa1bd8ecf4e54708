//! The command line: what can be asked for, with its limits, defaults and help.

mod help;
mod value;

use std::env;
use std::ffi::OsString;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use shm_core::ShmName;
use shm_mailbox::{Wait, classic};

use crate::bench::{BenchArgs, PeerArgs};
use crate::completions::{self, CompletionsArgs};
use crate::framing::{Framing, Oversize};
use crate::manual::{MAN_EXAMPLES, ManArgs};
use crate::operator_args::{
    DOCTOR_EXAMPLES, DoctorArgs, LS_EXAMPLES, LsArgs, PEEK_EXAMPLES, PeekArgs, RM_EXAMPLES, RmArgs,
    STAT_EXAMPLES, StatArgs,
};
use crate::{console, escape};
use help::{BENCH_EXAMPLES, EXIT_CODES, READER_EXAMPLES, WRITER_EXAMPLES};
pub(crate) use value::{count, duration, interval, measurement, name, pattern, slots};
use value::{group, mode};

/// Where the name of the object may stand instead of on the command line.
const NAME_VARIABLE: &str = "SHM_NAME";

/// Name of the object when neither the command line nor the environment gives one.
pub(crate) const DEFAULT_NAME: &str = "shm-mailbox";

/// Default interval of `--wait poll`, the lesson's.
const INTERVAL: Duration = Duration::from_millis(100);

/// Messages of up to 1 KiB between two processes, through POSIX shared memory.
#[derive(Debug, Parser)]
#[command(name = "shm", version, after_long_help = help::shm())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send standard input as messages, one per line
    #[command(after_long_help = format!("{WRITER_EXAMPLES}\n{EXIT_CODES}"))]
    Writer(WriterArgs),
    /// Write messages to standard output as they come
    #[command(after_long_help = format!("{READER_EXAMPLES}\n{EXIT_CODES}"))]
    Reader(ReaderArgs),
    /// List what is in /dev/shm, mailboxes first
    #[command(after_long_help = LS_EXAMPLES)]
    Ls(LsArgs),
    /// Show one object in detail
    #[command(after_long_help = STAT_EXAMPLES)]
    Stat(StatArgs),
    /// Show what is queued in a mailbox, without taking it
    #[command(after_long_help = PEEK_EXAMPLES)]
    Peek(PeekArgs),
    /// Remove objects that nobody uses
    #[command(after_long_help = RM_EXAMPLES)]
    Rm(RmArgs),
    /// Look for what could keep mailboxes from working here
    #[command(after_long_help = DOCTOR_EXAMPLES)]
    Doctor(DoctorArgs),
    /// Measure latency against processor time, for each way of waiting
    #[command(after_long_help = BENCH_EXAMPLES)]
    Bench(BenchArgs),
    /// Print completions for a shell
    #[command(after_long_help = completions::EXAMPLES)]
    Completions(CompletionsArgs),
    /// Print the manual page of a command, or write all
    #[command(after_long_help = MAN_EXAMPLES)]
    Man(ManArgs),
    /// The other process of a benchmark
    #[command(hide = true)]
    BenchPeer(PeerArgs),
}

#[derive(Debug, Args)]
pub(crate) struct WriterArgs {
    #[command(flatten)]
    pub(crate) channel: ChannelArgs,

    /// Send TEXT instead of standard input; repeatable
    ///
    /// TEXT is framed as standard input is: a newline is added, or a null with -0.
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) message: Vec<OsString>,

    /// A line over 1 KiB: split, or error [default: split]
    ///
    /// With split, a reader that writes the pieces out makes one line of them again. With error, nothing of the line is
    /// sent, and the exit status is 8. With --timeout the default is error. With --length-delimited a length over 1 KiB
    /// is always an error.
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    oversize: Option<Oversize>,

    /// Wait at most D to send a message, else exit 124
    ///
    /// With 0s a message is sent now or not at all. The messages before it stay in the mailbox. No line is half-sent,
    /// so one over 1 KiB, which would be several messages, is an error. To bound the wait at the end, use --drain or
    /// --keep.
    #[arg(long, value_name = "D", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,

    /// At the end, wait at most D for messages to be taken
    ///
    /// If messages are left after D, the exit status is 6, and the object stays with them. 0s means now. Without --drain
    /// the wait has no limit.
    #[arg(long, value_name = "D", value_parser = duration, conflicts_with = "keep", allow_hyphen_values = true)]
    pub(crate) drain: Option<Duration>,

    /// At the end, exit at once and leave object and messages
    ///
    /// If there are more messages than slots, the writer still waits for a reader. With --classic it waits for each
    /// message.
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReaderArgs {
    #[command(flatten)]
    pub(crate) channel: ChannelArgs,

    /// End after N messages
    ///
    /// A line over 1 KiB is several messages.
    #[arg(short = 'c', long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    pub(crate) count: Option<u64>,

    /// Wait at most D for the next message, else exit 124
    ///
    /// 0s means now. With --classic this is the only way to notice that the writer was killed, because that layout does
    /// not record it.
    #[arg(long, value_name = "D", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) timeout: Option<Duration>,

    /// Take what is queued and exit, even if that is nothing
    ///
    /// The exit status is 0. If the object does not exist, none is made, and the exit status is 3.
    #[arg(long, conflicts_with_all = ["timeout", "follow", "classic"])]
    pub(crate) no_wait: bool,

    /// When the writer exits or dies, wait for the next
    #[arg(long)]
    pub(crate) follow: bool,

    /// One JSON object a line for each message
    ///
    /// {"schema":1,"seq":7,"len":6,"data":{"text":"hello\n"}}. Data that is not UTF-8 is {"bytes":"BASE64"}. A line over
    /// 1 KiB is several messages, and only the last of them ends with the newline.
    #[arg(long, conflicts_with = "length_delimited")]
    pub(crate) json: bool,
}

/// What writer and reader have in common.
#[derive(Debug, Args)]
pub(crate) struct ChannelArgs {
    /// Name of the object, with or without a leading slash
    ///
    /// The default is $SHM_NAME. If that is not set, it is shm-mailbox, or shm-file with --classic.
    #[arg(value_parser = name, value_hint = completions::OBJECT)]
    #[arg(help = "Name of the object [default: $SHM_NAME, else shm-mailbox]")]
    name: Option<ShmName>,

    /// Use the layout of the original C programs
    #[arg(long, conflicts_with_all = ["slots", "mode", "group"])]
    pub(crate) classic: bool,

    #[command(flatten)]
    framing: FramingArgs,

    /// spin, yield, poll, backoff, block or adaptive
    ///
    /// How to wait for the other program. spin is the fastest and keeps a core busy, block sleeps until it is woken, and
    /// adaptive spins briefly before it sleeps. The default is adaptive. With --classic it is block, and backoff and
    /// adaptive are not available.
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    wait: Option<WaitArg>,

    /// Interval of --wait poll [default: 100ms]
    ///
    /// With --classic it is also the longest sleep of --wait block, because a C program does not wake its peer.
    #[arg(long, value_name = "D", value_parser = interval, allow_hyphen_values = true)]
    interval: Option<Duration>,

    /// When creating: room for N messages [default: 256]
    ///
    /// N is a power of two up to 65536. A mailbox that exists keeps its slots.
    #[arg(long, value_name = "N", value_parser = slots, allow_negative_numbers = true)]
    pub(crate) slots: Option<u32>,

    /// When creating: permissions, octal [default: 0600]
    ///
    /// With --group the default is 0660. A mailbox that exists keeps its mode.
    #[arg(long, value_name = "MODE", value_parser = mode, allow_negative_numbers = true)]
    pub(crate) mode: Option<u32>,

    /// Share with a group; the same at both ends
    ///
    /// GROUP is a name of /etc/group, or a number. A new object is given to the group, with mode 0660. An object of this
    /// group is used even if another user owns it. Only its owner can remove it, so start the writer first.
    #[arg(long, value_name = "GROUP", value_parser = group, allow_negative_numbers = true)]
    pub(crate) group: Option<u32>,

    /// Accept an object that others own or may write to
    #[arg(long)]
    pub(crate) any_owner: bool,

    /// Ask again for a role that is taken, for this long [default: 500ms]
    ///
    /// The system frees the role of a killed process when it has cleared that away: at once if it is small, after some
    /// tenths of a second if it has gigabytes of memory.
    #[arg(long, value_name = "D", value_parser = duration, allow_hyphen_values = true)]
    pub(crate) attach_timeout: Option<Duration>,

    /// Show messages, bytes and rate while it runs
    ///
    /// They appear on standard error if that is a terminal, unless the messages are typed or shown there.
    #[arg(long)]
    pub(crate) progress: bool,

    /// Print one line of figures to standard error at the end
    #[arg(long)]
    pub(crate) stats: bool,
}

/// How messages are told apart; the same flag at both ends.
#[derive(Debug, Args)]
#[group(multiple = false)]
struct FramingArgs {
    /// Messages end with a null instead of a newline
    #[arg(short = '0', long)]
    null: bool,

    /// A stream of bytes, in pieces of up to 1 KiB
    #[arg(long)]
    raw: bool,

    /// A length (u32, big-endian) before each message
    #[arg(long)]
    length_delimited: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitArg {
    Spin,
    Yield,
    Poll,
    Backoff,
    Block,
    Adaptive,
}

impl WaitArg {
    /// All there are.
    pub(crate) const ALL: [Self; 6] = [
        Self::Spin,
        Self::Yield,
        Self::Backoff,
        Self::Adaptive,
        Self::Block,
        Self::Poll,
    ];

    /// The strategy; `interval` is for poll.
    pub(crate) fn with(self, interval: Duration) -> Wait {
        match self {
            Self::Spin => Wait::Spin,
            Self::Yield => Wait::Yield,
            Self::Poll => Wait::Poll(interval),
            Self::Backoff => Wait::Backoff,
            Self::Block => Wait::Block,
            Self::Adaptive => Wait::Adaptive,
        }
    }

    /// The way to say so on the command line.
    pub(crate) fn of(wait: Wait) -> Self {
        match wait {
            Wait::Spin => Self::Spin,
            Wait::Yield => Self::Yield,
            Wait::Poll(_) => Self::Poll,
            Wait::Backoff => Self::Backoff,
            Wait::Block => Self::Block,
            // Adaptive, and whatever a later library may add.
            _ => Self::Adaptive,
        }
    }
}

impl Cli {
    /// Reads the command line; a usage error, or a question for help, is answered and ends the process.
    pub(crate) fn from_command_line() -> Self {
        let mut cli = Self::try_parse().unwrap_or_else(|outcome| {
            if outcome.use_stderr() {
                refuse(&outcome);
            }
            // Help, or the version, that could not be written is a failure as any other page.
            let status = match console::write_with(|| outcome.print()) {
                Ok(()) => 0,
                Err(failure) => failure.report() as i32,
            };
            std::process::exit(status)
        });
        let (name, checked) = match &mut cli.command {
            Command::Writer(writer) => ("writer", writer.complete()),
            Command::Reader(reader) => ("reader", reader.channel.complete()),
            Command::Stat(stat) => ("stat", stat.complete()),
            Command::Peek(peek) => ("peek", peek.complete()),
            Command::Rm(rm) => ("rm", rm.check().map_err(str::to_owned)),
            Command::Bench(bench) => ("bench", bench.check().map_err(str::to_owned)),
            _ => return cli,
        };
        if let Err(wrong) = checked {
            let mut command = Self::command();
            command.build();
            let command = command.find_subcommand_mut(name).expect("it was parsed");
            refuse(&command.error(ErrorKind::ValueValidation, wrong));
        }
        cli
    }
}

/// Tells what is wrong with the command line, and ends the process with status 2.
fn refuse(error: &clap::Error) -> ! {
    let text = error.render().to_string();
    if text.chars().all(escape::is_harmless) {
        error.exit();
    }
    // An argument that controls terminals is shown escaped, and then without colours: these are control characters, too.
    eprint!("{}", escape::text(&text));
    std::process::exit(error.exit_code())
}

impl WriterArgs {
    /// What becomes of a line over 1 KiB: with `--timeout` it could be sent in part.
    pub(crate) fn oversize(&self) -> Oversize {
        let default = match self.timeout {
            Some(_) => Oversize::Error,
            None => Oversize::Split,
        };
        self.oversize.unwrap_or(default)
    }

    fn complete(&mut self) -> Result<(), String> {
        if self.timeout.is_some() && self.oversize() == Oversize::Split {
            return Err("with --timeout, --oversize split could send a part of a line".to_owned());
        }
        self.channel.complete()
    }
}

impl ChannelArgs {
    /// Name of the object, without slash.
    pub(crate) fn name(&self) -> &str {
        match &self.name {
            Some(name) => name.as_str(),
            None if self.classic => classic::DEFAULT_NAME,
            None => DEFAULT_NAME,
        }
    }

    pub(crate) fn framing(&self) -> Framing {
        if self.framing.null {
            Framing::Terminated(0)
        } else if self.framing.raw {
            Framing::Raw
        } else if self.framing.length_delimited {
            Framing::LengthDelimited
        } else {
            Framing::Terminated(b'\n')
        }
    }

    /// The wait strategy at a mailbox.
    pub(crate) fn wait(&self) -> Wait {
        let wait = self.wait.unwrap_or(WaitArg::Adaptive);
        wait.with(self.interval())
    }

    /// The wait strategy at the lesson's object.
    pub(crate) fn classic_wait(&self) -> Wait {
        let wait = self.wait.unwrap_or(WaitArg::Block);
        wait.with(self.interval())
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval.unwrap_or(INTERVAL)
    }

    /// Takes the name from the environment if the command line has none, and checks the whole.
    fn complete(&mut self) -> Result<(), String> {
        if self.name.is_none() {
            self.name = name_of_environment()?;
        }
        self.check().map_err(str::to_owned)
    }

    /// What no single argument can check about itself.
    fn check(&self) -> Result<(), &'static str> {
        let polls = self.wait == Some(WaitArg::Poll);
        let blocks = matches!(self.wait, None | Some(WaitArg::Block));
        if self.interval.is_some() && !(polls || self.classic && blocks) {
            return Err("--interval is for --wait poll, and with --classic for --wait block");
        }
        if self.classic && matches!(self.wait, Some(WaitArg::Backoff | WaitArg::Adaptive)) {
            return Err("with --classic, --wait is one of spin, yield, poll and block");
        }
        Ok(())
    }
}

/// The name that the environment gives, if it does.
pub(crate) fn name_of_environment() -> Result<Option<ShmName>, String> {
    // An empty variable is one that is not set, as everywhere in the shell.
    let variable = env::var_os(NAME_VARIABLE).filter(|value| !value.is_empty());
    let named = variable.map(|value| match value.to_str() {
        Some(text) => name(text),
        None => Err(format!("name {value:?} is not UTF-8; choose another")),
    });
    let named = named.transpose();
    named.map_err(|error| format!("${NAME_VARIABLE}: {error}"))
}

#[cfg(test)]
mod tests;
