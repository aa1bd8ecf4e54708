//! `shm man`: generated from the definitions of the command line, so that the two cannot disagree.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory};

use crate::args::{Cli, ManArgs};
use crate::console;
use crate::failure::{Ending, Failure, errors};

/// The end of each page.
const SEE_SHM: &str = ".SH SEE ALSO\n.BR shm (1),\n.BR shm_overview (7)\n";
const SEE_ALL: &str = ".SH SEE ALSO\n.BR shm_open (3),\n.BR shm_overview (7),\n.BR lsipc (1)\n";

/// Prints a page, or writes all.
pub(crate) fn pages(args: &ManArgs) -> Result<Ending, Failure> {
    let wanted = match &args.command {
        None => "shm".to_owned(),
        Some(command) => format!("shm-{command}"),
    };
    for (name, command) in pages_of(&shown()) {
        if let Some(directory) = &args.dir {
            write(&directory.join(format!("{name}.1")), &page(&name, command))?;
        } else if name == wanted {
            console::print(page(&name, command))?;
        }
    }
    Ok(Ending::Done)
}

/// The program with the commands that are for people.
pub(crate) fn shown() -> Command {
    let shm = Cli::command();
    let commands = shm
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut shown = Command::new("shm")
        .version(env!("CARGO_PKG_VERSION"))
        .about(shm.get_about().cloned().unwrap_or_default())
        .after_long_help(shm.get_after_long_help().cloned().unwrap_or_default())
        .disable_help_subcommand(true)
        .subcommand_required(true)
        .subcommands(commands.cloned());
    shown.build();
    shown
}

/// The program and its commands, each with the name of its page.
fn pages_of(shm: &Command) -> impl Iterator<Item = (String, &Command)> {
    let commands = shm.get_subcommands();
    let commands = commands.map(|command| (format!("shm-{}", command.get_name()), command));
    std::iter::once(("shm".to_owned(), shm)).chain(commands)
}

/// A page in the language of man(7).
fn page(name: &str, command: &Command) -> String {
    let man = clap_mangen::Man::new(command.clone());
    let (title, version) = (name.to_uppercase(), env!("CARGO_PKG_VERSION"));
    let title = format!(".TH {title} 1 \"\" \"shm {version}\" \"User Commands\"\n");
    let mut text = title.into_bytes();
    let written = man
        .render_name_section(&mut text)
        .and_then(|()| man.render_synopsis_section(&mut text))
        .and_then(|()| match command.has_subcommands() {
            true => man.render_subcommands_section(&mut text),
            false => man.render_options_section(&mut text),
        });
    written.expect("writing to memory cannot fail");
    let mut text = String::from_utf8_lossy(&text).into_owned();
    if let Some(help) = command.get_after_long_help() {
        text += &sections(&help.to_string());
    }
    text + if name == "shm" { SEE_ALL } else { SEE_SHM }
}

/// What stands below the options in the long help: a line without indentation that ends with a
/// colon begins a section, the other lines without indentation are text, and the rest stays as it
/// is.
fn sections(help: &str) -> String {
    let mut text = String::new();
    let mut verbatim = false;
    for line in help.lines() {
        let is_indented = line.starts_with(' ') || (line.is_empty() && verbatim);
        if is_indented != verbatim {
            text += if is_indented { ".nf\n" } else { ".fi\n" };
            verbatim = is_indented;
        }
        text += &match line.strip_suffix(':') {
            _ if line.is_empty() && !verbatim => ".PP\n".to_owned(),
            Some(title) if !verbatim => format!(".SH {}\n", title.to_uppercase()),
            _ => escaped(line) + "\n",
        };
    }
    if verbatim {
        text += ".fi\n";
    }
    text
}

/// A line that troff prints as it is.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    match line.starts_with(['.', '\'']) {
        true => format!("\\&{line}"),
        false => line,
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| {
        errors::file(path, &error).next("--dir of a directory that you may write to")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::pages::COMMANDS;

    #[test]
    fn examples_stay_as_they_are_and_text_flows() {
        let help = "Examples:\n  One:\n    shm ls -a\n\n  .two\\n\n\nA text that\ngoes on.\n\nExit status:\n  0 done\n";
        assert_eq!(
            sections(help),
            ".SH EXAMPLES\n.nf\n  One:\n    shm ls \\-a\n\n  .two\\en\n\n.fi\nA text that\ngoes on.\n.PP\n\
             .SH EXIT STATUS\n.nf\n  0 done\n.fi\n"
        );
    }

    #[test]
    fn every_command_for_people_has_a_page_and_no_other() {
        let shm = shown();
        let names: Vec<_> = pages_of(&shm).map(|(name, _)| name).collect();
        let expected = COMMANDS.iter().map(|command| format!("shm-{command}"));
        let expected: Vec<_> = std::iter::once("shm".to_owned()).chain(expected).collect();
        assert_eq!(names, expected);
    }
}
