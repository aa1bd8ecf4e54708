//! People: two users who share a mailbox through a group, one who shares nothing, and what others put in the way.

mod support;

use std::process::{Command, Output};

use support::{Name, Process, PublicProgram, has_other_users, until};

/// The shared group; a number that no other has.
const GROUP: &str = "61010";
/// Two in the group, and one who is not.
const ALICE: (&str, &str) = ("61001", GROUP);
const BOB: (&str, &str) = ("61002", GROUP);
const MALLORY: (&str, &str) = ("61003", "61003");

/// A command of somebody with a group of their own and one more.
fn as_person((uid, group): (&str, &str), program: &std::path::Path, args: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args([format!("--reuid={uid}"), format!("--regid={uid}")])
        .arg(format!("--groups={group}"))
        .arg(program)
        .args(args)
        .env_remove("SHM_NAME");
    command
}

/// What a shell command of an outsider says.
fn outsider(script: &str) -> Output {
    let mut command = as_person(MALLORY, "/bin/sh".as_ref(), &["-c", script]);
    command.output().expect("sh runs")
}

#[test]
fn two_users_share_a_mailbox_through_a_group_and_an_outsider_gets_nowhere() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    let shm = |person, args: &[&str]| Process::spawn(&mut as_person(person, program.path(), args));
    let name = Name::new();
    let n = name.as_str();
    let mut writer = shm(ALICE, &["writer", n, "--group", GROUP]);
    name.wait_for_sender();
    assert_eq!(name.mode() & 0o777, 0o660);

    // Who does not say that they share is asked, and told how, once.
    let refused = shm(BOB, &["reader", n]).wait().expect_code(5);
    assert_eq!(
        refused.errors.matches("trust").count(),
        1,
        "{}",
        refused.errors
    );
    assert!(refused.errors.contains("--group"), "{}", refused.errors);
    for args in [
        &["reader", n][..],
        &["reader", n, "--group", GROUP],
        &["reader", n, "--any-owner"],
        &["writer", n, "-m", "x", "--any-owner"],
        &["reader", n, "--classic", "--any-owner"],
    ] {
        shm(MALLORY, args)
            .wait()
            .expect_code(5)
            .expect_errors(&[n, "ermission denied"]);
    }
    let path = name.path();
    let path = path.to_str().expect("a name of ours");
    for script in [
        format!("cat {path}"),
        format!("truncate -s 0 {path}"),
        format!("echo x >> {path}"),
        format!("rm -f {path}"),
        format!("mv {path} {path}.mine"),
        format!("chmod 666 {path}"),
        format!("chown 61003 {path}"),
        format!("flock -s -n {path} true"),
    ] {
        assert!(!outsider(&script).status.success(), "{script}");
    }

    let mut reader = shm(BOB, &["reader", n, "--group", GROUP]);
    name.wait_for_receiver();
    writer.send("between us\n");
    writer.finish().expect_code(0);
    reader.wait().expect_code(0).expect_output(b"between us\n");
    assert!(!name.exists(), "its owner has removed it");
}

#[test]
fn a_writer_that_does_not_own_the_object_says_that_it_cannot_remove_it() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    let shm = |person, args: &[&str]| Process::spawn(&mut as_person(person, program.path(), args));
    let name = Name::new();
    let mut reader = shm(BOB, &["reader", name.as_str(), "--group", GROUP]);
    name.wait_for_receiver();
    shm(
        ALICE,
        &["writer", name.as_str(), "--group", GROUP, "-m", "x"],
    )
    .wait()
    .expect_code(0)
    .expect_errors(&[name.as_str(), "only its owner", "all messages were taken"]);
    // The reader does.
    reader.wait().expect_code(0).expect_output(b"x\n");
    assert!(!name.exists());
}

#[test]
fn a_group_that_one_is_not_in_is_refused_and_leaves_nothing() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    let name = Name::new();
    let args = ["writer", name.as_str(), "--group", GROUP, "-m", "x"];
    Process::spawn(&mut as_person(MALLORY, program.path(), &args))
        .wait()
        .expect_code(5)
        .expect_errors(&[name.as_str(), GROUP, "not in that group"]);
    assert!(!name.exists());
}

#[test]
fn a_name_that_an_outsider_has_taken_is_refused_by_both_commands_and_layouts() {
    if !has_other_users() {
        return;
    }
    let squats = [
        ("install -m 0600 /dev/null", 5),
        ("install -m 0666 /dev/null", 5),
        ("head -c 1028 /dev/zero | install -m 0666 /dev/stdin", 5),
        ("head -c 20480 /dev/zero | install -m 0666 /dev/stdin", 5),
        ("ln -s /etc/hostname", 7),
        ("mkfifo -m 0666", 7),
        ("mkdir", 7),
    ];
    for (squat, code) in squats {
        let name = Name::new();
        let path = name.path();
        let path = path.to_str().expect("a name of ours");
        let made = outsider(&format!("{squat} {path}"));
        assert!(made.status.success(), "{squat}: {made:?}");
        for args in [
            &["-m", "x"][..],
            &["-m", "x", "--group", "0"],
            &["-m", "x", "--classic"],
        ] {
            support::writer(&name, args)
                .wait()
                .expect_code(code)
                .expect_errors(&[name.as_str()]);
        }
        support::reader(&name, &[])
            .wait()
            .expect_code(code)
            .expect_errors(&[name.as_str()]);
        until("it can be cleared away", || {
            std::fs::remove_file(path).is_ok() || std::fs::remove_dir(path).is_ok()
        });
    }
}
