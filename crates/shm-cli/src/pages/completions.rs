//! `shm completions`: generated from the definitions of the command line, and then taught the names
//! of objects, which the shell asks for when the user completes one.

use clap::builder::PossibleValue;
use clap::{Command, ValueHint};
use clap_complete::Shell;

use super::manual;
use crate::args::{CompletionsArgs, OBJECT};
use crate::console;
use crate::failure::{Ending, Failure};

/// Prints the completions for a shell.
pub(crate) fn run(args: &CompletionsArgs) -> Result<Ending, Failure> {
    let mut shm = without_files(manual::shown());
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut shm, "shm", &mut text);
    let text = String::from_utf8_lossy(&text);
    console::print(match args.shell {
        Shell::Bash => bash(&text, &shm),
        Shell::Zsh => zsh(&text),
        Shell::Fish => fish(&text, &shm),
        _ => text.into_owned(),
    })?;
    Ok(Ending::Done)
}

/// Only what takes a file completes files.
fn without_files(shm: Command) -> Command {
    shm.mut_subcommands(|command| {
        command.mut_args(|arg| match arg.get_value_hint() {
            ValueHint::Unknown if arg.get_possible_values().is_empty() => {
                arg.value_hint(ValueHint::Other)
            }
            _ => arg,
        })
    })
}

/// The commands that take names of objects.
fn takes_objects(command: &&Command) -> bool {
    command
        .get_positionals()
        .any(|arg| arg.get_value_hint() == OBJECT)
}

/// Completes the names of objects.
const BASH_OBJECTS: &str = include_str!("objects.bash");

/// The generator knows no words for names in bash, and lets the shell complete files instead.
fn bash(text: &str, shm: &Command) -> String {
    const OPTIONS: &str = "COMPREPLY=( $(compgen -W \"${opts}\" -- \"${cur}\") )";
    let mut whole = text.replace(" -o bashdefault -o default", "");
    for command in shm.get_subcommands().filter(takes_objects) {
        let begin = format!("        shm__subcmd__{})\n", command.get_name());
        let (before, rest) = whole.split_once(&begin).expect("each command has a case");
        let (case, after) = rest.split_once("\n            ;;\n").expect("it ends");
        let case = case.replace(" || ${COMP_CWORD} -eq 2 ]]", " ]]");
        let (options, _) = case.rsplit_once(OPTIONS).expect("it falls back to options");
        whole = format!(
            "{before}{begin}{options}_shm_objects \"${{cur}}\"\n            return 0\n            ;;\n{after}"
        );
    }
    format!("{BASH_OBJECTS}\n{whole}")
}

/// Completes the names of objects.
const ZSH_OBJECTS: &str = include_str!("objects.zsh");

fn zsh(text: &str) -> String {
    let named = text.replace(":_hosts'", ":_shm_objects'");
    let (before, after) = named
        .split_once("(( $+functions[_shm_commands] ))")
        .expect("the commands have a function");
    format!("{before}{ZSH_OBJECTS}\n(( $+functions[_shm_commands] )){after}")
}

/// For fish, the generator leaves out what is no option.
fn fish(text: &str, shm: &Command) -> String {
    let mut whole = format!("complete -c shm -f\n{text}");
    for command in shm.get_subcommands() {
        let name = command.get_name();
        for arg in command.get_positionals() {
            let (words, about) = if arg.get_value_hint() == OBJECT {
                ("(shm ls -q 2>/dev/null)".to_owned(), "Object")
            } else {
                let values = arg.get_possible_values();
                let names: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
                (names.join(" "), "Value")
            };
            whole += &format!(
                "complete -c shm -n \"__fish_shm_using_subcommand {name}\" -a \"{words}\" -d {about}\n"
            );
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_that_take_names_are_known() {
        let shm = manual::shown();
        let names: Vec<_> = shm
            .get_subcommands()
            .filter(takes_objects)
            .map(Command::get_name)
            .collect();
        let takers = [
            "writer", "reader", "ls", "stat", "peek", "tap", "top", "rm", "forget",
        ];
        assert_eq!(names, takers);
    }
}
