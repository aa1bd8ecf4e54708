//! Where things are installed, and a program that is built by pkg-config.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use test_support::c::{has_library, prefix};
use test_support::{Name, Process, Scratch, has};

use crate::file;

/// All files and links below a folder but the manual pages.
fn below(folder: &Path, at: &str, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder.join(at)).expect("it can be read") {
        let entry = entry.expect("it can be read");
        let name = entry.file_name().into_string().expect("ASCII");
        let path = format!("{at}{name}");
        if entry.file_type().expect("it has a type").is_dir() {
            below(folder, &format!("{path}/"), found);
        } else if !path.starts_with("share/man/man3/") {
            found.insert(path);
        }
    }
}

#[test]
fn all_is_installed_where_a_c_programmer_looks_for_it() {
    if !has_library() {
        return;
    }
    let mut found = BTreeSet::new();
    below(prefix(), "", &mut found);
    let library = format!("libshm_mailbox.so.{}", env!("CARGO_PKG_VERSION"));
    let expected = [
        "include/shm_mailbox.h",
        "lib/libshm_mailbox.a",
        "lib/libshm_mailbox.so",
        "lib/libshm_mailbox.so.0",
        &format!("lib/{library}"),
        "lib/pkgconfig/shm-mailbox.pc",
    ];
    assert_eq!(found, expected.map(str::to_owned).into());
    let link = |name: &str| fs::read_link(prefix().join("lib").join(name)).expect("a link");
    assert_eq!(link("libshm_mailbox.so"), Path::new("libshm_mailbox.so.0"));
    assert_eq!(link("libshm_mailbox.so.0"), Path::new(&library));
    let pages = fs::read_dir(prefix().join("share/man/man3")).expect("there are pages");
    assert!(pages.count() > 50);
}

/// With the shared library, and with the static one.
#[test]
fn a_program_is_built_by_what_pkg_config_says() {
    if !has_library() || !has("pkg-config", "pkg-config", &["--version"]) {
        return;
    }
    let folder = Scratch::folder("c-install");
    for (name, how, linking) in [
        ("shared", "--libs", "$(pkg-config --libs shm-mailbox)"),
        (
            "static",
            "--static",
            "-Wl,-Bstatic -lshm_mailbox -Wl,-Bdynamic -lgcc_s -lpthread -ldl -lm",
        ),
    ] {
        let script = format!(
            "cc -std=gnu11 -o '{0}' '{1}' $(pkg-config --cflags shm-mailbox) \
            -L'{2}/lib' {linking}",
            folder.path().join(name).display(),
            file("tests/calls.c").display(),
            prefix().display(),
        );
        let configured = prefix().join("lib/pkgconfig");
        let mut cc = Command::new("sh");
        cc.args(["-c", &script]).env("PKG_CONFIG_PATH", &configured);
        Process::spawn(&mut cc).finish().expect_code(0);
        let mut asked = Command::new("pkg-config");
        asked.args([how, "--libs", "--modversion", "shm-mailbox"]);
        let told = Process::spawn(asked.env("PKG_CONFIG_PATH", &configured)).finish();
        let told = told.expect_code(0).text();
        assert!(told.contains(env!("CARGO_PKG_VERSION")), "{told}");
        let object = Name::new();
        let mut program = Command::new(folder.path().join(name));
        // The static one does not look for it.
        if name == "shared" {
            program.env("LD_LIBRARY_PATH", prefix().join("lib"));
        }
        Process::spawn(program.arg(object.as_str()))
            .finish()
            .expect_code(0);
    }
}
