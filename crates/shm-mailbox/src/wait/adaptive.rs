//! How `adaptive` spends the time before it sleeps: by what the last waits have shown of the core.

use std::thread;
use std::time::{Duration, Instant};

use super::{Condition, look_often};

/// Looks before the first yield. A peer on another core that is already busy with the
/// answer gives it within this time.
const FIRST_LOOKS: u32 = 20;
/// Rounds of one timed yield and [`LOOKS_PER_ROUND`] looks; about 48 µs together, twice the
/// wake-up (25 µs) that they save. With less, one sleep provokes the peer's next.
const ROUNDS: u32 = 16;
const LOOKS_PER_ROUND: u32 = 100;
/// A yield that takes longer has let somebody else run, so the core is shared.
const SHARED_CORE: Duration = Duration::from_nanos(1500);
/// How many waits park at once after a yield has let somebody else run than the peer.
const WAITS_PARKING: u32 = 8;
/// How many waits yield first after a yield has let the peer run, and what we waited for came.
const WAITS_YIELDING: u32 = 64;

/// How the next waits begin, by what the last have shown of the core.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// The peer is on another core, as far as we know: spin.
    Spin,
    /// The peer shares this core: give it away first, for this many waits.
    Yield(u32),
    /// Somebody else shares this core, and a yield costs his time slice: park, for this many waits.
    Park(u32),
}

impl Manner {
    /// What comes before parking, if anything does.
    pub(super) fn spin_a_while<C: Condition>(
        &mut self,
        condition: &mut C,
    ) -> Result<Option<C::Output>, C::Error> {
        match *self {
            Manner::Park(waits) => {
                *self = match waits {
                    1 => Manner::Spin,
                    _ => Manner::Park(waits - 1),
                };
                return Ok(None);
            }
            Manner::Yield(waits) => {
                *self = match waits {
                    1 => Manner::Spin,
                    _ => Manner::Yield(waits - 1),
                };
                // Untimed: where this goes wrong, the next timed one tells.
                thread::yield_now();
                if let Some(output) = condition.look_again()? {
                    return Ok(Some(output));
                }
            }
            Manner::Spin => {}
        }
        if let Some(output) = look_often(condition, FIRST_LOOKS)? {
            return Ok(Some(output));
        }
        for _ in 0..ROUNDS {
            let before = Instant::now();
            thread::yield_now();
            let shared = before.elapsed() > SHARED_CORE;
            let found = condition.look_again()?;
            if shared {
                *self = match found {
                    Some(_) => Manner::Yield(WAITS_YIELDING),
                    None => Manner::Park(WAITS_PARKING),
                };
                return Ok(found);
            }
            if found.is_some() {
                return Ok(found);
            }
            if let Some(output) = look_often(condition, LOOKS_PER_ROUND)? {
                return Ok(Some(output));
            }
        }
        Ok(None)
    }
}
