//! `shm ls` and `shm stat`: what is there, who holds it, how far it is, and that nobody notices the
//! look.

use std::os::unix::fs::symlink;

use serde_json::Value;
use shm_mailbox::Mailbox;
use test_support::shm::peers::{c_writer, has_c};
use test_support::shm::{
    PublicProgram, attached_reader, attached_writer, leave, printed, run, writer,
};
use test_support::{Name, Scratch, has_other_users, lines, until};

use crate::on_terminal;

/// The JSON of `shm ls ARGS`, one value a line.
#[track_caller]
fn listed(args: &[&str]) -> Vec<Value> {
    crate::json(&printed([&["ls", "--json"], args].concat()))
}

/// The JSON of `shm stat --json NAME`.
#[track_caller]
fn stat(name: &Name) -> Value {
    crate::json(&printed(["stat", "--json", name.as_str()])).remove(0)
}

/// What is left of a mailbox whose writer was killed after it had sent `lines`.
fn abandoned(lines: &str) -> Name {
    let name = Name::new();
    let mut writer = attached_writer(&name, &[]);
    writer.send(lines);
    let count = lines.lines().count() as u64;
    until("all is sent", || name.sent() == count);
    writer.kill();
    until("its lock is free", || name.locked_bytes().is_empty());
    name
}

#[test]
fn the_note_of_a_writer_is_shown_if_it_left_one() {
    let name = Name::new();
    let sender = Mailbox::options(name.as_str()).sender();
    let mut sender = sender.expect("the role");
    assert!(stat(&name)["mailbox"].get("note").is_none());
    assert!(!printed(["stat", name.as_str()]).contains("note"));
    sender
        .set_note([1, 0xABCD << 48, u64::MAX])
        .expect("it can be written");
    let words = ["0000000000000001", "abcd000000000000", "ffffffffffffffff"];
    assert_eq!(stat(&name)["mailbox"]["note"], serde_json::json!(words));
    let page = printed(["stat", name.as_str()]);
    assert!(page.contains(&format!("  note      {}\n", words.join(" "))));
}

#[test]
fn a_mailbox_in_use_is_shown_with_its_counts_and_its_holders() {
    let name = Name::new();
    let mut writer = attached_writer(&name, &["--slots", "32", "--mode", "0640"]);
    let mut reader = attached_reader(&name, &[]);
    writer.send("one\ntwo\n");
    until("both are taken", || name.received() == 2);
    let seen = stat(&name);
    assert_eq!(seen["kind"], "mailbox");
    let mailbox = &seen["mailbox"];
    for (field, expected) in [("slots", 32), ("sent", 2), ("received", 2), ("queued", 0)] {
        assert_eq!(mailbox[field], expected, "{field}");
    }
    for (role, process) in [("writer", &writer), ("reader", &reader)] {
        assert_eq!(mailbox[role]["state"], "alive");
        assert_eq!(mailbox[role]["pid"], process.pid());
        assert_eq!(mailbox[role]["confirmed"], true, "the system says so, too");
    }
    assert_eq!(
        (&seen["mode"], &mailbox["stale"]),
        (&"0640".into(), &false.into())
    );

    let row = printed(["ls", name.as_str()]);
    let row = row.lines().nth(1).expect("below the header");
    let cells: Vec<_> = row.split_whitespace().collect();
    let expected = format!(
        "{} mailbox 32 0 2 2 alive {} alive {}",
        name.as_str(),
        writer.pid(),
        reader.pid()
    );
    assert_eq!(cells[..10].join(" "), expected);
    assert_eq!(cells[11], "0640");
    writer.finish().expect_code(0);
    reader.wait_for_success(b"one\ntwo\n");
}

