//! `shm completions` and `shm man`: generated from the definitions of the command line, so that they cannot disagree.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Cli;
use crate::console;
use crate::ending::Ending;
use crate::failure::{Failure, Status};

pub(crate) const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  bash:
    shm completions bash > ~/.local/share/bash-completion/completions/shm

  zsh, in a directory of $fpath:
    shm completions zsh > _shm

  fish:
    shm completions fish > ~/.config/fish/completions/shm.fish";

pub(crate) const MAN_EXAMPLES: &str = "\
Examples:
  Read a page:
    shm man writer | man -l -

  Install all pages:
    shm man --dir /usr/local/share/man/man1";

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// The command, like writer; the page of shm itself without it
    command: Option<String>,

    /// Write all pages to this directory instead
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    dir: Option<PathBuf>,
}

/// Prints the completions for a shell.
pub(crate) fn completions(args: &CompletionsArgs) -> Result<Ending, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "shm", &mut text);
    console::print(&String::from_utf8_lossy(&text))?;
    Ok(Ending::Done)
}

/// Prints a page, or writes all.
pub(crate) fn pages(args: &ManArgs) -> Result<Ending, Failure> {
    let shm = commands();
    if let Some(directory) = &args.dir {
        for (name, command) in pages_of(&shm) {
            write(&directory.join(format!("{name}.1")), &page(command))?;
        }
        return Ok(Ending::Done);
    }
    let wanted = match &args.command {
        None => "shm".to_owned(),
        Some(command) => format!("shm-{command}"),
    };
    let found = pages_of(&shm).find(|(name, _)| *name == wanted);
    let Some((_, command)) = found else {
        let what = format_args!("there is no page for {wanted:?}");
        return Err(Failure::new(Status::Usage, what).next("shm --help shows the commands"));
    };
    console::print(&page(command))?;
    Ok(Ending::Done)
}

/// The program, with all that `clap` derives from other parts of it.
fn commands() -> Command {
    let mut shm = Cli::command();
    shm.build();
    shm
}

/// The program and its commands, each with the name of its page.
fn pages_of(shm: &Command) -> impl Iterator<Item = (String, &Command)> {
    let commands = shm
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let commands = commands.map(|command| (format!("shm-{}", command.get_name()), command));
    std::iter::once(("shm".to_owned(), shm)).chain(commands)
}

fn page(command: &Command) -> String {
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone())
        .manual("User Commands")
        .render(&mut text)
        .expect("writing to memory cannot fail");
    String::from_utf8_lossy(&text).into_owned()
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error: io::Error| {
        let what = format!("file {:?} cannot be written: {error}", path.display());
        Failure::new(Status::Failure, what).next("--dir of a directory that you may write to")
    })
}
