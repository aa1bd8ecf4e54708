//! The command line itself: names, exit statuses, help, and what a person at a terminal sees.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Stdio;

use test_support::shm::{
    in_namespace, leave, printed, reader, run, search_path, shm, with_small_dev_shm,
};
use test_support::{Name, Process, Scratch, Terminal, has, has_mount_namespaces};

#[test]
fn a_name_may_begin_with_a_slash_and_is_shown_without() {
    let name = Name::new();
    let with_slash = format!("/{}", name.as_str());
    leave(&name, &["-m", "hello"], "");
    assert_eq!(
        printed(["reader", &with_slash]),
        "hello
"
    );

    name.fill(b"foreign");
    let told = run(["reader", &with_slash]).errors;
    assert!(told.contains(&format!("\"{}\"", name.as_str())), "{told}");
    assert!(!told.contains(&with_slash), "{told}");
}

#[test]
fn the_environment_gives_the_name_unless_the_command_line_does() {
    let (ours, other) = (Name::new(), Name::new());
    let writer = |args: &[&str]| {
        let mut command = shm(["writer", "--keep", "-m", "hello"]);
        Process::spawn(command.args(args).env("SHM_NAME", ours.as_str())).wait_for_success(b"");
    };
    writer(&[]);
    assert!(ours.exists());
    writer(&[other.as_str()]);
    assert!(other.exists());
    let mut command = shm(["reader"]);
    let mut reader = Process::spawn(command.env("SHM_NAME", ours.as_str()));
    reader.wait_for_success(b"hello\n");
}

#[test]
fn a_bad_name_in_the_environment_is_told_as_such() {
    let not_utf8 = OsStr::from_bytes(b"shm-cli-test-\xff");
    for (bad, wrong) in [("a/b".as_ref(), "slash"), (not_utf8, "not UTF-8")] {
        let mut command = shm(["reader", "--timeout", "1ms"]);
        Process::spawn(command.env("SHM_NAME", bad))
            .finish()
            .expect_failure(2, &["$SHM_NAME: ", wrong]);
    }
}

#[test]
fn the_default_names_are_the_projects_and_the_lessons() {
    if !has_mount_namespaces() {
        return;
    }
    for (args, expected) in [(&[][..], "shm-mailbox\n"), (&["--classic"], "shm-file\n")] {
        // An empty variable is none.
        let script = "SHM_NAME= \"$0\" \"$@\"; ls /dev/shm";
        let args = [&["writer", "--keep"], args].concat();
        let ended = Process::spawn(&mut with_small_dev_shm("1m", script, &args)).finish();
        assert_eq!(ended.expect_code(0).text(), expected);
    }
}

#[test]
fn the_prompt_is_for_people_only() {
    let name = Name::new();
    leave(&name, &[], "");

    // Typed at a terminal: a line, then the end of the input.
    let shown = |errors_on_terminal: bool| {
        let mut terminal = Terminal::of_width(100);
        let mut command = shm(["writer", "--keep", name.as_str()]);
        command.stdin(terminal.stdio()).stdout(Stdio::piped());
        command.stderr(match errors_on_terminal {
            true => terminal.stdio(),
            false => Stdio::piped(),
        });
        let mut writer = Process::spawn_as_is(&mut command);
        drop(command);
        terminal.types("hello\n\x04");
        writer.wait_for_success(b"");
        terminal.finish()
    };
    assert!(shown(true).contains("? "));
    assert!(!shown(false).contains('?'));
    reader(&name, &[]).wait_for_success(b"hello\nhello\n");
}

#[test]
fn help_and_version_go_to_standard_output() {
    for args in [
        "--help",
        "-h",
        "--version",
        "writer --help",
        "reader -h",
        "help",
        "help reader",
    ] {
        assert!(!printed(args.split(' ')).is_empty(), "{args}");
    }
    assert!(printed(["--version"]).starts_with("shm "));
    assert_eq!(printed(["help", "reader"]), printed(["reader", "--help"]));
}

/// The flags that `-h` of each command has to name, and how many lines it may have.
const FLAGS: [(&str, &str, usize); 12] = [
    (
        "writer",
        "-m --oversize --drain --keep --timeout --receivers --senders --as",
        40,
    ),
    (
        "reader",
        "-c --timeout --no-wait --follow --json --receivers --senders --as --from",
        40,
    ),
    ("ls", "GLOB --all --stale --json -o -q --no-headings", 24),
    ("peek", "NAME --json -c", 24),
    (
        "tap",
        "NAME --from -c --timeout --follow --length-delimited --json",
        24,
    ),
    ("top", "GLOB --interval -n --json", 24),
    ("stat", "NAME --json", 24),
    ("rm", "NAME --stale --force --dry-run", 24),
    ("forget", "NAME LABEL --any-owner", 24),
    ("doctor", "--json", 24),
    ("completions", "", 24),
    ("man", "", 24),
];

