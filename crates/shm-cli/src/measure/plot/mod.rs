//! A picture of figures as SVG: axes, series of marks with whiskers, and a legend beneath.
//!
//! It is as wide as the page that shows it, to be read on a telephone too, and follows the reader's
//! light or dark theme. Here lives how it looks, for every picture; what one shows is for those who
//! have the figures.

mod axis;
mod series;

use std::error::Error;
use std::fmt::Write as _;

pub use axis::Axis;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::Text;
use plotters::prelude::SVGBackend;
use plotters::style::{Color as _, FontStyle, IntoFont, RGBColor, TextStyle};
use series::RADIUS;
pub use series::{BLUE, Colour, GREEN, Mark, ORANGE, Point, Series};

/// Pixels, as long as the picture is shown in its own size.
const WIDTH: i32 = 600;
const CHART: i32 = 400;
const MARGIN: i32 = 16;
const LINE: i32 = 22;
const FONT: i32 = 16;
/// As many characters as fit beside each other.
const CHARACTERS: usize = 68;

const PAPER: Colour = Colour(RGBColor(0xFF, 0xFF, 0xFF), "#0D1117");
const INK: Colour = Colour(RGBColor(0x1F, 0x23, 0x28), "#E6EDF3");
const GRID: Colour = Colour(RGBColor(0xD1, 0xD9, 0xE0), "#30363D");

/// Everything that a picture shows.
#[derive(Clone, Debug)]
pub struct Plot {
    /// The headline.
    pub title: &'static str,
    /// Beneath it, paragraph by paragraph.
    pub about: Vec<String>,
    /// The horizontal axis.
    pub across: Axis,
    /// The vertical axis.
    pub up: Axis,
    /// What is drawn, later ones above earlier ones.
    pub series: Vec<Series>,
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;
type Drawn<T = ()> = Result<T, Box<dyn Error>>;

impl Plot {
    /// The whole file.
    ///
    /// # Panics
    ///
    /// If an axis has fewer than two labels.
    pub fn picture(&self) -> String {
        let about: Vec<String> = self.about.iter().flat_map(|text| lines(text)).collect();
        let columns = if self.series.len() > 4 { 2 } else { 1 };
        let rows = pixels(self.series.len().div_ceil(columns));
        let top = 2 * LINE + LINE * pixels(about.len() + 1) + MARGIN;
        let height = top + CHART + LINE * rows + 2 * MARGIN;
        let mut svg = String::new();
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        self.draw(&area, &about, top, columns)
            .expect("writing to a string does not fail");
        drop(area);
        self.finished(&svg, height)
    }

    fn draw(&self, area: &Area<'_>, about: &[String], top: i32, columns: usize) -> Drawn {
        area.fill(&PAPER.0)?;
        let mut title = text_style(FONT + 2);
        title.font = title.font.style(FontStyle::Bold);
        area.draw(&Text::new(self.title, (MARGIN, MARGIN), title))?;
        let write =
            |text: &str, y| area.draw(&Text::new(text.to_owned(), (MARGIN, y), text_style(FONT)));
        for (index, line) in about.iter().enumerate() {
            write(line, 2 * LINE + MARGIN / 2 + pixels(index) * LINE)?;
        }
        write(&self.up.name, top - LINE)?;
        let chart = self.axes(area, top)?;
        for series in &self.series {
            series.draw(area, &chart)?;
        }
        self.legend(area, top + CHART + MARGIN / 2, columns)?;
        area.present()?;
        Ok(())
    }

    fn axes<'a, 'b>(&self, area: &'a Area<'b>, top: i32) -> Drawn<Chart<'a, 'b>> {
        let mut chart = ChartBuilder::on(area)
            .margin_top(top)
            .margin_bottom(area.dim_in_pixel().1.cast_signed() - top - CHART)
            .margin_left(MARGIN)
            .margin_right(2 * MARGIN)
            .x_label_area_size(2 * LINE + MARGIN / 2)
            .y_label_area_size(66)
            .build_cartesian_2d(self.across.clone(), self.up.clone())?;
        chart
            .configure_mesh()
            .bold_line_style(GRID.0)
            .light_line_style(GRID.0.mix(0.0))
            .axis_style(GRID.0)
            .label_style(text_style(FONT))
            .axis_desc_style(text_style(FONT))
            .x_desc(&self.across.name)
            .draw()?;
        Ok(chart)
    }

    fn legend(&self, area: &Area<'_>, top: i32, columns: usize) -> Drawn {
        let width = (WIDTH - 2 * MARGIN) / pixels(columns);
        for (index, series) in self.series.iter().enumerate() {
            let (row, column) = (pixels(index / columns), pixels(index % columns));
            let x = MARGIN + column * width + 2 * RADIUS;
            let y = top + row * LINE + LINE / 2;
            series.draw_sample(area, (x, y))?;
            let at = (x + 3 * RADIUS, y - FONT / 2);
            area.draw(&Text::new(series.name.as_str(), at, text_style(FONT)))?;
        }
        Ok(())
    }

