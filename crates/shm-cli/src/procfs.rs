//! Who uses an object: asked of `/proc`, since a lock does not say whose it is, and a C program takes none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{major, minor};
use shm_core::ObjectId;
use shm_mailbox::Role;

/// The users of some objects, as far as the system shows them to us: other users' processes it does not.
#[derive(Debug, Default)]
pub(crate) struct Users(HashMap<ObjectId, Uses>);

/// The users of one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    /// The processes that have it open or mapped.
    pub(crate) pids: BTreeSet<u32>,
    /// Who holds the lock of which byte.
    locks: BTreeMap<u64, u32>,
}

impl Uses {
    /// The process that holds a role.
    pub(crate) fn holder(&self, role: Role) -> Option<u32> {
        self.locks.get(&role.lock_byte()).copied()
    }
}

impl Users {
    /// Looks at all processes but this one, once.
    pub(crate) fn of(objects: impl IntoIterator<Item = ObjectId>) -> Self {
        let uses = objects.into_iter().map(|id| (id, Uses::default()));
        let mut users = Self(uses.collect());
        if users.0.is_empty() {
            return users;
        }
        for (pid, path) in processes() {
            users.look_at_descriptors(pid, &path);
            users.look_at_mappings(pid, &path);
        }
        users
    }

    /// The users of an object that was asked for.
    pub(crate) fn get(&self, id: ObjectId) -> Uses {
        self.0.get(&id).cloned().unwrap_or_default()
    }

    fn look_at_descriptors(&mut self, pid: u32, process: &Path) {
        let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
            return;
        };
        for descriptor in descriptors.flatten() {
            // Of what the link points to.
            let Ok(metadata) = fs::metadata(descriptor.path()) else {
                continue;
            };
            let id = ObjectId {
                device: metadata.dev(),
                inode: metadata.ino(),
            };
            if let Some(uses) = self.0.get_mut(&id) {
                uses.pids.insert(pid);
                let info = process.join("fdinfo").join(descriptor.file_name());
                for byte in locks(&fs::read_to_string(info).unwrap_or_default()) {
                    uses.locks.insert(byte, pid);
                }
            }
        }
    }

    /// A mapping outlives its descriptor: the lesson's programs close theirs.
    fn look_at_mappings(&mut self, pid: u32, process: &Path) {
        let Ok(maps) = fs::read_to_string(process.join("maps")) else {
            return;
        };
        let mapped: BTreeSet<_> = maps.lines().filter_map(mapped).collect();
        for (id, uses) in &mut self.0 {
            if mapped.contains(&(major(id.device), minor(id.device), id.inode)) {
                uses.pids.insert(pid);
            }
        }
    }
}

/// The process that holds `role` of the object `name`, if the system shows it to us.
pub(crate) fn holder(name: &str, role: Role) -> Option<u32> {
    let metadata = fs::metadata(Path::new("/dev/shm").join(name)).ok()?;
    let id = ObjectId {
        device: metadata.dev(),
        inode: metadata.ino(),
    };
    Users::of([id]).get(id).holder(role)
}

/// The name of a process's program, as the system shows it.
pub(crate) fn program(pid: u32) -> Option<String> {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

fn processes() -> impl Iterator<Item = (u32, std::path::PathBuf)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        (pid != std::process::id()).then(|| (pid, entry.path()))
    })
}

/// The bytes locked through a descriptor.
///
/// A lock stands there as `lock: 1: OFDLCK ADVISORY WRITE -1 00:1b:13 2 2`; the last two numbers are the first and
/// last byte (`proc_pid_fdinfo(5)`).
fn locks(info: &str) -> impl Iterator<Item = u64> {
    let locks = info.lines().filter(|line| line.starts_with("lock:"));
    locks.filter_map(|lock| {
        let fields: Vec<_> = lock.split_whitespace().collect();
        match fields.as_slice() {
            [_, _, "OFDLCK", _, "WRITE", .., first, last] if first == last => first.parse().ok(),
            _ => None,
        }
    })
}

/// Device and inode of a line of `maps`: `7f…-7f… rw-s 00000000 00:1b 13  /dev/shm/orders` (`proc_pid_maps(5)`).
fn mapped(line: &str) -> Option<(u32, u32, u64)> {
    let mut fields = line.split_whitespace().skip(3);
    let (major, minor) = fields.next()?.split_once(':')?;
    let inode = fields.next()?.parse().ok()?;
    let number = |text| u32::from_str_radix(text, 16).ok();
    Some((number(major)?, number(minor)?, inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_one_byte_is_found_in_the_information_on_a_descriptor() {
        let info = "pos:\t0\nflags:\t02100002\nino:\t13\n\
                    lock:\t1: OFDLCK ADVISORY  WRITE -1 00:1b:13 2 2\n\
                    lock:\t2: POSIX  ADVISORY  WRITE 77 00:1b:13 1 1\n\
                    lock:\t3: OFDLCK ADVISORY  READ -1 00:1b:13 1 1\n\
                    lock:\t4: OFDLCK ADVISORY  WRITE -1 00:1b:13 0 EOF\n";
        assert_eq!(locks(info).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn device_and_inode_are_found_in_a_line_of_mappings() {
        let line =
            "7f0000000000-7f0000001000 rw-s 00000000 00:1b 13       /dev/shm/orders (deleted)";
        assert_eq!(mapped(line), Some((0, 0x1b, 13)));
        assert_eq!(mapped("nonsense"), None);
    }

    #[test]
    fn this_process_is_not_among_the_users() {
        let file = fs::File::open("/proc/self/exe").unwrap();
        let metadata = file.metadata().unwrap();
        let id = ObjectId {
            device: metadata.dev(),
            inode: metadata.ino(),
        };
        assert!(!Users::of([id]).get(id).pids.contains(&std::process::id()));
    }
}
