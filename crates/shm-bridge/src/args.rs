//! The command line: everything that can be typed.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use shm_core::ShmName;
use shm_mailbox::{Kind, Mailbox, Options};

use crate::address::{Address, Key};
use crate::failure::{Failure, Status};

/// The slots of a mailbox that a bridge makes, as `shm` does.
const SLOTS: u32 = 256;
/// Examples, and the exit statuses.
const HELP: &str = include_str!("help.txt");

/// Carry the messages of a mailbox to a mailbox on another machine.
#[derive(Debug, Parser)]
#[command(name = "shm-bridge", bin_name = "shm bridge", version)]
#[command(after_long_help = HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which side of the bridge this is.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take messages from a mailbox here, and carry them to the other bridge
    #[command(after_long_help = HELP)]
    Out(OutArgs),
    /// Take messages from the other bridge, and send them to a mailbox here
    #[command(after_long_help = HELP)]
    In(InArgs),
}

/// `shm bridge out`
#[derive(Debug, Args)]
pub(crate) struct OutArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// Address of the other bridge, like tcp/192.0.2.7:7448
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) connect: Address,

    /// Take the messages of a bus, at the place with this label
    ///
    /// Start one bridge for each destination, with its own label. The bus keeps the messages of a
    /// label while its bridge is away, and its writer waits when the lane is full. The bus must
    /// have one writer.
    #[arg(long = "as", value_name = "LABEL")]
    pub(crate) label: Option<String>,

    /// Wait for the next writer if one closes or dies
    #[arg(long)]
    pub(crate) follow: bool,

    /// Give up if the other side has not answered, or taken nothing, for D
    ///
    /// The default is no limit. Messages that were not taken stay in the mailbox. Time during which
    /// there is nothing to carry does not count, once the other side has answered.
    #[arg(long, value_name = "D", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
}

/// `shm bridge in`
#[derive(Debug, Args)]
pub(crate) struct InArgs {
    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// Address to listen on, like tcp/127.0.0.1:7448
    ///
    /// With port 0 the system chooses one, and a message says which.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Address,

    /// Let another stream replace an unfinished one
    ///
    /// A stream is the messages of one near mailbox. The mailbox here stores the position of one
    /// stream. Messages already carried stay, but if the replaced stream is continued later, some
    /// may come twice.
    #[arg(long)]
    pub(crate) new_stream: bool,

    /// When creating: room for N messages [default: 256]
    #[arg(long, value_name = "N", value_parser = slots)]
    slots: Option<u32>,

    /// When creating: permissions, octal [default: 0600]
    #[arg(long, value_name = "MODE", value_parser = mode)]
    mode: Option<u32>,
}

/// What both sides have.
#[derive(Debug, Args)]
pub(crate) struct CommonArgs {
    /// Name of the mailbox [default: $SHM_NAME, else shm-mailbox]
    #[arg(value_parser = name)]
    name: Option<ShmName>,

    /// Key under which the two bridges find each other [default: shm/NAME]
    #[arg(long)]
    key: Option<Key>,

    /// Allow an address that other machines can reach, or that is on one
    #[arg(long)]
    allow_remote: bool,

    /// Zenoh's configuration, for passwords and certificates
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Share with a group, by its number
    #[arg(long, value_name = "GROUP")]
    group: Option<u32>,

    /// Accept an object that others own or may write to
    #[arg(long)]
    any_owner: bool,

    /// Show messages, bytes and rate while it runs, on a terminal
    #[arg(long)]
    pub(crate) progress: bool,

    /// At the end, print figures to standard error
    #[arg(long)]
    pub(crate) stats: bool,

    /// Write messages on standard error as JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
}

impl InArgs {
    /// The far mailbox.
    pub(crate) fn options(&self, name: &ShmName) -> Options {
        let options = self.common.options(Mailbox::options(name.as_str()));
        let options = options.slots(self.slots.unwrap_or(SLOTS));
        match self.mode {
            Some(mode) => options.mode(mode),
            None => options,
        }
    }
}

