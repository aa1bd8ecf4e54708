//! Characters that turn the text around, end a line or control a terminal are escaped wherever a
//! terminal shows them, and in errors wherever they go.

use serde_json::Value;
use test_support::shm::{leave, run, shm};
use test_support::{Name, Scratch, shown};

/// One of each kind: ESC and DEL, the eight-bit form of ESC [, two that turn the text, and two that
/// end a line or not.
const EVIL: &str = "\x1b\u{7f}\u{9b}\u{202e}\u{2067}\u{2028}\u{2029}";

#[track_caller]
fn expect_harmless(text: &str) {
    assert!(!text.is_empty());
    assert!(!text.contains(|c| EVIL.contains(c)), "{text:?}");
}

/// The first line, which has to be the JSON that it would be elsewhere.
#[track_caller]
fn record(text: &str) -> Value {
    let line = text.lines().next().expect("a line");
    serde_json::from_str(line).expect("it is JSON")
}

#[test]
fn messages_do_not_turn_the_text_of_a_terminal() {
    let name = Name::new();
    let message = format!("invoice {EVIL}gpj.exe");
    leave(&name, &["-m", &message], "");
    leave(&name, &["-m", &message], "");
    for command in ["peek", "tap", "reader"] {
        let from: &[&str] = match command {
            "tap" => &["--from", "oldest"],
            _ => &[],
        };
        let show = |more: &[&str]| {
            let args = [&[command, "-c", "1", name.as_str()], from, more].concat();
            shown(&mut shm(args))
        };
        let text = show(&[]);
        expect_harmless(&text);
        assert!(
            text.contains(r"invoice \x1b\x7f\xc2\x9b\xe2\x80\xae"),
            "{text:?}"
        );
        let json = show(&["--json"]);
        expect_harmless(&json);
        assert_eq!(record(&json)["data"]["text"], format!("{message}\n"));
    }
}

#[test]
fn names_do_not_turn_the_text_of_a_terminal() {
    let name = Name::new();
    let object = Scratch::object(&name, EVIL);
    let (evil, glob) = (object.text(), format!("{}*", name.as_str()));
    for args in [
        &["ls", &glob][..],
        &["stat", evil],
        &["rm", "--dry-run", evil],
        &["reader", "--timeout", "1ms", evil],
    ] {
        expect_harmless(&shown(&mut shm(args)));
    }
    for args in [["ls", "--json", &glob], ["stat", "--json", evil]] {
        let json = shown(&mut shm(args));
        expect_harmless(&json);
        assert_eq!(record(&json)["name"], evil);
    }
}

#[test]
fn errors_do_not_turn_the_text_wherever_they_go() {
    let name = Name::new();
    let absent = format!("{}{EVIL}", name.as_str());
    let slash = format!("a/{EVIL}");
    for args in [
        &["stat", &absent][..],
        &["rm", &absent],
        &["reader", "--classic", "--timeout", "1ms", &absent],
        &["stat", &slash],
        &["writer", "--slots", EVIL],
        &[EVIL],
    ] {
        let ended = run(args);
        assert!(!ended.status.success());
        expect_harmless(&ended.errors);
    }
}
