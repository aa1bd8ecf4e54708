//! The tables, and what the pictures are drawn from.

use benches::machine::Machine;
use benches::paired::RowResult;
use benches::statistics::Summary;
use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde::Serialize;

use crate::hiccup::Hiccup;
use crate::picture::{Place, Plot, Series, Shape};

/// Everything that was measured. In each row, the first contender is a raw cache line there and back.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The version of this form: 1.
    pub(crate) schema: u32,
    /// Where it was measured.
    pub(crate) machine: Machine,
    /// How often each had its turn.
    pub(crate) rounds: usize,
    /// Slots of the mailboxes of `by_slots`.
    pub(crate) slots: Vec<u32>,
    /// Bytes in the messages of `by_bytes`.
    pub(crate) bytes: Vec<usize>,
    /// Streams for each number of slots: one row for 64 bytes, and one for 1024.
    pub(crate) by_slots: [RowResult; 2],
    /// Streams and round trips, alternating, for each number of bytes.
    pub(crate) by_bytes: RowResult,
    /// A receiver that stops once.
    pub(crate) hiccups: Hiccups,
}

/// Receivers that stop once, in turns too.
#[derive(Debug, Serialize)]
pub(crate) struct Hiccups {
    /// Their figures include the stops.
    pub(crate) row: RowResult,
    /// What each mailbox made of it.
    pub(crate) mailboxes: Vec<Hiccup>,
}

/// Milliseconds after the stop of which the table tells.
const TOLD: [usize; 6] = [1, 2, 3, 5, 10, 20];

impl Report {
    fn streams_and_round_trips(&self) -> [Vec<Summary>; 2] {
        let times = times(&self.by_bytes);
        [1, 2].map(|first| times.iter().copied().skip(first).step_by(2).collect())
    }

    /// The tables, as text.
    pub(crate) fn tables(&self) -> String {
        let line = |row: &RowResult| {
            let chosen = quick_rounds(row).len();
            format!("{} in {chosen} rounds", time(times(row)[0]))
        };
        let [small, large] = &self.by_slots;
        let mut by_slots = table(&[
            "slots",
            "64 bytes",
            "× 16 slots",
            "1024 bytes",
            "× 16 slots",
        ]);
        for (index, slots) in self.slots.iter().enumerate() {
            let mut cells = vec![slots.to_string()];
            for row in [small, large] {
                cells.push(time(times(row)[index + 1]));
                let [one, first] = [index + 1, 1].map(|one| chosen(row, one));
                let ratio = Summary::of_ratios(&one, &first).median;
                cells.push(format!("{ratio:.2}"));
            }
            by_slots.add_row(cells);
        }
        let mut by_bytes = table(&["bytes", "stream", "round trip"]);
        let [streams, round_trips] = self.streams_and_round_trips();
        for ((bytes, stream), round_trip) in self.bytes.iter().zip(&streams).zip(&round_trips) {
            by_bytes.add_row([bytes.to_string(), time(*stream), time(*round_trip)]);
        }
        format!(
            "{}\n{} rounds, {}; nanoseconds, the median of the rounds with a quick line (and where the middle half of them lies)\n\n\
             Streams, by slots. A raw line there and back: {}, {}\n{by_slots}\n\n\
             By bytes, 16 slots. A raw line there and back: {}\n{by_bytes}\n\
             stream:     {}\nround trip: {}\n\n\
             A receiver that stops once, for 200 µs: nanoseconds a message before, and in the n-th millisecond after.\n\
             A raw line there and back: {}\n{}",
            self.machine,
            self.rounds,
            small.placement,
            line(small),
            line(large),
            line(&self.by_bytes),
            self.straight(&streams),
            self.straight(&round_trips),
            line(&self.hiccups.row),
            self.hiccup_table(),
        )
    }

    fn hiccup_table(&self) -> Table {
        let mut header = ["slots", "bytes", "usual"].map(str::to_owned).to_vec();
        header.extend(TOLD.map(|millisecond| format!("{millisecond}.")));
        header.push("usual again after".to_owned());
        let header: Vec<&str> = header.iter().map(String::as_str).collect();
        let mut table = table(&header);
        for hiccup in &self.hiccups.mailboxes {
            let mut cells = vec![hiccup.slots.to_string(), hiccup.bytes.to_string()];
            cells.push(format!("{:.1}", hiccup.usual));
            cells.extend(
                TOLD.map(|millisecond| format!("{:.1}", hiccup.afterwards[millisecond - 1])),
            );
            let again = hiccup.usual_after_milliseconds;
            cells.push(again.map_or("more than 30 ms".to_owned(), |time| format!("{time:.1} ms")));
            table.add_row(cells);
        }
        table
    }

