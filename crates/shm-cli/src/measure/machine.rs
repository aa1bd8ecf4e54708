//! The machine that the figures are true of.

use std::fmt;
use std::fs;
use std::path::Path;
use std::thread;

use serde::Serialize;

/// What of a machine matters to the figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// The family that an x86-64 processor says it is of.
    pub family: Option<u32>,
    /// Its model within the family.
    pub model: Option<u32>,
    /// KiB of first-level data cache in each core.
    pub l1d_kib: Option<u32>,
    /// KiB of second-level cache in each core.
    pub l2_kib: Option<u32>,
    /// All there are, also those that this process may not use.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
    /// Whether there is a hypervisor below, as far as the processor tells.
    pub is_virtual: bool,
    /// Processes that wanted a core in the minute before, on average.
    pub load: Option<f64>,
    /// How long a raw cache line took, if it was measured.
    pub line: Option<Line>,
}

/// How long a word takes to another core and back, each way through one cache line, in nanoseconds.
///
/// Where cores are moved about, as below a virtual machine, there is a quick time and a slow one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Line {
    /// The quickest that was seen.
    pub near_ns: f64,
    /// The slowest.
    pub far_ns: f64,
}

impl Line {
    /// Of times that were measured one after another, each a median; `None` if there are none.
    pub fn of(times: impl IntoIterator<Item = f64>) -> Option<Self> {
        let (near_ns, far_ns) = times
            .into_iter()
            .map(|time| (time, time))
            .reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))?;
        Some(Self { near_ns, far_ns })
    }
}

/// From this load on, others get in the way.
const BUSY: f64 = 0.5;

/// Where the kernel describes the caches of the first core.
const CACHES: &str = "/sys/devices/system/cpu/cpu0/cache";

impl Machine {
    /// This one, as the kernel describes it; without the line.
    pub fn here() -> Self {
        let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let [l1d_kib, l2_kib] = caches(Path::new(CACHES));
        Self {
            l1d_kib,
            l2_kib,
            kernel: kernel.trim().to_owned(),
            load: load.split(' ').next().and_then(|load| load.parse().ok()),
            ..Self::from_cpuinfo(&info)
        }
    }

    /// What keeps the figures from being those of the machine alone, if anything does.
    pub fn objection(&self) -> Option<String> {
        let load = self.load.filter(|load| *load > BUSY)?;
        Some(format!(
            "the machine was busy before it began (load {load:.1} on {} cores): the figures are those of a busy machine",
            self.cores
        ))
    }

    fn from_cpuinfo(info: &str) -> Self {
        let values = |key: &str| {
            info.lines()
                .filter_map(|line| line.split_once(':'))
                .filter(move |(name, _)| name.trim_end() == key)
                .map(|(_, value)| value.trim().to_owned())
                .collect::<Vec<String>>()
        };
        let first = |key: &str| values(key).into_iter().next();
        let number = |key: &str| first(key).and_then(|value| value.parse().ok());
        // On 64-bit Arm there is no name; two numbers stand for it.
        let by_number = || {
            let [implementer, part] = ["CPU implementer", "CPU part"].map(first);
            Some(format!("processor {} of {}", part?, implementer?))
        };
        let name = first("model name").or_else(by_number);
        let listed = values("processor").len();
        Self {
            cpu: name.unwrap_or_else(|| "unknown processor".to_owned()),
            family: number("cpu family"),
            model: number("model"),
            cores: if listed == 0 {
                thread::available_parallelism().map_or(1, usize::from)
            } else {
                listed
            },
            is_virtual: values("flags")
                .iter()
                .any(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            ..Self::default()
        }
    }
}

/// KiB of the data cache of the first level and of the cache of the second, as `folder` has them.
fn caches(folder: &Path) -> [Option<u32>; 2] {
    let mut sizes = [None; 2];
    for index in fs::read_dir(folder).into_iter().flatten().flatten() {
        let read = |file: &str| {
            let text = fs::read_to_string(index.path().join(file)).unwrap_or_default();
            text.trim().to_owned()
        };
        let slot = match (read("level").as_str(), read("type").as_str()) {
            ("1", "Data") => 0,
            ("2", "Unified" | "Data") => 1,
            _ => continue,
        };
        sizes[slot] = read("size")
            .strip_suffix('K')
            .and_then(|kib| kib.parse().ok());
    }
    sizes
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.cpu)?;
        if let (Some(family), Some(model)) = (self.family, self.model) {
            write!(f, " (family {family}, model {model})")?;
        }
        for (cache, size) in [("L1d", self.l1d_kib), ("L2", self.l2_kib)] {
            if let Some(kib) = size {
                write!(f, ", {cache} {kib} KiB")?;
            }
        }
        write!(f, ", {} cores, Linux {}", self.cores, self.kernel)?;
        if self.is_virtual {
            f.write_str(", virtual machine")?;
        }
        if let Some(Line { near_ns, far_ns }) = self.line {
            write!(f, ", cache line {near_ns:.0} to {far_ns:.0} ns round trip")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_described_by_what_the_kernel_tells() {
        let core = "cpu family\t: 25\nmodel\t\t: 17\nmodel name\t: Fast CPU @ 2GHz\nflags\t\t: fpu hypervisor sse\n";
        let info = format!("processor\t: 0\n{core}\nprocessor\t: 1\n{core}");
        let machine = Machine {
            kernel: "6.18.0".to_owned(),
            l1d_kib: Some(32),
            l2_kib: Some(1024),
            line: Line::of([104.2, 380.4, 99.0]),
            ..Machine::from_cpuinfo(&info)
        };
        let expected = "Fast CPU @ 2GHz (family 25, model 17), L1d 32 KiB, L2 1024 KiB, 2 cores, \
            Linux 6.18.0, virtual machine, cache line 99 to 380 ns round trip";
        assert_eq!(machine.to_string(), expected);
    }

    #[test]
    fn a_processor_without_a_name_is_described_by_its_numbers() {
        let info = "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n";
        let machine = Machine::from_cpuinfo(info);
        assert_eq!(machine.cpu, "processor 0xd0c of 0x41");
        assert_eq!((machine.family, machine.cores), (None, 1));
    }

    #[test]
    fn the_caches_are_those_of_data() {
        let folder = std::env::temp_dir().join(format!("shm-caches-{}", std::process::id()));
        let caches_there = [
            ("1", "Data", "48K"),
            ("1", "Instruction", "32K"),
            ("2", "Unified", "2048K"),
            ("3", "Unified", "32768K"),
        ];
        for (number, (level, kind, size)) in caches_there.into_iter().enumerate() {
            let index = folder.join(format!("index{number}"));
            fs::create_dir_all(&index).unwrap();
            for (file, text) in [("level", level), ("type", kind), ("size", size)] {
                fs::write(index.join(file), format!("{text}\n")).unwrap();
            }
        }
        let found = caches(&folder);
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(found, [Some(48), Some(2048)]);
        assert_eq!(caches(&folder), [None, None]);
    }

    #[test]
    fn a_busy_machine_is_said_to_be_busy() {
        let machine = |load| Machine {
            load,
            ..Machine::from_cpuinfo("processor\t: 0\n")
        };
        assert_eq!(machine(Some(0.2)).objection(), None);
        let objection = machine(Some(3.4)).objection().unwrap();
        assert!(objection.contains("3.4 on 1 cores"), "{objection}");
    }
}
