//! Where labels go: beside their marks, and not over anything else.

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Area {
    /// Around a point.
    pub(super) fn around((x, y): (f64, f64), radius: f64) -> Self {
        Self {
            left: x - radius,
            top: y - radius,
            width: 2.0 * radius,
            height: 2.0 * radius,
        }
    }

    /// The part that two have in common, in square pixels.
    pub(super) fn overlap(&self, other: &Self) -> f64 {
        let side = |low: f64, length: f64, other_low: f64, other_length: f64| {
            ((low + length).min(other_low + other_length) - low.max(other_low)).max(0.0)
        };
        side(self.left, self.width, other.left, other.width)
            * side(self.top, self.height, other.top, other.height)
    }

    /// Its point that is nearest to another.
    pub(super) fn nearest(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (
            x.clamp(self.left, self.left + self.width),
            y.clamp(self.top, self.top + self.height),
        )
    }

    /// From its edge to a point outside.
    fn distance(&self, at: (f64, f64)) -> f64 {
        let nearest = self.nearest(at);
        (at.0 - nearest.0).hypot(at.1 - nearest.1)
    }

    fn contains(&self, other: &Self) -> bool {
        other.left >= self.left
            && other.top >= self.top
            && other.left + other.width <= self.left + self.width
            && other.top + other.height <= self.top + self.height
    }
}

/// A label that has found its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) area: Area,
    /// Whether it is so far from its mark that a line has to lead there.
    pub(super) is_far: bool,
}

/// Pixels of a character, on average, and of a line.
const CHARACTER: f64 = 6.9;
pub(super) const LINE: f64 = 15.0;

/// From the mark to the label, in pixels: the nearest that is free is taken.
const DISTANCES: [f64; 6] = [9.0, 20.0, 34.0, 50.0, 70.0, 95.0];
const DIRECTIONS: [(f64, f64); 8] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.7, -0.7),
    (0.7, 0.7),
    (-0.7, -0.7),
    (-0.7, 0.7),
    (0.0, -1.0),
    (0.0, 1.0),
];

/// Places labels in a frame, one after the other.
#[derive(Debug)]
pub(super) struct Labels {
    frame: Area,
    /// The marks, which the reader takes a label next to them to belong to.
    marks: Vec<(f64, f64)>,
    /// What no label may cover: marks and labels.
    taken: Vec<Area>,
    /// What a label had better not cover: lines.
    lines: Vec<Area>,
}

impl Labels {
    pub(super) fn new(frame: Area) -> Self {
        Self {
            frame,
            marks: Vec::new(),
            taken: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// Keeps labels off a mark.
    pub(super) fn avoid_mark(&mut self, mark: (f64, f64), radius: f64) {
        self.marks.push(mark);
        self.taken.push(Area::around(mark, radius));
    }

    /// Keeps labels off a straight line, where there is a choice.
    pub(super) fn avoid_line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let areas = points(from, to).map(|at| Area::around(at, 2.0));
        self.lines.extend(areas);
    }

    /// Finds a place for `text` near a mark.
    pub(super) fn place(&mut self, text: &str, mark: (f64, f64)) -> Placed {
        let width = CHARACTER * text.chars().count() as f64;
        let mut best: Option<(f64, Placed)> = None;
        for distance in DISTANCES {
            for (x, y) in DIRECTIONS {
                let (middle_x, middle_y) = (
                    mark.0 + x * distance + x.signum() * f64::from(x != 0.0) * width / 2.0,
                    mark.1 + y * (distance + LINE / 2.0),
                );
                let area = Area {
                    left: middle_x - width / 2.0,
                    top: middle_y - LINE / 2.0,
                    width,
                    height: LINE,
                };
                if !self.frame.contains(&area) {
                    continue;
                }
                let covered =
                    |areas: &[Area]| areas.iter().map(|other| other.overlap(&area)).sum::<f64>();
                let own = area.distance(mark);
                let ambiguous = self.marks.iter().any(|other| {
                    *other != mark && area.distance(*other) < (own * 1.3).max(own + 4.0)
                });
                let end = area.nearest(mark);
                let crosses = self
                    .marks
                    .iter()
                    .any(|other| *other != mark && points(mark, end).any(|at| is_near(at, *other)));
                let cost = covered(&self.taken) * 1000.0
                    + covered(&self.lines) * 2.0
                    + if ambiguous || crosses { 60.0 } else { 0.0 }
                    + distance;
                let placed = Placed {
                    area,
                    is_far: distance > DISTANCES[1],
                };
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, placed));
                }
            }
        }
        // A frame too small for the label gets it all the same.
        let area = Area {
            left: mark.0,
            top: mark.1,
            width,
            height: LINE,
        };
        let placed = best.map_or(
            Placed {
                area,
                is_far: false,
            },
            |(_, placed)| placed,
        );
        self.taken.push(placed.area);
        placed
    }
}

/// Points on a straight line, so dense that nothing that matters fits between two.
fn points(from: (f64, f64), to: (f64, f64)) -> impl Iterator<Item = (f64, f64)> {
    const STEPS: u32 = 60;
    (0..=STEPS).map(move |step| {
        let part = f64::from(step) / f64::from(STEPS);
        (
            from.0 + (to.0 - from.0) * part,
            from.1 + (to.1 - from.1) * part,
        )
    })
}

fn is_near(at: (f64, f64), other: (f64, f64)) -> bool {
    const NEAR: f64 = 6.0;
    (at.0 - other.0).hypot(at.1 - other.1) < NEAR
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Area = Area {
        left: 0.0,
        top: 0.0,
        width: 800.0,
        height: 400.0,
    };

    #[test]
    fn labels_of_marks_in_one_place_do_not_overlap() {
        let mut labels = Labels::new(FRAME);
        let mark = (400.0, 200.0);
        labels.avoid_mark(mark, 5.0);
        let placed: Vec<Area> = (0..8)
            .map(|_| labels.place("poll/100ms", mark).area)
            .collect();
        for (index, one) in placed.iter().enumerate() {
            assert!(FRAME.contains(one));
            assert!(one.overlap(&Area::around(mark, 5.0)) <= 0.0);
            for other in &placed[..index] {
                assert!(one.overlap(other) <= 0.0, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_label_is_nearer_to_its_own_mark_than_to_another() {
        let mut labels = Labels::new(FRAME);
        let (own, other) = ((400.0, 200.0), (408.0, 178.0));
        labels.avoid_mark(own, 5.0);
        labels.avoid_mark(other, 5.0);
        let area = labels.place("poll/100ms", own).area;
        assert!(area.distance(own) < area.distance(other), "{area:?}");
    }

    #[test]
    fn a_label_keeps_off_lines_and_stays_in_the_frame() {
        let mut labels = Labels::new(FRAME);
        labels.avoid_line((790.0, 0.0), (790.0, 400.0));
        let placed = labels.place("spin", (785.0, 200.0));
        assert!(placed.area.left + placed.area.width < 788.0, "{placed:?}");
    }
}
