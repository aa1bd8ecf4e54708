//! `shm rm`: what nobody uses goes, what somebody uses stays unless it is forced, and dry runs
//! change nothing.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use test_support::shm::peers::{c_writer, has_c};
use test_support::shm::{
    INIT, PublicProgram, SENDER, attached_reader, attached_writer, by, expect_left, leave, run,
    shm, with_small_dev_shm, writer,
};
use test_support::{
    Ended, NOBODY, Name, Process, Signal, has_mount_namespaces, has_other_users, has_strace, until,
};

/// Runs `shm rm ARGS NAME`.
#[track_caller]
fn remove(name: &Name, args: &[&str], code: i32) -> Ended {
    run([&["rm"], args, &[name.as_str()]].concat()).expect_code(code)
}

#[test]
fn what_nobody_uses_is_removed_without_a_word_unless_it_has_messages() {
    let name = Name::new();
    for contents in [&b"foreign"[..], b"", &[0; 1028]] {
        name.fill(contents);
        remove(&name, &[], 0).expect_quiet().expect_output(b"");
        assert!(!name.exists());
    }
    leave(&name, &["-m", "untaken"], "");
    remove(&name, &[], 0).expect_errors(&["had messages (1)"]);
    assert!(!name.exists());
}

#[test]
fn a_mailbox_in_use_stays_and_its_holder_is_named() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    let pid = writer.pid().to_string();
    remove(&name, &[], 4).expect_errors(&["it has a writer", &pid, "next: ", "--force"]);
    assert!(name.exists());
    writer.finish().expect_code(0);
    let mut reader = attached_reader(&name, &[]);
    let pid = reader.pid().to_string();
    remove(&name, &[], 4).expect_errors(&["it has a reader", &pid]);
    reader.signal(Signal::SIGTERM);
    reader.wait();
}

#[test]
fn force_takes_the_name_and_the_two_ends_go_on() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    let mut writer = attached_writer(&name, &[]);
    remove(&name, &["--force", "--dry-run"], 0);
    assert!(name.exists());
    remove(&name, &["--force"], 0).expect_quiet();
    assert!(!name.exists());
    writer.send("still here\n");
    writer.finish().expect_code(0);
    reader.wait_for_success(b"still here\n");
}

#[test]
fn an_object_that_a_c_program_uses_stays() {
    if !has_c() {
        return;
    }
    let name = Name::new();
    let mut program = c_writer(&name);
    program.wait_until_asleep();
    let pid = program.pid().to_string();
    remove(&name, &[], 4).expect_errors(&["is open in process", &pid]);
    assert!(name.exists());
    program.kill();
    until("the system has let go of it", || {
        run(["rm", name.as_str()]).status.success()
    });
}

#[test]
fn what_is_not_there_or_no_object_is_an_error() {
    let name = Name::new();
    remove(&name, &[], 3).expect_errors(&["does not exist", "next: "]);
    symlink("nowhere", name.path()).expect("a link can be made");
    remove(&name, &["--force"], 7).expect_errors(&["symlink", "next: "]);
    assert!(name.path().is_symlink());
}

#[test]
fn of_two_failures_both_are_told_and_the_first_decides() {
    let (absent, link, object) = (Name::new(), Name::new(), Name::new());
    symlink("nowhere", link.path()).expect("a link can be made");
    for (first, second, code) in [(&absent, &link, 3), (&link, &absent, 7)] {
        object.fill(b"foreign");
        let ended = remove(&object, &[first.as_str(), second.as_str()], code);
        let at = |name: &Name| ended.errors.find(name.as_str()).expect("it is told");
        assert!(at(first) < at(second), "{}", ended.errors);
        assert!(!object.exists(), "the rest is done");
    }
}

/// Who attaches or closes at the moment of the removal has to find the lock that both take held.
#[test]
fn force_says_nothing_of_messages_that_a_reader_goes_on_to_take() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    reader.signal(Signal::SIGSTOP);
    let mut writer = attached_writer(&name, &[]);
    writer.send("one\ntwo\n");
    until("both are sent", || name.sent() == 2);
    remove(&name, &["--force"], 0).expect_quiet();
    reader.signal(Signal::SIGCONT);
    writer.finish().expect_code(0);
    reader.wait_for_success(b"one\ntwo\n");
}

