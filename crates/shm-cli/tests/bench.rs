//! `shm bench` as a real process: it measures, says so in every format, and leaves nothing, however it ends.

mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{ENDING_SIGNALS, Process, SHM, both_cores, has_mount_namespaces, shm, skip, until};

/// The smallest form: two ways of waiting, and no more messages than are needed.
const SMALLEST: [&str; 6] = [
    "bench",
    "--wait",
    "spin,block",
    "--duration",
    "20ms",
    "--no-lesson",
];

/// One that goes on until it is stopped.
const LONG: [&str; 6] = [
    "bench",
    "--wait",
    "block",
    "--duration",
    "10m",
    "--no-lesson",
];

fn bench(arguments: &[&str]) -> Process {
    Process::spawn(&mut shm(arguments))
}

/// Objects of the benchmark that this process runs.
fn objects(process: &Process) -> Vec<PathBuf> {
    let prefix = format!("shm-bench-{}-", process.pid());
    let files = fs::read_dir("/dev/shm").expect("Linux shows the objects there");
    files
        .flatten()
        .filter(|file| file.file_name().to_string_lossy().starts_with(&prefix))
        .map(|file| file.path())
        .collect()
}

#[track_caller]
fn wait_for_both_objects(process: &Process) {
    until("both objects are there", || objects(process).len() == 2);
}

/// A file that is gone afterwards.
struct File(PathBuf);

impl File {
    fn new(extension: &str) -> Self {
        let name = support::object::unique("shm-bench-test");
        Self(std::env::temp_dir().join(format!("{name}.{extension}")))
    }

    fn option(&self, option: &str) -> String {
        format!("{option}={}", self.0.display())
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).expect("it was written")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[test]
fn the_figures_come_as_table_json_csv_and_picture() {
    let _cores = both_cores();
    let (json, csv, svg) = (File::new("json"), File::new("csv"), File::new("svg"));
    let options = [
        json.option("--json"),
        csv.option("--csv"),
        svg.option("--svg"),
    ];
    let mut command = shm(SMALLEST);
    let mut bench = Process::spawn(command.args(&options));
    bench.wait().expect_code(0).expect_quiet();
    assert!(objects(&bench).is_empty());

    let table = String::from_utf8(bench.output()).expect("text");
    assert!(table.contains("messages/s"), "{table}");

    let json: Value = serde_json::from_str(&json.text()).expect("valid JSON");
    let rows = json["rows"].as_array().expect("rows");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(names, ["spin", "block"]);
    for row in rows {
        assert_eq!(row["sparse"]["one_way"]["samples"], 32, "{row}");
        for figure in [
            &row["sparse"]["one_way"]["p50_ns"],
            &row["round_trip"]["p50_ns"],
            &row["stream"]["messages_per_second"],
            &row["sparse"]["receiver"]["cpu_percent"],
        ] {
            assert!(figure.as_f64().is_some_and(|figure| figure > 0.0), "{row}");
        }
    }

    let csv = csv.text();
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns.len(), 3, "{csv}");
    assert!(columns.iter().all(|count| *count == columns[0]), "{csv}");

    let svg = svg.text();
    assert!(
        svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
        "{svg}"
    );
    assert!(svg.contains(">spin<") && svg.contains(">block<"), "{svg}");
}

