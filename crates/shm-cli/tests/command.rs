//! The command line itself: names, exit statuses, help, and what a person at a terminal sees.

mod support;

use std::ffi::OsStr;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use support::terminal::Terminal;
use support::{
    Name, Process, SHM, has_mount_namespaces, reader, shm, shm_with_small_dev_shm, writer,
};

/// Runs `shm ARGS` to its end.
fn run(args: &[&str]) -> Output {
    shm(args).output().expect("the program runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("messages for people are UTF-8")
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_wrong() {
    let cases: [(&[&str], &str); 23] = [
        (&[], "Usage"),
        (&["wrter"], "writer"),
        (&["writer", "--no-such-flag"], "--no-such-flag"),
        (&["writer", "one", "two"], "two"),
        (&["writer", "a/b"], "a/b"),
        (&["writer", ".."], ".."),
        (&["writer", ""], "name"),
        (&["writer", "x", "--slots", "3"], "3"),
        (&["writer", "x", "--slots", "0"], "0"),
        (&["writer", "x", "--mode", "rw"], "rw"),
        (&["writer", "x", "--wait", "patiently"], "patiently"),
        (&["writer", "x", "--wait", "poll", "--interval", "5"], "5"),
        (&["writer", "x", "--raw", "-0"], "--raw"),
        (&["writer", "x", "--keep", "--drain", "1s"], "--keep"),
        (&["reader", "x", "-c", "many"], "many"),
        (&["reader", "x", "--timeout", "soon"], "soon"),
        (&["ls", "[a-"], "GLOB"),
        (&["ls", "--all", "--stale"], "--stale"),
        (&["rm"], "NAME"),
        (&["rm", "--stale", "x"], "--stale"),
        (&["rm", "a/b"], "a/b"),
        (&["doctor", "x"], "x"),
        (&["completions", "tcsh"], "tcsh"),
    ];
    for (args, expected) in cases {
        let output = run(args);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{args:?}: {}",
            text(&output.stderr)
        );
        assert!(output.stdout.is_empty(), "{args:?}");
        assert!(
            text(&output.stderr).contains(expected),
            "{args:?}: {}",
            text(&output.stderr)
        );
    }
}

#[test]
fn a_name_may_begin_with_a_slash_and_is_shown_without() {
    let name = Name::new();
    let with_slash = format!("/{}", name.as_str());
    writer(&name, &["--keep", "-m", "hello"])
        .wait()
        .expect_code(0);
    let mut command = shm(["reader", &with_slash]);
    Process::spawn(&mut command)
        .wait()
        .expect_code(0)
        .expect_output(b"hello\n");

    name.fill(b"foreign");
    let output = run(&["reader", &with_slash]);
    assert!(text(&output.stderr).contains(&format!("\"{}\"", name.as_str())));
    assert!(!text(&output.stderr).contains(&with_slash));
}

#[test]
fn the_environment_gives_the_name_unless_the_command_line_does() {
    let (ours, other) = (Name::new(), Name::new());
    let writer = |args: &[&str]| {
        let mut command = shm(["writer", "--keep", "-m", "hello"]);
        Process::spawn(command.args(args).env("SHM_NAME", ours.as_str()))
            .wait()
            .expect_code(0)
    };
    writer(&[]);
    assert!(ours.exists());
    writer(&[other.as_str()]);
    assert!(other.exists());
    let mut command = shm(["reader"]);
    let mut reader = Process::spawn(command.env("SHM_NAME", ours.as_str()));
    reader.wait().expect_code(0).expect_output(b"hello\n");
}

#[test]
fn a_bad_name_in_the_environment_is_told_as_such() {
    let not_utf8 = OsStr::from_bytes(b"shm-cli-test-\xff");
    for (bad, wrong) in [("a/b".as_ref(), "slash"), (not_utf8, "not UTF-8")] {
        let mut command = shm(["reader", "--timeout", "1ms"]);
        Process::spawn(command.env("SHM_NAME", bad))
            .finish()
            .expect_code(2)
            .expect_errors(&["$SHM_NAME: ", wrong]);
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
        Process::spawn(&mut shm_with_small_dev_shm("1m", script, &args))
            .finish()
            .expect_code(0)
            .expect_output(expected.as_bytes());
    }
}

#[test]
fn the_prompt_is_for_people_only() {
    let name = Name::new();
    writer(&name, &["--keep"])
        .finish()
        .expect_code(0)
        .expect_quiet()
        .expect_output(b"");

    // Typed at a terminal: a line, then the end of the input.
    let shown = |errors_on_terminal: bool| {
        let terminal = Terminal::open();
        let mut command = shm(["writer", "--keep", name.as_str()]);
        command.stdin(terminal.stdio()).stdout(Stdio::piped());
        command.stderr(if errors_on_terminal {
            terminal.stdio()
        } else {
            Stdio::piped()
        });
        let mut writer = Process::spawn_as_is(&mut command);
        drop(command);
        terminal
            .screen()
            .write_all(b"hello\n\x04")
            .expect("the terminal takes it");
        let ended = writer
            .wait()
            .expect_code(0)
            .expect_output(b"")
            .expect_quiet();
        drop(ended);
        terminal.finish()
    };
    assert!(shown(true).contains("? "));
    assert!(!shown(false).contains('?'));
    reader(&name, &[])
        .wait()
        .expect_code(0)
        .expect_output(b"hello\nhello\n");
}

#[test]
fn an_input_that_cannot_be_read_is_an_error() {
    let name = Name::new();
    let folder = std::fs::File::open("/").expect("there is a root");
    let output = shm(["writer", name.as_str()])
        .stdin(folder)
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("Is a directory"),
        "{}",
        text(&output.stderr)
    );
    assert!(!name.exists(), "nothing was queued, so nothing is left");
}