#[test]
fn a_killed_writer_is_dead_and_what_it_sent_is_queued() {
    let name = abandoned("one\ntwo\n");
    let seen = stat(&name);
    let mailbox = &seen["mailbox"];
    assert_eq!(mailbox["writer"]["state"], "dead");
    assert_eq!(mailbox["reader"]["state"], "none");
    assert_eq!(
        (&mailbox["queued"], &mailbox["stale"]),
        (&2.into(), &true.into())
    );
    let page = printed(["stat", name.as_str()]);
    for expected in [
        "stale",
        "dead: it ended without closing",
        "queued    2",
        "never seen",
    ] {
        assert!(page.contains(expected), "no {expected:?} in {page}");
    }
}

#[test]
fn hot_slots_are_shown_beside_the_slots_unless_there_are_no_others() {
    for (slots, expected) in [
        ("32", "slots     32\n"),
        ("512", "slots     512, and 256 hot\n"),
    ] {
        let name = Name::new();
        writer(&name, &["--keep", "--slots", slots, "-m", "one"])
            .wait()
            .expect_code(0);
        let page = printed(["stat", name.as_str()]);
        assert!(page.contains(expected), "no {expected:?} in {page}");
    }
}

#[test]
fn stale_shows_only_mailboxes_that_nobody_holds() {
    let (dead, live, foreign) = (abandoned(""), Name::new(), Name::new());
    let mut writer = attached_writer(&live, &[]);
    foreign.fill(b"foreign");
    let stale = listed(&["--stale"]);
    let has = |name: &Name| stale.iter().any(|entry| entry["name"] == name.as_str());
    assert!(has(&dead) && !has(&live) && !has(&foreign));
    writer.finish().expect_code(0);
}

#[test]
fn mailboxes_come_first_and_other_objects_have_their_kind() {
    let (mailbox, empty, foreign, classic) = (Name::new(), Name::new(), Name::new(), Name::new());
    leave(&mailbox, &[], "");
    empty.fill(b"");
    foreign.fill(b"foreign");
    classic.fill(&[0; 1028]);
    let glob = format!("shm-test-{}-*", std::process::id());
    let kinds: Vec<_> = listed(&[&glob]);
    let at = |name: &Name| {
        let at = kinds
            .iter()
            .position(|entry| entry["name"] == name.as_str());
        at.expect("each is listed")
    };
    let names = [&mailbox, &classic, &empty, &foreign];
    for (name, kind) in names
        .iter()
        .zip(["mailbox", "classic", "foreign", "foreign"])
    {
        assert_eq!(kinds[at(name)]["kind"], kind);
    }
    assert!(names.is_sorted_by_key(|name| at(name)));
}

#[test]
fn the_identity_of_a_mailbox_is_the_same_wherever_it_is_shown() {
    let name = Name::new();
    leave(&name, &[], "");
    let id = name.id();
    assert_eq!(listed(&[name.as_str()])[0]["mailbox"]["id"], id.as_str());
    for args in [
        &["stat", name.as_str()][..],
        &["stat", "--json", name.as_str()],
    ] {
        let text = printed(args);
        assert!(text.contains(&id), "{text}");
    }
}

#[test]
fn only_all_shows_what_is_no_object() {
    let name = Name::new();
    symlink("nowhere", name.path()).expect("a link can be made");
    assert!(listed(&[name.as_str()]).is_empty());
    let all = listed(&["--all", name.as_str()]);
    assert_eq!(all[0]["kind"], "symlink");
}

#[test]
fn a_c_program_is_found_by_its_mapping() {
    if !has_c() {
        return;
    }
    let name = Name::new();
    let mut program = c_writer(&name);
    until("it is mapped", || {
        stat(&name)["users"]
            .as_array()
            .is_some_and(|users| users.contains(&program.pid().into()))
    });
    let seen = stat(&name);
    assert_eq!(seen["kind"], "classic");
    assert_eq!(
        seen["classic"]["writer"]["state"], "none",
        "it takes no lock"
    );
    program.kill();
}

