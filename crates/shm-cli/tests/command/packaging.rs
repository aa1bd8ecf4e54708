//! What is packaged: of each crate what it needs and nothing else, and for Debian whatever belongs
//! to the command.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use test_support::shm::program;
use test_support::{Process, Scratch, has};

/// The workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files that `cargo package` would take of a crate.
#[track_caller]
fn packaged(name: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "package",
        "--list",
        "--allow-dirty",
        "--offline",
        "--package",
        name,
    ]);
    let ended = Process::spawn(cargo.current_dir(root())).finish();
    let list = ended.expect_code(0).text();
    list.lines().map(str::to_owned).collect()
}

#[test]
fn a_crate_is_packaged_with_what_it_needs_and_nothing_else() {
    for (name, folders) in [
        ("shm-sys", &["src/", "examples/"][..]),
        ("shm-core", &["src/", "examples/"]),
        ("shm-mailbox", &["src/"]),
        ("shm-cli", &["src/", "man/", "completions/"]),
        (
            "shm-c",
            &["src/", "build.rs", "include/", "man/", "shm-mailbox.pc.in"],
        ),
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

/// A line `KEY = "VALUE"` of a manifest.
#[track_caller]
fn value(manifest: &str, key: &str) -> String {
    let line = manifest
        .lines()
        .find(|line| line.split('=').next().map(str::trim) == Some(key));
    let value = line.and_then(|line| line.split('"').nth(1));
    value.unwrap_or_else(|| panic!("no {key}")).to_owned()
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_debian_changelog_has_the_version_of_the_package() {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let revision = value(&read(crate_root.join("Cargo.toml")), "revision");
    let expected = format!("shm ({}-{revision}) ", env!("CARGO_PKG_VERSION"));
    let changelog = read(crate_root.join("debian/changelog"));
    assert!(changelog.starts_with(&expected), "{changelog}");
}

/// The targets of the links in a page, without those to other machines and to places in a page.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let targets = page
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    targets
        .map(|target| target.split('#').next().unwrap_or_default())
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn the_debian_package_is_clean_and_has_the_pages_that_its_readme_names() {
    for (what, program) in [
        ("cargo-deb", "cargo-deb"),
        ("lintian", "lintian"),
        ("dpkg-deb", "dpkg-deb"),
        ("binutils", "strip"),
    ] {
        if !has(what, program, &["--version"]) {
            return;
        }
    }
    let folder = Scratch::folder("debian");
    let folder = folder.path();
    let (release, package, unpacked) = (
        folder.join("release"),
        folder.join("shm.deb"),
        folder.join("unpacked"),
    );
    std::fs::create_dir(&release).expect("a folder can be made");
    let run = |command: &mut Command| Process::spawn(command).finish().expect_code(0);
    // In place of the program of a release, which takes minutes to build.
    let stripped = release.join("shm");
    run(Command::new("strip").args([program(), "-o"]).arg(stripped));
    let mut deb = Command::new("cargo-deb");
    deb.args([
        "deb",
        "--package",
        "shm-cli",
        "--no-build",
        "--offline",
        "--output",
    ]);
    run(deb
        .arg(&package)
        .env("CARGO_TARGET_DIR", folder)
        .current_dir(root()));
    let found = run(Command::new("lintian").arg("--allow-root").arg(&package));
    let found = found.errors.clone() + &found.text();
    run(Command::new("dpkg-deb")
        .arg("-x")
        .args([&package, &unpacked]));
    let documents = unpacked.join("usr/share/doc/shm");
    let lacks: Vec<_> = links(&read(documents.join("README.md")))
        // Both licences are in the file that Debian has for them, and so is the changelog.
        .filter(|target| !target.starts_with("LICENSE-") && *target != "CHANGELOG.md")
        .filter(|target| !documents.join(target).exists())
        .map(str::to_owned)
        .collect();
    let installs = ["copyright", "changelog.gz", "changelog.Debian.gz"];
    let installed = installs.map(|name| documents.join(name).exists());
    let complaints: Vec<_> = found
        .lines()
        .filter(|line| line.starts_with("E:") || line.starts_with("W:"))
        .collect();
    assert!(complaints.is_empty(), "{complaints:?}");
    assert!(lacks.is_empty(), "the package lacks {lacks:?}");
    assert_eq!(installed, [true; 3], "{installs:?}");
}
