//! `cargo xtask bench`: measures this machine, and writes what came of it to `docs/measurements.md`.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Verdict;
use crate::process::describe;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask bench [--quick] [--peers | --scaling]

Builds in release mode, and runs

  shm bench, in all ways of waiting, the lesson's layout too, on two cores;
  shm bench, without polling, on one core and unpinned;
  cargo bench -p benches --bench ratios, which compares the mailbox with raw baselines;
  cargo bench -p benches --bench scaling, which tells how cost grows with slots and bytes;

writes the tables to docs/measurements.md, between the marks that are there, the pictures to
docs/measurements.svg, docs/slots.svg and docs/bytes.svg, and the figures to measurements.json and
scaling.json in the target directory. Ends with status 1 if a measurement says of itself that it is
wrong.

It takes about fifteen minutes, on a machine that should have nothing else to do.

  --quick   less exactly, in about three minutes
  --peers   instead of all that, compare the mailbox with what people would use instead: build
            benches/peers, which takes some minutes the first time and a C++ compiler, run it for
            three minutes (--quick: less than one), and write its tables to docs/measurements.md
  --scaling instead of all that, only how cost grows with slots and bytes: less than a minute
";

/// Where the tables go, in the workspace.
pub(crate) const DOCUMENT: &str = "docs/measurements.md";
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
    let path = workspace::root().join(DOCUMENT);
    let mut document =
        fs::read_to_string(&path).map_err(|error| format!("{DOCUMENT} cannot be read: {error}"))?;
    for part in &parts {
        document = with_part(&document, part.name, &part.block())?;
    }
    fs::write(&path, document).map_err(|error| format!("{DOCUMENT} cannot be written: {error}"))?;
    let minutes = begun.elapsed().as_secs().div_ceil(60);
    let pictures = match only {
        Some(Only::Peers) => "",
        Some(Only::Scaling) => " and its pictures of the scaling",
        None => " and its pictures",
    };
    println!("wrote {DOCUMENT}{pictures} after {minutes} min");
    Ok(parts.iter().all(|part| part.is_right))
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
}

impl Part {
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
    let json = format!("--json={}", json.display());
    let mut parts = Vec::new();

    // In the quick form of the lesson's layout only the lesson's own loop, which is always there.
    let layouts: &[&str] = if quick { &[] } else { &["--classic"] };
    let (mut command, call) = shm(layouts, &[]);
    command.args(["--svg", PICTURE, &json]);
    parts.push(part("two cores", command, call)?);
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
    let (command, call) = benchmark("ratios", quick);
    part("baselines", command, call)
}

fn measure_scaling(quick: bool) -> Result<Part, String> {
    let (mut command, call) = benchmark("scaling", quick);
    let json = workspace::target().join("scaling.json");
    command
        .arg(format!("--json={}", json.display()))
        // A benchmark runs in its package's folder.
        .arg(format!(
            "--pictures={}",
            workspace::root().join(PICTURES).display()
        ));
    part("scaling", command, call)
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
    part("peers", command, call)
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
    })
}

/// The document with another text between the marks of a part; what is around them stays.
pub(crate) fn with_part(document: &str, name: &str, text: &str) -> Result<String, String> {
    let (before, _, after) = around_part(document, name)?;
    Ok(format!("{before}{text}{after}"))
}

/// What stands between the marks of a part.
pub(crate) fn part_of<'a>(document: &'a str, name: &str) -> Result<&'a str, String> {
    around_part(document, name).map(|(_, part, _)| part)
}

/// The document up to and with the first mark of a part, the part, and from the second mark on.
fn around_part<'a>(document: &'a str, name: &str) -> Result<(&'a str, &'a str, String), String> {
    let missing = || format!("{DOCUMENT} has no marks of the part \"{name}\"");
    let begin = format!("<!-- generated: {name} -->\n");
    let end = format!("<!-- end: {name} -->");
    let at = document.find(&begin).ok_or_else(missing)? + begin.len();
    let (before, rest) = document.split_at(at);
    let (part, after) = rest.split_once(&end).ok_or_else(missing)?;
    // An empty part has no newline of its own before the second mark.
    Ok((
        before,
        part.trim_end_matches('\n'),
        format!("\n{end}{after}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "prose\n<!-- generated: one -->\nold\n<!-- end: one -->\nmore prose\n";

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let after = with_part(BEFORE, "one", "new\nlines").expect("the marks are there");
        let expected = BEFORE.replace("old", "new\nlines");
        assert_eq!(after, expected);
        assert_eq!(with_part(&after, "one", "old").as_deref(), Ok(BEFORE));
    }

    #[test]
    fn a_part_may_have_been_empty() {
        let empty = "<!-- generated: one -->\n<!-- end: one -->\n";
        let after = with_part(empty, "one", "new").expect("the marks are there");
        assert_eq!(after, "<!-- generated: one -->\nnew\n<!-- end: one -->\n");
    }

    #[test]
    fn a_part_without_marks_is_an_error() {
        let error = with_part(BEFORE, "two", "new").expect_err("there are none");
        assert!(error.contains("two"), "{error}");
    }

    #[test]
    fn the_document_has_the_marks_of_every_part() {
        let document = fs::read_to_string(workspace::root().join(DOCUMENT)).expect("it is there");
        for name in [
            "two cores",
            "one core",
            "unpinned",
            "baselines",
            "scaling",
            "peers",
        ] {
            assert!(with_part(&document, name, "").is_ok(), "{name}");
        }
    }
}