#[test]
fn a_slash_in_front_of_a_pattern_means_nothing() {
    let name = Name::new();
    name.fill(b"foreign");
    for glob in [
        format!("/{}", name.as_str()),
        format!("/{}*", name.as_str()),
    ] {
        assert_eq!(listed(&[&glob]).len(), 1, "{glob}");
    }
}

#[test]
fn columns_fit_the_terminal_and_the_important_ones_stay() {
    let name = abandoned("one\n");
    for columns in [20, 40, 60, 80, 132] {
        let shown = on_terminal(columns, "C.UTF-8", &[name.as_str()]);
        let widest = shown
            .lines()
            .map(|line| line.trim_end().chars().count())
            .max();
        assert!(widest <= Some(columns.into()), "{columns}: {shown}");
        assert!(shown.starts_with("NAME"), "{shown}");
        for (title, least) in [("QUEUED", 40), ("WRITER", 40), ("KIND", 60), ("SIZE", 132)] {
            assert_eq!(
                shown.contains(title),
                columns >= least,
                "{title} at {columns}: {shown}"
            );
        }
    }
    // Not cut where nobody looks at a screen.
    assert!(printed(["ls", name.as_str()]).contains(name.as_str()));
}

#[test]
fn a_name_with_control_bytes_stays_on_its_line() {
    let name = Name::new();
    let object = Scratch::object(&name, "\n\x1b[2J");
    let glob = format!("{}*", name.as_str());
    let shown = [["ls", &glob], ["stat", object.text()]].map(printed);
    run(["rm", object.text()]).expect_code(0);
    assert!(!object.path().exists());
    for text in shown {
        assert!(
            text.contains(r"\n\u{1b}[2J") && !text.contains('\x1b'),
            "{text}"
        );
    }
}

#[test]
fn an_object_that_is_not_there_is_told_and_the_others_are_shown() {
    let (there, absent) = (Name::new(), Name::new());
    leave(&there, &[], "");
    let ended = run(["stat", absent.as_str(), there.as_str()]).expect_code(3);
    let ended = ended.expect_errors(&[absent.as_str(), "does not exist", "next: "]);
    let text = ended.text();
    assert!(text.contains(there.as_str()), "{text}");
}

#[test]
fn an_object_that_may_not_be_read_is_shown_and_ends_with_5() {
    if !has_other_users() {
        return;
    }
    let program = PublicProgram::new();
    let name = Name::new();
    leave(&name, &[], "");
    for (args, shown) in [
        (&["stat", name.as_str()][..], "unreadable\n"),
        (&["stat", "--json", name.as_str()], r#""kind":"unreadable""#),
    ] {
        let ended = program
            .as_nobody(args)
            .finish()
            .expect_failure(5, &[name.as_str(), "permission denied", "next: "]);
        let text = ended.text();
        assert!(text.contains(shown), "{text}");
    }
    // Nobody has asked for this very one.
    program
        .as_nobody(&["ls", name.as_str()])
        .finish()
        .expect_code(0)
        .expect_quiet();
}

#[test]
fn failures_are_told_in_the_order_of_the_names() {
    let absent = [Name::new(), Name::new()];
    let ended = run(["stat", absent[0].as_str(), absent[1].as_str()]).expect_code(3);
    let told: Vec<_> = ended.errors.lines().step_by(2).collect();
    let expected = absent.map(|name| format!("shm: object {:?} does not exist", name.as_str()));
    assert_eq!(told, expected);
}

#[test]
fn watching_all_the_time_does_not_disturb_a_stream() {
    let name = Name::new();
    let mut reader = attached_reader(&name, &[]);
    let mut writer = attached_writer(&name, &[]);
    let input = lines(20_000, 8);
    writer.feed(input.clone());
    while writer.is_running() {
        for entry in listed(&[name.as_str()]) {
            let queued = entry["mailbox"]["queued"].as_u64().expect("a number");
            assert!(queued <= 256, "{entry}");
        }
    }
    writer.wait().expect_code(0);
    reader.wait_for_success(&input);
}
