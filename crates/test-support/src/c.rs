//! The C library as it is installed, and C programs built with it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::{Process, has};

/// The library of the development profile, installed once for each test program.
static PREFIX: LazyLock<PathBuf> = LazyLock::new(install);

/// What every C program of ours is compiled with.
pub const WARNINGS: [&str; 4] = ["-pedantic", "-Wall", "-Wextra", "-Werror"];

/// Whether C programs can be built with the library; says `skipped: needs …` if not.
pub fn has_library() -> bool {
    has("a C compiler, as `cc`", "cc", &["--version"])
        && has("binutils", "strip", &["--version"])
        && has("binutils", "readelf", &["--version"])
}

/// Where the library is installed: a folder with lib, include and share.
#[track_caller]
pub fn prefix() -> &'static Path {
    &PREFIX
}

/// The workspace.
pub fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace is there")
}

fn install() -> PathBuf {
    // TARGET/PROFILE/deps/TEST
    let own = env::current_exe().expect("it has a path");
    let target = own
        .ancestors()
        .nth(3)
        .expect("it is in a folder of cargo's");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(["build", "--quiet", "--offline", "--package", "shm-c"]);
    cargo.arg("--target-dir").arg(target).current_dir(root());
    Process::spawn(&mut cargo).finish().expect_code(0);
    let prefix = own.with_extension("c-library");
    let _ = fs::remove_dir_all(&prefix);
    let mut script = Command::new("sh");
    script.arg(root().join("xtask/install.sh")).arg(&prefix);
    Process::spawn(script.arg(target.join("debug")))
        .finish()
        .expect_code(0);
    prefix
}

/// Builds a program with the shared library, which it finds where it is installed.
#[track_caller]
pub fn compile(compiler: &str, options: &[&str], source: &Path, program: &Path) {
    let library = prefix().join("lib");
    let mut command = Command::new(compiler);
    command.args(options).args(WARNINGS).arg("-pthread");
    command.arg("-I").arg(prefix().join("include"));
    command.arg(source).arg("-o").arg(program);
    command.arg("-L").arg(&library).arg("-lshm_mailbox");
    command.arg(format!("-Wl,-rpath,{}", library.display()));
    Process::spawn(&mut command).finish().expect_code(0);
}
