//! The mailbox beside raw baselines, in ratios that hold on a machine that is never the same for a
//! second.
//!
//! ```text
//! cargo bench -p benches --bench ratios -- [ROW…] [--rounds N] [--slice MS] [--quick] [--json FILE] [--list]
//! ```
//!
//! A row is selected by any part of its name. `--test` runs each once, as briefly as possible.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use benches::baseline::ring::{self, ROOMY};
use benches::baseline::{futex, lesson, line, slot};
use benches::harness::{
    Comparison, Contender, Effort, Kind, Report, Row, Timing, is_written_as_json, table,
};
use benches::library;
use clap::Parser;
use shm_cli::measure::placement::Placement::{self, Far, Same};
use shm_mailbox::Wait;

/// Measures the mailbox beside raw baselines, in paired slices.
#[derive(Debug, Parser)]
#[command(about, bin_name = "cargo bench -p benches --bench ratios --")]
struct Options {
    /// Rows to measure: any part of their names [default: all]
    rows: Vec<String>,
    #[command(flatten)]
    timing: Timing,
    /// One round as short as can be, to see that everything works
    #[arg(long, conflicts_with_all = ["rounds", "slice", "quick"])]
    test: bool,
    /// Also writes everything to this file
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only names the rows
    #[arg(long)]
    list: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    fn selects(&self, name: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|part| name.contains(part.as_str()))
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let (effort, pause) = if options.test {
        (Effort::least(), 2 * SLICE)
    } else {
        (options.timing.effort(), PAUSE)
    };
    let mut report = Report::new(effort);
    let mut selected = 0;
    for row in rows(pause) {
        let name = row.full_name();
        if !options.selects(&name) {
            continue;
        }
        selected += 1;
        if options.list {
            println!("{name}");
            continue;
        }
        if io::stderr().is_terminal() {
            eprint!("\r\x1b[K{name} ");
        }
        match row.measure(effort) {
            Some(result) => report.add(result),
            None => println!("{name}: skipped: needs two cores"),
        }
    }
    if io::stderr().is_terminal() {
        eprint!("\r\x1b[K");
    }
    if selected == 0 {
        eprintln!(
            "error: no row has {:?} in its name; --list names them",
            options.rows
        );
        return ExitCode::from(2);
    }
    if options.test {
        println!("Testing ratios: {} rows, success", report.rows.len());
    } else if !options.list {
        println!("{}\n\n{}", report.machine, table(&report));
        if let Some(objection) = report.machine.objection() {
            println!("warning: {objection}");
        }
    }
    let is_written = |path| is_written_as_json(path, &report);
    if options.json.as_deref().is_none_or(is_written) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The longest time after which the library's sleepers check their peer.
const SLICE: Duration = Duration::from_millis(100);

/// How long idle endpoints stay idle: long enough that the message at the end, for which the
/// receiver wakes, spins and goes to sleep, hardly counts.
const PAUSE: Duration = Duration::from_secs(4);

/// All of them; idle ones last this long.
fn rows(pause: Duration) -> Vec<Row> {
    let mut rows = Vec::new();
    for placement in [Far, Placement::None] {
        for slots in [16, 256] {
            rows.push(spinning_round_trip::<8>(slots, placement));
            rows.push(spinning_round_trip::<56>(slots, placement));
            rows.push(spinning_round_trip::<64>(slots, placement));
            rows.push(spinning_round_trip::<128>(slots, placement));
            rows.push(spinning_round_trip::<1024>(slots, placement));
        }
        rows.push(stream::<16, 1024>(placement, Some(0.95), None));
        // On a processor on which a ring of 256 is as quick as one of 8 there is nothing to gain:
        // the second misses.
        rows.push(stream::<256, 1024>(placement, Some(0.95), Some(2.0)));
        rows.push(stream::<16, 64>(placement, None, None));
        rows.push(stream::<256, 64>(placement, None, Some(1.0)));
        rows.push(hot_slots::<64>(placement));
        rows.push(hot_slots::<1024>(placement));
        rows.push(batches(placement));
        rows.push(bus::<64>(placement, [1.1, 1.25, 2.0], [1.2, 1.7]));
        rows.push(bus::<1024>(placement, [1.1, 1.15, 1.15], [1.2, 1.7]));
    }
    for placement in [Far, Same, Placement::None] {
        rows.push(blocking(placement));
        rows.push(adaptive(placement));
    }
    for placement in [Far, Placement::None] {
        rows.push(against_the_original(placement));
    }
    rows.push(idle(Wait::Block, pause));
    rows.push(idle(Wait::Adaptive, pause));
    rows
}

/// What the hardware does at this moment; every row that may spin logs it.
fn raw_line() -> Contender {
    Contender::baseline("line", line::pair())
}

fn spinning_round_trip<const L: usize>(slots: u32, placement: Placement) -> Row {
    // What fixed slots cost with 64 and 128 bytes is shown, and has no target.
    let to_line = (L < 64).then_some(1.15);
    let to_slot = (L == 1024).then_some(1.25);
    Row {
        name: format!("round_trip/spin/{L}B/{slots}-slots"),
        placement,
        contenders: vec![
            raw_line(),
            Contender::baseline("one-slot copy", slot::pair::<L>()),
            library::round_trip::<L>(library::Kind::new(Wait::Spin, slots)),
        ],
        comparisons: vec![time(2, 0, to_line), time(2, 1, to_slot)],
    }
}

fn stream<const N: usize, const L: usize>(
    placement: Placement,
    to_small: Option<f64>,
    to_same: Option<f64>,
) -> Row {
    let slots = u32::try_from(N).expect("a few");
    let mut contenders = vec![
        raw_line(),
        library::stream::<L>(library::Kind::new(Wait::Spin, slots)),
        Contender::baseline("ideal ring, 4 slots", ring::pair::<4, ROOMY, L>(1)),
        Contender::baseline("ideal ring, 8 slots", ring::pair::<8, ROOMY, L>(1)),
        Contender::baseline(
            format!("ideal ring, {N} slots"),
            ring::pair::<N, ROOMY, L>(1),
        ),
    ];
    let mut comparisons = vec![rate(1, &[2, 3], to_small), rate(1, &[4], to_same)];
    if L < 1024 {
        contenders.push(Contender::baseline(
            format!("dense ring, {N} slots"),
            ring::pair::<N, L, L>(1),
        ));
        comparisons.push(rate(1, &[5], None));
    }
    Row {
        name: format!("stream/spin/{L}B/{N}-slots"),
        placement,
        contenders,
        comparisons,
    }
}

/// The default beside other numbers of hot slots.
fn hot_slots<const L: usize>(placement: Placement) -> Row {
    let kind = library::Kind::new(Wait::Spin, 256);
    let mut contenders = vec![raw_line(), library::stream::<L>(kind)];
    let others = [2, 4, 16, 32, 64, 256];
    contenders.extend(others.map(|hot_slots| {
        library::stream::<L>(kind.hot(hot_slots)).called(format!("mailbox, {hot_slots} hot slots"))
    }));
    let others: Vec<usize> = (2..contenders.len()).collect();
    Row {
        name: format!("hot_slots/spin/{L}B/256-slots"),
        placement,
        contenders,
        comparisons: vec![rate(1, &others, Some(0.9))],
    }
}

/// A bus beside the mailbox: with 1, 2 and 8 receivers that count, and with 4 and 16 lanes of which
/// one is busy.
fn bus<const L: usize>(placement: Placement, receivers: [f64; 3], lanes: [f64; 2]) -> Row {
    const SLOTS: u32 = 16;
    let forms = [(1, 1), (1, 2), (1, 8), (4, 1), (16, 1)];
    let mut contenders = vec![
        raw_line(),
        library::stream::<L>(library::Kind::new(Wait::Spin, SLOTS)),
    ];
    contenders.extend(forms.map(|(senders, receivers)| {
        let form = library::bus::Form { senders, receivers };
        library::bus::stream::<L>(form, SLOTS)
    }));
    let targets = receivers.into_iter().chain(lanes);
    let comparisons = (2..)
        .zip(targets)
        .map(|(bus, at_most)| time(bus, 1, Some(at_most)));
    Row {
        name: format!("bus/spin/{L}B/{SLOTS}-slots"),
        placement,
        contenders,
        comparisons: comparisons.collect(),
    }
}

fn batches(placement: Placement) -> Row {
    const BATCH: usize = 16;
    let batch = BATCH as u64;
    Row {
        name: "stream/spin/16x8B/256-slots".to_owned(),
        placement,
        contenders: vec![
            raw_line(),
            library::batches::<8, BATCH>(library::Kind::new(Wait::Spin, 256)),
            library::batches::<8, BATCH>(library::Kind::new(Wait::Spin, 256).hot(256))
                .called("mailbox, 256 hot slots"),
            Contender::baseline("ideal ring, batches", ring::pair::<256, ROOMY, 8>(batch)),
            Contender::baseline("dense ring, batches", ring::pair::<256, 8, 8>(batch)),
        ],
        comparisons: (2..5).map(|other| rate(1, &[other], None)).collect(),
    }
}

fn blocking(placement: Placement) -> Row {
    beside_the_line(Row {
        name: "round_trip/block/8B/16-slots".to_owned(),
        placement,
        contenders: vec![
            Contender::baseline("raw futex", futex::pair(None)),
            library::round_trip::<8>(library::Kind::new(Wait::Block, 16)),
            Contender::baseline("raw futex, 100ms", futex::pair(Some(SLICE))),
        ],
        comparisons: vec![time(1, 0, Some(1.1)), time(1, 2, None)],
    })
}

fn adaptive(placement: Placement) -> Row {
    let on = |this: Placement, limit: f64| (placement == this).then_some(limit);
    let mut contenders = vec![
        Contender::baseline("raw futex", futex::pair(None)),
        Contender::baseline("sched_yield", line::yielding_pair()),
        library::round_trip::<8>(library::Kind::new(Wait::Adaptive, 16)),
    ];
    let mut comparisons = vec![time(2, 0, on(Same, 1.0)), time(2, 1, on(Same, 1.15))];
    if placement != Same {
        // On one core a round trip with pure spinning takes two time slices of the scheduler.
        contenders.push(library::round_trip::<8>(library::Kind::new(Wait::Spin, 16)));
        comparisons.push(time(2, 3, on(Far, 1.05)));
    }
    beside_the_line(Row {
        name: "round_trip/adaptive/8B/16-slots".to_owned(),
        placement,
        contenders,
        comparisons,
    })
}

fn against_the_original(placement: Placement) -> Row {
    // A slice of a few milliseconds would hold no message of the original loop.
    let slice = Duration::from_secs(1);
    beside_the_line(Row {
        name: "messages/original-100ms/1024B/16-slots".to_owned(),
        placement,
        contenders: vec![
            Contender::baseline("original, 100ms", lesson::pair()).slices_of(slice),
            library::stream::<1024>(library::Kind::new(Wait::Spin, 16)),
            library::stream::<1024>(library::Kind::new(Wait::Adaptive, 16)),
            library::stream::<1024>(library::Kind::new(Wait::Block, 16)),
            library::stream::<1024>(library::Kind::new(Wait::Yield, 16)),
        ],
        comparisons: vec![
            rate(1, &[0], Some(100_000.0)),
            rate(2, &[0], None),
            rate(3, &[0], None),
            rate(4, &[0], None),
        ],
    })
}

fn idle(wait: Wait, pause: Duration) -> Row {
    Row {
        name: format!("idle/{wait}"),
        placement: Placement::None,
        contenders: vec![library::idle(wait, pause).slices_of(pause)],
        comparisons: vec![compare(Kind::Processor, 0, &[], Some(0.1))],
    }
}

fn time(subject: usize, against: usize, at_most: Option<f64>) -> Comparison {
    compare(Kind::Time, subject, &[against], at_most)
}

fn rate(subject: usize, against: &[usize], at_least: Option<f64>) -> Comparison {
    compare(Kind::Rate, subject, against, at_least)
}

fn compare(kind: Kind, subject: usize, against: &[usize], target: Option<f64>) -> Comparison {
    Comparison {
        kind,
        subject,
        against: against.to_vec(),
        target,
    }
}

/// With the raw line beside the others, unless both processes share a core, where it takes
/// milliseconds.
fn beside_the_line(mut row: Row) -> Row {
    if row.placement != Same {
        row.contenders.push(raw_line());
    }
    row
}
