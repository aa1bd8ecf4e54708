//! `shm bench` as a real process: it measures, says so in every format, and leaves nothing, however it ends.

mod support;

use std::fs;
use std::path::PathBuf;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{ENDING_SIGNALS, Process, both_cores, shm, skip, until};

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
fn a_killed_peer_ends_the_benchmark_with_an_error() {
    let mut bench = bench(&LONG);
    wait_for_both_objects(&bench);
    let pid = bench.pid();
    let Ok(children) = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")) else {
        skip("a kernel that tells of children");
        return bench.kill();
    };
    let peer = children.trim().parse().ok().and_then(Pid::from_raw);
    kill_process(peer.expect("one child"), Signal::KILL).expect("it is there");
    bench.wait().expect_code(6).expect_errors(&["died"]);
    assert!(objects(&bench).is_empty());
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &["--wait", "patiently"][..],
        &["--interval", "5"],
        &["--size", "9"],
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
