//! `cargo xtask manual`: writes the completions and manual pages that stand in the source tree anew.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::Verdict;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask manual

Writes crates/shm-cli/man and crates/shm-cli/completions as the built shm prints them. A test of the
command compares the two.
";

/// The shells, and what the file of each is called where it looks for it.
const SHELLS: [(&str, &str); 3] = [("bash", "shm.bash"), ("zsh", "_shm"), ("fish", "shm.fish")];

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    if !arguments.is_empty() {
        print!("{HELP}");
        return Ok(arguments == ["--help"]);
    }
    workspace::build_shm()?;
    let shm_cli = workspace::root().join("crates/shm-cli");
    let (man, completions) = (shm_cli.join("man"), shm_cli.join("completions"));
    for folder in [&man, &completions] {
        // A page of a command that is no more goes, too.
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    }
    let directory = man.to_str().ok_or("the workspace's path is not UTF-8")?;
    printed(&["man", "--dir", directory])?;
    for (shell, file) in SHELLS {
        let path = completions.join(file);
        fs::write(&path, printed(&["completions", shell])?)
            .map_err(|error| cannot(&path, &error))?;
    }
    Ok(true)
}

/// What `shm ARGUMENTS` prints.
fn printed(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new(workspace::shm()).args(arguments).output();
    let output = output.map_err(|error| format!("shm cannot be run: {error}"))?;
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{} cannot be written: {error}", path.display())
}
