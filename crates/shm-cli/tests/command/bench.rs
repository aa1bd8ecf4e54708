//! `shm bench` as a real process: it measures, says so in every format, and leaves nothing, however
//! it ends.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::kill;
use nix::unistd::Pid;
use serde_json::Value;
use test_support::shm::{ENDING_SIGNALS, in_namespace, run, shm};
use test_support::{Process, Scratch, Signal, both_cores, has_mount_namespaces, until};

/// The smallest form: two ways of waiting, and no more messages than are needed.
const SMALLEST: &str = "bench --wait spin,block --duration 20ms --no-original";

/// One that goes on until it is stopped.
const LONG: &str = "bench --wait block --duration 10m --no-original";

fn bench(line: &str) -> Command {
    shm(line.split(' '))
}

/// Starts it, and waits until both of its objects are there.
#[track_caller]
fn start(line: &str) -> Process {
    let bench = Process::spawn(&mut bench(line));
    until("both objects are there", || objects(&bench).len() == 2);
    bench
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

/// One file for each form of the figures.
struct Figures([Scratch; 3]);

impl Figures {
    fn new() -> Self {
        Self(["json", "csv", "svg"].map(Scratch::new))
    }

    /// The options that ask for them.
    fn options(&self) -> [String; 3] {
        let [json, csv, svg] = self.0.each_ref().map(|file| file.path().display());
        [
            format!("--json={json}"),
            format!("--csv={csv}"),
            format!("--svg={svg}"),
        ]
    }

    fn read(&self) -> (Value, String, String) {
        let [json, csv, svg] = self.0.each_ref().map(read);
        (serde_json::from_str(&json).expect("valid JSON"), csv, svg)
    }
}

fn read(file: &Scratch) -> String {
    fs::read_to_string(file.path()).expect("it was written")
}

/// The names of the rows.
fn names(json: &Value) -> Vec<&str> {
    let rows = json["rows"].as_array().expect("rows");
    rows.iter().filter_map(|row| row["name"].as_str()).collect()
}

#[test]
fn the_figures_come_as_table_json_csv_and_picture() {
    let _cores = both_cores();
    let figures = Figures::new();
    let mut bench = Process::spawn(bench(SMALLEST).args(figures.options()));
    let table = bench.wait().expect_code(0).expect_quiet().text();
    assert!(objects(&bench).is_empty());
    assert!(table.contains("messages/s"), "{table}");

    let (json, csv, svg) = figures.read();
    assert_eq!(names(&json), ["spin", "block"]);
    for row in json["rows"].as_array().expect("rows") {
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
    let columns: Vec<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(columns.len(), 3, "{csv}");
    assert!(columns.iter().all(|count| *count == columns[0]), "{csv}");
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
    let (figures, load) = (Figures::new(), Scratch::new("load"));
    fs::write(load.path(), "3.40 1.00 1.00 2/100 1\n").expect("it can be written");
    let script = "mount --bind \"$1\" /proc/loadavg && shift && exec \"$0\" \"$@\"";
    let mut command = in_namespace(script, &[load.path().to_str().expect("UTF-8")]);
    command.args(SMALLEST.split(' ')).args(figures.options());
    let table = Process::spawn(&mut command).finish().expect_code(0).text();
    let note = "the machine was busy before it began (load 3.4 on ";
    assert!(table.contains(&format!("Note: {note}")), "{table}");
    let (json, csv, svg) = figures.read();
    let told = json["notes"][0].as_str();
    assert!(told.is_some_and(|told| told.starts_with(note)), "{json}");
    assert!(csv.lines().skip(1).all(|line| line.contains(note)), "{csv}");
    assert!(svg.contains(note));
}

#[test]
fn a_file_that_cannot_be_written_is_told_before_anything_is_measured() {
    let nowhere = "/nowhere/figures";
    for option in ["--csv", "--svg"] {
        let json = Scratch::new("json");
        let options = [
            format!("--json={}", json.path().display()),
            format!("{option}={nowhere}"),
        ];
        Process::spawn(bench("bench --duration 1h").args(options))
            .wait_for_failure(1, &[nowhere, "No such file", "next: "])
            .expect_output(b"");
        assert!(!json.path().exists(), "an empty file is left");
    }
}

#[test]
fn what_a_file_holds_is_replaced_only_by_figures() {
    let _cores = both_cores();
    let csv = Scratch::new("csv");
    let before = "x".repeat(100_000);
    fs::write(csv.path(), &before).expect("it can be written");
    let option = format!("--csv={}", csv.path().display());
    run(["bench", "--svg=/nowhere/figures", &option]).expect_code(1);
    assert_eq!(read(&csv), before);
    Process::spawn(bench(SMALLEST).arg(&option))
        .wait()
        .expect_code(0)
        .expect_quiet();
    assert_eq!(read(&csv).lines().count(), 3);
}

#[test]
fn json_takes_the_place_of_the_table() {
    let _cores = both_cores();
    let line = format!("{SMALLEST} --json --pin none --size 1024");
    let text = run(line.split(' ')).expect_code(0).expect_quiet().text();
    let json: Value = serde_json::from_str(&text).expect("only JSON");
    assert_eq!(json["schema"], 1);
    assert_eq!(json["settings"]["pin"], "none");
    assert_eq!(json["settings"]["size"], 1024);
}

#[test]
fn the_classic_layout_is_measured_too() {
    let _cores = both_cores();
    let line = "bench --wait poll --interval 10us --classic --duration 10ms --json";
    // A busy machine may make the original loop's messages late, which it then reports.
    let json: Value = serde_json::from_str(&run(line.split(' ')).text()).expect("only JSON");
    let expected = ["poll/10us", "classic/poll/10us", "classic/poll/100ms"];
    assert_eq!(names(&json), expected);
    let rate = json["rows"][2]["stream"]["messages_per_second"].as_f64();
    assert!(rate.is_some_and(|rate| rate < 11.0), "{rate:?}");
}

#[test]
fn an_interrupted_benchmark_leaves_nothing() {
    for signal in ENDING_SIGNALS {
        let mut bench = start(LONG);
        bench.signal(signal);
        bench.wait().expect_signal(signal).expect_quiet();
        assert!(objects(&bench).is_empty());
    }
}

#[test]
fn a_killed_benchmark_leaves_neither_process_nor_object_in_whatever_it_is_doing() {
    let _cores = both_cores();
    for wait in ["spin", "block", "poll"] {
        for milliseconds in [0, 40, 150] {
            let line = format!("bench --wait {wait} --interval 100ms --duration 50ms");
            let mut bench = start(&line);
            let peer = bench.child();
            // Some way into its work.
            std::thread::sleep(Duration::from_millis(milliseconds));
            bench.kill();
            until("the peer has ended", || peer.is_none_or(is_gone));
            until("its objects, too", || objects(&bench).is_empty());
        }
    }
}

/// Whether a process has ended, though perhaps nobody has asked how.
fn is_gone(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.map_or(true, |stat| stat.contains(") Z "))
}

#[test]
fn a_killed_peer_ends_the_benchmark_with_an_error() {
    let mut bench = start(LONG);
    let Some(peer) = bench.child() else {
        return bench.kill();
    };
    kill(peer, Signal::SIGKILL).expect("it is there");
    bench.wait_for_failure(6, &["died"]);
    assert!(objects(&bench).is_empty());
}
