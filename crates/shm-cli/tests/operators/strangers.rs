//! What others choose (the names of their programs, files and users, where those are kept) neither
//! hides who uses an object nor gets into the way of looking.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use test_support::shm::peers::{compile, has_c};
use test_support::shm::{by, copy, printed, run, with_small_dev_shm};
use test_support::{Name, Process, Scratch, Signal, has, has_mount_namespaces, has_strace, until};

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

#[test]
fn a_mapping_is_found_whatever_bytes_are_in_the_names_of_mapped_files() {
    if !has_c() {
        return;
    }
    let (name, program) = (Name::new(), Scratch::new(*b"map\xff"));
    let source = Scratch::new("source");
    fs::write(source.path(), MAPPER).expect("it can be written");
    compile(&["-x", "c"], source.path(), program.path());
    name.fill(b"foreign");
    let mut user = Process::spawn(Command::new(&program).arg(name.path()));
    user.wait_for_exactly(b"mapped\n");
    let pid = user.pid().to_string();
    run(["rm", name.as_str()]).expect_failure(4, &["is open in process", &pid, "(map\u{fffd}-"]);
    assert!(name.exists());
    user.kill();
    until("the system has let go of it", || {
        run(["rm", name.as_str()]).status.success()
    });
}

#[test]
fn the_name_of_a_program_stays_on_its_line() {
    let (name, other, program) = (Name::new(), Name::new(), copy("a\nshm: \x1b"));
    name.fill(b"foreign");
    let mut command = Command::new(&program);
    command
        .args(["reader", other.as_str()])
        .stdin(File::open(name.path()).expect("it is there"))
        .stdout(Stdio::piped());
    let mut user = Process::spawn_as_is(&mut command);
    // It has the object open, too.
    drop(command);
    other.wait_for_receiver();
    let refused = run(["rm", name.as_str()]);
    let refused = refused.expect_failure(4, &[r"(a\nshm: \u{1b}-"]);
    assert_eq!(refused.errors.lines().count(), 2, "{}", refused.errors);
    let page = printed(["stat", name.as_str()]);
    assert!(page.contains(r"(a\nshm: \u{1b}-"), "{page}");
    user.signal(Signal::SIGTERM);
    user.wait();
}

#[test]
fn a_user_is_named_in_whatever_encoding_the_list_of_users_is() {
    if !has_mount_namespaces() {
        return;
    }
    let script = r#"
        printf 'chef:x:0:0:J\366rg:/:/bin/sh\n' > /dev/shm/users &&
        mount --bind /dev/shm/users /etc/passwd &&
        exec "$0" ls users"#;
    let mut command = with_small_dev_shm("1m", script, &[]);
    let text = Process::spawn(&mut command).finish().expect_code(0).text();
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
    let mut command = with_small_dev_shm("1m", script, &[]);
    let text = Process::spawn(&mut command).finish().expect_code(0).text();
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
    let place = Scratch::folder("hung");
    // Nobody serves this file system; it ends with its last descriptor, that of the shell.
    let script = r#"
        exec 5<>/dev/fuse; options=fd=5,rootmode=40000,user_id=0,group_id=0
        mount -i -t fuse -o "$options" hung "$0" && echo hung
        read -r line"#;
    let mut command = Command::new("unshare");
    let mut server = Process::spawn(command.args(["-m", "sh", "-c", script]).arg(&place));
    server.wait_for_exactly(b"hung\n");
    let seen = PathBuf::from(format!(
        "/proc/{}/root{}",
        server.pid(),
        place.path().display()
    ));
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
    let held = open(&seen, flags, Mode::empty()).expect("this asks nobody");
    let name = Name::new();
    name.fill(b"foreign");
    for args in [["stat", name.as_str()], ["rm", name.as_str()]] {
        run(args).expect_code(0);
    }
    drop(held);
    server.finish();
}

#[test]
fn several_names_need_one_look_at_the_processes() {
    if !has_strace() {
        return;
    }
    let (names, trace) = ([(); 3].map(|()| Name::new()), Scratch::new("trace"));
    for command in ["stat", "rm"] {
        let log = format!("--output={}", trace.path().display());
        let options = ["-qq", "-e", "trace=openat,open", "-P", "/proc", &log];
        let mut strace = by("strace", &options);
        strace.arg(command);
        for name in &names {
            name.fill(b"foreign");
            strace.arg(name.as_str());
        }
        Process::spawn(&mut strace).finish().expect_code(0);
        let looks = fs::read_to_string(trace.path()).expect("strace has written it");
        assert_eq!(looks.lines().count(), 1, "{command}: {looks}");
    }
}
