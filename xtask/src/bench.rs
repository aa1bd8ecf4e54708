//! `cargo xtask bench`: measures this machine, and writes what came of it to `docs/measurements.md`
//! and `docs/labbook.md`.

use std::fs;
use std::ops::Range;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::Verdict;
use crate::figures::{self, Figure};
use crate::front;
use crate::hosts::Hosts;
use crate::run;

/// Measure this machine, and write docs/measurements.md and docs/labbook.md
///
/// Builds in release mode, and runs
///
/// - shm bench, in all ways of waiting, also in the classic layout, on two cores;
///
/// - shm bench, without polling, on one core and unpinned;
///
/// - cargo bench -p benches --bench ratios, which compares the mailbox with raw baselines;
///
/// - cargo bench -p benches --bench scaling, which shows how cost grows with slots and bytes;
///
/// writes the tables to docs/measurements.md and docs/labbook.md, between the marks, the pictures
/// to docs/measurements.svg, docs/slots.svg and docs/bytes.svg, and the figures to
/// measurements.json, ratios.json and scaling.json in the target directory. The table by host in
/// docs/measurements.md gets a column for this machine, or new figures in the one that it has, and
/// both pages show some of its rows again as a summary. Exits with status 1 if a measurement
/// reports of itself that it is wrong.
///
/// It takes about fifteen minutes, on a machine that should have nothing else to do.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Less exactly, in about three minutes
    #[arg(long)]
    quick: bool,
    /// Compare the mailbox with what people would use instead
    ///
    /// Instead of all that, build benches/peers, which takes some minutes the first time and a C++
    /// compiler, run it for three minutes (--quick: less than one), and write its tables to
    /// docs/labbook.md, and some of its rows to README.md.
    #[arg(long, conflicts_with = "scaling")]
    peers: bool,
    /// Instead of all that, only how cost grows with slots and bytes: less than a minute
    #[arg(long)]
    scaling: bool,
    /// Measure nothing: write README.md's table from what docs/labbook.md has
    #[arg(long, conflicts_with_all = ["quick", "peers", "scaling"])]
    front: bool,
}

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

/// Where the pages show some rows of the table of hosts, and which.
const SUMMARIES: [(&str, &str, &[&str]); 2] = [
    (
        MEASUREMENTS,
        "summary",
        &[
            "one-way latency, spin",
            "one-way latency, adaptive",
            "one-way latency, block",
            "idle CPU, spin",
            "idle CPU, adaptive",
            "idle CPU, block",
            "round trip, 64 bytes",
            "stream, 64 bytes, 256 slots",
        ],
    ),
    (
        LAB_BOOK,
        "summary of peers",
        &[
            "round trip, 1024 bytes, time / iceoryx2",
            "round trip, 1024 bytes, time / raw_sync BusyEvent",
            "round trip, 1024 bytes, time / pipe",
            "round trip, 1024 bytes, time / rtrb",
            "stream, 1024 bytes, 256 slots, rate / iceoryx2",
            "stream, 1024 bytes, 256 slots, rate / pipe",
            "stream, 1024 bytes, 256 slots, rate / Unix stream",
            "stream, 1024 bytes, 256 slots, rate / rtrb",
        ],
    ),
];

/// How the comparison with the peers is called.
const PEERS: &str = "cargo xtask bench --peers";

/// Runs the command; true if every measurement is right as far as it can tell.
pub(crate) fn run(options: &Options) -> Verdict {
    if options.front {
        front::write()?;
        return Ok(true);
    }
    let begun = Instant::now();
    let results = options
        .measurements()?
        .into_iter()
        .map(Measurement::run)
        .collect::<anyhow::Result<Vec<_>>>()?;
    for (page, names) in PAGES {
        let path = run::root().join(page);
        let mut document = fs::read_to_string(&path).context(page)?;
        for result in results.iter().filter(|result| names.contains(&result.name)) {
            document = with_part(&document, result.name, &result.block)?;
        }
        if names.contains(&HOSTS) {
            let mut hosts = Hosts::parse(part_of(&document, HOSTS)?)?;
            for (host, figures) in results.iter().filter_map(|result| result.figures.as_ref()) {
                hosts.set(host, figures);
            }
            document = with_part(&document, HOSTS, &hosts.to_markdown())?;
        }
        fs::write(&path, document)?;
    }
    summarise()?;
    front::write()?;
    let minutes = begun.elapsed().as_secs().div_ceil(60);
    let pictures = if options.peers { "" } else { " and pictures" };
    println!("wrote {MEASUREMENTS} and {LAB_BOOK}{pictures} after {minutes} min");
    Ok(results.iter().all(|result| result.is_right))
}

