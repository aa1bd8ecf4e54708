//! The header is C99 and C++17, and declares what the library exports.

use std::fs;
use std::process::Command;

use test_support::c::{WARNINGS, has_library, prefix};
use test_support::{Process, Scratch, has};

use crate::{file, functions};

/// The committed list: a change of it is a change of the interface.
const SYMBOLS: &str = include_str!("symbols.txt");

/// A program that includes the header, beside those that have `shm_` in them, too, and takes the
/// address of every function.
fn program() -> String {
    let mut source = "#include <shm_mailbox.h>\n#include <sys/mman.h>\n#include <sys/shm.h>\n\
        typedef void (*function)(void);\n\
        int main(void)\n{\n  struct shm_options options = SHM_OPTIONS_INIT;\n\
        function all[] = {\n"
        .to_owned();
    for name in functions() {
        source.push_str(&format!("    (function){name},\n"));
    }
    source + "  };\n  return all[0] == 0 || options.size == 0;\n}\n"
}

#[track_caller]
fn expect_compiled(compiler: &str, options: &[&str], extension: &str) {
    if !has(&format!("{compiler}, a compiler"), compiler, &["--version"]) {
        return;
    }
    let source = Scratch::new("header");
    fs::write(source.path(), program()).expect("it can be written");
    let mut command = Command::new(compiler);
    command.args(options).args(WARNINGS).arg("-fsyntax-only");
    command.arg("-I").arg(file("include"));
    command.args(["-x", extension]).arg(source.path());
    Process::spawn(&mut command)
        .finish()
        .expect_code(0)
        .expect_quiet();
}

#[test]
fn gcc_takes_it_as_c99() {
    expect_compiled("gcc", &["-std=c99"], "c");
}

#[test]
fn clang_takes_it_as_c99() {
    expect_compiled("clang", &["-std=c99"], "c");
}

#[test]
fn gcc_takes_it_as_cpp17() {
    expect_compiled("g++", &["-std=c++17"], "c++");
}

#[test]
fn clang_takes_it_as_cpp17() {
    expect_compiled("clang++", &["-std=c++17"], "c++");
}

#[test]
fn the_header_declares_what_the_library_exports() {
    let listed: Vec<_> = SYMBOLS.lines().collect();
    assert_eq!(functions(), listed, "tests/interface/symbols.txt");
    if !has_library() || !has("binutils", "nm", &["--version"]) {
        return;
    }
    let mut nm = Command::new("nm");
    nm.args(["--dynamic", "--defined-only", "--format=just-symbols"]);
    nm.arg(prefix().join("lib/libshm_mailbox.so"));
    let exported = Process::spawn(&mut nm).finish().expect_code(0).text();
    assert_eq!(exported.lines().collect::<Vec<_>>(), listed);
}

/// A program that is linked with the library names it by this.
#[test]
fn the_library_has_its_name_and_needs_the_c_library_alone() {
    if !has_library() {
        return;
    }
    let mut readelf = Command::new("readelf");
    readelf.arg("--dynamic");
    readelf.arg(prefix().join("lib/libshm_mailbox.so"));
    let told = Process::spawn(&mut readelf).finish().expect_code(0).text();
    let of = |kind: &str| {
        let lines = told.lines().filter(|line| line.contains(kind));
        let names = lines.filter_map(|line| line.split(['[', ']']).nth(1));
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("(SONAME)"), ["libshm_mailbox.so.0"]);
    let needed = of("(NEEDED)");
    let known = ["libc.so", "libgcc_s.so", "ld-linux"];
    let others = needed
        .iter()
        .find(|it| !known.iter().any(|known| it.starts_with(known)));
    assert_eq!(others, None, "{needed:?}");
}
