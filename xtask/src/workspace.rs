//! Where things are: the workspace, its crates, the target directory, cargo.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The crates of the product, lowest layer first.
pub(crate) const CRATES: [&str; 4] = ["shm-sys", "shm-core", "shm-mailbox", "shm-cli"];

/// The directory of the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    // Cargo says where the package is now; where it was compiled is for a program that is run by hand.
    let package = env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package
        .parent()
        .map_or_else(|| package.clone(), Path::to_path_buf)
}

/// The directory that cargo builds into.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        // A relative directory counts from where cargo was called.
        Some(chosen) => env::current_dir().unwrap_or_else(|_| root()).join(chosen),
        None => root().join("target"),
    }
}

/// The `shm` program, as the development profile builds it.
pub(crate) fn shm() -> PathBuf {
    target().join("debug").join("shm")
}

/// Cargo, called in the workspace's root, building into [`target`], writing no colours.
pub(crate) fn cargo() -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .current_dir(root())
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_TERM_COLOR", "never");
    command
}

/// Another command of this program.
pub(crate) fn own_command(name: &str) -> Command {
    let program = env::current_exe().unwrap_or_else(|_| PathBuf::from("xtask"));
    let mut command = Command::new(program);
    command.current_dir(root()).arg(name);
    command
}

/// Builds the `shm` program; the compiler's messages go to standard error.
pub(crate) fn build_shm() -> Result<PathBuf, String> {
    let status = cargo()
        .args(["build", "--quiet", "--package", "shm-cli"])
        .status()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if status.success() {
        Ok(shm())
    } else {
        Err("the shm program does not build".to_owned())
    }
}

/// The files in `directory` with this extension, sorted; none if there is no such directory.
pub(crate) fn files_with_extension(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_folder_of_crates_is_in_the_list() {
        let mut listed: Vec<_> = CRATES.iter().map(|name| (*name).to_owned()).collect();
        listed.sort();
        let mut found: Vec<_> = std::fs::read_dir(root().join("crates"))
            .expect("the workspace has a folder of crates")
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        assert_eq!(found, listed);
    }
}
