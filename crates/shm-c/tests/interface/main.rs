//! The library as a C program sees it.
//!
//! - `header`: it is C99 and C++17, and declares what the library exports
//! - `programs`: every call and every error, in C; what valgrind says of them
//! - `examples`: they do what they say
//! - `install`: where things are installed, and a program built by pkg-config
//! - `manual`: the pages are those of the header
//! - `packages`: the Debian packages

mod examples;
mod header;
mod install;
mod manual;
mod packages;
mod programs;

use std::path::{Path, PathBuf};

/// A file of the crate.
fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The functions that the header declares, sorted.
fn functions() -> Vec<&'static str> {
    const HEADER: &str = include_str!("../../include/shm_mailbox.h");
    let lines = HEADER.lines();
    let declarations = lines.filter(|line| {
        line.starts_with("int shm_")
            || line.starts_with("void shm_")
            || line.starts_with("const char *shm_")
    });
    let names = declarations.filter_map(|line| {
        let start = line.find("shm_")?;
        line[start..].split('(').next()
    });
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}
