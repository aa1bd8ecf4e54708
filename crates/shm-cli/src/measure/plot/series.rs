//! A series: marks of one colour and shape, with whiskers, joined by a line or not.

use plotters::element::{Circle, DashedPathElement, PathElement, Polygon};
use plotters::style::{Color as _, RGBColor};

use super::axis::Axis;
use super::{Area, Chart, Drawn};

/// Of a mark, in pixels.
pub(super) const RADIUS: i32 = 6;

/// A colour, and what it is in the dark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Colour(pub(super) RGBColor, pub(super) &'static str);

/// A colour for series.
pub const BLUE: Colour = Colour(RGBColor(0x09, 0x69, 0xDA), "#58A6FF");
/// Another one.
pub const GREEN: Colour = Colour(RGBColor(0x1A, 0x7F, 0x37), "#3FB950");
/// The third.
pub const ORANGE: Colour = Colour(RGBColor(0xBC, 0x4C, 0x00), "#F0883E");

/// The shape of a mark: without colours they must differ too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Mark {
    Circle,
    Square,
    Diamond,
    Up,
    Down,
    Bar,
    /// Around another mark.
    Ring,
    /// For a level to compare with, which is a dashed line.
    Dashes,
}

/// A value at a place, and how far it spreads.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Along the horizontal axis.
    pub x: f64,
    /// Along the vertical one.
    pub y: f64,
    /// The ends of the whisker.
    pub whisker: (f64, f64),
}

/// Marks that belong together.
#[derive(Clone, Debug)]
pub struct Series {
    /// As the legend calls it.
    pub name: String,
    /// How it is drawn.
    pub mark: Mark,
    /// And in what colour.
    pub colour: Colour,
    /// Whether lines join the marks.
    pub is_joined: bool,
    /// In the order in which they are joined.
    pub points: Vec<Point>,
}

impl Series {
    /// The same value from one end of `across` to the other.
    pub fn level(name: &str, value: f64, across: &Axis) -> Self {
        let (low, high) = across.ends();
        let point = |x| Point {
            x,
            y: value,
            whisker: (value, value),
        };
        Self {
            name: name.to_owned(),
            mark: Mark::Dashes,
            colour: ORANGE,
            is_joined: true,
            points: [low, high].map(point).to_vec(),
        }
    }

    pub(super) fn draw(&self, area: &Area<'_>, chart: &Chart<'_, '_>) -> Drawn {
        for Point { x, whisker, .. } in &self.points {
            let ends = [whisker.0, whisker.1].map(|end| chart.backend_coord(&(*x, end)));
            area.draw(&PathElement::new(ends, self.colour.0.mix(0.55)))?;
        }
        let points = self.points.iter();
        let marks: Vec<_> = points
            .map(|point| chart.backend_coord(&(point.x, point.y)))
            .collect();
        self.draw_line(area, &marks)?;
        marks
            .into_iter()
            .try_for_each(|at| self.draw_mark(area, at))
    }

    /// For the legend.
    pub(super) fn draw_sample(&self, area: &Area<'_>, (x, y): (i32, i32)) -> Drawn {
        self.draw_line(area, &[(x - 2 * RADIUS, y), (x + 2 * RADIUS, y)])?;
        self.draw_mark(area, (x, y))
    }

    fn draw_line(&self, area: &Area<'_>, marks: &[(i32, i32)]) -> Drawn {
        let line = self.colour.0.stroke_width(2);
        if self.mark == Mark::Dashes {
            area.draw(&DashedPathElement::new(marks.to_vec(), 5, 4, line))?;
        } else if self.is_joined {
            area.draw(&PathElement::new(marks, line))?;
        }
        Ok(())
    }

    fn draw_mark(&self, area: &Area<'_>, (x, y): (i32, i32)) -> Drawn {
        let style = self.colour.0.filled();
        let corners: &[(i32, i32)] = match self.mark {
            Mark::Square => &[(-5, -5), (5, -5), (5, 5), (-5, 5)],
            Mark::Diamond => &[(0, -7), (7, 0), (0, 7), (-7, 0)],
            Mark::Up => &[(0, -6), (6, 5), (-6, 5)],
            Mark::Down => &[(0, 6), (6, -5), (-6, -5)],
            Mark::Bar => &[(-8, -3), (8, -3), (8, 3), (-8, 3)],
            Mark::Circle => return Ok(area.draw(&Circle::new((x, y), RADIUS, style))?),
            Mark::Ring => {
                let style = self.colour.0.stroke_width(2);
                return Ok(area.draw(&Circle::new((x, y), RADIUS + 4, style))?);
            }
            Mark::Dashes => return Ok(()),
        };
        let corners: Vec<_> = corners.iter().map(|(dx, dy)| (x + dx, y + dy)).collect();
        Ok(area.draw(&Polygon::new(corners, style))?)
    }
}