#[test]
fn help_and_version_go_to_standard_output() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["--version"],
        &["writer", "--help"],
        &["reader", "-h"],
        &["help"],
        &["help", "reader"],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(
            !output.stdout.is_empty() && output.stderr.is_empty(),
            "{args:?}"
        );
    }
    assert!(text(&run(&["--version"]).stdout).starts_with("shm "));
    let asked = [&["help", "reader"], &["reader", "--help"]].map(|args| run(args).stdout);
    assert_eq!(text(&asked[0]), text(&asked[1]));
}

#[test]
fn short_help_fits_a_screen_and_names_every_flag() {
    let both = [
        "--classic",
        "--wait",
        "--interval",
        "--slots",
        "--mode",
        "--any-owner",
        "-0",
        "--null",
        "--raw",
        "--length-delimited",
        "--progress",
        "--stats",
        "NAME",
    ];
    let writer = ["-m", "--oversize", "--drain", "--keep", "--timeout"];
    let reader = ["-c", "--timeout", "--no-wait", "--follow", "--json"];
    for (command, own) in [("writer", writer), ("reader", reader)] {
        let short = run(&[command, "-h"]);
        let short = text(&short.stdout);
        assert!(
            short.lines().count() <= 40,
            "{} lines",
            short.lines().count()
        );
        assert!(
            short.lines().all(|line| line.chars().count() <= 100),
            "{short}"
        );
        let long = run(&[command, "--help"]);
        for flag in both.iter().chain(&own) {
            assert!(short.contains(flag), "no {flag} in shm {command} -h");
            assert!(
                text(&long.stdout).contains(flag),
                "no {flag} in shm {command} --help"
            );
        }
    }
    let others = [
        (
            "ls",
            &[
                "GLOB",
                "--all",
                "--stale",
                "--json",
                "-o",
                "-q",
                "--no-headings",
            ][..],
        ),
        ("peek", &["NAME", "--json", "-c"]),
        ("doctor", &["--json"]),
        ("stat", &["NAME", "--json"]),
        ("rm", &["NAME", "--stale", "--force", "--dry-run"]),
    ];
    for (command, flags) in others {
        let help = run(&[command, "-h"]);
        for flag in flags {
            assert!(
                text(&help.stdout).contains(flag),
                "no {flag} in shm {command} -h"
            );
        }
    }
    for command in [
        "",
        "ls",
        "stat",
        "peek",
        "rm",
        "doctor",
        "completions",
        "man",
    ] {
        let args = [command, "-h"];
        let help = run(&args[usize::from(command.is_empty())..]);
        assert!(text(&help.stdout).lines().count() <= 24, "{command}");
    }
}

