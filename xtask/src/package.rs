//! `cargo xtask package`: the crates as a user gets them: packaged, unpacked, and tested outside the workspace.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::Verdict;
use crate::process;
use crate::workspace::{self, CRATES};

const HELP: &str = "\
usage: cargo xtask package

Packages each crate, unpacks it in target/packages, and runs the tests that are in it there, with the other crates as
unpacked. A second run has --cfg loom, which somebody else's build may set. Then looks at what a program that depends
on shm-mailbox gets into its lock file: neither loom nor a crate for Windows.
";

/// The longest that one step may take: all is built for the first time.
const LIMIT: Duration = Duration::from_secs(1800);

/// What no user's lock file should have, by the start of its name.
const UNWANTED: [&str; 3] = ["loom", "windows", "winapi"];

/// A user's program.
const USER: &str = "user";

/// Runs the command; true if all steps passed.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    if !arguments.is_empty() {
        print!("{HELP}");
        return Ok(arguments == ["--help"]);
    }
    let folder = workspace::target().join("packages");
    // What an earlier run unpacked; what it built stays.
    for name in CRATES.into_iter().chain([USER]) {
        let _ = fs::remove_dir_all(folder.join(name));
    }
    let version = env!("CARGO_PKG_VERSION");
    step("package", &mut packaging(), Path::new("."))?;
    for name in CRATES {
        unpack(name, version, &folder)?;
    }
    let manifest = manifest(&CRATES.map(str::to_owned));
    write(&folder.join("Cargo.toml"), &manifest)?;
    // The versions that everything else is tested with.
    let lock = workspace::root().join("Cargo.lock");
    fs::copy(&lock, folder.join("Cargo.lock")).map_err(|error| cannot(&lock, &error))?;
    step("test", &mut test(&folder), &folder)?;
    let mut with_loom = test(&folder);
    with_loom
        .args(["--package", "shm-mailbox", "--lib"])
        .env("RUSTFLAGS", "--cfg loom");
    step("test with --cfg loom", &mut with_loom, &folder)?;
    look_at_lock_file(version, &folder)
}

/// The call that makes the packages. It builds nothing: the tests do.
fn packaging() -> Command {
    let mut command = workspace::cargo();
    command.args(["package", "--no-verify", "--allow-dirty"]);
    for name in CRATES {
        command.args(["--package", name]);
    }
    command
}

/// Unpacks one package into the folder that has the crate's name without the version.
fn unpack(name: &str, version: &str, folder: &Path) -> Result<(), String> {
    let into = folder.join(name);
    fs::create_dir_all(&into).map_err(|error| cannot(&into, &error))?;
    let file = format!("{name}-{version}.crate");
    let file = workspace::target().join("package").join(file);
    let mut tar = Command::new("tar");
    // With the present as the files' time: the packages have one and the same, by which cargo would take what an earlier
    // run built for up to date.
    tar.args(["--extract", "--gzip", "--touch", "--strip-components=1"])
        .arg("--file")
        .arg(&file);
    step(&format!("unpack {name}"), &mut tar, &into)
}

/// A workspace of these packages, which use each other and not what a registry may have under their names.
fn manifest(members: &[String]) -> String {
    let mut text =
        format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n\n[patch.crates-io]\n");
    for name in CRATES {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name} = {{ path = {name:?} }}");
    }
    text
}

fn test(folder: &Path) -> Command {
    let mut command = cargo(folder);
    command.arg("test");
    command
}

/// Cargo in the unpacked workspace.
fn cargo(folder: &Path) -> Command {
    let mut command = workspace::cargo();
    command.env("CARGO_TARGET_DIR", folder.join("target"));
    command
}

/// Whether a program that depends on shm-mailbox gets nothing that it does not need into its lock file.
fn look_at_lock_file(version: &str, folder: &Path) -> Verdict {
    let user = folder.join(USER);
    fs::create_dir_all(user.join("src")).map_err(|error| cannot(&user, &error))?;
    let mut text = format!(
        "[package]\nname = \"{USER}\"\nedition = \"2024\"\n\n[dependencies]\nshm-mailbox = \"{version}\"\n\n\
         [workspace]\n\n[patch.crates-io]\n"
    );
    for name in CRATES.iter().filter(|name| **name != "shm-cli") {
        let _ = writeln!(text, "{name} = {{ path = \"../{name}\" }}");
    }
    write(&user.join("Cargo.toml"), &text)?;
    write(&user.join("src/main.rs"), "fn main() {}\n")?;
    let mut command = cargo(folder);
    command.arg("generate-lockfile");
    step("generate a user's lock file", &mut command, &user)?;
    let path = user.join("Cargo.lock");
    let lock = fs::read_to_string(&path).map_err(|error| cannot(&path, &error))?;
    let names: Vec<_> = names(&lock).collect();
    println!("a user's lock file has {}", names.join(", "));
    let unwanted: Vec<_> = names
        .into_iter()
        .filter(|name| UNWANTED.iter().any(|start| name.starts_with(start)))
        .collect();
    if !unwanted.is_empty() {
        println!("which should not have {}", unwanted.join(", "));
    }
    Ok(unwanted.is_empty())
}

/// The names of the packages in a lock file.
fn names(lock: &str) -> impl Iterator<Item = &str> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
}

/// Runs one step in `folder`, and fails with what it printed if it fails.
fn step(what: &str, command: &mut Command, folder: &Path) -> Result<(), String> {
    let finished = process::run(command.current_dir(workspace::root().join(folder)), LIMIT)?;
    if !finished.succeeded() {
        return Err(format!("{what} failed\n{}", finished.report()));
    }
    println!("{what}: ok");
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| cannot(path, &error))
}

fn cannot(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_in_a_lock_file_are_those_of_its_packages() {
        let lock = "version = 4\n\n[[package]]\nname = \"libc\"\nversion = \"1\"\n\n\
            [[package]]\nname = \"loom\"\ndependencies = [\n \"libc\",\n]\n";
        assert_eq!(names(lock).collect::<Vec<_>>(), ["libc", "loom"]);
    }
}
