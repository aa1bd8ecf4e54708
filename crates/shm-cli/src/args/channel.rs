//! What the command lines of writer and reader have in common.

use std::mem::discriminant;
use std::time::Duration;

use clap::{Args, ValueEnum};
use shm_core::ShmName;
use shm_mailbox::{Wait, classic};

use super::bus::BusArgs;
use super::value::{
    DEFAULT_NAME, OBJECT, duration, group, interval, mode, name, name_of_environment, slots,
};

/// Default interval of `--wait poll`, that of the original C programs.
const INTERVAL: Duration = Duration::from_millis(100);

/// How messages are separated in a stream of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Up to and including each byte of this value; what follows the last one is a message too.
    Terminated(u8),
    /// Whatever one read returned, in pieces that fit.
    Raw,
    /// A length before each message.
    LengthDelimited,
}

/// What writer and reader have in common.
#[derive(Debug, Args)]
pub(crate) struct ChannelArgs {
    /// Name of the object, with or without a leading slash
    ///
    /// The default is $SHM_NAME. If that is not set, it is shm-mailbox, or shm-file with --classic.
    #[arg(value_parser = name, value_hint = OBJECT)]
    #[arg(help = "Name of the object [default: $SHM_NAME, else shm-mailbox]")]
    pub(super) name: Option<ShmName>,

    /// Use the layout of the original C programs
    #[arg(long, conflicts_with_all = ["slots", "mode", "group"])]
    pub(crate) classic: bool,

    #[command(flatten)]
    pub(crate) bus: BusArgs,

    #[command(flatten)]
    framing: FramingArgs,

    /// By spin, yield, poll, backoff, block, bell, adaptive
    ///
    /// spin is the fastest and keeps a core busy. block sleeps until the peer wakes it. bell does
    /// too, and learns at once if the peer dies. adaptive spins briefly before it sleeps. The
    /// default is adaptive. With --classic the default is block, and backoff, bell and adaptive are
    /// not available.
    #[arg(long, value_name = "HOW", value_enum, hide_possible_values = true)]
    wait: Option<WaitArg>,

    /// Asleep, learn at once that the peer died
    ///
    /// Without it, that takes up to 110 ms. With --wait adaptive or block, the process then sleeps
    /// as with --wait bell; each such process takes one of the 128 inotify instances that a user
    /// has by default.
    #[arg(long, conflicts_with = "classic", hide_short_help = true)]
    pub(crate) prompt: bool,

    /// Interval of --wait poll [default: 100ms]
    ///
    /// With --classic it is also the longest sleep of --wait block, because a C program does not
    /// wake its peer.
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

    /// Share with a group; give it to writer and reader
    ///
    /// GROUP is a name of /etc/group, or a number. A new object is given to the group, with mode
    /// 0660. shm uses an object of this group even if another user owns it. Only its owner can
    /// remove it, so start the writer first.
    #[arg(long, value_name = "GROUP", value_parser = group, allow_negative_numbers = true)]
    pub(crate) group: Option<u32>,

    /// Accept an object that others own or may write to
    #[arg(long)]
    pub(crate) any_owner: bool,

    /// Retry this long for a taken role [default: 500ms]
    ///
    /// The kernel frees the role of a killed process when it has released the memory of that
    /// process: at once if it is small, after tenths of a second if it has gigabytes.
    #[arg(long, value_name = "D", value_parser = duration, allow_hyphen_values = true)]
    #[arg(
        default_value = "500ms",
        hide_default_value = true,
        hide_short_help = true
    )]
    pub(crate) attach_timeout: Duration,

    /// Show messages, bytes and rate while it runs
    ///
    /// They appear on standard error if that is a terminal, unless you type the messages there or
    /// see them there.
    #[arg(long)]
    pub(crate) progress: bool,

    /// At the end, print figures to standard error
    #[arg(long)]
    pub(crate) stats: bool,
}

/// How messages are separated; writer and reader need the same flag.
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
    Bell,
    Adaptive,
}

impl WaitArg {
    /// All there are.
    pub(crate) const ALL: [Self; 7] = [
        Self::Spin,
        Self::Yield,
        Self::Backoff,
        Self::Adaptive,
        Self::Block,
        Self::Bell,
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
            Self::Bell => Wait::Bell,
            Self::Adaptive => Wait::Adaptive,
        }
    }

    /// The word for it on the command line; adaptive for what a later library may add.
    pub(crate) fn of(wait: Wait) -> Self {
        let is_same = |arg: &Self| discriminant(&arg.with(Duration::ZERO)) == discriminant(&wait);
        Self::ALL
            .into_iter()
            .find(is_same)
            .unwrap_or(Self::Adaptive)
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
        match self.framing {
            FramingArgs { null: true, .. } => Framing::Terminated(0),
            FramingArgs { raw: true, .. } => Framing::Raw,
            FramingArgs {
                length_delimited: true,
                ..
            } => Framing::LengthDelimited,
            _ => Framing::Terminated(b'\n'),
        }
    }

    /// The wait strategy at a mailbox.
    pub(crate) fn wait(&self) -> Wait {
        self.wait.unwrap_or(WaitArg::Adaptive).with(self.interval())
    }

    /// The wait strategy for the classic layout.
    pub(crate) fn classic_wait(&self) -> Wait {
        self.wait.unwrap_or(WaitArg::Block).with(self.interval())
    }

    pub(crate) fn interval(&self) -> Duration {
        self.interval.unwrap_or(INTERVAL)
    }

    /// Takes the name from the environment if the command line has none, and checks the whole.
    pub(super) fn complete(&mut self) -> Result<(), String> {
        if self.name.is_none() {
            self.name = name_of_environment()?;
        }
        self.check()
    }

    /// What no single argument can check about itself.
    pub(super) fn check(&self) -> Result<(), String> {
        let polls = self.wait == Some(WaitArg::Poll);
        let blocks = matches!(self.wait, None | Some(WaitArg::Block));
        if self.interval.is_some() && !(polls || self.classic && blocks) {
            return Err(
                "--interval is for --wait poll, and with --classic for --wait block".into(),
            );
        }
        if self.classic && matches!(self.wait, Some(WaitArg::Backoff | WaitArg::Adaptive)) {
            return Err("with --classic, --wait is one of spin, yield, poll and block".into());
        }
        Ok(())
    }
}
