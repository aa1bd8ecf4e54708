//! What scripts need of the operators' commands: plain columns, names, patterns, JSON that tells
//! everything apart.

use std::fs::File;

use test_support::shm::{attached_writer, leave, run, shm, with_small_dev_shm};
use test_support::{Name, Process, Scratch, has_mount_namespaces};

use crate::{json, on_terminal};

/// What `shm ARGS` prints, in success and without a word on standard error.
#[track_caller]
fn printed(args: &[&str]) -> String {
    let ended = Process::spawn(shm(args).env("LC_ALL", "C.UTF-8")).finish();
    ended.expect_code(0).expect_quiet().text()
}

#[test]
fn a_pipe_gets_headings_and_rows_and_no_rule() {
    let name = Name::new();
    leave(&name, &[], "one\n");
    let lines = printed(&["ls", name.as_str()]);
    let lines: Vec<_> = lines.lines().collect();
    assert!(lines[0].starts_with("NAME"), "{lines:?}");
    assert!(lines[1].starts_with(name.as_str()), "{lines:?}");
    assert_eq!(lines.len(), 2, "{lines:?}");
    let bare = printed(&["ls", "--no-headings", name.as_str()]);
    assert_eq!(bare.split_whitespace().next(), Some(name.as_str()));
    assert_eq!(bare.lines().count(), 1, "{bare}");
    let rule = on_terminal(100, "C.UTF-8", &[name.as_str()]);
    assert!(
        rule.lines()
            .nth(1)
            .is_some_and(|rule| rule.starts_with("──")),
        "{rule}"
    );
}

#[test]
fn only_the_columns_that_were_asked_for_are_shown_in_that_order() {
    let name = Name::new();
    leave(&name, &[], "one\ntwo\n");
    let line = printed(&[
        "ls",
        "--no-headings",
        "-o",
        "queued,name,slots",
        name.as_str(),
    ]);
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells, ["2", name.as_str(), "256"]);
}

#[test]
fn quiet_shows_names_that_rm_takes() {
    let names = [Name::new(), Name::new()];
    names.iter().for_each(|name| leave(name, &[], ""));
    let patterns = names.each_ref().map(|name| format!("{}*", name.as_str()));
    let quiet = printed(&["ls", "-q", &patterns[0], &patterns[1]]);
    let mut shown: Vec<_> = quiet.lines().collect();
    shown.sort_unstable();
    let mut expected = names.each_ref().map(Name::as_str);
    expected.sort_unstable();
    assert_eq!(shown, expected);
    run([&["rm"], &shown[..]].concat())
        .expect_code(0)
        .expect_quiet();
    assert!(names.iter().all(|name| !name.exists()));
    assert_eq!(printed(&["ls", "-q", &patterns[0], &patterns[1]]), "");
}

#[test]
fn nothing_but_ascii_is_shown_where_the_locale_says_so() {
    let name = Name::new();
    let _object = Scratch::object(&name, "-grün-and-much-longer-than-there-is-room-for");
    let glob = format!("{}*", name.as_str());
    let [narrow, wide, utf8] = [(40, "C"), (200, "POSIX"), (200, "C.UTF-8")]
        .map(|(columns, locale)| on_terminal(columns, locale, &[&glob]));
    let piped = Process::spawn(shm(["ls", &glob]).env("LC_ALL", "C")).finish();
    assert!(narrow.is_ascii() && narrow.contains('~'), "{narrow}");
    assert!(
        wide.is_ascii() && wide.contains(r"gr\u{fc}n") && wide.contains("---"),
        "{wide}"
    );
    assert!(utf8.contains("grün") && utf8.contains("──"), "{utf8}");
    assert!(piped.text().is_ascii());
}

#[test]
fn on_a_terminal_there_are_headings_also_over_nothing() {
    let name = Name::new();
    let shown = on_terminal(100, "C", &[name.as_str()]);
    assert!(shown.starts_with("NAME"), "{shown}");
    assert!(shown.contains("shm: no such object"), "{shown}");
    assert_eq!(printed(&["ls", name.as_str()]), "");
}

#[test]
fn at_80_columns_the_owner_goes_before_a_name_is_cut() {
    let name = Name::new();
    leave(&name, &[], "one\n");
    let shown = on_terminal(80, "C", &[name.as_str()]);
    assert!(shown.contains(name.as_str()), "{shown}");
    assert!(
        !shown.contains("OWNER") && shown.contains("READER"),
        "{shown}"
    );
}