/// Writes the summaries from the table of hosts.
fn summarise() -> anyhow::Result<()> {
    let read = |page| fs::read_to_string(run::root().join(page)).context(page);
    let hosts = Hosts::parse(part_of(&read(MEASUREMENTS)?, HOSTS)?)?;
    for (page, name, labels) in SUMMARIES {
        let document = with_part(&read(page)?, name, &hosts.only(labels).to_markdown())?;
        fs::write(run::root().join(page), document)?;
    }
    Ok(())
}

/// Chooses figures from what a measurement wrote.
type Pick = fn(&Value) -> Vec<Figure>;

/// One command, and what becomes of what it prints.
struct Measurement {
    /// Of the marks around its table in the document.
    name: &'static str,
    /// What runs, as the document shows it.
    call: String,
    /// More arguments, which the document does not show.
    hidden: &'static str,
    /// The file below the target directory that it writes, and what the table of hosts shows of it.
    figures: Option<(&'static str, Pick)>,
}

/// What came of a measurement.
struct Outcome {
    name: &'static str,
    block: String,
    is_right: bool,
    figures: Option<(String, Vec<Figure>)>,
}

impl Options {
    fn measurements(&self) -> anyhow::Result<Vec<Measurement>> {
        let quick = if self.quick { " --quick" } else { "" };
        let measurement = |name, call: String, hidden, figures| Measurement {
            name,
            call,
            hidden,
            figures,
        };
        // Has a workspace, a lock file and a place in the target directory of its own.
        if self.peers {
            println!("building benches/peers; its README.md says what it takes");
            run::build(
                "CARGO_TARGET_DIR=$CARGO_TARGET_DIR/peers cargo build --quiet --release --locked \
                 --manifest-path benches/peers/Cargo.toml",
            )?;
            let figures: (_, Pick) = ("peers.json", figures::of_peers);
            return Ok(vec![measurement(
                "peers",
                format!("{PEERS}{quick}"),
                "",
                Some(figures),
            )]);
        }
        let bench = |name| {
            let quick = if self.quick { " -- --quick" } else { "" };
            format!("cargo bench -p benches --bench {name}{quick}")
        };
        let figures: (_, Pick) = ("scaling.json", figures::of_scaling);
        // A benchmark runs in its package's folder.
        let pictures = "--pictures=../docs";
        let scaling = measurement("scaling", bench("scaling"), pictures, Some(figures));
        if self.scaling {
            return Ok(vec![scaling]);
        }
        run::build("cargo build --quiet --release --package shm-cli")?;
        // The quick form measures only the original loop in the classic layout.
        let layouts = if self.quick { "" } else { " --classic" };
        // Those that have no interval; two seconds each are enough where nothing polls.
        let brief = if self.quick { "" } else { " --duration 2s" };
        let brief =
            format!("shm bench --wait spin,yield,backoff,adaptive,block --no-original{brief}");
        let picture = "--svg docs/measurements.svg";
        let waiting: (_, Pick) = ("measurements.json", figures::of_waiting);
        let ratios: (_, Pick) = ("ratios.json", figures::of_ratios);
        let all = format!("shm bench{layouts}{quick}");
        Ok(vec![
            measurement("two cores", all, picture, Some(waiting)),
            measurement("one core", format!("{brief} --pin same{quick}"), "", None),
            measurement("unpinned", format!("{brief} --pin none{quick}"), "", None),
            measurement("baselines", bench("ratios"), "", Some(ratios)),
            scaling,
        ])
    }
}

impl Measurement {
    /// Runs it; its standard output is what counts, the other goes to ours.
    fn run(self) -> anyhow::Result<Outcome> {
        let Self {
            name,
            call,
            hidden,
            figures,
        } = self;
        println!("{call}");
        let ends_cargos = call.starts_with("cargo bench") && !call.contains(" -- ");
        let separator = if ends_cargos { "--" } else { "" };
        let json = figures.map(|(file, _)| format!("--json=\"$CARGO_TARGET_DIR/{file}\""));
        let json = json.unwrap_or_default();
        let finished = run::command(&format!(
            "PATH=$CARGO_TARGET_DIR/release:$CARGO_TARGET_DIR/peers/release:$PATH; {} {separator} \
             {hidden} {json}",
            call.replace(PEERS, "peers")
        ))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
        let output = String::from_utf8_lossy(&finished.stdout).into_owned();
        // A measurement that cannot be right has printed that, and exits with status 1.
        let measured = !output.trim().is_empty() && matches!(finished.status.code(), Some(0 | 1));
        ensure!(measured, "{call} ended with {}", finished.status);
        println!("{output}");
        let figures = figures.map(|(file, pick)| {
            let report = fs::read_to_string(run::target().join(file)).context(file)?;
            let report = serde_json::from_str(&report).context(file)?;
            let host = figures::host(&report).with_context(|| format!("{file}: no machine"))?;
            anyhow::Ok((host, pick(&report)))
        });
        // Not marked `console`: nobody is to replay it.
        let block = format!("```text\n$ {call}\n{}\n```", output.trim_end());
        let is_right = finished.status.success();
        Ok(Outcome {
            name,
            block,
            is_right,
            figures: figures.transpose()?,
        })
    }
}

/// The document with another text between the marks of a part; what is around them stays.
pub(crate) fn with_part(document: &str, name: &str, text: &str) -> anyhow::Result<String> {
    let mut document = document.to_owned();
    document.replace_range(place(&document, name)?, &format!("{text}\n"));
    Ok(document)
}

/// What stands between the marks of a part.
pub(crate) fn part_of<'a>(document: &'a str, name: &str) -> anyhow::Result<&'a str> {
    Ok(document[place(document, name)?].trim_end_matches('\n'))
}

