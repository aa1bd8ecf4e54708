//! The programs on lesson.md are these files, compile, and do what the page says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_support::c::{self, has_library};
use test_support::shm::peers::{compile, has_c};
use test_support::{Name, Process, Scratch, has, until};

const PAGE: &str = include_str!("../lesson.md");

/// The files that the page shows.
const SHOWN: [&str; 8] = [
    include_str!("writer.c"),
    include_str!("reader.c"),
    include_str!("semaphores.c"),
    include_str!("mutex.c"),
    include_str!("writer.rs"),
    include_str!("reader.rs"),
    include_str!("library-writer.c"),
    include_str!("library-reader.c"),
];

/// The page's blocks that are marked so.
fn blocks(mark: &str) -> Vec<&'static str> {
    let fence = format!("```{mark}\n");
    let mut blocks = PAGE.split(fence.as_str());
    blocks.next();
    blocks
        .map(|rest| rest.split("```\n").next().unwrap_or_default())
        .collect()
}

#[test]
fn each_program_on_the_page_is_quoted_from_its_file() {
    for mark in ["c", "rust,no_run"] {
        let quotes = blocks(mark);
        assert!(quotes.len() >= 2, "{mark}: {}", quotes.len());
        for quote in quotes {
            assert!(
                SHOWN.iter().any(|file| file.contains(quote)),
                "no file of the lesson has these lines:\n{quote}"
            );
        }
    }
    for pair in [0, 1, 4, 5, 6, 7] {
        assert!(PAGE.contains(SHOWN[pair]), "{}", SHOWN[pair]);
    }
}

/// Builds a C program of this folder.
fn program(scratch: &Scratch, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lesson");
    let program = scratch.path().join(name);
    let options = ["-Wall", "-Wextra", "-Werror", "-pthread"];
    compile(&options, &folder.join(format!("{name}.c")), &program);
    program
}

#[test]
fn either_writer_speaks_with_either_reader() {
    let scratch = Scratch::folder("lesson-pairs");
    let mut writers = vec![PathBuf::from(env!("CARGO_BIN_EXE_lesson-writer"))];
    let mut readers = vec![PathBuf::from(env!("CARGO_BIN_EXE_lesson-reader"))];
    if has_c() {
        writers.push(program(&scratch, "writer"));
        readers.push(program(&scratch, "reader"));
    }
    for (writer, reader) in writers
        .iter()
        .flat_map(|w| readers.iter().map(move |r| (w, r)))
    {
        let name = Name::new();
        let mut writer = Process::spawn(Command::new(writer).arg(name.as_str()));
        name.wait_for_lesson();
        // Unbuffered, since a reader never ends by itself.
        let mut command = Command::new("stdbuf");
        command.arg("-o0").arg(reader).arg(name.as_str());
        let mut reader = Process::spawn(&mut command);
        writer.send("one tea\ntwo scones\n");
        writer.end_input();
        reader.wait_for_exactly(b"one tea\ntwo scones\n");
        writer.finish().expect_code(0);
        assert!(!name.exists());
        reader.kill();
    }
}

/// Either may be first, and both end.
#[test]
fn with_the_library_both_sides_end_and_nothing_stays() {
    if !has_library() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lesson");
    let scratch = Scratch::folder("lesson-library");
    let [writer, reader] = ["library-writer", "library-reader"].map(|name| {
        let program = scratch.path().join(name);
        let source = folder.join(format!("{name}.c"));
        c::compile("cc", &["-std=c99"], &source, &program);
        program
    });
    let name = Name::new();
    let start = |program: &Path| Process::spawn(Command::new(program).arg(name.as_str()));
    for first in ["reader", "writer"] {
        let early = (first == "reader").then(|| start(&reader));
        if early.is_some() {
            name.wait_for_receiver();
        }
        let mut writer = start(&writer);
        writer.send("one tea\ntwo scones\n");
        name.wait_for_sender();
        let mut reader = early.unwrap_or_else(|| start(&reader));
        reader.wait_for_exactly(b"one tea\ntwo scones\n");
        writer.finish().expect_code(0).expect_quiet();
        reader.wait_for_success(b"one tea\ntwo scones\n");
        assert!(!name.exists());
    }
}

/// Starts one of the two programs in semaphores.c.
fn role(program: &Path, role: &str, name: &Name) -> Process {
    Process::spawn(Command::new(program).args([role, name.as_str()]))
}

/// Waits until the writer has posted `full`: a reader that opens the object while the writer is
/// still making it finds no semaphores.
fn wait_for_message(name: &Name) {
    let full = 32; // the size of a `sem_t` on a 64-bit machine
    until("there is a message", || {
        fs::read(name.path()).is_ok_and(|object| object.get(full) == Some(&1))
    });
}

#[test]
fn with_semaphores_both_sides_learn_of_the_end() {
    if !has_c() {
        return;
    }
    let (scratch, name) = (Scratch::folder("lesson-"), Name::new());
    let program = program(&scratch, "semaphores");
    let mut writer = role(&program, "writer", &name);
    writer.send("one tea\ntwo scones\n");
    writer.end_input();
    wait_for_message(&name);
    let mut reader = role(&program, "reader", &name);
    reader.wait_for_success(b"one tea\ntwo scones\n");
    writer.finish().expect_code(0);
    assert!(!name.exists());
}

#[test]
fn the_pictures_are_what_their_texts_say() {
    if !has("Python", "python3", &["--version"]) {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pictures/draw.py");
    let mut draw = Command::new("python3");
    Process::spawn(draw.arg(script).arg("--check"))
        .finish()
        .expect_code(0);
}
