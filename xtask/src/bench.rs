//! `cargo xtask bench`: measures this machine, and writes what came of it to `docs/measurements.md` and
//! `docs/labbook.md`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use crate::Verdict;
use crate::figures;
use crate::hosts::Hosts;
use crate::marks::{part_of, with_part};
use crate::process::describe;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask bench [--quick] [--peers | --scaling]

Builds in release mode, and runs

  shm bench, in all ways of waiting, the lesson's layout too, on two cores;
  shm bench, without polling, on one core and unpinned;
  cargo bench -p benches --bench ratios, which compares the mailbox with raw baselines;
  cargo bench -p benches --bench scaling, which tells how cost grows with slots and bytes;

writes the tables to docs/measurements.md and docs/labbook.md, between the marks that are there, the
pictures to docs/measurements.svg, docs/slots.svg and docs/bytes.svg, and the figures to
measurements.json, ratios.json and scaling.json in the target directory. The table by host in
docs/measurements.md gets a column for this machine, or new figures in the one that it has. Ends with status 1 if a measurement says of itself that it is
wrong.

It takes about fifteen minutes, on a machine that should have nothing else to do.

  --quick   less exactly, in about three minutes
  --peers   instead of all that, compare the mailbox with what people would use instead: build
            benches/peers, which takes some minutes the first time and a C++ compiler, run it for
            three minutes (--quick: less than one), and write its tables to docs/labbook.md
  --scaling instead of all that, only how cost grows with slots and bytes: less than a minute
";

/// What helps to choose a way of waiting.
const MEASUREMENTS: &str = "docs/measurements.md";
/// What helps to make the mailbox quicker.
pub(crate) const LAB_BOOK: &str = "docs/labbook.md";
/// The part with the table of hosts.
const HOSTS: &str = "hosts";
/// Where the tables go, in the workspace.
const PAGES: [(&str, &[&str]); 2] = [
    (MEASUREMENTS, &[HOSTS, "two cores", "one core", "unpinned"]),
    (LAB_BOOK, &["baselines", "scaling", "peers"]),
];
const PICTURE: &str = "docs/measurements.svg";
/// Where the pictures of the scaling are.
const PICTURES: &str = "docs";

/// The ways of waiting that have no interval.
const WITHOUT_POLL: [&str; 3] = ["--wait", "spin,yield,backoff,adaptive,block", "--no-lesson"];

/// Runs the command; true if every measurement is right as far as it can tell.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut quick = false;
    let mut only = None;
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            "--quick" => quick = true,
            "--peers" => only = Some(Only::Peers),
            "--scaling" => only = Some(Only::Scaling),
            other => return Err(format!("bench knows no {other}; see --help")),
        }
    }
    let begun = Instant::now();
    let parts = match only {
        Some(Only::Peers) => vec![measure_peers(quick)?],
        Some(Only::Scaling) => vec![measure_scaling(quick)?],
        None => measure(quick)?,
    };
    for (page, names) in PAGES {
        write_page(page, names, &parts)?;
    }
    let minutes = begun.elapsed().as_secs().div_ceil(60);
    let pictures = match only {
        Some(Only::Peers) => "",
        Some(Only::Scaling) => " and its pictures of the scaling",
        None => " and its pictures",
    };
    println!("wrote {MEASUREMENTS} and {LAB_BOOK}{pictures} after {minutes} min");
    Ok(parts.iter().all(|part| part.is_right))
}

/// Puts what was measured between the marks of a page, and what its hosts' table tells of it.
fn write_page(page: &str, names: &[&str], parts: &[Part]) -> Result<(), String> {
    let path = workspace::root().join(page);
    let mut document =
        fs::read_to_string(&path).map_err(|error| format!("{page} cannot be read: {error}"))?;
    for part in parts.iter().filter(|part| names.contains(&part.name)) {
        document = with_part(&document, part.name, &part.block())?;
    }
    if names.contains(&HOSTS) {
        let mut hosts = Hosts::parse(part_of(&document, HOSTS)?)?;
        for part in parts {
            if let Some((host, figures)) = &part.figures {
                hosts.set(host, figures);
            }
        }
        document = with_part(&document, HOSTS, &hosts.to_markdown())?;
    }
    fs::write(&path, document).map_err(|error| format!("{page} cannot be written: {error}"))
}

/// What can be measured instead of everything else.
enum Only {
    Peers,
    Scaling,
}

/// What one command printed.
struct Part {
    /// Of the marks around it in the document.
    name: &'static str,
    /// As one would type it.
    call: String,
    output: String,
    is_right: bool,
    /// The host, and what its table tells of this measurement.
    figures: Option<(String, Vec<(String, String)>)>,
}

impl Part {
    /// With what the measurement wrote to `json`, as `pick` chooses from it.
    fn with_figures(
        mut self,
        json: &Path,
        pick: fn(&Value) -> Vec<(String, String)>,
    ) -> Result<Self, String> {
        let shown = json.display();
        let text = fs::read_to_string(json).map_err(|error| format!("no {shown}: {error}"))?;
        let report: Value =
            serde_json::from_str(&text).map_err(|error| format!("{shown}: {error}"))?;
        let host = figures::host(&report).ok_or_else(|| format!("{shown} names no machine"))?;
        self.figures = Some((host, pick(&report)));
        Ok(self)
    }