    /// What the library writes has a size of its own, no colours for the dark, and line breaks in
    /// its texts.
    fn finished(&self, svg: &str, height: i32) -> String {
        let mut style = "text{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif}\
            \n@media (prefers-color-scheme:dark){"
            .to_owned();
        for Colour(RGBColor(red, green, blue), dark) in [PAPER, INK, GRID, BLUE, GREEN, ORANGE] {
            let light = format!("#{red:02X}{green:02X}{blue:02X}");
            for part in ["fill", "stroke"] {
                // Writing to a string does not fail.
                let _ = write!(style, "\n[{part}=\"{light}\"]{{{part}:{dark}}}");
            }
        }
        let label = self.title.replace('&', "&amp;").replace('<', "&lt;");
        let label = label.replace('"', "&quot;");
        let body = svg.split_once(">\n").map_or(svg, |(_, body)| body);
        // Without a width of its own, a page may give the picture none.
        let size =
            format!("width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\"");
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" {size} role=\"img\" \
             aria-label=\"{label}\">\n<style>{style}\n}}</style>\n"
        );
        for line in body.lines() {
            text.push_str(line);
            // What stands between two tags has been escaped.
            if line.starts_with('<') && !line.starts_with("<text ") {
                text.push('\n');
            }
        }
        text
    }
}

fn text_style(size: i32) -> TextStyle<'static> {
    // The library draws letters that much smaller than asked for, as a font is higher than its
    // letters.
    let size = f64::from(size) * 1.24;
    TextStyle::from(("sans-serif", size).into_font()).color(&INK.0)
}

/// The words of a text in lines that fit.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always one");
        if last.is_empty() {
            word.clone_into(last);
        } else if last.chars().count() + word.chars().count() < CHARACTERS {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn pixels(count: usize) -> i32 {
    i32::try_from(count).expect("a few")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        let points = [1.0, 10.0, 500.0].map(|value| Point {
            x: value,
            y: value,
            whisker: (value / 2.0, value),
        });
        let across = Axis::decades("cost", [1.0, 500.0], |value| format!("{value}%"));
        let ours = Series {
            name: "ours".to_owned(),
            mark: Mark::Diamond,
            colour: BLUE,
            is_joined: true,
            points: points.to_vec(),
        };
        Plot {
            title: "Costs & \"gains\"",
            about: vec!["of a <fast> & \"cheap\" machine".to_owned()],
            series: vec![ours, Series::level("theirs", 100.0, &across)],
            across,
            up: Axis::from_zero("time", 500.0, |value| format!("{value} ns")),
        }
    }

    #[test]
    fn the_picture_says_everything_in_escaped_text_at_any_width_and_in_the_dark() {
        let picture = plot().picture();
        for text in [
            ">of a &lt;fast&gt; &amp; &quot;cheap&quot; machine<",
            ">Costs &amp; &quot;gains&quot;<",
            " aria-label=\"Costs &amp; &quot;gains&quot;\"",
            ">cost<",
            ">time<",
            ">100%<",
            ">500 ns<",
            ">ours<",
            ">theirs<",
            "prefers-color-scheme:dark",
        ] {
            assert!(picture.contains(text), "{text}: {picture}");
        }
        let head = picture.lines().next().unwrap();
        assert!(
            head.starts_with("<svg ") && head.contains(" width=\"600\" height="),
            "{head}"
        );
        assert!(head.contains(" viewBox=\"0 0 600 "), "{head}");
        assert!(
            !picture.contains("NaN") && !picture.contains("inf"),
            "{picture}"
        );
        assert_eq!(
            picture.matches("<text").count(),
            picture.matches("</text>").count()
        );
        assert!(picture.ends_with("</svg>\n"), "{picture}");
    }

    #[test]
    fn every_point_has_a_mark_and_the_legend_has_one() {
        // A diamond is a polygon of its own.
        assert_eq!(plot().picture().matches("<polygon").count(), 3 + 1);
    }

    #[test]
    fn no_text_is_smaller_than_12_of_800() {
        let picture = plot().picture();
        let sizes = picture.split("font-size=\"").skip(1);
        let sizes: Vec<f64> = sizes
            .map(|rest| rest.split('"').next().unwrap().parse().unwrap())
            .collect();
        assert!(!sizes.is_empty());
        assert!(
            sizes
                .iter()
                .all(|size| size / f64::from(WIDTH) >= 12.0 / 800.0),
            "{sizes:?}"
        );
    }

    #[test]
    fn long_texts_are_broken_between_words() {
        let text = "word ".repeat(40);
        let broken = lines(text.trim_end());
        assert!(
            broken.iter().all(|line| line.chars().count() <= CHARACTERS),
            "{broken:?}"
        );
        assert_eq!(broken.join(" "), text.trim_end());
    }
}
