//! `cargo xtask package`: the crates as a user gets them: packaged, unpacked, and tested outside
//! the workspace.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;

use crate::Verdict;
use crate::run::{self, Private};

/// Test the packages of the crates outside the workspace
///
/// Packages each crate, unpacks it in target/packages, and runs the tests that are in it there,
/// with the other crates as unpacked. A second run has --cfg loom, which another project's build
/// may set. Then looks at what a program that depends on shm-mailbox gets into its lock file:
/// neither loom nor a crate for Windows.
#[derive(clap::Args)]
pub(crate) struct Options {}

/// The longest that one step may take: all is built for the first time.
const LIMIT: Duration = Duration::from_secs(1800);

/// The crates of the product.
const CRATES: [&str; 4] = ["shm-sys", "shm-core", "shm-mailbox", "shm-cli"];

/// What no user's lock file should have, by the start of its name.
const UNWANTED: [&str; 3] = ["loom", "windows", "winapi"];

/// Runs the command; true if all steps passed.
pub(crate) fn run(Options {}: &Options) -> Verdict {
    let folder = run::target().join("packages");
    let version = env!("CARGO_PKG_VERSION");
    // It builds nothing: the tests do.
    step(
        "cargo package --no-verify --allow-dirty --package 'shm-*'",
        &run::root(),
    )?;
    let mut patches = "[patch.crates-io]\n".to_owned();
    for name in CRATES {
        let into = folder.join(name);
        // What an earlier run unpacked; what it built stays.
        let _ = fs::remove_dir_all(&into);
        fs::create_dir_all(&into)?;
        // With the present as the files' time: the packages have one and the same, by which cargo
        // would take what an earlier run built for up to date.
        let tar = "tar --extract --gzip --touch --strip-components=1 --file";
        step(
            &format!("{tar} ../../package/{name}-{version}.crate"),
            &into,
        )?;
        // The packages use each other, and not what a registry may have under their names.
        writeln!(patches, "{name} = {{ path = {into:?} }}")?;
    }
    let workspace = format!("[workspace]\nresolver = \"3\"\nmembers = {CRATES:?}\n\n{patches}");
    fs::write(folder.join("Cargo.toml"), workspace)?;
    // The versions that everything else is tested with.
    fs::copy(run::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    step("cargo test", &folder)?;
    step(
        "RUSTFLAGS='--cfg loom' cargo test --package shm-mailbox --lib",
        &folder,
    )?;

    let user = folder.join("user");
    fs::create_dir_all(user.join("src"))?;
    fs::write(user.join("src/main.rs"), "fn main() {}\n")?;
    let program = "[package]\nname = \"user\"\nedition = \"2024\"\n[workspace]\n";
    let dependency = format!("[dependencies]\nshm-mailbox = \"{version}\"\n");
    fs::write(
        user.join("Cargo.toml"),
        format!("{program}{dependency}{patches}"),
    )?;
    step("cargo generate-lockfile", &user)?;
    let lock = fs::read_to_string(user.join("Cargo.lock"))?;
    // What is patched and not used is not what it gets.
    let names = lock
        .split("[[patch.unused]]")
        .next()
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.strip_prefix("name = "))
        .map(|it| it.trim_matches('"'));
    let names: Vec<&str> = names.collect();
    println!("a user's lock file has {}", names.join(", "));
    let is_unwanted = |name: &&&str| UNWANTED.iter().any(|start| name.starts_with(start));
    let unwanted: Vec<&&str> = names.iter().filter(is_unwanted).collect();
    if !unwanted.is_empty() {
        println!("which should not have {unwanted:?}");
    }
    Ok(unwanted.is_empty())
}

/// Runs one step in `folder`, and fails with what it printed if it fails.
fn step(line: &str, folder: &Path) -> anyhow::Result<()> {
    let mut command = run::command(line);
    command.current_dir(folder);
    if folder != run::root() {
        command.env("CARGO_TARGET_DIR", run::target().join("packages/target"));
    }
    let finished = run::run(&command, LIMIT, Private::AsRoot)?;
    ensure!(finished.succeeded, "{line} failed\n{}", finished.output);
    println!("{line}: ok");
    Ok(())
}