#[test]
fn long_help_tells_the_exit_statuses() {
    for args in [
        &["--help"][..],
        &["writer", "--help"],
        &["reader", "--help"],
    ] {
        let help = run(args);
        for status in ["0", "1", "2", "3", "4", "5", "6", "7", "8", "124"] {
            let line = format!("\n  {status} ");
            assert!(
                text(&help.stdout).contains(&line),
                "no {status} in {args:?}"
            );
        }
    }
}

#[test]
fn the_help_and_the_page_of_the_program_have_an_example_and_the_environment() {
    for (args, examples, environment) in [
        (["--help"].as_slice(), "\nExamples:\n", "\nEnvironment:\n"),
        (&["man"], "\n.SH EXAMPLES\n", "\n.SH ENVIRONMENT\n"),
    ] {
        let help = run(args);
        let help = text(&help.stdout);
        for told in [
            examples,
            environment,
            "shm writer orders",
            "SHM_NAME",
            "124  timed out",
        ] {
            assert!(help.contains(told), "{args:?}: no {told:?} in {help}");
        }
    }
}

#[test]
fn long_help_tells_what_short_help_has_no_room_for() {
    let help = run(&["writer", "--help"]);
    let help = text(&help.stdout);
    // Wherever the lines are broken.
    let words: Vec<_> = help.split_whitespace().collect();
    let help = words.join(" ");
    for told in [
        "split, or error",
        "the exit status is 8",
        "With --group the default is 0660",
    ] {
        assert!(help.contains(told), "no {told:?} in: {help}");
    }
}

/// The lines of the help that a user would copy into a shell.
fn examples(command: &str) -> Vec<String> {
    let help = run(&[command, "--help"]);
    let (_, after) = text(&help.stdout)
        .split_once("Examples:\n")
        .expect("there are examples");
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
    let folder =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("examples-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    let programs = Path::new(SHM).parent().expect("it is in a folder");
    let path = format!(
        "{}:{}",
        programs.display(),
        std::env::var("PATH").expect("there is a PATH")
    );
    let mut running = Vec::new();
    // The operators' examples are about a mailbox that is there.
    let [ends, operators] = [
        ("true", &["writer", "reader"][..]),
        (
            "shm writer --keep -m hello orders",
            &["ls", "stat", "peek", "rm", "doctor"],
        ),
    ]
    .map(|(setup, commands)| commands.iter().map(move |command| (setup, *command)));
    let examples = ends.chain(operators).flat_map(|(setup, command)| {
        let examples = examples(command).into_iter();
        examples.map(move |example| (setup, example))
    });
    // All of them first: what is wrong with the help must not leave half of them running.
    let examples: Vec<_> = examples.collect();
    for (setup, example) in examples {
        assert!(example.contains("shm "), "{example}");
        let helper = ["jq", "watch"]
            .into_iter()
            .find(|helper| example.contains(helper));
        if helper.is_some_and(|helper| !support::has(helper, helper, &["--version"])) {
            continue;
        }
        // Most would wait for a peer: one that still runs after a moment was understood.
        let script =
            format!("mount -t tmpfs tmpfs /dev/shm && {setup} && exec timeout 0.5 sh -c \"$0\"");
        let mut command = Command::new("unshare");
        command
            .args(["-m", "sh", "-c", &script, &example])
            .env("PATH", &path)
            .current_dir(&folder);
        running.push((Process::spawn(command.env_remove("SHM_NAME")), example));
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
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}