#[test]
fn every_form_of_the_figures_says_that_the_machine_was_busy() {
    if !has_mount_namespaces() {
        return;
    }
    let _cores = both_cores();
    let (json, csv, svg) = (File::new("json"), File::new("csv"), File::new("svg"));
    let options = [
        json.option("--json"),
        csv.option("--csv"),
        svg.option("--svg"),
    ];
    let load = File::new("load");
    fs::write(&load.0, "3.40 1.00 1.00 2/100 1\n").expect("it can be written");
    let script = "mount --bind \"$0\" /proc/loadavg && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script]).arg(&load.0);
    let mut bench = Process::spawn(command.arg(SHM).args(SMALLEST).args(&options));
    let ended = bench.wait().expect_code(0);
    let note = "the machine was busy before it began (load 3.4 on ";
    let table = String::from_utf8(ended.output).expect("text");
    assert!(table.contains(&format!("Note: {note}")), "{table}");
    let json: Value = serde_json::from_str(&json.text()).expect("valid JSON");
    let told = json["notes"][0].as_str();
    assert!(told.is_some_and(|told| told.starts_with(note)), "{json}");
    let csv = csv.text();
    assert!(csv.lines().skip(1).all(|line| line.contains(note)), "{csv}");
    assert!(svg.text().contains(note));
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_measured() {
    let nowhere = "/nowhere/figures";
    for option in ["--csv", "--svg"] {
        let json = File::new("json");
        let mut command = shm(["bench", "--duration", "1h"]);
        command.args([json.option("--json"), format!("{option}={nowhere}")]);
        Process::spawn(&mut command)
            .wait()
            .expect_code(1)
            .expect_output(b"")
            .expect_errors(&[nowhere, "No such file", "next: "]);
        assert!(!json.0.exists(), "an empty file is left");
    }
}

#[test]
fn what_a_file_holds_is_replaced_only_by_figures() {
    let _cores = both_cores();
    let csv = File::new("csv");
    let before = "x".repeat(100_000);
    fs::write(&csv.0, &before).expect("it can be written");
    let mut command = shm(["bench", "--svg=/nowhere/figures"]);
    let mut bench = Process::spawn(command.arg(csv.option("--csv")));
    bench.wait().expect_code(1);
    assert_eq!(csv.text(), before);
    let mut command = shm(SMALLEST);
    let mut bench = Process::spawn(command.arg(csv.option("--csv")));
    bench.wait().expect_code(0).expect_quiet();
    assert_eq!(csv.text().lines().count(), 3);
}

#[test]
fn json_takes_the_place_of_the_table() {
    let _cores = both_cores();
    let arguments = [
        &SMALLEST[..],
        &["--json", "--pin", "none", "--size", "1024"],
    ]
    .concat();
    let mut bench = bench(&arguments);
    bench.wait().expect_code(0).expect_quiet();
    let json: Value = serde_json::from_slice(&bench.output()).expect("only JSON");
    assert_eq!(json["schema"], 1);
    assert_eq!(json["settings"]["pin"], "none");
    assert_eq!(json["settings"]["size"], 1024);
}

#[test]
fn the_lessons_layout_is_measured_too() {
    let _cores = both_cores();
    let mut bench = bench(&[
        "bench",
        "--wait",
        "poll",
        "--interval",
        "10us",
        "--classic",
        "--duration",
        "10ms",
        "--json",
    ]);
    // A busy machine may make the lesson's messages late, which it then says.
    bench.wait();
    let json: Value = serde_json::from_slice(&bench.output()).expect("only JSON");
    let rows = json["rows"].as_array().expect("rows");
    let names: Vec<&str> = rows.iter().filter_map(|row| row["name"].as_str()).collect();
    assert_eq!(
        names,
        ["poll/10us", "classic/poll/10us", "classic/poll/100ms"]
    );
    let rate = rows[2]["stream"]["messages_per_second"].as_f64();
    assert!(rate.is_some_and(|rate| rate < 11.0), "{rate:?}");
}

#[test]
fn an_interrupted_benchmark_leaves_nothing() {
    for signal in ENDING_SIGNALS {
        let mut bench = bench(&LONG);
        wait_for_both_objects(&bench);
        bench.signal(signal);
        bench.wait().expect_signal(signal).expect_quiet();
        assert!(objects(&bench).is_empty());
    }
}

#[test]
fn a_killed_benchmark_leaves_nothing() {
    let mut bench = bench(&LONG);
    wait_for_both_objects(&bench);
    bench.kill();
    until("the peer has cleaned up", || objects(&bench).is_empty());
}

#[test]
fn a_killed_benchmark_leaves_no_process_in_whatever_it_is_doing() {
    let _cores = both_cores();
    for wait in ["spin", "block", "poll"] {
        for milliseconds in [0, 40, 150] {
            let arguments = [
                "bench",
                "--wait",
                wait,
                "--interval",
                "100ms",
                "--duration",
                "50ms",
            ];
            let mut bench = bench(&arguments);
            wait_for_both_objects(&bench);
            let Some(peer) = peer(&bench) else {
                return bench.kill();
            };
            // Some way into its work.
            std::thread::sleep(Duration::from_millis(milliseconds));
            bench.kill();
            until("the peer has ended", || is_gone(peer));
            until("its objects, too", || objects(&bench).is_empty());
        }
    }
}

/// The process that a benchmark has started.
fn peer(bench: &Process) -> Option<Pid> {
    let pid = bench.pid();
    let mut peer = None;
    let mut is_told = true;
    until("it has started its peer", || {
        match fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) {
            Ok(children) => {
                let mut children = children.split_whitespace();
                peer = children
                    .next()
                    .and_then(|child| Pid::from_raw(child.parse().ok()?));
                peer.is_some()
            }
            Err(_) => {
                is_told = false;
                true
            }
        }
    });
    if !is_told {
        skip("a kernel that tells of children");
    }
    peer
}

/// Whether a process has ended, though perhaps nobody has asked how.
fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.map_or(true, |stat| {
        stat.rsplit(") ")
            .next()
            .is_some_and(|rest| rest.starts_with('Z'))
    })
}

#[test]
fn a_killed_peer_ends_the_benchmark_with_an_error() {
    let mut bench = bench(&LONG);
    wait_for_both_objects(&bench);
    let Some(peer) = peer(&bench) else {
        return bench.kill();
    };
    kill_process(peer, Signal::KILL).expect("it is there");
    bench.wait().expect_code(6).expect_errors(&["died"]);
    assert!(objects(&bench).is_empty());
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &["--wait", "patiently"][..],
        &["--interval", "5"],
        &["--size", "9"],
        &["--duration", "1ns"],
        &["--duration", "999us"],
        &["--size", "1025"],
        &["--slots", "3"],
        &["--pin", "elsewhere"],
        &["--json", "--csv"],
        &["--no-lesson", "--classic"],
    ] {
        let arguments = [&["bench"], arguments].concat();
        bench(&arguments).wait().expect_code(2).expect_output(b"");
    }
}
