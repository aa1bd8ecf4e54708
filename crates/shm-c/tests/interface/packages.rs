//! The Debian packages: lintian finds nothing, and a program is built and run with what is in them.

use std::fs;
use std::process::Command;

use test_support::c::{has_library, prefix, root};
use test_support::{Process, Scratch, has};

use crate::file;

#[track_caller]
fn run(command: &mut Command) -> String {
    let ended = Process::spawn(command).finish().expect_code(0);
    ended.errors.clone() + &ended.text()
}

#[test]
fn the_debian_packages_are_clean_and_enough_to_build_a_program() {
    for (what, program) in [
        ("cargo-deb", "cargo-deb"),
        ("lintian", "lintian"),
        ("dpkg-deb", "dpkg-deb"),
        ("dpkg-dev", "dpkg-shlibdeps"),
    ] {
        if !has(what, program, &["--version"]) {
            return;
        }
    }
    if !has_library() {
        return;
    }
    let folder = Scratch::folder("c-debian");
    let folder = folder.path();
    // Of the development profile: a release takes long to build.
    let libraries = folder.join("libraries");
    fs::create_dir(&libraries).expect("a folder can be made");
    for (installed, built) in [
        ("libshm_mailbox.so", "libshm_mailbox_c.so"),
        ("libshm_mailbox.a", "libshm_mailbox_c.a"),
    ] {
        let installed = prefix().join("lib").join(installed);
        fs::copy(installed, libraries.join(built)).expect("there is room");
    }
    let mut script = Command::new("sh");
    script
        .arg(root().join("xtask/deb.sh"))
        .arg(folder.join("deb"));
    let printed = run(script.arg(&libraries));
    let packages: Vec<&str> = printed
        .lines()
        .filter(|line| line.ends_with(".deb"))
        .collect();
    assert_eq!(packages.len(), 2, "{printed}");
    let unpacked = folder.join("root");
    for package in packages {
        let told = run(Command::new("lintian").arg("--allow-root").arg(package));
        let is_complaint = |line: &&str| line.starts_with("E:") || line.starts_with("W:");
        let complaints: Vec<_> = told.lines().filter(is_complaint).collect();
        assert!(complaints.is_empty(), "{complaints:?}");
        run(Command::new("dpkg-deb")
            .arg("-x")
            .arg(package)
            .arg(&unpacked));
    }
    let libraries = fs::read_dir(unpacked.join("usr/lib")).expect("there are libraries");
    let mut libraries = libraries.map(|it| it.expect("it can be read").path());
    let library = libraries.next().expect("the machine's");
    let configuration = fs::read_to_string(library.join("pkgconfig/shm-mailbox.pc"));
    let place = library.file_name().expect("a name").display();
    let expected = format!("libdir=${{prefix}}/lib/{place}\n");
    assert!(configuration.expect("it is there").contains(&expected));
    assert!(unpacked.join("usr/share/man/man3/shm_send.3.gz").exists());

    let program = folder.join("program");
    let mut cc = Command::new("cc");
    cc.arg("-o").arg(&program).arg(file("examples/hello.c"));
    cc.arg("-I").arg(unpacked.join("usr/include"));
    run(cc.arg("-L").arg(&library).arg("-lshm_mailbox"));
    // It finds the library by its name; to run it would take a mailbox that others may use.
    let mut ldd = Command::new("ldd");
    let told = run(ldd.arg(&program).env("LD_LIBRARY_PATH", &library));
    let found = library.join("libshm_mailbox.so.0");
    assert!(told.contains(&format!("{}", found.display())), "{told}");
}

/// Of both packages.
#[test]
fn the_debian_changelog_has_the_version_of_the_packages() {
    let read = |path: &str| fs::read_to_string(file(path)).expect("it is there");
    let (manifest, changelog) = (read("Cargo.toml"), read("debian/changelog"));
    let revision = manifest.lines().find(|line| line.starts_with("revision"));
    let revision = revision
        .and_then(|line| line.split('"').nth(1))
        .expect("one");
    let version = format!("{}-{revision}", env!("CARGO_PKG_VERSION"));
    assert!(changelog.starts_with(&format!("libshm-mailbox ({version}) ")));
    assert!(manifest.contains(&format!("depends = \"libshm-mailbox0 (= {version})\"")));
}
