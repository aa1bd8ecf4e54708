//! What is packaged: of each crate what it needs and nothing else, and for Debian whatever belongs to the command.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files that `cargo package` would take of a crate.
#[track_caller]
fn packaged(name: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "package",
            "--list",
            "--allow-dirty",
            "--offline",
            "--package",
            name,
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let list = String::from_utf8(output.stdout).expect("UTF-8");
    list.lines().map(str::to_owned).collect()
}

#[test]
fn a_crate_is_packaged_with_what_it_needs_and_nothing_else() {
    for (name, folders) in [
        ("shm-sys", &["src/", "examples/"][..]),
        ("shm-core", &["src/", "examples/"]),
        ("shm-mailbox", &["src/"]),
        ("shm-cli", &["src/", "man/", "completions/"]),
    ] {
        let mut files = packaged(name);
        for needed in ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md"] {
            assert!(files.remove(needed), "{name} lacks {needed}");
        }
        for folder in folders {
            assert!(
                files.iter().any(|file| file.starts_with(folder)),
                "{name} lacks {folder}"
            );
        }
        // Cargo's own.
        let own = [".cargo_vcs_info.json", "Cargo.lock", "Cargo.toml.orig"];
        let is_needed = |file: &&String| {
            own.contains(&file.as_str()) || folders.iter().any(|folder| file.starts_with(folder))
        };
        let more: Vec<_> = files.iter().filter(|file| !is_needed(file)).collect();
        assert!(more.is_empty(), "{name} has {more:?}");
    }
}

#[test]
fn the_debian_package_finds_its_files() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(crate_root.join("Cargo.toml")).expect("it is there");
    let (_, assets) = manifest
        .split_once("assets = [\n")
        .expect("there are assets");
    let sources = assets.lines().filter_map(|line| line.split('"').nth(1));
    let mut count = 0;
    for source in sources.filter(|source| *source != "target/release/shm") {
        let folder = crate_root.join(source.trim_end_matches("*.1"));
        assert!(folder.exists(), "{source} is not there");
        count += 1;
    }
    assert_eq!(count, 6, "pages, three completions, two documents");
}
