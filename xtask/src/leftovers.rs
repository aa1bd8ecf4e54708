//! Tells whether objects in `/dev/shm` were left behind.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::thread;
use std::time::Duration;

use crate::patience::Patience;

const DIRECTORY: &str = "/dev/shm";

/// The names that were there at some moment.
pub(crate) struct Snapshot(BTreeSet<OsString>);

impl Snapshot {
    /// What is there now.
    pub(crate) fn now() -> Self {
        Self(names())
    }

    /// What has come since, is still there after `patience`, and is held by no living process.
    ///
    /// To be asked when all processes of the run have ended: what is held then is someone else's, and
    /// the patience is for other programs on the machine that are in the middle of something.
    pub(crate) fn left_since(&self, patience: Duration) -> Vec<String> {
        let mut patience = Patience::new(patience);
        loop {
            let mut left: Vec<OsString> = names().difference(&self.0).cloned().collect();
            if !left.is_empty() {
                let held = held();
                left.retain(|name| !held.contains(name));
            }
            if left.is_empty() || patience.is_over() {
                return left
                    .iter()
                    .map(|name| name.to_string_lossy().into_owned())
                    .collect();
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn names() -> BTreeSet<OsString> {
    std::fs::read_dir(DIRECTORY)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name())
        .collect()
}

/// The names that living processes have open or mapped, as far as this user may know.
fn held() -> BTreeSet<OsString> {
    let mut held = BTreeSet::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let process = process.path();
        for file in std::fs::read_dir(process.join("fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            if let Ok(path) = std::fs::read_link(file.path()) {
                held.extend(object_name(&path));
            }
        }
        let maps = std::fs::read(process.join("maps")).unwrap_or_default();
        for line in maps.split(|byte| *byte == b'\n') {
            held.extend(mapped_path(line).and_then(object_name));
        }
    }
    held
}

/// The name of the object at `path`, if it is one.
fn object_name(path: &Path) -> Option<OsString> {
    path.strip_prefix(DIRECTORY)
        .ok()
        .map(|name| name.as_os_str().to_owned())
}

/// The path at the end of a line of `/proc/PID/maps`, if the mapping has one.
fn mapped_path(line: &[u8]) -> Option<&Path> {
    let start = line.iter().position(|byte| *byte == b'/')?;
    Some(Path::new(OsStr::from_bytes(&line[start..])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    /// A plain file in `/dev/shm`, gone when the test is over.
    struct Temporary(std::path::PathBuf);

    impl Temporary {
        fn new(label: &str) -> (Self, File) {
            let name = format!("xtask-{label}-{}", std::process::id());
            let path = Path::new(DIRECTORY).join(name);
            let file = File::create_new(&path).expect("the name is ours");
            (Self(path), file)
        }

        fn name(&self) -> String {
            let name = self.0.file_name().expect("it has a name");
            name.to_string_lossy().into_owned()
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    #[test]
    fn an_object_nobody_holds_is_left_over() {
        let before = Snapshot::now();
        let (object, file) = Temporary::new("left");
        drop(file);
        assert!(before.left_since(Duration::ZERO).contains(&object.name()));
    }

    #[test]
    fn an_object_somebody_holds_is_not() {
        let before = Snapshot::now();
        let (object, _file) = Temporary::new("held");
        assert!(!before.left_since(Duration::ZERO).contains(&object.name()));
    }

    #[test]
    fn a_mapping_shows_its_path() {
        let line = b"7f00-7f01 rw-s 00000000 00:1a 12                 /dev/shm/my orders";
        let name = mapped_path(line).and_then(object_name);
        assert_eq!(name.as_deref(), Some(OsStr::new("my orders")));
        let anonymous = mapped_path(b"7f00-7f01 rw-p 00000000 00:00 0  [heap]");
        assert_eq!(anonymous.and_then(object_name), None);
    }
}
