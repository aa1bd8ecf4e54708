//! Every message of the command with the situation that causes it, made for real: what, which
//! object, the system's reason, and one next step.
//!
//! The situations stand in the text files beside this one: after `==` what the situation is, after
//! `$` how it comes about, in the words of [`WORDS`], then standard error, where `…` stands for a
//! number, and the exit status. What only a program can cause, since the command never asks for it,
//! stands in the unit tests of the library's errors.

use std::process::Command;

use test_support::shm::PublicProgram;
use test_support::{Process, has};

/// Attaching to an object, passing messages, managing objects; all that on a bus.
const FILES: [&str; 4] = [
    include_str!("attaching.txt"),
    include_str!("passing.txt"),
    include_str!("operating.txt"),
    include_str!("bus.txt"),
];

/// A message and what causes it.
struct Situation {
    when: &'static str,
    script: &'static str,
    says: Vec<&'static str>,
    code: i32,
}

fn all() -> Vec<Situation> {
    let texts = FILES.iter().flat_map(|file| file.split("\n== ").skip(1));
    texts.map(Situation::parse).collect()
}

/// What the scripts are made of. Each has a `/dev/shm` of its own, with room for a megabyte and six
/// names.
const WORDS: &str = r#"
mount -t tmpfs -o size=1m,nr_inodes=7,mode=1777 tmpfs /dev/shm
shm() { "$0" "$@"; }
nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$0" "$@"; }
# A program that holds x.
hold() { sleep 100 | "$0" "$@" > /dev/null & until "$0" ls x | grep -q alive; do :; done; }
kill_holder() {
    kill -9 $("$0" stat --json x | sed 's/.*"writer":{"state":"alive","pid":\([0-9]*\).*/\1/')
    until "$0" ls x | grep -q dead; do :; done
}
# Bytes at an offset of x.
put() { printf "$2" | dd of=/dev/shm/x bs=1 seek=$1 conv=notrunc status=none; }
# As soon as somebody holds x.
later() { { until "$0" ls x | grep -q alive; do :; done; "$@"; } > /dev/null & }
"#;

impl Situation {
    fn parse(text: &'static str) -> Self {
        let mut lines = text.trim_end().lines();
        let mut next = |start: &str| {
            let line = lines.next().and_then(|line| line.strip_prefix(start));
            line.unwrap_or_else(|| panic!("no {start:?} where it should be: {text}"))
        };
        let (when, script) = (next(""), next("$ "));
        let mut says: Vec<_> = lines.collect();
        let exit = says.pop().and_then(|line| line.strip_prefix("exit "));
        let code = exit.and_then(|code| code.parse().ok());
        Self {
            when,
            script,
            says,
            code: code.unwrap_or_else(|| panic!("no exit status at the end: {text}")),
        }
    }

    /// What is wrong; nothing if it is as expected.
    fn check(&self, program: &PublicProgram) -> Option<String> {
        // All that the script starts ends with it.
        let mut command = Command::new("unshare");
        command
            .args(["-m", "-p", "-f", "--kill-child", "--mount-proc"])
            .args(["bash", "-c", &format!("{WORDS}{}", self.script)])
            .arg(program.path())
            .env_remove("SHM_NAME")
            .env("LC_ALL", "C");
        let ended = Process::spawn(&mut command).finish();
        let lines: Vec<_> = ended.errors.lines().collect();
        let same = lines.len() == self.says.len()
            && lines
                .iter()
                .zip(&self.says)
                .all(|(line, says)| matches(line, says));
        (!same || ended.status.code() != Some(self.code)).then(|| {
            let expected = self.says.join("\n");
            let (found, code) = (&ended.errors, self.code);
            format!(
                "{}: expected {code}:\n{expected}\nfound {}:\n{found}\n",
                self.when, ended.status
            )
        })
    }

    /// Whether it tells what to do: on a line of its own, or behind a semicolon.
    fn has_next_step(&self) -> bool {
        self.says
            .iter()
            .any(|line| line.starts_with("  next: ") || line.contains("; "))
    }
}

/// Whether a line is what it should be, where `…` stands for digits.
fn matches(line: &str, expected: &str) -> bool {
    let Some((before, after)) = expected.split_once('…') else {
        return line == expected;
    };
    line.strip_prefix(before).is_some_and(|rest| {
        let rest = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        matches(rest, after)
    })
}

#[test]
fn every_situation_has_its_message_and_its_exit_status() {
    let namespaces = "-m -p -f --mount-proc setpriv --clear-groups true";
    let namespaces: Vec<_> = namespaces.split(' ').collect();
    let what = "root, for namespaces and another user";
    if !has(what, "unshare", &namespaces) {
        return;
    }
    let program = PublicProgram::new();
    let situations = all();
    // Two at a time: each waits for processes most of the time.
    let half = situations.len() / 2;
    let check = |part: &[Situation]| -> Vec<String> {
        part.iter()
            .filter_map(|situation| situation.check(&program))
            .collect()
    };
    let problems = std::thread::scope(|scope| {
        let first = scope.spawn(|| check(&situations[..half]));
        let mut problems = check(&situations[half..]);
        problems.extend(first.join().expect("no check panics"));
        problems
    });
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_error_tells_what_to_do_next() {
    for situation in all().iter().filter(|situation| situation.code != 0) {
        assert!(
            situation.has_next_step(),
            "{}: {:?}",
            situation.when,
            situation.says
        );
        assert!(situation.says[0].starts_with("shm: "), "{}", situation.when);
    }
}

#[test]
fn no_two_situations_have_the_same_words() {
    let mut whens: Vec<_> = all().iter().map(|situation| situation.when).collect();
    let count = whens.len();
    whens.sort_unstable();
    whens.dedup();
    assert_eq!(whens.len(), count);
    assert!(count > 50, "{count}");
}
