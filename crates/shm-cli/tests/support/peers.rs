//! The C programs that speak the lesson's protocol, built with `cc` once in every test program.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::{Name, Process, has, object, until};

/// The size of the lesson's object: an `int` and 1024 characters.
pub(crate) const SIZE: u64 = 1028;

/// Whether there is a C compiler; says `skipped: needs …` if not.
pub(crate) fn has_c() -> bool {
    has("a C compiler, as `cc`", "cc", &["--version"])
}

/// Starts the C writer. It truncates the object whatever is there.
pub(crate) fn c_writer(name: &Name) -> Process {
    Process::spawn(Command::new(&programs().writer).arg(name.as_str()))
}

/// Starts the C reader when there is an object for it. Its output is unbuffered, since it never ends
/// by itself and what is in its buffer when it is killed would be lost.
pub(crate) fn c_reader(name: &Name) -> Process {
    until("the object is there", || name.size() == Some(SIZE));
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

/// Builds one of them. Another test program may be doing the same, so the result is moved into place.
fn build(name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/peers/{name}.c"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (new, built) = (
        folder.join(object::unique(name)),
        folder.join(format!("lesson-{name}")),
    );
    let output = Command::new("cc")
        .args(["-std=gnu11", "-Wall", "-Werror", "-o"])
        .args([&new, &source])
        .arg("-lrt")
        .output()
        .expect("cc runs");
    assert!(
        output.status.success(),
        "cc: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::rename(&new, &built).expect("a file can be moved within a folder");
    built
}
