//! How `adaptive` spends the time before it sleeps: by what the last waits have shown of the core.

use std::thread;
use std::time::Duration;

use shm_core::Moment;

use super::{Condition, look_often};

/// Looks before the first yield. A peer on another core that is already busy with the
/// answer gives it within this time.
const FIRST_LOOKS: u32 = 20;
/// Rounds of one timed yield and [`LOOKS_PER_ROUND`] looks; about 48 µs together, twice the
/// wake-up (25 µs) that they save. With less, one sleep provokes the peer's next.
const ROUNDS: u32 = 16;
const LOOKS_PER_ROUND: u32 = 100;
/// A yield that takes longer has let another process run, so the core is shared.
const SHARED_CORE: Duration = Duration::from_nanos(1500);
/// One that takes longer has cost more than a sleep: a busy process takes a time slice
/// of some milliseconds, while one that is woken goes before it.
const CROWDED_CORE: Duration = Duration::from_micros(50);
/// How many waits yield first after a yield has let the peer run, and what we waited for came.
const WAITS_YIELDING: u32 = 64;
/// How many waits park at once after a yield has let another process run than the peer.
const WAITS_PARKING: u32 = 8;
/// How many do so at most: twice as many each time that the core is found crowded again, and half
/// as many after each wait that did well without. So the slices that are lost to finding out are a
/// small part of the time, and half a second after the crowd has left we know.
const MOST_WAITS_PARKING: u32 = 4096;

/// How the next waits begin, by what the last have shown of the core.
#[derive(Debug)]
pub(super) struct Manner {
    habit: Habit,
    /// How many waits park when the core is found crowded the next time.
    parking: u32,
}

#[derive(Clone, Copy, Debug)]
enum Habit {
    /// The peer is on another core, as far as we know: spin.
    Spin,
    /// The peer shares this core: give it away first, for this many waits.
    Yield(u32),
    /// Another process shares this core, and a yield costs its time slice: park, for this many
    /// waits.
    Park(u32),
}

impl Manner {
    pub(super) const fn new() -> Self {
        Self {
            habit: Habit::Spin,
            parking: WAITS_PARKING,
        }
    }

    /// What comes before parking, if anything does.
    pub(super) fn spin_a_while<C: Condition>(
        &mut self,
        condition: &mut C,
    ) -> Result<Option<C::Output>, C::Error> {
        match self.habit {
            Habit::Park(waits) => {
                self.habit = match waits {
                    1 => Habit::Spin,
                    _ => Habit::Park(waits - 1),
                };
                return Ok(None);
            }
            Habit::Yield(waits) => {
                self.habit = match waits {
                    1 => Habit::Spin,
                    _ => Habit::Yield(waits - 1),
                };
                let taken = timed_yield();
                let found = condition.look_again()?;
                if taken > CROWDED_CORE {
                    self.make_way();
                    return Ok(found);
                }
                if found.is_some() {
                    self.stay();
                    return Ok(found);
                }
            }
            Habit::Spin => {}
        }
        if let Some(output) = look_often(condition, FIRST_LOOKS)? {
            return Ok(Some(output));
        }
        for _ in 0..ROUNDS {
            let taken = timed_yield();
            let found = condition.look_again()?;
            if taken > CROWDED_CORE {
                self.make_way();
                return Ok(found);
            }
            if taken > SHARED_CORE {
                self.habit = match found {
                    Some(_) => Habit::Yield(WAITS_YIELDING),
                    None => Habit::Park(WAITS_PARKING),
                };
                return Ok(found);
            }
            if found.is_some() {
                return Ok(found);
            }
            if let Some(output) = look_often(condition, LOOKS_PER_ROUND)? {
                self.stay();
                return Ok(Some(output));
            }
        }
        Ok(None)
    }

    /// Not to sleep was right.
    fn stay(&mut self) {
        self.parking = (self.parking / 2).max(WAITS_PARKING);
    }

    /// The core is crowded: from now on, park.
    fn make_way(&mut self) {
        self.habit = Habit::Park(self.parking);
        self.parking = (2 * self.parking).min(MOST_WAITS_PARKING);
    }
}

/// Gives the core away, and tells for how long.
fn timed_yield() -> Duration {
    let before = Moment::now();
    thread::yield_now();
    Moment::now().since(before)
}

#[cfg(test)]
mod tests {
    use super::super::Stop;
    use super::*;
    use crate::protocol::Slept;

    /// Nothing ever comes; counts who looks.
    struct Nothing {
        looks: u32,
    }

    impl Condition for Nothing {
        type Output = ();
        type Error = Stop;

        fn look(&mut self) -> Result<Option<()>, Stop> {
            self.looks += 1;
            Ok(None)
        }

        fn check(&mut self) -> Result<Option<()>, Stop> {
            Ok(None)
        }

        fn park(&mut self, _: Moment) -> Result<Slept<()>, Stop> {
            Ok(Slept::Expired)
        }
    }

    #[test]
    fn on_a_crowded_core_more_and_more_waits_park() {
        let mut manner = Manner::new();
        let mut nothing = Nothing { looks: 0 };
        for doublings in 0..12 {
            manner.make_way();
            for _ in 0..(WAITS_PARKING << doublings).min(MOST_WAITS_PARKING) {
                assert!(matches!(manner.habit, Habit::Park(_)));
                assert_eq!(manner.spin_a_while(&mut nothing), Ok(None));
            }
            assert!(matches!(manner.habit, Habit::Spin));
        }
        assert_eq!(nothing.looks, 0);
    }

    #[test]
    fn waits_that_do_well_make_up_for_a_crowd() {
        let mut manner = Manner::new();
        for _ in 0..5 {
            manner.make_way();
        }
        for _ in 0..4 {
            manner.stay();
        }
        assert_eq!(manner.parking, 2 * WAITS_PARKING);
        manner.stay();
        manner.stay();
        assert_eq!(manner.parking, WAITS_PARKING);
    }
}
