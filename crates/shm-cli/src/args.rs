//! The command line: what can be asked for, with its limits, defaults and help.

use std::ffi::OsString;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use shm_core::ShmName;
use shm_mailbox::{Wait, classic};

use crate::bench::{BenchArgs, PeerArgs};
use crate::framing::{Framing, Oversize};
use crate::manual::{COMPLETIONS_EXAMPLES, CompletionsArgs, MAN_EXAMPLES, ManArgs};
use crate::operator_args::{
    DOCTOR_EXAMPLES, LS_EXAMPLES, LsArgs, RM_EXAMPLES, RmArgs, STAT_EXAMPLES, StatArgs,
};

/// Name of the object when neither the command line nor the environment gives one.
const DEFAULT_NAME: &str = "shm-mailbox";

/// Default interval of `--wait poll`, the lesson's.
const INTERVAL: Duration = Duration::from_millis(100);

/// Longest duration that is taken for meant.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

const EXIT_CODES: &str = "\
A duration D is written like 50us, 100ms or 2s.

Exit status:
  0    done; also when whoever read the output has gone
  1    failure
  2    usage
  3    no such object
  4    someone else is the writer, or the reader, already
  5    permission
  6    the peer died, or messages were left untaken
  7    not a mailbox, or another layout or version
  8    message too large, or bad framing
  124  timed out
SIGINT, SIGTERM and SIGHUP leave the channel clean, then end the program as signals do.";

const WRITER_EXAMPLES: &str = "\
Examples:
  Two terminals, in any order:
    shm reader orders
    shm writer orders

  A compressed tree, byte for byte (the other end: shm reader --raw backup | tar xz):
    tar cz . | shm writer --raw backup

  Leave two messages for a reader that comes later:
    shm writer --keep -m first -m second orders

  Wait at most 5 s for the messages to be taken (exit 6 if they were not):
    seq 3 | shm writer --drain 5s orders

  Talk to the lesson's C reader:
    shm writer --classic
";

const READER_EXAMPLES: &str = "\
Examples:
  Two terminals, in any order:
    shm reader orders
    shm writer orders

  Take one message, wait for it at most 2 s (exit 124 if none came):
    shm reader -c 1 --timeout 2s orders

  Serve one writer after the other, one JSON object a message:
    shm reader --follow --json orders

  Any bytes at all, with their length (the other end: shm writer --length-delimited):
    shm reader --length-delimited orders > messages.bin

  Talk to the lesson's C writer:
    shm reader --classic
";

const BENCH_EXAMPLES: &str = "\
Examples:
  Everything, in less than a minute:
    shm bench --quick

  Everything, the lesson's layout too, with a picture, in less than ten minutes:
    shm bench --classic --svg waiting.svg

  What sleeping costs when both processes share a core:
    shm bench --wait block,adaptive,yield --pin same

  Polling at intervals of one's own, for a spreadsheet:
    shm bench --wait poll --interval 50us,500us,5ms --csv > polls.csv

Run it on a machine that has nothing else to do. The benchmark checks itself: messages come at random times, so
with poll they wait half an interval on average. Where that is not so, for intervals of 1 ms and more, it says
that the measurement is wrong, and the exit status is 1.";

/// Messages of up to 1 KiB between two processes, through POSIX shared memory.
#[derive(Debug, Parser)]
#[command(name = "shm", version, disable_help_subcommand = true)]
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
    /// Remove objects that nobody uses
    #[command(after_long_help = RM_EXAMPLES)]
    Rm(RmArgs),
    /// Look for what could keep mailboxes from working here
    #[command(after_long_help = DOCTOR_EXAMPLES)]
    Doctor,
    /// Measure latency against processor time, for each way of waiting
    #[command(after_long_help = BENCH_EXAMPLES)]
    Bench(BenchArgs),
    /// Print completions for a shell
    #[command(after_long_help = COMPLETIONS_EXAMPLES)]
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
    /// It is framed as if standard input had held it: a newline is added, or a null with -0.
    #[arg(short, long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) message: Vec<OsString>,

    /// What to do with a line over 1 KiB
    ///
    /// Pieces become one line again when a reader writes them out.
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Oversize::Split, hide_possible_values = true)]
    #[arg(help = "A line over 1 KiB: split, or error")]
    pub(crate) oversize: Oversize,

    /// At the end, wait at most D for messages to be taken
    ///
    /// When D has passed, the exit status is 6, and the object and its messages stay. Without it the wait has no limit.
    #[arg(long, value_name = "D", value_parser = duration, conflicts_with = "keep")]
    pub(crate) drain: Option<Duration>,

    /// At the end, leave at once; messages and object stay
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ReaderArgs {
    #[command(flatten)]
    pub(crate) channel: ChannelArgs,

    /// End after N messages
    #[arg(short = 'c', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Wait at most D for the next message, else exit 124
    #[arg(long, value_name = "D", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,

    /// When the writer is gone, wait for the next
    #[arg(long)]
    pub(crate) follow: bool,

    /// One JSON object a line for each message
    ///
    /// {"schema":1,"seq":7,"len":6,"data":{"text":"hello\n"}}, or {"bytes":"BASE64"} as data that is not UTF-8.
    #[arg(long, conflicts_with = "length_delimited")]
    pub(crate) json: bool,
}

