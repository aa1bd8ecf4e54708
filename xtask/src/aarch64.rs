//! 64-bit Arm on a machine of another kind: cargo builds for it, and qemu-user runs what was built.
//!
//! What an emulator cannot show: the order of memory accesses (each runs as the host runs it), anything with
//! ptrace, and any speed. The continuous build therefore runs all parts on such a processor as well.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::workspace;

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the emulated programs find their C library.
const LIBRARIES: &str = "/usr/aarch64-linux-gnu";
/// Tests that show nothing there, by pieces of their names.
const LEFT_OUT: [&str; 3] = [
    // How accesses are ordered; and they would take many minutes.
    "a_million_messages",
    // The limits are those of the emulator, which needs more itself.
    "limits::too_little_address_space",
    "limits::files_that_must_stay_small",
];
/// Names a compiler that has the standard library for the target, if the usual one has not.
const COMPILER: &str = "AARCH64_RUSTC";

/// What is missing here; `None` if nothing is.
pub(crate) fn lack() -> Option<String> {
    if cfg!(target_arch = "aarch64") {
        return Some("a machine that is not 64-bit Arm itself: there, all parts run on it".into());
    }
    let compiler = compiler();
    if !has_standard_library(&compiler) {
        let name = compiler.display();
        return Some(format!(
            "the standard library for {TARGET}, which {name} has not; {COMPILER} can name a compiler that has"
        ));
    }
    for program in [LINKER, EMULATOR] {
        if !runs(Command::new(program).arg("--version")) {
            return Some(program.to_owned());
        }
    }
    let library = Path::new(LIBRARIES).join("lib/libc.so.6");
    (!library.exists()).then(|| library.display().to_string())
}

/// What the part consists of: the tests, one by one, and programs of both kinds that talk to each other.
pub(crate) fn commands() -> Vec<Command> {
    let mut tests = cargo("test");
    for package in ["shm-sys", "shm-core", "shm-mailbox"] {
        tests.args(["--package", package]);
    }
    tests.args(["--tests", "--no-fail-fast", "--", "--show-output"]);
    // Forking while another thread runs can leave the emulator's own locks taken in the child.
    tests.arg("--test-threads=1");
    for name in LEFT_OUT {
        tests.args(["--skip", name]);
    }
    // For tests that look at the system call a process is in.
    tests.env("SHM_EMULATED", "1");
    let mut build = cargo("build");
    build.args(["--package", "shm-cli"]);
    let demos = ["writer", "reader"].map(|role| {
        let mut demo = workspace::own_command("demo");
        demo.args(["--aarch64", role]);
        demo
    });
    [tests, build].into_iter().chain(demos).collect()
}

/// The `shm` program for the target, run by the emulator; built by [`commands`].
pub(crate) fn shm() -> Command {
    let mut command = Command::new(EMULATOR);
    command.args(["-L", LIBRARIES]);
    command.arg(target().join(TARGET).join("debug").join("shm"));
    command
}

fn cargo(subcommand: &str) -> Command {
    let variable = TARGET.to_uppercase().replace('-', "_");
    let mut command = workspace::cargo();
    command
        .args([subcommand, "--target", TARGET])
        .env("RUSTC", compiler())
        .env("CARGO_TARGET_DIR", target())
        .env(format!("CARGO_TARGET_{variable}_LINKER"), LINKER)
        .env(
            format!("CARGO_TARGET_{variable}_RUNNER"),
            format!("{EMULATOR} -L {LIBRARIES}"),
        );
    command
}

/// A folder of its own: another compiler would have the usual one built anew.
fn target() -> PathBuf {
    workspace::target().join("aarch64")
}

fn compiler() -> PathBuf {
    let chosen = env::var_os(COMPILER).or_else(|| env::var_os("RUSTC"));
    chosen.map_or_else(|| PathBuf::from("rustc"), PathBuf::from)
}

fn has_standard_library(compiler: &Path) -> bool {
    let output = Command::new(compiler)
        .args(["--print", "target-libdir", "--target", TARGET])
        .output();
    output.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let libraries = workspace::files_with_extension(Path::new(&folder), "rlib");
        output.status.success() && !libraries.is_empty()
    })
}

fn runs(command: &mut Command) -> bool {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_does_not_run_has_no_library() {
        assert!(!has_standard_library(Path::new("no-such-compiler")));
        assert!(!has_standard_library(Path::new("false")));
    }

    #[test]
    fn a_program_that_does_not_run_is_missing() {
        assert!(runs(&mut Command::new("true")));
        assert!(!runs(&mut Command::new("no-such-program")));
    }
}
