//! What others choose (the names of their programs, files and users, where those are kept) neither hides who uses an
//! object nor gets into the way of looking.

mod support;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{Mode, OFlags};
use support::{Name, Process, SHM, has, has_mount_namespaces, object, peers, shm, until};

/// A file or directory of a test's own, in whose name these bytes are; it is gone afterwards.
struct Scratch(PathBuf);

impl Scratch {
    fn new(bytes: &[u8]) -> Self {
        let unique = object::unique("scratch").into_bytes();
        let name = [bytes, &unique].concat();
        Self(Path::new(env!("CARGO_TARGET_TMPDIR")).join(OsStr::from_bytes(&name)))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
        let _ = fs::remove_dir(&self.0);
    }
}

/// Maps an object and closes its descriptor, as many programs do.
const MAPPER: &str = "
    #include <fcntl.h>
    #include <stdio.h>
    #include <sys/mman.h>
    #include <unistd.h>
    int main(int argc, char **argv)
    {
      int fd = open(argv[1], O_RDONLY);
      if (argc != 2 || mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED) return 1;
      close(fd);
      printf(\"mapped\\n\");
      fflush(stdout);
      pause();
    }";

fn build(source: &str, program: &Path) {
    let mut cc = Command::new("cc");
    cc.args(["-x", "c", "-o"]).arg(program).arg("-");
    let mut cc = cc.stdin(Stdio::piped()).spawn().expect("cc runs");
    let mut input = cc.stdin.take().expect("a pipe");
    input.write_all(source.as_bytes()).expect("cc reads");
    drop(input);
    assert!(cc.wait().expect("cc ends").success());
}

#[test]
fn a_mapping_is_found_whatever_bytes_are_in_the_names_of_mapped_files() {
    if !peers::has_c() {
        return;
    }
    let (name, program) = (Name::new(), Scratch::new(b"map\xff"));
    build(MAPPER, &program.0);
    name.fill(b"foreign");
    let mut user = Process::spawn(Command::new(&program.0).arg(name.path()));
    user.wait_for_exactly(b"mapped\n");
    let pid = user.pid().to_string();
    Process::spawn(&mut shm(["rm", name.as_str()]))
        .finish()
        .expect_code(4)
        .expect_errors(&["is open in process", &pid, "(map\u{fffd}scratch"]);
    assert!(name.exists());
    user.kill();
    until("the system has let go of it", || {
        let mut command = shm(["rm", name.as_str()]);
        Process::spawn(&mut command).finish().status.success()
    });
}

#[test]
fn the_name_of_a_program_stays_on_its_line() {
    let (name, other, program) = (Name::new(), Name::new(), Scratch::new(b"a\nshm: \x1b"));
    fs::copy(SHM, &program.0).expect("the program can be copied");
    name.fill(b"foreign");
    let mut command = Command::new(&program.0);
    command
        .args(["reader", other.as_str()])
        .stdin(File::open(name.path()).expect("it is there"))
        .stdout(Stdio::piped());
    let mut user = Process::spawn_as_is(&mut command);
    // It has the object open, too.
    drop(command);
    other.wait_for_receiver();
    let refused = Process::spawn(&mut shm(["rm", name.as_str()])).finish();
    let refused = refused
        .expect_code(4)
        .expect_errors(&[r"(a\nshm: \u{1b}scratch"]);
    assert_eq!(refused.errors.lines().count(), 2, "{}", refused.errors);
    let page = Process::spawn(&mut shm(["stat", name.as_str()])).finish();
    let page = String::from_utf8(page.output).expect("UTF-8");
    assert!(page.contains(r"(a\nshm: \u{1b}scratch"), "{page}");
    user.signal(rustix::process::Signal::TERM);
    user.wait();
}

#[test]
fn a_user_is_named_in_whatever_encoding_the_list_of_users_is() {
    if !has_mount_namespaces() {
        return;
    }
    let script = r#"
        printf 'chef:x:0:0:J\366rg:/:/bin/sh\n' > /dev/shm/users && mount --bind /dev/shm/users /etc/passwd &&
        exec "$0" ls users"#;
    let mut command = support::shm_with_small_dev_shm("1m", script, &[]);
    let ended = Process::spawn(&mut command).finish().expect_code(0);
    let text = String::from_utf8(ended.output).expect("UTF-8");
    assert!(text.contains(" chef "), "{text}");
}

#[test]
fn owner_and_group_are_shown_by_name_and_number() {
    if !has_mount_namespaces() {
        return;
    }
    let script = r#"
        echo chef:x:0:0::/:/bin/sh > /dev/shm/users && mount --bind /dev/shm/users /etc/passwd &&
        echo kitchen:x:61010: > /dev/shm/groups && mount --bind /dev/shm/groups /etc/group &&
        chgrp 61010 /dev/shm/users && exec "$0" stat users groups"#;
    let mut command = support::shm_with_small_dev_shm("1m", script, &[]);
    let ended = Process::spawn(&mut command).finish().expect_code(0);
    let text = String::from_utf8(ended.output).expect("UTF-8");
    for shown in [
        "owner     chef (0)",
        "group     kitchen (61010)",
        "group     0 (0)",
    ] {
        assert!(text.contains(shown), "{text}");
    }
}

#[test]
fn a_file_system_that_does_not_answer_is_not_waited_for() {
    if !has_mount_namespaces() || !has("FUSE", "sh", &["-c", ": <>/dev/fuse"]) {
        return;
    }
    let place = Scratch::new(b"hung");
    fs::create_dir(&place.0).expect("a directory can be made");
    // Nobody serves this file system; it ends with its last descriptor, that of the shell.
    let script = r#"
        exec 5<>/dev/fuse; mount -i -t fuse -o fd=5,rootmode=40000,user_id=0,group_id=0 hung "$0" && echo hung
        read -r line"#;
    let mut command = Command::new("unshare");
    let mut server = Process::spawn(command.args(["-m", "sh", "-c", script]).arg(&place.0));
    server.wait_for_exactly(b"hung\n");
    let seen = PathBuf::from(format!("/proc/{}/root{}", server.pid(), place.0.display()));
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let held = rustix::fs::open(&seen, flags, Mode::empty()).expect("this asks nobody");
    let name = Name::new();
    name.fill(b"foreign");
    for args in [["stat", name.as_str()], ["rm", name.as_str()]] {
        Process::spawn(&mut shm(args)).finish().expect_code(0);
    }
    drop(held);
    server.finish();
}

#[test]
fn several_names_need_one_look_at_the_processes() {
    if !has("strace", "strace", &["-V"]) {
        return;
    }
    let (names, trace) = (
        [Name::new(), Name::new(), Name::new()],
        Scratch::new(b"trace"),
    );
    for command in ["stat", "rm"] {
        let mut strace = Command::new("strace");
        strace.args(["-qq", "-e", "trace=openat,open", "-P", "/proc", "-o"]);
        strace.arg(&trace.0).args([SHM, command]);
        for name in &names {
            name.fill(b"foreign");
            strace.arg(name.as_str());
        }
        Process::spawn(&mut strace).finish().expect_code(0);
        let looks = fs::read_to_string(&trace.0).expect("strace has written it");
        assert_eq!(looks.lines().count(), 1, "{command}: {looks}");
    }
}