#[test]
fn patterns_show_and_remove_what_matches_and_is_not_in_use() {
    let (one, two, used) = (Name::new(), Name::new(), Name::new());
    leave(&one, &[], "");
    leave(&two, &[], "");
    let holder = attached_writer(&used, &[]);
    // One pattern for exactly each of these, since the other tests make objects, too.
    let patterns = [&one, &two, &used].map(|name| {
        let (most, last) = name.as_str().split_at(name.as_str().len() - 1);
        format!("{most}[{last}]")
    });
    let [first, second, third] = patterns.each_ref().map(String::as_str);
    let shown = printed(&["stat", first, second, third]);
    for name in [&one, &two, &used] {
        assert!(shown.contains(name.as_str()), "{shown}");
    }
    let ended = run(["rm", first, second, third]).expect_code(4);
    assert!(!one.exists() && !two.exists() && used.exists());
    let told = format!("removed {}\nremoved {}\n", one.as_str(), two.as_str());
    ended
        .expect_output(told.as_bytes())
        .expect_errors(&[used.as_str(), "it has a writer"]);
    let ended = run(["rm", first]);
    ended.expect_failure(3, &["no object matches", "next: "]);
    drop(holder);
}

#[test]
fn a_name_with_wildcards_is_itself_first() {
    let name = Name::new();
    leave(&name, &[], "");
    let object = Scratch::object(&name, "*");
    assert_eq!(printed(&["rm", object.text()]), "");
    assert!(!object.path().exists() && name.exists());
}

#[test]
fn the_environment_names_what_stat_and_peek_show_and_nothing_that_rm_removes() {
    let name = Name::new();
    leave(&name, &[], "one\n");
    let run = |args: &[&str]| {
        let mut command = shm(args);
        Process::spawn(command.env("SHM_NAME", name.as_str())).finish()
    };
    assert!(
        run(&["stat"])
            .expect_code(0)
            .text()
            .starts_with(name.as_str())
    );
    run(&["peek"]).expect_code(0).expect_output(b"one\n");
    run(&["rm"]).expect_failure(2, &["$SHM_NAME is not used here", "--stale"]);
    assert!(name.exists());
}

#[test]
fn the_doctor_tells_scripts_what_it_tells_people() {
    if !has_mount_namespaces() {
        return;
    }
    // In a place of their own, where no other test makes objects meanwhile.
    let script = "\"$0\" writer --keep old; \"$0\" doctor; echo ==; \"$0\" doctor --json";
    let ended = Process::spawn(&mut with_small_dev_shm("1m", script, &[])).finish();
    let text = ended.text();
    let (page, findings) = text.split_once("==\n").expect("both");
    let findings = json(findings);
    let mut shown = page
        .lines()
        .filter(|line| !line.trim_start().starts_with("next: "));
    assert_eq!(findings.len(), shown.by_ref().count(), "{text}");
    for finding in findings {
        let verdict = finding["verdict"].as_str().expect("a verdict");
        assert!(["ok", "warning", "problem"].contains(&verdict), "{finding}");
        assert_eq!(finding["next"].is_null(), verdict == "ok", "{finding}");
        let topic = finding["topic"].as_str().expect("a topic");
        assert!(page.contains(topic), "{topic} is not in {page}");
    }
}

#[test]
fn names_that_are_not_utf_8_are_told_apart_and_can_be_removed() {
    let name = Name::new();
    let [one, other] = [[0xff], [0xfe]].map(|byte| Scratch::object(&name, byte));
    let glob = format!("{}*", name.as_str());
    let listed = printed(&["ls", "--all", "--json", &glob]);
    let mut names: Vec<_> = json(&listed)
        .into_iter()
        .map(|entry| entry["name_bytes"].as_str().map(str::to_owned))
        .collect();
    assert!(names.iter().all(Option::is_some), "{listed}");
    names.dedup();
    assert_eq!(names.len(), 2, "{listed}");
    let shown = printed(&["ls", "--all", &glob]);
    assert!(
        shown.contains(r"\xff") && shown.contains(r"\xfe"),
        "{shown}"
    );

    let stat = run(["stat".as_ref(), "--json".as_ref(), one.name()]).expect_code(0);
    let seen = json(&stat.text()).remove(0)["name_bytes"]
        .as_str()
        .map(str::to_owned);
    assert!(names.contains(&seen));
    run(["rm".as_ref(), "--dry-run".as_ref(), one.name()]).expect_code(0);
    assert!(one.path().exists());
    let remove = |object: &Scratch| run(["rm".as_ref(), object.name()]);
    remove(&one).expect_code(0).expect_quiet();
    assert!(!one.path().exists() && other.path().exists());
    remove(&one).expect_failure(3, &["does not exist", "next: "]);

    // One that a process has open stays.
    let held = File::open(other.path()).expect("it can be opened");
    remove(&other).expect_failure(4, &["is open in process"]);
    drop(held);
}
