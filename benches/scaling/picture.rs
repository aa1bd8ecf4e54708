//! A plot of times against slots or bytes, written out by hand in the manner of `shm bench --svg`.

use std::fmt::Write as _;

use benches::statistics::Summary;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 500.0;
/// Where the axes are.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 930.0;
const TOP: f64 = 112.0;
const BOTTOM: f64 = 400.0;
/// Between the frame and the first and last mark, in pixels.
const MARGIN: f64 = 24.0;

/// The colours are those of `measurements.svg`, in the light and in the dark.
const STYLE: &str = "\
text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px;fill:#1f2328}
.paper{fill:#ffffff}.title{font-size:17px;font-weight:600}.soft{fill:#59636e}
.grid{stroke:#d1d9e0;stroke-width:1}
.circle{fill:#0969da}.circle-line{stroke:#0969da}
.diamond{fill:#1a7f37}.diamond-line{stroke:#1a7f37}
.bar-line{stroke:#bc4c00;stroke-dasharray:5 4}
.curve{fill:none;stroke-width:2}.whisker{stroke-width:1.2;opacity:0.55}
@media (prefers-color-scheme: dark){
text{fill:#e6edf3}.paper{fill:#0d1117}.soft{fill:#9198a1}
.grid{stroke:#30363d}
.circle{fill:#58a6ff}.circle-line{stroke:#58a6ff}
.diamond{fill:#3fb950}.diamond-line{stroke:#3fb950}
.bar-line{stroke:#f0883e}
}";

/// Marks that belong together, joined by lines.
pub(crate) struct Series {
    pub(crate) name: String,
    /// A circle or a diamond: without colours they must differ too.
    pub(crate) shape: Shape,
    /// Nanoseconds at each place of the horizontal axis.
    pub(crate) times: Vec<Summary>,
}

#[derive(Clone, Copy)]
pub(crate) enum Shape {
    Circle,
    Diamond,
}

/// A place on the horizontal axis.
pub(crate) struct Place {
    /// In any unit; the first is drawn at the left, the last at the right.
    pub(crate) at: f64,
    /// Beneath it, if there is room.
    pub(crate) label: Option<String>,
}

pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) about: String,
    /// Of the horizontal axis.
    pub(crate) across: &'static str,
    pub(crate) places: Vec<Place>,
    pub(crate) series: Vec<Series>,
    /// Nanoseconds that a raw cache line takes there and back.
    pub(crate) line: f64,
}

impl Plot {
    /// The whole file.
    pub(crate) fn picture(&self) -> String {
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
             height=\"{HEIGHT}\" role=\"img\" aria-label=\"{}\">\n<style>{STYLE}</style>\n\
             <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n",
            self.title
        );
        write(&mut text, (24.0, 34.0), "start", "title", self.title);
        write(&mut text, (24.0, 55.0), "start", "soft", &self.about);
        let step = step(self.greatest());
        let top = step * (self.greatest() / step).ceil();
        let height = |time: f64| BOTTOM - (time / top).clamp(0.0, 1.0) * (BOTTOM - TOP);
        self.axes(&mut text, step, top, height);
        for series in &self.series {
            self.curve(&mut text, series, height);
        }
        self.legend(&mut text);
        text.push_str("</svg>\n");
        text
    }

    /// What the axis has room for: all medians and the line, and the slower rounds up to three times that.
    fn greatest(&self) -> f64 {
        let times = || self.series.iter().flat_map(|series| &series.times);
        let median = times().map(|time| time.median).fold(self.line, f64::max);
        let slow = times().map(|time| time.quartiles.1).fold(0.0, f64::max);
        slow.clamp(1.1 * median, 3.0 * median)
    }

    fn place(&self, index: usize) -> f64 {
        let at = |index: usize| self.places[index].at;
        let (first, last) = (at(0), at(self.places.len() - 1));
        let part = (at(index) - first) / (last - first);
        LEFT + MARGIN + part * (RIGHT - LEFT - 2.0 * MARGIN)
    }

    fn axes(&self, text: &mut String, step: f64, top: f64, height: impl Fn(f64) -> f64) {
        let mut value = 0.0;
        while value <= top {
            let y = height(value);
            line(text, "grid", (LEFT, y), (RIGHT, y));
            let number = format!("{value:.0} ns");
            write(text, (LEFT - 8.0, y + 4.0), "end", "soft", &number);
            value += step;
        }
        for (index, place) in self.places.iter().enumerate() {
            let x = self.place(index);
            if let Some(label) = &place.label {
                line(text, "grid", (x, TOP), (x, BOTTOM));
                write(text, (x, BOTTOM + 18.0), "middle", "soft", label);
            }
        }
        let about = "time of one: the median, and a line where the middle half of all rounds lies";
        write(text, (LEFT, TOP - 10.0), "start", "name", about);
        let middle = f64::midpoint(LEFT, RIGHT);
        write(text, (middle, BOTTOM + 40.0), "middle", "name", self.across);
        let y = height(self.line);
        line(text, "curve bar-line", (LEFT, y), (RIGHT, y));
    }

    fn curve(&self, text: &mut String, series: &Series, height: impl Fn(f64) -> f64) {
        let class = series.shape.class();
        let mut points = String::new();
        for (index, time) in series.times.iter().enumerate() {
            let (x, y) = (self.place(index), height(time.median));
            // Writing to a string does not fail.
            let _ = write!(points, "{x:.1},{y:.1} ");
            let (low, high) = time.quartiles;
            let class_of_line = format!("whisker {class}-line");
            line(text, &class_of_line, (x, height(low)), (x, height(high)));
            series.shape.draw(text, (x, y));
        }
        let _ = writeln!(
            text,
            "<polyline class=\"curve {class}-line\" points=\"{}\"/>",
            points.trim_end()
        );
    }

    fn legend(&self, text: &mut String) {
        let y = BOTTOM + 70.0;
        let mut x = LEFT + MARGIN;
        for series in &self.series {
            series.shape.draw(text, (x, y - 4.0));
            write(text, (x + 12.0, y), "start", "soft", &series.name);
            x += 270.0;
        }
        line(
            text,
            "curve bar-line",
            (x - 10.0, y - 4.0),
            (x + 16.0, y - 4.0),
        );
        let name = "a raw cache line, there and back";
        write(text, (x + 24.0, y), "start", "soft", name);
    }
}

impl Shape {
    fn class(self) -> &'static str {
        match self {
            Self::Circle => "circle",
            Self::Diamond => "diamond",
        }
    }

    fn draw(self, text: &mut String, (x, y): (f64, f64)) {
        // Writing to a string does not fail.
        let _ = match self {
            Self::Circle => writeln!(
                text,
                "<circle class=\"circle\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>"
            ),
            Self::Diamond => writeln!(
                text,
                "<path class=\"diamond\" d=\"M{x:.1} {:.1}l5 5l-5 5l-5 -5z\"/>",
                y - 5.0
            ),
        };
    }
}

/// Between two lines of the grid: 1, 2 or 5 of some unit, and not more than eight of them.
fn step(greatest: f64) -> f64 {
    let mut unit = 1.0;
    loop {
        for step in [unit, 2.0 * unit, 5.0 * unit] {
            if greatest <= 8.0 * step {
                return step;
            }
        }
        unit *= 10.0;
    }
}

fn line(text: &mut String, class: &str, from: (f64, f64), to: (f64, f64)) {
    let _ = writeln!(
        text,
        "<line class=\"{class}\" x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\"/>",
        from.0, from.1, to.0, to.1
    );
}

fn write(text: &mut String, (x, y): (f64, f64), anchor: &str, class: &str, content: &str) {
    let _ = writeln!(
        text,
        "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{content}</text>"
    );
}
