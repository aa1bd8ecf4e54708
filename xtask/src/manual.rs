//! `cargo xtask manual`: writes the completions and manual pages in the source tree.

use std::fs;
use std::process::Command;

use anyhow::ensure;

use crate::Verdict;
use crate::run;

/// Write the completions and manual pages of shm
///
/// Writes crates/shm-cli/man and crates/shm-cli/completions as the built shm prints them. A test of
/// the command compares the two.
#[derive(clap::Args)]
pub(crate) struct Options {}

/// The shells, and what the file of each is called where it looks for it.
const SHELLS: [(&str, &str); 3] = [("bash", "shm.bash"), ("zsh", "_shm"), ("fish", "shm.fish")];

/// Runs the command.
pub(crate) fn run(Options {}: &Options) -> Verdict {
    run::build("cargo build --quiet --package shm-cli")?;
    let shm_cli = run::root().join("crates/shm-cli");
    for folder in ["man", "completions"].map(|name| shm_cli.join(name)) {
        // A page of a command that is no more goes, too.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder)?;
    }
    let printed = |arguments: &[&str]| {
        let output = Command::new(run::shm())
            .args(arguments)
            .current_dir(&shm_cli)
            .output()?;
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(output.stdout)
    };
    printed(&["man", "--dir", "man"])?;
    for (shell, file) in SHELLS {
        fs::write(
            shm_cli.join("completions").join(file),
            printed(&["completions", shell])?,
        )?;
    }
    Ok(true)
}
