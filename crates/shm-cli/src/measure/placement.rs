//! Where the two processes run: on two cores, on one, or wherever the system puts them.

use std::fmt;
use std::io;

use clap::ValueEnum;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use serde::Serialize;

/// Where the two processes run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "a shell would show it beside each value")]
pub enum Placement {
    Far,
    Same,
    None,
}

impl Placement {
    /// In two words, for a column of a table.
    pub fn in_short(self) -> &'static str {
        match self {
            Self::Far => "two cores",
            Self::Same => "one core",
            Self::None => "unpinned",
        }
    }
}

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
pub struct Cores {
    /// Of the leading process.
    pub here: Option<usize>,
    /// Of the other one.
    pub peer: Option<usize>,
}

/// Chooses among the cores that this process may use; none if there are too few.
///
/// # Errors
///
/// If the system does not tell which those are.
pub fn choose(wanted: Option<Placement>) -> io::Result<Option<(Placement, Cores)>> {
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
///
/// # Errors
///
/// If the system does not allow that.
pub fn pin(core: Option<usize>) -> io::Result<()> {
    let Some(core) = core else { return Ok(()) };
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// Keeps this thread on a core until it is dropped.
#[derive(Debug)]
pub struct Pinned(CpuSet);

impl Pinned {
    /// As [`pin`].
    ///
    /// # Errors
    ///
    /// Those of [`pin`].
    pub fn to(core: Option<usize>) -> io::Result<Self> {
        let before = sched_getaffinity(None)?;
        pin(core)?;
        Ok(Self(before))
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // It was allowed before.
        let _ = sched_setaffinity(None, &self.0);
    }
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
