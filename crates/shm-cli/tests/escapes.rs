//! Characters that turn the text around, end a line or control a terminal are escaped wherever a terminal shows them.

mod support;

use std::path::{Path, PathBuf};

use support::terminal::shown;
use support::{Name, Process, shm, writer};

/// One of each kind: the eight-bit form of ESC [, two that turn the text, and the two that end a line or not.
const EVIL: [char; 5] = ['\u{9b}', '\u{202e}', '\u{2067}', '\u{2028}', '\u{2029}'];

fn evil() -> String {
    EVIL.iter().collect()
}

#[track_caller]
fn expect_harmless(text: &str) {
    assert!(!text.is_empty());
    assert!(!text.contains(EVIL), "{text:?}");
}

/// An object of another program with an evil name, which is gone afterwards.
struct Object(PathBuf, String);

impl Object {
    fn new(name: &Name) -> Self {
        let evil = format!("{}{}", name.as_str(), evil());
        let path = Path::new("/dev/shm").join(&evil);
        std::fs::write(&path, b"foreign").expect("an object can be made");
        Self(path, evil)
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn messages_do_not_turn_the_text_of_a_terminal() {
    let name = Name::new();
    let message = format!("invoice {}gpj.exe", evil());
    for args in [&["reader"][..], &["reader", "--json"]] {
        writer(&name, &["--keep", "-m", &message])
            .finish()
            .expect_code(0);
        let text = shown(shm(args).arg(name.as_str()));
        expect_harmless(&text);
        if args.contains(&"--json") {
            let line = text.lines().next().expect("a line");
            let record: serde_json::Value = serde_json::from_str(line).expect("it is JSON");
            assert_eq!(record["data"]["text"], format!("{message}\n"));
        } else {
            assert!(text.contains(r"invoice \xc2\x9b\xe2\x80\xae"), "{text:?}");
        }
    }
}

#[test]
fn names_do_not_turn_the_text_of_a_terminal() {
    let name = Name::new();
    let Object(_, evil) = &Object::new(&name);
    let glob = format!("{}*", name.as_str());
    for args in [
        &["ls", &glob][..],
        &["ls", "--json", &glob],
        &["stat", evil],
        &["stat", "--json", evil],
        &["rm", "--dry-run", evil],
        &["reader", "--timeout", "1ms", evil],
    ] {
        expect_harmless(&shown(&mut shm(args)));
    }
}

#[test]
fn errors_do_not_turn_the_text_wherever_they_go() {
    let name = Name::new();
    let absent = format!("{}{}", name.as_str(), evil());
    let slash = format!("a/{}", evil());
    for args in [
        &["stat", &absent][..],
        &["rm", &absent],
        &["stat", &slash],
        &["writer", "--slots", &evil()],
        &[&evil()],
    ] {
        let ended = Process::spawn(&mut shm(args)).finish();
        assert!(!ended.status.success());
        expect_harmless(&ended.errors);
    }
}
