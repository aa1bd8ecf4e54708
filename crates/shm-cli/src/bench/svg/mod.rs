//! The picture: latency against processor time on logarithmic axes, and the figures beneath.
//!
//! Written out by hand: a few dozen elements, whose colours come from classes that follow the reader's light or dark
//! theme, which the plotting libraries do not offer.

mod figures;
mod labels;
mod scale;

use std::fmt::Write as _;

use labels::{Area, LINE, Labels};
use scale::Scale;

use super::report::{Report, Row};
use super::units::time;
use super::way::Layout;

const WIDTH: f64 = 960.0;
/// Where the axes are.
const FRAME: Area = Area {
    left: 84.0,
    top: 112.0,
    width: 846.0,
    height: 440.0,
};
/// Between the frame and the ends of the horizontal axis, in pixels: to the right there is room for labels, since
/// whatever spins is there.
const MARGIN: f64 = 16.0;
const ROOM: f64 = 84.0;
/// Of a mark, in pixels.
const RADIUS: f64 = 5.0;
/// The least processor time that is told from nothing, in percent of a core.
const LEAST: f64 = 0.01;

const STYLE: &str = "\
text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#1f2328}
.paper{fill:#ffffff}.title{font-size:17px;font-weight:600}.soft{fill:#59636e}
.grid{stroke:#d1d9e0;stroke-width:1}.leader{stroke:#59636e;stroke-width:0.8}
.curve{fill:none;stroke:#0969da;stroke-width:2}.poll{fill:#0969da}.poll-line{stroke:#0969da}
.other{fill:#1a7f37}.other-line{stroke:#1a7f37}
.curve-classic{fill:none;stroke:#bc4c00;stroke-width:2;stroke-dasharray:5 4}.classic{fill:#bc4c00}.classic-line{stroke:#bc4c00}
.whisker{stroke-width:1.2;opacity:0.55}.strong{font-weight:600}
@media (prefers-color-scheme: dark){
text{fill:#e6edf3}.paper{fill:#0d1117}.soft{fill:#9198a1}
.grid{stroke:#30363d}.leader{stroke:#9198a1}
.curve{stroke:#58a6ff}.poll{fill:#58a6ff}.poll-line{stroke:#58a6ff}
.other{fill:#3fb950}.other-line{stroke:#3fb950}
.curve-classic{stroke:#f0883e}.classic{fill:#f0883e}.classic-line{stroke:#f0883e}
}";

/// The whole file.
pub(super) fn picture(report: &Report) -> String {
    let height = FRAME.top + FRAME.height + 92.0 + figures::height(report);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"Latency against processor time, for each way of waiting\">\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height:.0}\"/>"
    );
    let settings = report.settings;
    write(
        &mut text,
        (24.0, 34.0),
        "title",
        "What waiting costs: latency against processor time",
    );
    write(&mut text, (24.0, 55.0), "soft", &report.machine.to_string());
    let about = format!(
        "a message of {} bytes now and then, {} slots, processes {}",
        settings.size, settings.slots, settings.pin
    );
    write(&mut text, (24.0, 73.0), "soft", &about);
    for note in &report.notes {
        write(&mut text, (24.0, 91.0), "soft", note);
    }
    plot(&mut text, report);
    figures::write(&mut text, report, FRAME.top + FRAME.height + 92.0);
    text.push_str("</svg>\n");
    text
}

/// A mark: a way of waiting.
struct Mark<'a> {
    row: &'a Row,
    at: (f64, f64),
    /// Upper end of its line.
    top: f64,
}

fn plot(text: &mut String, report: &Report) {
    let cpu = |row: &Row| row.sparse.cost.cpu_percent().max(LEAST);
    let median = |row: &Row| row.sparse.one_way.p50_ns as f64;
    let late = |row: &Row| {
        row.sparse
            .one_way
            .p99_ns
            .unwrap_or(row.sparse.one_way.max_ns) as f64
    };
    let rows = &report.rows;
    let x = Scale::new(
        rows.iter().map(cpu),
        (FRAME.left + MARGIN, FRAME.left + FRAME.width - ROOM),
    );
    let y = Scale::new(
        rows.iter().flat_map(|row| [median(row), late(row)]),
        (FRAME.top + FRAME.height, FRAME.top),
    );
    axes(text, x, y);
    let marks: Vec<Mark<'_>> = rows
        .iter()
        .map(|row| Mark {
            row,
            at: (x.place(cpu(row)), y.place(median(row))),
            top: y.place(late(row)),
        })
        .collect();
    let mut labels = Labels::new(Area {
        left: FRAME.left + 4.0,
        ..FRAME
    });
    for layout in [Layout::Mailbox, Layout::Classic] {
        curve(text, &mut labels, &marks, layout);
    }
    for mark in &marks {
        let (x, y) = mark.at;
        let class = class(mark.row);
        let _ = writeln!(
            text,
            "<line class=\"whisker {class}-line\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{x:.1}\" y2=\"{:.1}\"/>",
            mark.top
        );
        shape(text, class, mark.at);
        labels.avoid_mark(mark.at, RADIUS + 1.0);
        labels.avoid_line(mark.at, (x, mark.top));
    }
    // The lesson's comes last in the table, and has the best place here.
    for mark in marks.iter().rev().filter(|mark| has_label(mark.row)) {
        label(text, &mut labels, mark);
    }
}

/// The lesson's layout has the same intervals on its curve as the mailbox, which is beside it; twice would be too many.
fn has_label(row: &Row) -> bool {
    row.layout == Layout::Mailbox || row.interval_ns.is_none() || row.is_lesson
}

/// Joins the polls of a layout, from the shortest interval to the longest.
fn curve(text: &mut String, labels: &mut Labels, marks: &[Mark<'_>], layout: Layout) {
    let mut polls: Vec<&Mark<'_>> = marks
        .iter()
        .filter(|mark| mark.row.layout == layout && mark.row.interval_ns.is_some())
        .collect();
    polls.sort_by_key(|mark| mark.row.interval_ns);
    if polls.len() < 2 {
        return;
    }
    for pair in polls.windows(2) {
        labels.avoid_line(pair[0].at, pair[1].at);
    }
    let points: Vec<String> = polls
        .iter()
        .map(|mark| format!("{:.1},{:.1}", mark.at.0, mark.at.1))
        .collect();
    let class = match layout {
        Layout::Mailbox => "curve",
        Layout::Classic => "curve-classic",
    };
    let points = points.join(" ");
    let _ = writeln!(text, "<polyline class=\"{class}\" points=\"{points}\"/>");
}

fn label(text: &mut String, labels: &mut Labels, mark: &Mark<'_>) {
    let name = if mark.row.is_lesson {
        "the lesson: poll/100ms"
    } else {
        mark.row.name.as_str()
    };
    let placed = labels.place(name, mark.at);
    let Area {
        left, top, width, ..
    } = placed.area;
    if placed.is_far {
        let (x, y) = mark.at;
        let end = placed.area.nearest(mark.at);
        let _ = writeln!(
            text,
            "<line class=\"leader\" x1=\"{x:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
            end.0, end.1
        );
        labels.avoid_line(mark.at, end);
    }
    let middle = left + width / 2.0;
    let class = if mark.row.is_lesson { "strong" } else { "name" };
    let _ = writeln!(
        text,
        "<text class=\"{class}\" x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
        top + LINE - 4.0,
        escaped(name)
    );
}

fn axes(text: &mut String, x: Scale, y: Scale) {
    let (right, bottom) = (FRAME.left + FRAME.width, FRAME.top + FRAME.height);
    for value in x.lines() {
        let at = x.place(value);
        line(text, (at, FRAME.top), (at, bottom));
        let least = value <= LEAST * 1.001;
        let number = format!("{}{} %", if least { "≤ " } else { "" }, value);
        anchored(text, (at, bottom + 18.0), "middle", "soft", &number);
    }
    for value in y.lines() {
        let at = y.place(value);
        line(text, (FRAME.left, at), (right, at));
        let number = time(value).replace(".00", "").replace(".0 ", " ");
        anchored(text, (FRAME.left - 8.0, at + 4.0), "end", "soft", &number);
    }
    let middle = FRAME.left + FRAME.width / 2.0;
    let about = "processor time of both processes, in percent of one core";
    anchored(text, (middle, bottom + 38.0), "middle", "name", about);
    anchored(
        text,
        (FRAME.left, FRAME.top - 6.0),
        "start",
        "name",
        "one-way latency: the median, and a line up to p99 (of less than 100 messages, to the slowest)",
    );
    let mut at = FRAME.left + 150.0;
    for (class, name) in [
        ("poll", "mailbox, polling at intervals"),
        ("other", "mailbox, other ways of waiting"),
        ("classic", "the lesson's layout"),
    ] {
        shape(text, class, (at, bottom + 58.0));
        anchored(text, (at + 12.0, bottom + 62.0), "start", "soft", name);
        at += 230.0;
    }
}

fn class(row: &Row) -> &'static str {
    match (row.layout, row.interval_ns) {
        (Layout::Classic, _) => "classic",
        (Layout::Mailbox, Some(_)) => "poll",
        (Layout::Mailbox, None) => "other",
    }
}

/// A circle, a diamond or a square: without colours they must differ too.
fn shape(text: &mut String, class: &str, (x, y): (f64, f64)) {
    let r = RADIUS;
    let _ = match class {
        "poll" => writeln!(
            text,
            "<circle class=\"poll\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{r}\"/>"
        ),
        "other" => writeln!(
            text,
            "<path class=\"other\" d=\"M{x:.1} {:.1}l{r} {r}l-{r} {r}l-{r} -{r}z\"/>",
            y - r
        ),
        _ => writeln!(
            text,
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"9\" height=\"9\"/>",
            x - 4.5,
            y - 4.5
        ),
    };
}

fn line(text: &mut String, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        text,
        "<line class=\"grid\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn write(text: &mut String, at: (f64, f64), class: &str, content: &str) {
    anchored(text, at, "start", class, content);
}

fn anchored(text: &mut String, (x, y): (f64, f64), anchor: &str, class: &str, content: &str) {
    let content = escaped(content);
    let _ = writeln!(
        text,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{content}</text>"
    );
}

/// What XML would take for its own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::report::samples::report;

    #[test]
    fn every_way_has_a_mark_and_a_label_and_the_lesson_is_named() {
        let picture = picture(&report());
        let marks = ["<circle", "class=\"other\" d", "class=\"classic\" x"];
        let count: usize = marks.iter().map(|mark| picture.matches(mark).count()).sum();
        // One of each is in the legend.
        assert_eq!(count, report().rows.len() + marks.len());
        assert!(picture.contains("the lesson: poll/100ms"));
        assert_eq!(picture.matches("<polyline").count(), 1);
    }

    #[test]
    fn it_is_well_formed_and_has_colours_for_the_dark() {
        let picture = picture(&report());
        assert!(picture.contains("A &lt;fast&gt; CPU"));
        assert!(picture.contains("prefers-color-scheme: dark"));
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
        assert_eq!(
            picture.matches("<text").count(),
            picture.matches("</text>").count()
        );
        assert!(picture.ends_with("</svg>\n"));
    }
}