/// What writer and reader have in common.
#[derive(Debug, Args)]
pub(crate) struct ChannelArgs {
    /// Name of the object, with or without a leading slash
    ///
    /// Without it $SHM_NAME, else shm-mailbox, or with --classic shm-file.
    #[arg(env = "SHM_NAME", hide_env = true, value_parser = name)]
    #[arg(help = "Name of the object [default: $SHM_NAME, else shm-mailbox]")]
    name: Option<ShmName>,

    /// Use the lesson's layout and its C programs as peers
    #[arg(long, conflicts_with_all = ["slots", "mode", "group"])]
    pub(crate) classic: bool,

    #[command(flatten)]
    framing: FramingArgs,

    /// spin, yield, poll, backoff, block or adaptive
    ///
    /// How to wait for the other side: quick and busy first, idle and slower last; adaptive spins briefly, then
    /// sleeps. Default: adaptive; with --classic block, and there backoff and adaptive do not exist.
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    wait: Option<WaitArg>,

    /// Interval of --wait poll [default: 100ms]
    ///
    /// With --classic also the longest sleep of --wait block, since a C peer wakes nobody.
    #[arg(long, value_name = "D", value_parser = duration)]
    interval: Option<Duration>,

    /// When creating: room for N messages [default: 16]
    ///
    /// A power of two up to 65536. Who attaches takes what is there.
    #[arg(long, value_name = "N", value_parser = slots)]
    pub(crate) slots: Option<u32>,

    /// When creating: permissions, octal [default: 0600, or 0660 with --group]
    #[arg(long, value_name = "MODE", value_parser = mode)]
    #[arg(help = "When creating: permissions, octal [default: 0600]")]
    pub(crate) mode: Option<u32>,

    /// Share with a group; the same at both ends
    ///
    /// A name of /etc/group, or a number. A new object is given to the group (mode 0660), and one that is there is
    /// used whoever owns it. Only its owner can remove it: start the writer first.
    #[arg(long, value_name = "GROUP", value_parser = group)]
    pub(crate) group: Option<u32>,

    /// Accept what others own, or may write to
    #[arg(long)]
    pub(crate) any_owner: bool,

    /// Messages, bytes and rate, while it runs
    ///
    /// On standard error, if that is a terminal, and neither the messages are typed there nor shown there.
    #[arg(long)]
    pub(crate) progress: bool,

    /// One line of figures on standard error at the end
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
            Wait::Adaptive => Self::Adaptive,
        }
    }
}

impl Cli {
    /// Reads the command line; a usage error, or a question for help, is answered and ends the process.
    pub(crate) fn from_command_line() -> Self {
        let cli = Self::parse();
        let (name, checked) = match &cli.command {
            Command::Writer(writer) => ("writer", writer.channel.check()),
            Command::Reader(reader) => ("reader", reader.channel.check()),
            Command::Bench(bench) => ("bench", bench.check()),
            _ => return cli,
        };
        if let Err(conflict) = checked {
            let mut command = Self::command();
            command.build();
            let command = command.find_subcommand_mut(name).expect("it was parsed");
            command.error(ErrorKind::ArgumentConflict, conflict).exit();
        }
        cli
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

pub(crate) fn name(text: &str) -> Result<ShmName, String> {
    ShmName::new(text).map_err(|error| error.to_string())
}

/// `50us`, `100ms`, `2s`: more than nothing, at most a year.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error} (write it like 50us, 100ms or 2s)"))?;
    if duration.is_zero() {
        Err("it must be longer than 0".to_owned())
    } else if duration > LONGEST {
        Err("it must be at most a year".to_owned())
    } else {
        Ok(duration)
    }
}

pub(crate) fn slots(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(slots) if slots <= 65_536 && slots.is_power_of_two() => Ok(slots),
        _ => Err("it must be a power of two from 1 to 65536".to_owned()),
    }
}