    /// The straight line with the least squares through the medians, in words.
    fn straight(&self, times: &[Summary]) -> String {
        let bytes: Vec<f64> = self.bytes.iter().map(|bytes| *bytes as f64).collect();
        let medians: Vec<f64> = times.iter().map(|time| time.median).collect();
        let count = bytes.len() as f64;
        let mean = |values: &[f64]| values.iter().sum::<f64>() / count;
        let (mean_bytes, mean_time) = (mean(&bytes), mean(&medians));
        let points = || bytes.iter().zip(&medians);
        let product = |(x, y): (&f64, &f64)| (x - mean_bytes) * (y - mean_time);
        let square = |values: &[f64], mean: f64| -> f64 {
            values.iter().map(|value| (value - mean).powi(2)).sum()
        };
        let (across, up) = (square(&bytes, mean_bytes), square(&medians, mean_time));
        let both: f64 = points().map(product).sum();
        let slope = both / across;
        let base = mean_time - slope * mean_bytes;
        format!(
            "{base:.1} ns + {:.1} ns for every 64 bytes; r² = {:.3}",
            64.0 * slope,
            both * both / (across * up)
        )
    }

    /// Streams against slots.
    pub(crate) fn slots_plot(&self) -> Plot {
        let streams = |row: &RowResult| times(row).split_off(1);
        let [small, large] = &self.by_slots;
        Plot {
            title: "What a message costs in a stream, by slots",
            about: format!("spinning, {}, {} rounds", small.placement, self.rounds),
            across: "slots of the mailbox",
            places: self
                .slots
                .iter()
                .map(|slots| Place {
                    at: f64::from(*slots).log2(),
                    label: Some(slots.to_string()),
                })
                .collect(),
            series: vec![
                series("1024 bytes", Shape::Circle, streams(large)),
                series("64 bytes", Shape::Diamond, streams(small)),
            ],
            line: times(large)[0].median,
        }
    }

    /// Streams and round trips against bytes.
    pub(crate) fn bytes_plot(&self) -> Plot {
        let [streams, round_trips] = self.streams_and_round_trips();
        Plot {
            title: "What a message costs, by bytes",
            about: format!(
                "spinning, 16 slots, {}, {} rounds",
                self.by_bytes.placement, self.rounds
            ),
            across: "bytes in the message",
            places: self
                .bytes
                .iter()
                .map(|bytes| Place {
                    at: *bytes as f64,
                    // The short ones are too near to each other.
                    label: (*bytes == 0 || *bytes >= 64).then(|| bytes.to_string()),
                })
                .collect(),
            series: vec![
                series(
                    "there and back, the time of both ways",
                    Shape::Circle,
                    round_trips,
                ),
                series("one way, in a stream", Shape::Diamond, streams),
            ],
            line: times(&self.by_bytes)[0].median,
        }
    }
}

/// Rounds in which the two cores were as near as they get; all of them, if those are too few to tell.
///
/// Other tenants of the hardware move a virtual machine's cores about, and then a line takes five times as
/// long. Medians over both kinds of rounds would tell of neither.
pub(crate) fn quick_rounds(row: &RowResult) -> Vec<usize> {
    const FEWEST: usize = 7;
    let line = &row.contenders[0];
    let is_quick = |round: &usize| line.rounds[*round] <= 3.0 * line.nanoseconds.min;
    let all = 0..line.rounds.len();
    let quick: Vec<usize> = all.clone().filter(is_quick).collect();
    if quick.len() < FEWEST {
        all.collect()
    } else {
        quick
    }
}

/// What a contender took in those rounds.
fn chosen(row: &RowResult, contender: usize) -> Vec<f64> {
    let rounds = &row.contenders[contender].rounds;
    let chosen = quick_rounds(row).into_iter();
    chosen.map(|round| rounds[round]).collect()
}

/// What each contender took in those rounds.
fn times(row: &RowResult) -> Vec<Summary> {
    let contenders = 0..row.contenders.len();
    contenders
        .map(|one| Summary::of(chosen(row, one)))
        .collect()
}

fn series(name: &str, shape: Shape, times: Vec<Summary>) -> Series {
    Series {
        name: name.to_owned(),
        shape,
        times,
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for column in table.column_iter_mut() {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn time(time: Summary) -> String {
    let (low, high) = time.quartiles;
    format!("{:.1} ({low:.1}–{high:.1})", time.median)
}