    /// The command and its output, in Markdown. Not marked `console`: nobody is to replay it.
    fn block(&self) -> String {
        format!("```text\n$ {}\n{}\n```", self.call, self.output.trim_end())
    }
}

fn measure(quick: bool) -> Result<Vec<Part>, String> {
    let mut build = workspace::cargo();
    build.args(["build", "--quiet", "--release", "--package", "shm-cli"]);
    let status = build
        .status()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !status.success() {
        return Err("the shm program does not build".to_owned());
    }
    let shm = |arguments: &[&str], pin: &[&str]| {
        let mut shown = vec!["shm", "bench"];
        shown.extend(arguments);
        shown.extend(pin);
        let mut command = Command::new(workspace::target().join("release").join("shm"));
        command.current_dir(workspace::root()).args(&shown[1..]);
        if quick {
            command.arg("--quick");
            shown.push("--quick");
        }
        (command, shown.join(" "))
    };
    let json = workspace::target().join("measurements.json");
    let mut parts = Vec::new();

    // In the quick form of the lesson's layout only the lesson's own loop, which is always there.
    let layouts: &[&str] = if quick { &[] } else { &["--classic"] };
    let (mut command, call) = shm(layouts, &[]);
    command.args(["--svg", PICTURE]).arg(json_option(&json));
    parts.push(part("two cores", command, call)?.with_figures(&json, figures::of_waiting)?);
    // Two seconds each are enough where nothing polls.
    let brief: Vec<&str> = if quick {
        WITHOUT_POLL.to_vec()
    } else {
        [&WITHOUT_POLL[..], &["--duration", "2s"]].concat()
    };
    for (name, pin) in [("one core", "same"), ("unpinned", "none")] {
        let (command, call) = shm(&brief, &["--pin", pin]);
        parts.push(part(name, command, call)?);
    }
    parts.push(measure_ratios(quick)?);
    parts.push(measure_scaling(quick)?);
    Ok(parts)
}

fn measure_ratios(quick: bool) -> Result<Part, String> {
    let (mut command, call) = benchmark("ratios", quick);
    let json = workspace::target().join("ratios.json");
    command.arg(json_option(&json));
    part("baselines", command, call)?.with_figures(&json, figures::of_ratios)
}

fn measure_scaling(quick: bool) -> Result<Part, String> {
    let (mut command, call) = benchmark("scaling", quick);
    let json = workspace::target().join("scaling.json");
    command
        .arg(json_option(&json))
        // A benchmark runs in its package's folder.
        .arg(format!(
            "--pictures={}",
            workspace::root().join(PICTURES).display()
        ));
    part("scaling", command, call)?.with_figures(&json, figures::of_scaling)
}

fn json_option(file: &Path) -> String {
    format!("--json={}", file.display())
}

/// One of `benches`, and how one would call it.
fn benchmark(name: &str, quick: bool) -> (Command, String) {
    let mut command = workspace::cargo();
    command
        .args(["bench", "--quiet", "--package", "benches", "--bench", name])
        .arg("--");
    let mut call = format!("cargo bench -p benches --bench {name}");
    if quick {
        command.arg("--quick");
        call.push_str(" -- --quick");
    }
    (command, call)
}

/// Has a workspace, a lock file and a place in the target directory of its own.
fn measure_peers(quick: bool) -> Result<Part, String> {
    let target = workspace::target().join("peers");
    let mut build = workspace::cargo();
    build
        .args(["build", "--quiet", "--release", "--locked"])
        .args(["--manifest-path", "benches/peers/Cargo.toml"])
        .env("CARGO_TARGET_DIR", &target);
    println!("building benches/peers");
    let status = build
        .status()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    if !status.success() {
        return Err("benches/peers does not build; its README.md says what it takes".to_owned());
    }
    let mut command = Command::new(target.join("release").join("peers"));
    command.current_dir(workspace::root());
    let mut call = "cargo xtask bench --peers".to_owned();
    if quick {
        command.arg("--quick");
        call.push_str(" --quick");
    }
    let json = workspace::target().join("peers.json");
    command.arg(json_option(&json));
    part("peers", command, call)?.with_figures(&json, figures::of_peers)
}

/// Runs the command; its standard output is what counts, the other goes to ours.
fn part(name: &'static str, mut command: Command, call: String) -> Result<Part, String> {
    println!("{call}");
    let finished = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{} does not start: {error}", describe(&command)))?;
    let output = String::from_utf8_lossy(&finished.stdout).into_owned();
    // Who measured something that cannot be right has printed it, and says so with status 1.
    if output.trim().is_empty() || !matches!(finished.status.code(), Some(0 | 1)) {
        return Err(format!("{call} ended with {}", finished.status));
    }
    println!("{output}");
    Ok(Part {
        name,
        call,
        output,
        is_right: finished.status.success(),
        figures: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_have_the_marks_of_every_part() {
        for (page, parts) in PAGES {
            let document = fs::read_to_string(workspace::root().join(page)).expect("it is there");
            for name in parts {
                assert!(with_part(&document, name, "").is_ok(), "{page}: {name}");
            }
        }
    }

    #[test]
    fn the_table_of_hosts_can_be_read() {
        let document =
            fs::read_to_string(workspace::root().join(MEASUREMENTS)).expect("it is there");
        let table = part_of(&document, HOSTS).expect("the marks are there");
        assert!(Hosts::parse(table).is_ok(), "{table}");
    }
}