/// A number, or a name that the system's list has. (Other lists, such as a directory service's, take the number.)
fn group(text: &str) -> Result<u32, String> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let groups = std::fs::read_to_string("/etc/group").map_err(|error| error.to_string())?;
    // `name:password:number:members`, see group(5).
    let mut numbers = groups.lines().filter_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(text)).then(|| fields.nth(1)?.parse().ok())?
    });
    numbers
        .next()
        .ok_or_else(|| "there is no such group in /etc/group; give its number".to_owned())
}

fn mode(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    match u32::from_str_radix(digits, 8) {
        // Without both, not even the owner's other side could attach.
        Ok(mode) if mode <= 0o777 && mode & 0o600 == 0o600 => Ok(mode),
        Ok(mode) if mode <= 0o777 => {
            Err("it must let the owner read and write, like 0600".to_owned())
        }
        _ => Err("it must be an octal number from 0600 to 0777".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(arguments: &[&str]) -> Result<WriterArgs, clap::Error> {
        let line = ["shm", "writer"].iter().chain(arguments);
        match Cli::try_parse_from(line)?.command {
            Command::Writer(writer) => Ok(writer),
            _ => unreachable!("asked for a writer"),
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn short_help_fits_a_screen() {
        for name in ["writer", "reader", "bench"] {
            let mut command = Cli::command().term_width(80);
            command.build();
            let help = command
                .find_subcommand_mut(name)
                .unwrap()
                .render_help()
                .to_string();
            assert!(help.lines().count() <= 30, "{help}");
            assert!(help.lines().all(|line| line.len() <= 80), "{help}");
        }
    }

    #[test]
    fn a_slash_in_front_of_the_name_does_not_matter() {
        for name in ["orders", "/orders"] {
            assert_eq!(writer(&[name]).unwrap().channel.name(), "orders");
        }
    }

    #[test]
    fn the_default_name_depends_on_the_layout() {
        let name = |channel: ChannelArgs| channel.name().to_owned();
        // The environment of whoever runs the tests may name an object.
        let without = |mut args: WriterArgs| {
            args.channel.name = None;
            name(args.channel)
        };
        assert_eq!(without(writer(&[]).unwrap()), "shm-mailbox");
        assert_eq!(without(writer(&["--classic"]).unwrap()), "shm-file");
    }

    #[test]
    fn durations_have_a_unit_and_a_sensible_length() {
        assert_eq!(duration("50us"), Ok(Duration::from_micros(50)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for bad in [
            "",
            "5",
            "0",
            "0s",
            "NaN",
            "nans",
            "-1s",
            "inf",
            "2 years",
            "99999999999999999999s",
        ] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn slots_are_a_power_of_two() {
        assert_eq!(slots("1"), Ok(1));
        assert_eq!(slots("65536"), Ok(65_536));
        for bad in ["0", "3", "131072", "-1", "many", "4294967296"] {
            assert!(slots(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mode_is_octal_and_lets_the_owner_in() {
        for good in ["600", "0600", "0o600"] {
            assert_eq!(mode(good), Ok(0o600));
        }
        for bad in ["0400", "0800", "1777", "rw", "-1", ""] {
            assert!(mode(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_group_is_a_number_or_a_name_of_the_system_s_list() {
        assert_eq!(group("61010"), Ok(61_010));
        assert_eq!(group("root"), Ok(0));
        for bad in ["", "no-such-group", "-1", "root:x"] {
            assert!(group(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_interval_needs_a_wait_that_has_one() {
        let checked = |arguments: &[&str]| writer(arguments).unwrap().channel.check();
        assert!(checked(&["--interval", "1ms"]).is_err());
        assert!(checked(&["--wait", "block", "--interval", "1ms"]).is_err());
        assert!(checked(&["--wait", "poll", "--interval", "1ms"]).is_ok());
        assert!(checked(&["--classic", "--interval", "1ms"]).is_ok());
        assert!(checked(&["--classic", "--wait", "spin", "--interval", "1ms"]).is_err());
        assert!(checked(&["--classic", "--wait", "adaptive"]).is_err());
    }

    #[test]
    fn one_framing_at_a_time() {
        let framing = |flag| writer(&[flag]).unwrap().channel.framing();
        assert_eq!(
            writer(&[]).unwrap().channel.framing(),
            Framing::Terminated(b'\n')
        );
        assert_eq!(framing("-0"), Framing::Terminated(0));
        assert_eq!(framing("--raw"), Framing::Raw);
        assert_eq!(framing("--length-delimited"), Framing::LengthDelimited);
        assert!(writer(&["-0", "--raw"]).is_err());
    }

    #[test]
    fn a_message_may_begin_with_a_hyphen() {
        let writer = writer(&["-m", "-1", "-m", "two"]).unwrap();
        assert_eq!(writer.message, ["-1", "two"]);
    }
}
