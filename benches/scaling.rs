//! What a message costs in a mailbox of more slots, what more bytes cost, and what a short stop of
//! the receiver costs.
//!
//! ```text
//! cargo bench -p benches --bench scaling -- [--rounds N] [--quick] [--json FILE] [--pictures FOLDER]
//! ```
//!
//! All that stands in one table takes turns within one pair of processes, with a raw cache line
//! beside it.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use benches::baseline::line;
use benches::growth::{Hiccups, Report, quick_rounds};
use benches::harness::{Contender, Effort, Row, is_written, is_written_as_json, lines};
use benches::library::hiccup;
use benches::library::{self, Kind};
use clap::Parser;
use shm_cli::measure::machine::Machine;
use shm_cli::measure::placement::Placement;

/// Measures how cost grows with slots and bytes.
#[derive(Debug, Parser)]
#[command(about, bin_name = "cargo bench -p benches --bench scaling --")]
struct Options {
    /// How often each has its turn, of 10 ms
    #[arg(long, value_name = "N", default_value_t = 61, value_parser = clap::value_parser!(u8).range(1..))]
    rounds: u8,
    /// Fifteen rounds
    #[arg(long, conflicts_with = "rounds")]
    quick: bool,
    /// One round as short as can be, to see that everything works
    #[arg(long, conflicts_with_all = ["rounds", "quick", "json", "pictures"])]
    test: bool,
    /// Also writes everything to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Also draws slots.svg and bytes.svg in this folder
    #[arg(long, value_name = "FOLDER")]
    pictures: Option<PathBuf>,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn effort(&self) -> Effort {
        if self.test {
            return Effort::least();
        }
        Effort {
            rounds: if self.quick { 15 } else { self.rounds.into() },
            slice: Duration::from_millis(10),
            full: true,
        }
    }
}

const SLOTS: [u32; 7] = [16, 64, 256, 1024, 4096, 16384, 65536];
/// Slots of the mailboxes whose messages differ in length.
const FEW: u32 = 16;
/// Slots of the mailboxes whose receiver stops.
const STOPPED: [u32; 2] = [256, 65536];

fn main() -> ExitCode {
    let options = Options::parse();
    let Some(report) = measure(options.effort()) else {
        println!("scaling: skipped: needs two cores");
        return ExitCode::SUCCESS;
    };
    if options.test {
        println!("Testing scaling: success");
        return ExitCode::SUCCESS;
    }
    println!("{}", report.tables());
    let json = options.json.as_deref();
    let mut is_done = json.is_none_or(|path| is_written_as_json(path, &report));
    if let Some(folder) = options.pictures {
        for (name, plot) in [
            ("slots.svg", report.slots_plot()),
            ("bytes.svg", report.bytes_plot()),
        ] {
            is_done &= is_written(&folder.join(name), &plot.picture());
        }
    }
    if is_done {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// `None` if there is but one core.
fn measure(effort: Effort) -> Option<Report> {
    let mut machine = Machine::here();
    let by_slots = [
        row("slots/64B", SLOTS.map(stream::<64>)).measure(effort)?,
        row("slots/1024B", SLOTS.map(stream::<1024>)).measure(effort)?,
    ];
    let (bytes, contenders) = by_bytes();
    let by_bytes = row("bytes", contenders).measure(effort)?;
    let stops = STOPPED.map(|slots| {
        [
            (slots, 64, hiccup::stream::<64>(slots)),
            (slots, 1024, hiccup::stream::<1024>(slots)),
        ]
    });
    let (mut contenders, mut logs) = (Vec::new(), Vec::new());
    for (slots, bytes, (contender, log)) in stops.into_iter().flatten() {
        contenders.push(contender);
        logs.push((slots, bytes, log));
    }
    // Its own figures include the stops; what the receivers have logged does not.
    let stopped = row("hiccup", contenders).measure(effort)?;
    let rounds = quick_rounds(&stopped);
    let hiccups = Hiccups {
        row: stopped,
        mailboxes: logs
            .into_iter()
            .filter_map(|(slots, bytes, log)| log.summarise(slots, bytes, &rounds))
            .collect(),
    };
    let rows = by_slots.iter().chain([&by_bytes, &hiccups.row]);
    machine.line = lines(rows);
    Some(Report {
        schema: 1,
        machine,
        rounds: effort.rounds,
        slots: SLOTS.to_vec(),
        bytes,
        by_slots,
        by_bytes,
        hiccups,
    })
}

/// On two cores, with a raw line beside the others.
fn row(name: &str, contenders: impl IntoIterator<Item = Contender>) -> Row {
    let mut all = vec![Contender::baseline("line", line::pair())];
    all.extend(contenders);
    Row {
        name: name.to_owned(),
        placement: Placement::Far,
        contenders: all,
        comparisons: Vec::new(),
    }
}

fn stream<const L: usize>(slots: u32) -> Contender {
    let name = format!("stream {slots} slots {L} bytes");
    library::stream::<L>(Kind::used(slots)).called(name)
}

fn round_trip<const L: usize>(slots: u32) -> Contender {
    let name = format!("round trip {slots} slots {L} bytes");
    library::round_trip::<L>(Kind::used(slots)).called(name)
}

/// For each length a stream and a round trip.
fn by_bytes() -> (Vec<usize>, Vec<Contender>) {
    let mut bytes = Vec::new();
    let mut contenders = Vec::new();
    macro_rules! add {
        ($($length:literal)*) => {$(
            bytes.push($length);
            contenders.push(stream::<$length>(FEW));
            contenders.push(round_trip::<$length>(FEW));
        )*};
    }
    // The compiler has to know each length, as it does where messages have a type.
    add!(0 8 16 32 56 64 128 256 512 768 1024);
    (bytes, contenders)
}
