//! The original C programs, built with `cc` once in every test program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::program;
use crate::{Name, Process, has, unique};

/// Whether there is a C compiler; says `skipped: needs …` if not.
pub fn has_c() -> bool {
    has("a C compiler, as `cc`", "cc", &["--version"])
}

/// Starts the C writer, and waits until it has made the object. It truncates an existing one.
#[track_caller]
pub fn c_writer(name: &Name) -> Process {
    let writer = Process::spawn(Command::new(&programs().writer).arg(name.as_str()));
    name.wait_for_lesson();
    writer
}

/// Starts the C reader when there is an object for it. Its output is unbuffered, since it never
/// ends by itself and what is in its buffer when it is killed would be lost.
pub fn c_reader(name: &Name) -> Process {
    name.wait_for_lesson();
    Process::spawn(
        Command::new("stdbuf")
            .arg("-o0")
            .arg(&programs().reader)
            .arg(name.as_str()),
    )
}

struct Programs {
    writer: PathBuf,
    reader: PathBuf,
}

fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| Programs {
        writer: build("writer"),
        reader: build("reader"),
    })
}

/// Builds one of them, beside the command. Another test program may be doing the same, so the
/// result is moved into place.
fn build(name: &str) -> PathBuf {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = crates.join(format!("../../docs/lesson/{name}.c"));
    let [new, built] = [unique(name), format!("lesson-{name}")]
        .map(|name| Path::new(program()).with_file_name(name));
    compile(&["-std=gnu11", "-Wall", "-Werror"], &source, &new);
    fs::rename(&new, &built).expect("a file can be moved within a folder");
    built
}

/// Builds a C program.
#[track_caller]
pub fn compile(options: &[&str], source: &Path, program: &Path) {
    let mut cc = Command::new("cc");
    cc.args(options)
        .arg("-o")
        .args([program, source])
        .arg("-lrt");
    Process::spawn(&mut cc).finish().expect_code(0);
}
