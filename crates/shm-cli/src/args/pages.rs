//! The command lines of `shm man` and `shm completions`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};
use clap_complete::Shell;

/// The commands that have a page.
pub(crate) const COMMANDS: [&str; 14] = [
    "writer",
    "reader",
    "ls",
    "stat",
    "peek",
    "tap",
    "top",
    "rm",
    "forget",
    "doctor",
    "bridge",
    "bench",
    "completions",
    "man",
];

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// A command, such as writer [default: the page of shm]
    #[arg(value_parser = COMMANDS, hide_possible_values = true)]
    pub(crate) command: Option<String>,

    /// Write all pages to this directory instead
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    pub(crate) dir: Option<PathBuf>,
}

/// The rest is for the other program.
#[derive(Debug, Args)]
pub(crate) struct BridgeArgs {
    /// Arguments of shm-bridge: out or in, and what belongs to it
    #[arg(
        value_name = "ARGUMENTS",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    #[arg(value_hint = ValueHint::Other)]
    pub(crate) args: Vec<OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}
