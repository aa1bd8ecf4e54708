//! Where the two processes run: on two cores, on one, or wherever the system puts them.

use std::fmt;
use std::io;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

pub(crate) use crate::args::Placement;

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Far => "pinned to different cores",
            Self::Same => "pinned to one core",
            Self::None => "not pinned",
        })
    }
}

/// The cores of the two processes; none if they may roam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cores {
    pub(super) here: Option<usize>,
    pub(super) peer: Option<usize>,
}

/// Chooses among the cores that this process may use; none if there are too few.
pub(super) fn choose(wanted: Option<Placement>) -> io::Result<Option<(Placement, Cores)>> {
    let allowed = sched_getaffinity(None)?;
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU)
        .filter(|&core| allowed.is_set(core))
        .collect();
    Ok(among(&cores, wanted))
}

fn among(cores: &[usize], wanted: Option<Placement>) -> Option<(Placement, Cores)> {
    let (first, last) = (*cores.first()?, *cores.last()?);
    let placement = match wanted {
        Some(placement) => placement,
        None if first == last => Placement::Same,
        None => Placement::Far,
    };
    let (here, peer) = match placement {
        Placement::Far if first == last => return None,
        // Neighbours may be two threads of one core.
        Placement::Far => (Some(first), Some(last)),
        Placement::Same => (Some(first), Some(first)),
        Placement::None => (None, None),
    };
    Some((placement, Cores { here, peer }))
}

/// Keeps this thread on `core`, if there is one to keep to.
pub(super) fn pin(core: Option<usize>) -> io::Result<()> {
    let Some(core) = core else { return Ok(()) };
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(here: usize, peer: usize) -> Cores {
        Cores {
            here: Some(here),
            peer: Some(peer),
        }
    }

    #[test]
    fn two_cores_are_the_default_where_there_are_two() {
        assert_eq!(among(&[0, 1, 2], None), Some((Placement::Far, cores(0, 2))));
        assert_eq!(among(&[4], None), Some((Placement::Same, cores(4, 4))));
    }

    #[test]
    fn two_cores_cannot_be_had_of_one() {
        assert_eq!(among(&[0], Some(Placement::Far)), None);
    }
}
