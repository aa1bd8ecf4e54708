//! The way a call takes through the code, so that a later call of the same kind can be stopped
//! anywhere on it without stepping there: a stop costs some 20 µs.

use crate::stepping::console::Phase;
use crate::stepping::tracee::Tracee;

/// More instructions than any call needs that this is made for.
const MOST: u64 = 100_000;

/// Where the call stood after 0, 1, 2, … instructions.
pub(crate) struct Path(Vec<u64>);

impl Path {
    /// Steps `tracee` through the call under test, from the mark before it to the one after it.
    pub(crate) fn record(tracee: &mut Tracee) -> Result<Self, String> {
        let mut places = vec![tracee.place()?];
        tracee.step_through(MOST, |tracee, _| {
            places.push(tracee.place()?);
            Ok(())
        })?;
        Ok(Self(places))
    }

    /// The points at which the call can be stopped: before its first instruction, and after each
    /// but the last, which says that it is over.
    pub(crate) fn points(&self) -> usize {
        self.0.len()
    }

    /// Brings `tracee`, which is about to make the same call, to the point after so many
    /// instructions. False if it went another way this time, and is at the mark after the call.
    pub(crate) fn follow(&self, tracee: &mut Tracee, instructions: usize) -> Result<bool, String> {
        // A repeated instruction stays where it is; a breakpoint meets it once.
        let is_new = |&index: &usize| index > 0 && self.0[index] != self.0[index - 1];
        let start = (1..=instructions).rev().find(is_new).unwrap_or(0);
        if start > 0 {
            let place = self.0[start];
            let visits = (1..=start)
                .filter(|index| is_new(index) && self.0[*index] == place)
                .count();
            if !tracee.run_to_place(place, visits)? {
                return Ok(false);
            }
        }
        for _ in start..instructions {
            tracee.step()?;
        }
        let over = tracee.is_over();
        if over {
            tracee.run_to(Phase::End)?;
        }
        Ok(!over)
    }
}
