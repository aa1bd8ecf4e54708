//! Control groups whose processes stand still when they are told to, as containers and sleeping
//! machines do it.

use std::fs;
use std::path::{Path, PathBuf};

use super::process::Child;
use super::until;

/// A control group of our own; gone when this is dropped, which has to be after its processes have
/// ended.
pub(crate) struct Freezer {
    folder: PathBuf,
    version: Version,
}

/// The two kinds of control groups; see `cgroups(7)`, and the kernel's `cgroup-v2` and
/// `freezer-subsystem`.
#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

/// A process that stands still until this is dropped.
pub(crate) struct Frozen<'a>(&'a Freezer);

impl Freezer {
    /// A group of this name, wherever one can be made; `None` if there is no such place.
    pub(crate) fn new(name: &str) -> Option<Self> {
        let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
        mounts.lines().find_map(|mount| {
            let mut fields = mount.split(' ').skip(1);
            let (place, kind, options) = (fields.next()?, fields.next()?, fields.next()?);
            let version = match kind {
                "cgroup2" => Version::Two,
                "cgroup" if options.split(',').any(|option| option == "freezer") => Version::One,
                _ => return None,
            };
            let folder = Path::new(place).join(name);
            fs::create_dir(&folder).ok()?;
            let freezer = Self { folder, version };
            // Not every group of version 2 has one.
            freezer.control().exists().then_some(freezer)
        })
    }

    /// Takes the process in, and freezes it.
    pub(crate) fn freeze(&self, child: &Child) -> Frozen<'_> {
        let processes = self.folder.join("cgroup.procs");
        fs::write(processes, child.pid().to_string()).expect("the group is ours");
        self.tell(["FROZEN", "1"]);
        let frozen = Frozen(self);
        until("the process is frozen", || frozen.holds());
        frozen
    }

    fn control(&self) -> PathBuf {
        self.folder.join(match self.version {
            Version::One => "freezer.state",
            Version::Two => "cgroup.freeze",
        })
    }

    fn tell(&self, [one, two]: [&str; 2]) {
        let word = match self.version {
            Version::One => one,
            Version::Two => two,
        };
        fs::write(self.control(), word).expect("the group is ours");
    }
}

impl Drop for Freezer {
    fn drop(&mut self) {
        // When the test fails because of it, there is nothing else to do either.
        let _ = fs::remove_dir(&self.folder);
    }
}

impl Frozen<'_> {
    /// Whether the kernel says that the whole group stands still.
    pub(crate) fn holds(&self) -> bool {
        let (file, word) = match self.0.version {
            Version::One => ("freezer.state", "FROZEN"),
            Version::Two => ("cgroup.events", "frozen 1"),
        };
        let text = fs::read_to_string(self.0.folder.join(file)).expect("the group is ours");
        text.lines().any(|line| line == word)
    }
}

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.0.tell(["THAWED", "0"]);
    }
}
