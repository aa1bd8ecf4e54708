//! The machine that the figures are true of.

use std::fmt;
use std::fs;
use std::thread;

use serde::Serialize;

/// What of a machine matters to the figures.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Machine {
    /// The processor's name.
    pub(super) cpu: String,
    /// All there are, also those that this process may not use.
    pub(super) cores: usize,
    pub(super) kernel: String,
    /// Whether there is a hypervisor below, as far as the processor tells.
    pub(super) is_virtual: bool,
    /// Processes that wanted a core in the minute before, on average.
    pub(super) load: Option<f64>,
}

/// From this load on, others get in the way.
const BUSY: f64 = 0.5;

impl Machine {
    /// This one, as `/proc` describes it.
    pub(super) fn here() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let load = load.split(' ').next().and_then(|load| load.parse().ok());
        Self::from(&info, kernel.trim(), load)
    }

    /// What keeps the figures from being those of the machine alone, if anything does.
    pub(super) fn objection(&self) -> Option<String> {
        let load = self.load.filter(|load| *load > BUSY)?;
        Some(format!(
            "the machine was busy before it began (load {load:.1} on {} cores): the figures are those of a busy machine",
            self.cores
        ))
    }

    fn from(info: &str, kernel: &str, load: Option<f64>) -> Self {
        let values = |key: &str| {
            info.lines()
                .filter_map(|line| line.split_once(':'))
                .filter(move |(name, _)| name.trim_end() == key)
                .map(|(_, value)| value.trim().to_owned())
                .collect::<Vec<String>>()
        };
        let listed = values("processor").len();
        let flags = values("flags");
        Self {
            cpu: values("model name")
                .into_iter()
                .next()
                .unwrap_or_else(|| "unknown processor".to_owned()),
            cores: if listed == 0 {
                thread::available_parallelism().map_or(1, usize::from)
            } else {
                listed
            },
            kernel: kernel.to_owned(),
            load,
            is_virtual: flags
                .iter()
                .any(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cpu, cores, kernel, ..
        } = self;
        write!(f, "{cpu}, {cores} cores, Linux {kernel}")?;
        f.write_str(if self.is_virtual {
            ", virtual machine"
        } else {
            ""
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_described_by_what_the_kernel_tells() {
        let info = "processor\t: 0\nmodel name\t: Fast CPU @ 2GHz\nflags\t\t: fpu hypervisor sse\n\
                    processor\t: 1\nmodel name\t: Fast CPU @ 2GHz\nflags\t\t: fpu hypervisor sse\n";
        let machine = Machine::from(info, "6.18.0", None);
        let expected = "Fast CPU @ 2GHz, 2 cores, Linux 6.18.0, virtual machine";
        assert_eq!(machine.to_string(), expected);
    }

    #[test]
    fn a_busy_machine_is_said_to_be_busy() {
        let machine = |load| Machine::from("processor\t: 0\n", "6.18.0", load);
        assert_eq!(machine(Some(0.2)).objection(), None);
        let objection = machine(Some(3.4)).objection().unwrap();
        assert!(objection.contains("3.4 on 1 cores"), "{objection}");
    }
}