/// The flags that writer and reader share.
const OF_BOTH: &str = "--classic --wait --interval --slots --mode --any-owner -0 --null --raw \
                       --length-delimited --progress --stats NAME";

#[test]
fn short_help_fits_a_screen_and_names_every_flag() {
    for (command, flags, most) in FLAGS {
        let (short, long) = (printed([command, "-h"]), printed([command, "--help"]));
        assert!(short.lines().count() <= most, "{command}: {short}");
        let widest = short.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{command}: {short}");
        let is_end = ["writer", "reader"].contains(&command);
        let more = if is_end { OF_BOTH } else { "" };
        for flag in flags.split_whitespace().chain(more.split_whitespace()) {
            assert!(short.contains(flag), "no {flag} in shm {command} -h");
            assert!(long.contains(flag), "no {flag} in shm {command} --help");
        }
    }
    assert!(printed(["-h"]).lines().count() <= 24);
}

#[test]
fn long_help_tells_the_exit_statuses() {
    for args in [
        &["--help"][..],
        &["writer", "--help"],
        &["reader", "--help"],
    ] {
        let help = printed(args);
        for status in [0, 1, 2, 3, 4, 5, 6, 7, 8, 124] {
            assert!(
                help.contains(&format!("\n  {status} ")),
                "no {status} in {args:?}"
            );
        }
    }
}

#[test]
fn the_help_and_the_page_of_the_program_have_an_example_and_the_environment() {
    for (args, examples, environment) in [
        ("--help", "\nExamples:\n", "\nEnvironment:\n"),
        ("man", "\n.SH EXAMPLES\n", "\n.SH ENVIRONMENT\n"),
    ] {
        let help = printed([args]);
        for told in [
            examples,
            environment,
            "shm writer orders",
            "SHM_NAME",
            "124  timed out",
        ] {
            assert!(help.contains(told), "{args}: no {told:?} in {help}");
        }
    }
}

#[test]
fn long_help_tells_what_short_help_has_no_room_for() {
    let help = printed(["writer", "--help"]);
    // Wherever the lines are broken.
    let words: Vec<_> = help.split_whitespace().collect();
    let help = words.join(" ");
    for told in [
        "split, or error",
        "exits with status 8",
        "With --group the default is 0660",
    ] {
        assert!(help.contains(told), "no {told:?} in: {help}");
    }
}

/// The lines of the help that a user would copy into a shell.
fn examples(command: &str) -> Vec<String> {
    let help = printed([command, "--help"]);
    let (_, after) = help.split_once("Examples:\n").expect("there are examples");
    let examples = after
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with(' '));
    examples
        .filter(|line| line.starts_with("    "))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn the_examples_of_the_help_run() {
    if !has_mount_namespaces() {
        return;
    }
    let folder = Scratch::folder("examples");
    // The operators' examples are about a mailbox that is there.
    let there = "shm writer --keep -m hello orders";
    let label = "{ shm reader --as billing --timeout 0s ticks; [ $? = 124 ]; }";
    let commands = [
        "writer", "reader", "ls", "stat", "peek", "tap", "top", "rm", "forget", "doctor",
    ];
    // All of them first: what is wrong with the help must not leave half of them running.
    let examples = commands.map(|command| (command, examples(command)));
    let mut running = Vec::new();
    for (command, examples) in examples {
        let is_end = ["writer", "reader"].contains(&command);
        let setup = match command {
            "forget" => label,
            _ if is_end => "true",
            _ => there,
        };
        for example in examples {
            assert!(example.contains("shm "), "{example}");
            let helpers = ["jq", "watch"].into_iter();
            let mut helpers = helpers.filter(|helper| example.contains(helper));
            if helpers.any(|helper| !has(helper, helper, &["--version"])) {
                continue;
            }
            // Most would wait for a peer: one that still runs after a moment was understood.
            let run = "exec timeout 0.5 sh -c \"$1\"";
            let script = format!("mount -t tmpfs tmpfs /dev/shm && {setup} && {run}");
            let mut command = in_namespace(&script, &[&example]);
            command
                .env("PATH", search_path())
                .current_dir(folder.path());
            running.push((Process::spawn(&mut command), example));
        }
    }
    assert!(running.len() >= 12, "{} examples", running.len());
    for (process, example) in &mut running {
        let ended = process.finish();
        let code = ended.status.code();
        // 124: `timeout` ended it. 6: the messages of the example were not taken in time.
        assert!(
            matches!(code, Some(0 | 6 | 124)),
            "{example}: {code:?}: {}",
            ended.errors
        );
    }
}
