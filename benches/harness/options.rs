//! What the command lines of several benchmarks have in common.

use std::fs;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::row::Effort;

/// How much time a measurement may take.
#[derive(Debug, Args)]
pub struct Timing {
    /// How often each contender has its turn
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// How long a turn is, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    slice: u16,
    /// Seven rounds of 5 ms
    #[arg(long, conflicts_with_all = ["rounds", "slice"])]
    quick: bool,
}

impl Timing {
    /// In full.
    pub fn effort(&self) -> Effort {
        let (rounds, slice) = if self.quick {
            (7, 5)
        } else {
            (self.rounds, self.slice)
        };
        Effort {
            rounds: rounds.into(),
            slice: Duration::from_millis(slice.into()),
            full: true,
        }
    }
}

impl Effort {
    /// One round as short as can be, to see that everything works.
    pub fn least() -> Self {
        Self {
            rounds: 1,
            slice: Duration::from_millis(1),
            full: false,
        }
    }
}

/// Writes figures to a file; if that fails, prints the reason on standard error.
///
/// # Panics
///
/// If the figures cannot be JSON.
pub fn is_written_as_json(path: &Path, figures: &impl Serialize) -> bool {
    let json = serde_json::to_string_pretty(figures).expect("strings and finite numbers");
    is_written(path, &(json + "\n"))
}

/// Writes a file; if that fails, prints the reason on standard error.
pub fn is_written(path: &Path, text: &str) -> bool {
    let result = fs::write(path, text);
    if let Err(error) = &result {
        eprintln!("error: cannot write {}: {error}", path.display());
    }
    result.is_ok()
}