impl CommonArgs {
    /// The name of the mailbox, and the key.
    pub(crate) fn names(&self) -> Result<(ShmName, Key), Failure> {
        let usage = |what| Failure::new(Status::Usage, what);
        let name = match &self.name {
            Some(name) => name.clone(),
            None => name_of_environment().map_err(usage)?,
        };
        let key = match &self.key {
            Some(key) => key.clone(),
            None => format!("shm/{name}").parse().map_err(|why: String| {
                usage(format!("name {name:?} makes no key: {why}"))
                    .next("give the same --key K on both sides")
            })?,
        };
        Ok((name, key))
    }

    /// An error if the address is not local, and the user did not allow that.
    pub(crate) fn check(&self, address: &Address) -> Result<(), Failure> {
        if self.allow_remote || address.is_loopback() {
            return Ok(());
        }
        let what = format!("{} is not on this machine", address.as_str());
        let next = "--allow-remote, and a password or certificates by --config; or a tunnel";
        Err(Failure::new(Status::Usage, what).next(next))
    }

    /// These options with what both sides have.
    pub(crate) fn options<K: Kind>(&self, options: Options<K>) -> Options<K> {
        let options = options.any_owner(self.any_owner);
        let options = options.slots(SLOTS).exact(false);
        match self.group {
            Some(group) => options.group(group),
            None => options,
        }
    }
}

fn name(text: &str) -> Result<ShmName, String> {
    ShmName::new(text).map_err(|error| error.to_string())
}

/// The name from the environment, or the default of `shm`.
fn name_of_environment() -> Result<ShmName, String> {
    let value = env::var_os("SHM_NAME").filter(|value| !value.is_empty());
    let value = value.unwrap_or_else(|| "shm-mailbox".into());
    match value.to_str() {
        Some(text) => name(text).map_err(|error| format!("$SHM_NAME: {error}")),
        None => Err(format!(
            "$SHM_NAME: name {value:?} is not UTF-8; choose another"
        )),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let expected = "expected a duration like 500ms or 20s";
    humantime::parse_duration(text).map_err(|_| expected.to_owned())
}

fn slots(text: &str) -> Result<u32, String> {
    let slots = text.parse().ok();
    let slots = slots.filter(|slots: &u32| slots.is_power_of_two() && *slots <= 65_536);
    slots.ok_or_else(|| "expected a power of two from 1 to 65536".to_owned())
}

fn mode(text: &str) -> Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok();
    let mode = mode.filter(|mode| *mode <= 0o777 && mode & 0o600 == 0o600);
    mode.ok_or_else(|| "expected an octal number like 0600, with both bits of 0600".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_each_side_lists_the_exit_statuses() {
        for side in ["in", "out"] {
            let shown = Cli::try_parse_from(["shm-bridge", side, "--help"]).unwrap_err();
            assert!(shown.to_string().ends_with(HELP), "{shown}");
        }
    }

    #[test]
    fn a_key_is_made_of_the_name() {
        let parse = |args: &[&str]| {
            let args = [&["shm-bridge", "in", "--listen", "tcp/127.0.0.1:0"], args].concat();
            match Cli::try_parse_from(args).unwrap().command {
                Command::In(args) => args,
                Command::Out(_) => unreachable!("it is in"),
            }
        };
        let (name, key) = parse(&["/orders"]).common.names().unwrap();
        assert_eq!((name.as_str(), key.as_str()), ("orders", "shm/orders"));
        let (_, key) = parse(&["orders", "--key", "kitchen"])
            .common
            .names()
            .unwrap();
        assert_eq!(key.as_str(), "kitchen");
        let failure = parse(&["two words"]).common.names().unwrap_err();
        assert_eq!(failure.status, Status::Usage);
    }

    #[test]
    fn what_is_not_on_this_machine_has_to_be_allowed() {
        for (listen, allow, fine) in [
            ("tcp/127.0.0.1:0", false, true),
            ("tcp/0.0.0.0:7448", false, false),
            ("tcp/0.0.0.0:7448", true, true),
        ] {
            let mut args = vec!["shm-bridge", "in", "--listen", listen];
            if allow {
                args.push("--allow-remote");
            }
            let Command::In(args) = Cli::try_parse_from(args).unwrap().command else {
                unreachable!("it is in")
            };
            assert_eq!(args.common.check(&args.listen).is_ok(), fine, "{listen}");
        }
    }
}
