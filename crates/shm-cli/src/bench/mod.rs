//! `shm bench`: what each way of waiting costs, measured between two real processes.
//!
//! For each way the program starts itself once more as the peer ([`peer`]), and measures with it
//! ([`pair`]): latency and CPU time when a message comes now and then, CPU time when none comes,
//! round trip, throughput. What came of it is a [`report::Report`], to be shown as a table, a
//! picture, JSON or CSV.
//!
//! Here lives what only this command measures, and how it is shown. What every benchmark needs is
//! in `shm_cli::measure`.

mod args;
mod csv;
mod effort;
mod ends;
mod latency;
mod line;
mod output;
mod pair;
mod peer;
mod plot;
mod report;
mod table;
mod task;
mod usage;
mod way;

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use shm_cli::measure::machine::{Line, Machine};
use shm_cli::measure::placement::{self, Cores, Placement};

pub(crate) use peer::run as run_peer;

use crate::args::BenchArgs;
use crate::failure::{Ending, Failure, Halt, Status, errors};
use crate::terminal::signals::Signals;
use effort::Effort;
use ends::Ends;
use output::Outputs;
use pair::Pair;
use report::{Report, Row, Settings};
use way::Way;

/// Measures, and shows what came of it.
pub(crate) fn run(args: &BenchArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::signals(&error))?;
    let outputs = Outputs::open(args)?;
    // Before we make it busy ourselves.
    let mut machine = Machine::here();
    let (pin, cores) = cores(args)?;
    placement::pin(cores.here).map_err(|error| no_affinity(&error))?;
    let effort = Effort::new(args.quick, args.duration);
    let settings = Settings {
        size: args.size,
        slots: args.slots,
        pin,
        quick: args.quick,
    };
    let ways = args.ways();
    let progress = progress(&ways, effort);
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for way in ways {
        progress.set_message(way.to_string());
        // Each time: what lies between the two cores changes from minute to minute on a virtual
        // machine.
        lines.extend(line::measure(cores));
        match measure(args, way, effort, cores, &signals) {
            Ok(row) => rows.push(row),
            Err(Halt::Signal) => {
                progress.finish_and_clear();
                return Ok(signals.ending());
            }
            Err(Halt::TimedOut) => return Err(Failure::new(Status::TimedOut, "no message came")),
            Err(Halt::Failed(failure)) => return Err(failure),
        }
        progress.inc(milliseconds(effort.at(way.interval()).total()));
    }
    progress.finish_and_clear();
    machine.line = Line::of(lines);
    let report = Report::new(machine, settings, rows);
    outputs.write(&report)?;
    if report.is_valid() {
        Ok(Ending::Done)
    } else {
        let wrong = Failure::new(Status::Failure, report.warnings.join("\n     "));
        Err(wrong.next("measure again when the machine has nothing else to do"))
    }
}

fn measure(
    args: &BenchArgs,
    way: Way,
    effort: Effort,
    cores: Cores,
    signals: &Signals,
) -> Result<Row, Halt> {
    let ends = Ends {
        way,
        slots: args.slots,
        interrupt: Arc::clone(&signals.interrupt()),
    };
    // The classic layout ends its texts with a NUL.
    let longest = match way.layout {
        way::Layout::Mailbox => shm_mailbox::MAX_MESSAGE,
        way::Layout::Classic => shm_mailbox::classic::MAX_MESSAGE,
    };
    let size = args.size.min(u16::try_from(longest).unwrap_or(u16::MAX));
    let mut pair = Pair::start(&ends, size, cores, effort.at(way.interval()))?;
    Ok(Row::new(
        way,
        pair.sparse()?,
        pair.idle()?,
        pair.round_trip()?,
        pair.stream()?,
    ))
}

fn cores(args: &BenchArgs) -> Result<(Placement, Cores), Failure> {
    let chosen = placement::choose(args.pin).map_err(|error| no_affinity(&error))?;
    chosen.ok_or_else(|| {
        Failure::new(
            Status::Failure,
            "--pin far needs two cores, this process may use one",
        )
        .next("--pin same")
    })
}

fn no_affinity(error: &std::io::Error) -> Failure {
    Failure::new(
        Status::Failure,
        format_args!("processes cannot be pinned to cores: {error}"),
    )
    .next("--pin none")
}

/// A bar on standard error, if that is a terminal.
fn progress(ways: &[Way], effort: Effort) -> ProgressBar {
    let totals = ways.iter().map(|way| effort.at(way.interval()).total());
    let total = milliseconds(totals.sum());
    let progress = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {percent}% {msg:20} {eta} left");
    progress.set_style(style.expect("the template is sound"));
    progress
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