#[test]
fn force_holds_the_lock_of_who_attaches_and_closes_also_when_a_role_is_held() {
    if !has_strace() {
        return;
    }
    // A second name, to look at the object when the first is gone.
    let (name, same) = (Name::new(), Name::new());
    let mut writer = attached_writer(&name, &[]);
    std::fs::hard_link(name.path(), same.path()).expect("a name can be given");
    let delay = "inject=unlink,unlinkat:delay_exit=60000000";
    let mut strace = by("strace", &["-qq", "-o", "/dev/null", "-e", delay]);
    let mut removing = Process::spawn(strace.args(["rm", "--force", name.as_str()]));
    until("the name is gone", || !name.exists());
    assert_eq!(same.locked_bytes(), [INIT, SENDER]);
    // What it traces goes on and ends.
    removing.kill();
    until("the lock is free", || same.locked_bytes() == [SENDER]);
    writer.kill();
}

/// A `/dev/shm` of their own for `shm rm --stale`, which is about all that is there.
#[test]
fn stale_removes_what_nobody_holds_and_nothing_else() {
    if !has_mount_namespaces() {
        return;
    }
    let script = r#"
        cd /dev/shm
        "$0" writer --keep empty </dev/null
        "$0" writer --keep -m untaken full
        "$0" writer live <&9 & "$0" writer --classic --keep lesson </dev/null
        printf foreign > foreign; : > zero
        until "$0" ls live | grep -q alive; do :; done
        "$0" rm --stale --dry-run; ls | tr '\n' ' '; echo
        "$0" rm --stale; ls | tr '\n' ' '; echo
        "$0" rm --stale --force; ls | tr '\n' ' '; echo
        kill $!; wait"#;
    let mut command = with_small_dev_shm(
        "1m",
        "mkfifo /dev/shm/f; exec 9<>/dev/shm/f; rm /dev/shm/f; eval \"$1\"",
        &[script],
    );
    let ended = Process::spawn(&mut command).finish();
    assert_eq!(
        String::from_utf8_lossy(&ended.output),
        "would remove empty\nempty foreign full lesson live zero \n\
         removed empty\nforeign full lesson live zero \n\
         removed full\nforeign lesson live zero \n",
        "{}",
        ended.errors
    );
    let kept =
        "shm: kept full: it has messages (1); shm reader full takes them, --force removes them\n";
    assert_eq!(ended.errors, kept.repeat(2));
}

#[test]
fn a_stale_mailbox_is_taken_over_or_removed_and_never_half_of_both() {
    let name = Name::new();
    for _ in 0..20 {
        leave(&name, &[], "");
        let mut remover = Process::spawn(&mut shm(["rm", name.as_str()]));
        let mut writer = writer(&name, &["--keep", "-m", "hello"]);
        let removed = remover.finish();
        writer.wait().expect_code(0);
        // Removed before the writer came, refused while it was there, or removed after it had left.
        assert!(
            matches!(removed.status.code(), Some(0 | 4)),
            "{}",
            removed.errors
        );
        if name.exists() {
            expect_left(&name, "hello\n");
        }
        let _ = std::fs::remove_file(name.path());
    }
}

#[test]
fn a_dry_run_promises_nothing_that_is_refused_then() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    let name = Name::new();
    let cases: [(u32, u32, &[&str], i32); 8] = [
        (0, 0o666, &[], 5),
        (0, 0o600, &[], 5),
        (0, 0o600, &["--force"], 5),
        (NOBODY, 0o400, &[], 5),
        (NOBODY, 0o000, &[], 5),
        (NOBODY, 0o400, &["--force"], 0),
        (NOBODY, 0o000, &["--force"], 0),
        (NOBODY, 0o600, &[], 0),
    ];
    for (owner, mode, args, code) in cases {
        leave(&name, &[], "");
        std::fs::set_permissions(name.path(), Permissions::from_mode(mode)).expect("it is ours");
        chown(name.path(), Some(owner), None).expect("root may");
        let run = |more: &[&str]| {
            let args = [&["rm", name.as_str()], args, more].concat();
            let ended = program.as_nobody(&args).finish();
            ended.expect_code(code)
        };
        let promised = run(&["--dry-run"]);
        assert!(name.exists());
        let done = run(&[]);
        assert_eq!(promised.errors, done.errors, "{owner} {mode:o} {args:?}");
        assert_eq!(name.exists(), code != 0);
        let _ = std::fs::remove_file(name.path());
    }
}
