//! People: two users who share a mailbox through a group, one who shares nothing, and what others
//! put in the way.

use std::process::Command;

use test_support::shm::{PublicProgram, reader, writer};
use test_support::{Ended, Name, Process, has_other_users};

/// The shared group; a number that no other has.
const GROUP: &str = "61010";
/// Two in the group, and one who is not.
const ALICE: Person = ("61001", GROUP);
const BOB: Person = ("61002", GROUP);
const MALLORY: Person = ("61003", "61003");

type Person = (&'static str, &'static str);

/// The options of `setpriv` for somebody with a group of their own and one more.
fn options((uid, group): Person) -> [String; 3] {
    [("reuid", uid), ("regid", uid), ("groups", group)].map(|(id, n)| format!("--{id}={n}"))
}

/// What becomes of a shell command of an outsider.
fn outsider(script: &str) -> Ended {
    let mut setpriv = Command::new("setpriv");
    Process::spawn(setpriv.args(options(MALLORY)).args(["sh", "-c", script])).finish()
}

/// The program, for everybody.
struct Shared(PublicProgram);

impl Shared {
    /// Unless there can be no other users here.
    fn new() -> Option<Self> {
        has_other_users().then(|| Self(PublicProgram::new()))
    }

    /// `shm ARGS` of this person, `NAME` for the name.
    fn shm(&self, person: Person, name: &Name, args: &str) -> Process {
        let options = options(person);
        let options = options.each_ref().map(String::as_str);
        let word = |word| if word == "NAME" { name.as_str() } else { word };
        self.0.by(
            "setpriv",
            &options,
            &args.split(' ').map(word).collect::<Vec<_>>(),
        )
    }
}

#[test]
fn two_users_share_a_mailbox_through_a_group_and_an_outsider_gets_nowhere() {
    let Some(program) = Shared::new() else {
        return;
    };
    let name = Name::new();
    let shm = |person, args| program.shm(person, &name, args);
    let mut writer = shm(ALICE, "writer NAME --group 61010");
    name.wait_for_sender();
    assert_eq!(name.mode() & 0o777, 0o660);

    // Who does not say that they share is asked, and told how, once.
    let refused = shm(BOB, "reader NAME").wait_for_failure(5, &["--group"]);
    let told = refused.errors;
    assert_eq!(told.matches("trust").count(), 1, "{told}");
    for args in [
        "reader NAME",
        "reader NAME --group 61010",
        "reader NAME --any-owner",
        "writer NAME -m x --any-owner",
        "reader NAME --classic --any-owner",
    ] {
        shm(MALLORY, args).wait_for_failure(5, &[name.as_str(), "ermission denied"]);
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

    let mut reader = shm(BOB, "reader NAME --group 61010");
    name.wait_for_receiver();
    writer.send("between us\n");
    writer.finish().expect_code(0);
    reader.wait_for_success(b"between us\n");
    assert!(!name.exists(), "its owner has removed it");
}

#[test]
fn a_writer_that_does_not_own_the_object_says_that_it_cannot_remove_it() {
    let Some(program) = Shared::new() else {
        return;
    };
    let name = Name::new();
    let shm = |person, args| program.shm(person, &name, args);
    let mut reader = shm(BOB, "reader NAME --group 61010");
    name.wait_for_receiver();
    let written = shm(ALICE, "writer NAME --group 61010 -m x").wait();
    let written = written.expect_code(0);
    // The reader does, and may have been quicker.
    if !written.errors.is_empty() {
        written.expect_errors(&[name.as_str(), "only its owner", "all messages were taken"]);
    }
    reader.wait_for_success(b"x\n");
    assert!(!name.exists());
}

#[test]
fn a_group_that_one_is_not_in_is_refused_and_leaves_nothing() {
    let Some(program) = Shared::new() else {
        return;
    };
    let name = Name::new();
    let mut writer = program.shm(MALLORY, &name, "writer NAME --group 61010 -m x");
    writer.wait_for_failure(5, &[name.as_str(), GROUP, "not in that group"]);
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
        outsider(&format!("{squat} {path}")).expect_code(0);
        for args in [
            &["-m", "x"][..],
            &["-m", "x", "--group", "0"],
            &["-m", "x", "--classic"],
        ] {
            writer(&name, args).wait_for_failure(code, &[name.as_str()]);
        }
        reader(&name, &[]).wait_for_failure(code, &[name.as_str()]);
    }
}
