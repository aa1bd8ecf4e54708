//! How cost grows with slots and with bytes: the tables, and the pictures.

use comfy_table::Table;
use serde::Serialize;
use shm_cli::measure::machine::Machine;
use shm_cli::measure::plot::{Axis, BLUE, Colour, GREEN, Mark, Plot, Point, Series};

use crate::harness::statistics::Summary;
use crate::harness::{RowResult, aligned};
use crate::library::hiccup::Hiccup;

/// Everything that was measured. In each row, the first contender is a round trip of a raw cache
/// line.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The version of this form: 1.
    pub schema: u32,
    /// Where it was measured.
    pub machine: Machine,
    /// How often each had its turn.
    pub rounds: usize,
    /// Slots of the mailboxes of `by_slots`.
    pub slots: Vec<u32>,
    /// Bytes in the messages of `by_bytes`.
    pub bytes: Vec<usize>,
    /// Streams for each number of slots: one row for 64 bytes, and one for 1024.
    pub by_slots: [RowResult; 2],
    /// Streams and round trips, alternating, for each number of bytes.
    pub by_bytes: RowResult,
    /// A receiver that stops once.
    pub hiccups: Hiccups,
}

/// Receivers that stop once, in turns too.
#[derive(Debug, Serialize)]
pub struct Hiccups {
    /// Their figures include the stops.
    pub row: RowResult,
    /// What each mailbox made of it.
    pub mailboxes: Vec<Hiccup>,
}

/// Milliseconds after the stop of which the table tells.
const TOLD: [usize; 6] = [1, 2, 3, 5, 10, 20];

impl Report {
    fn streams_and_round_trips(&self) -> [Vec<Summary>; 2] {
        let times = times(&self.by_bytes);
        [1, 2].map(|first| times.iter().copied().skip(first).step_by(2).collect())
    }

    /// The tables, as text.
    pub fn tables(&self) -> String {
        let line = |row: &RowResult| {
            let chosen = quick_rounds(row).len();
            format!("{} in {chosen} rounds", time(times(row)[0]))
        };
        let [small, large] = &self.by_slots;
        let header = "slots|64 bytes|× 16 slots|1024 bytes|× 16 slots";
        let mut by_slots = aligned(header.split('|'), &[0, 1, 2, 3, 4]);
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
        let mut by_bytes = aligned(["bytes", "stream", "round trip"], &[0, 1, 2]);
        let [streams, round_trips] = self.streams_and_round_trips();
        for ((bytes, stream), round_trip) in self.bytes.iter().zip(&streams).zip(&round_trips) {
            by_bytes.add_row([bytes.to_string(), time(*stream), time(*round_trip)]);
        }
        format!(
            "{}\n{} rounds, {}; nanoseconds, the median of the rounds with a quick line (and where the middle half of them lies)\n\n\
             Streams, by slots. A raw line, round trip: {}, {}\n{by_slots}\n\n\
             By bytes, 16 slots. A raw line, round trip: {}\n{by_bytes}\n\
             stream:     {}\nround trip: {}\n\n\
             A receiver that stops once, for 200 µs: nanoseconds a message before, and in the n-th millisecond after.\n\
             A raw line, round trip: {}\n{}",
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
        let numbers: Vec<usize> = (0..header.len()).collect();
        let mut table = aligned(header, &numbers);
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
    pub fn slots_plot(&self) -> Plot {
        let [small, large] = &self.by_slots;
        let place = |slots: &u32| (f64::from(*slots), slots.to_string());
        let across = Axis {
            name: "slots of the mailbox".to_owned(),
            labels: self.slots.iter().map(place).collect(),
            is_logarithmic: true,
        };
        let series = |name, mark, colour, row: &RowResult| {
            let places = self.slots.iter().copied().map(f64::from);
            series(name, mark, colour, places, &times(row)[1..])
        };
        Plot {
            title: "What a message costs in a stream, by slots",
            ..plot(
                format!("spinning, {}, {} rounds", small.placement, self.rounds),
                across,
                vec![
                    series("1024 bytes", Mark::Circle, BLUE, large),
                    series("64 bytes", Mark::Diamond, GREEN, small),
                ],
                times(large)[0].median,
            )
        }
    }

    /// Streams and round trips against bytes.
    pub fn bytes_plot(&self) -> Plot {
        let [streams, round_trips] = self.streams_and_round_trips();
        let places = || self.bytes.iter().map(|bytes| *bytes as f64);
        // The short ones are too near to each other.
        let labelled = places().filter(|bytes| *bytes == 0.0 || *bytes >= 128.0);
        let across = Axis {
            name: "bytes in the message".to_owned(),
            labels: labelled.map(|bytes| (bytes, bytes.to_string())).collect(),
            is_logarithmic: false,
        };
        let both = "round trip, the time of both ways";
        Plot {
            title: "What a message costs, by bytes",
            ..plot(
                format!(
                    "spinning, 16 slots, {}, {} rounds",
                    self.by_bytes.placement, self.rounds
                ),
                across,
                vec![
                    series(both, Mark::Circle, BLUE, places(), &round_trips),
                    series(
                        "one way, in a stream",
                        Mark::Diamond,
                        GREEN,
                        places(),
                        &streams,
                    ),
                ],
                times(&self.by_bytes)[0].median,
            )
        }
    }
}

/// Times up to the greatest median and the line, and those of the slower rounds up to three times
/// that.
fn plot(about: String, across: Axis, mut series: Vec<Series>, line: f64) -> Plot {
    series.push(Series::level("a raw cache line, round trip", line, &across));
    let points = || series.iter().flat_map(|series| &series.points);
    let median = points().map(|point| point.y).fold(0.0, f64::max);
    let slow = points().map(|point| point.whisker.1).fold(0.0, f64::max);
    Plot {
        title: "",
        about: vec![about],
        across,
        up: Axis::from_zero(
            "Time of one: the median, and where the middle half of all rounds lies",
            slow.clamp(1.1 * median, 3.0 * median),
            |time| format!("{time:.0} ns"),
        ),
        series,
    }
}

/// Rounds in which the two cores were as near as they get; all of them, if those are too few to
/// tell.
///
/// Other tenants of the hardware move a virtual machine's cores about, and then a line takes five
/// times as long. Medians over both kinds of rounds would describe neither.
pub fn quick_rounds(row: &RowResult) -> Vec<usize> {
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

fn series(
    name: &str,
    mark: Mark,
    colour: Colour,
    places: impl Iterator<Item = f64>,
    times: &[Summary],
) -> Series {
    let points = places.zip(times).map(|(x, time)| Point {
        x,
        y: time.median,
        whisker: time.quartiles,
    });
    Series {
        name: name.to_owned(),
        mark,
        colour,
        is_joined: true,
        points: points.collect(),
    }
}

fn time(time: Summary) -> String {
    let (low, high) = time.quartiles;
    format!("{:.1} ({low:.1}–{high:.1})", time.median)
}