fn place(document: &str, name: &str) -> anyhow::Result<Range<usize>> {
    let missing = || format!("the page has no marks of the part \"{name}\"");
    let begin = format!("<!-- generated: {name} -->\n");
    let start = document.find(&begin).with_context(missing)? + begin.len();
    let length = document[start..]
        .find(&format!("<!-- end: {name} -->"))
        .with_context(missing)?;
    Ok(start..start + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_changes() {
        let before = "prose\n<!-- generated: one -->\nold\n<!-- end: one -->\nmore prose\n";
        let after = with_part(before, "one", "new\nlines").expect("the marks are there");
        assert_eq!(after, before.replace("old", "new\nlines"));
        assert_eq!(
            part_of(&after, "one").expect("the marks are there"),
            "new\nlines"
        );
        assert!(with_part(before, "two", "new").is_err());
    }

    #[test]
    fn the_pages_have_the_marks_of_every_part_and_a_table_of_hosts() {
        for (page, names) in PAGES {
            let document = fs::read_to_string(run::root().join(page)).expect("it is there");
            for name in names {
                let part = part_of(&document, name).expect(page);
                assert!(*name != HOSTS || Hosts::parse(part).is_ok(), "{part}");
            }
        }
    }

    #[test]
    fn the_summaries_are_rows_of_the_table_of_hosts() {
        let read = |page| fs::read_to_string(run::root().join(page)).expect(page);
        let hosts = part_of(&read(MEASUREMENTS), HOSTS).map(Hosts::parse);
        let hosts = hosts.expect("it has marks").expect("it is a table");
        for (page, name, labels) in SUMMARIES {
            let expected = hosts.only(labels).to_markdown();
            assert_eq!(part_of(&read(page), name).expect(page), expected);
            assert_eq!(expected.lines().count(), labels.len() + 2, "{expected}");
        }
    }
}
