//! The picture: latency against CPU time, on logarithmic axes.

use shm_cli::measure::plot::{Axis, BLUE, Colour, GREEN, Mark, ORANGE, Plot, Point, Series};
use shm_cli::measure::units::time;

use super::report::{Report, Row};
use super::way::Layout;

/// The least CPU time that the picture distinguishes from none, in percent of one core.
const LEAST: f64 = 0.01;

/// The shapes of the ways that have no interval, in their order.
const MARKS: [Mark; 5] = [Mark::Square, Mark::Diamond, Mark::Up, Mark::Down, Mark::Bar];

/// The whole file.
pub(super) fn picture(report: &Report) -> String {
    plot(report).picture()
}

fn plot(report: &Report) -> Plot {
    let settings = report.settings;
    let mut about = vec![
        report.machine.to_string(),
        format!(
            "A message of {} bytes now and then, {} slots, processes {}.",
            settings.size, settings.slots, settings.pin
        ),
    ];
    about.extend(report.notes.iter().map(|note| format!("Note: {note}")));
    let points = || report.rows.iter().map(point);
    Plot {
        title: "What waiting costs: latency against CPU time",
        about,
        across: Axis::decades(
            "CPU time of both processes, percent of one core",
            points().map(|point| point.x),
            |value| {
                let least = if value <= LEAST * 1.001 { "≤ " } else { "" };
                // A power of a fraction is a little beside it.
                format!("{least}{}%", (value * 1e6).round() / 1e6)
            },
        ),
        up: Axis::decades(
            "One-way latency: the median, with a line up to p99 (or the slowest)",
            points().flat_map(|point| [point.y, point.whisker.1]),
            |value| time(value).replace(".00", "").replace(".0 ", " "),
        ),
        series: series(&report.rows),
    }
}

/// The polls of a layout are joined, and each other way of waiting is for itself; that of the
/// original C programs is named.
fn series(rows: &[Row]) -> Vec<Series> {
    let mut series = Vec::new();
    for (layout, name, colour) in [
        (Layout::Mailbox, "poll", BLUE),
        (Layout::Classic, "classic/poll", ORANGE),
    ] {
        let rows = || rows.iter().filter(|row| row.layout == layout);
        let mut polls: Vec<&Row> = rows().filter(|row| row.interval_ns.is_some()).collect();
        polls.sort_by_key(|row| row.interval_ns);
        if let [shortest, .., longest] = polls.as_slice() {
            let interval = |row: &Row| row.name.replace(name, "").replace('/', "");
            let name = format!("{name}, {} to {}", interval(shortest), interval(longest));
            let points = polls.iter().map(|row| point(row)).collect();
            series.push(Series {
                is_joined: true,
                ..one(name, Mark::Circle, colour, points)
            });
        }
        for row in rows() {
            let mark = match (row.interval_ns, row.is_original) {
                (_, true) => Mark::Ring,
                (None, _) => mark(&row.name),
                // On the curve, unless there is none.
                (Some(_), _) if polls.len() > 1 => continue,
                _ => Mark::Circle,
            };
            let (name, colour) = match layout {
                _ if row.is_original => ("original: poll/100ms".to_owned(), ORANGE),
                Layout::Mailbox if row.interval_ns.is_none() => (row.name.clone(), GREEN),
                _ => (row.name.clone(), colour),
            };
            series.push(one(name, mark, colour, vec![point(row)]));
        }
    }
    series
}

fn one(name: String, mark: Mark, colour: Colour, points: Vec<Point>) -> Series {
    Series {
        name,
        mark,
        colour,
        is_joined: false,
        points,
    }
}

/// Each way of waiting has its own, in either layout.
fn mark(name: &str) -> Mark {
    let ways = ["spin", "yield", "backoff", "adaptive", "block"];
    let index = ways.iter().position(|way| name.ends_with(way));
    index.map_or(Mark::Circle, |index| MARKS[index])
}

fn point(row: &Row) -> Point {
    let one_way = &row.sparse.one_way;
    let median = one_way.p50_ns as f64;
    let late = one_way.p99_ns.unwrap_or(one_way.max_ns) as f64;
    Point {
        x: row.sparse.cost.cpu_percent().max(LEAST),
        y: median,
        whisker: (median, late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples::report;

    #[test]
    fn every_way_has_a_mark_and_a_name_in_the_legend_and_so_has_the_original() {
        let report = report();
        let plot = plot(&report);
        let names: Vec<&str> = plot
            .series
            .iter()
            .map(|series| series.name.as_str())
            .collect();
        let expected = [
            "poll, 1us to 100ms",
            "spin",
            "yield",
            "adaptive",
            "block",
            "original: poll/100ms",
        ];
        assert_eq!(names, expected);
        let marks: usize = plot.series.iter().map(|series| series.points.len()).sum();
        assert_eq!(marks, report.rows.len());
        let picture = plot.picture();
        for name in expected {
            assert!(picture.contains(&format!(">{name}</text>")), "{picture}");
        }
    }

    #[test]
    fn the_machine_and_its_notes_are_told_above_it() {
        let mut report = report();
        report.notes.push("the machine was busy".to_owned());
        let picture = picture(&report);
        assert!(picture.contains("A &lt;fast&gt; CPU"), "{picture}");
        assert!(picture.contains("the machine was busy"), "{picture}");
    }

    #[test]
    fn axes_have_whole_decades_in_the_units_that_people_read() {
        let plot = plot(&report());
        let labels = |axis: &Axis| axis.labels.iter().map(|label| label.1.clone()).collect();
        let across: Vec<String> = labels(&plot.across);
        assert_eq!(across, ["≤ 0.01%", "0.1%", "1%", "10%", "100%"]);
        let up: Vec<String> = labels(&plot.up);
        assert_eq!((up[0].as_str(), up[3].as_str()), ("100 ns", "100 µs"));
    }
}
