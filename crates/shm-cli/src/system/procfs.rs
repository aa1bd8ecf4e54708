//! Who uses an object: asked of `/proc`, since a lock does not say whose it is, and a C program
//! takes none.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags, major, makedev, minor, statx};
use shm_core::ObjectId;
use shm_mailbox::Role;

use crate::terminal::escape;

/// The users of one object, as far as the system shows them to us: other users' processes it does
/// not.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// The processes that have it open or mapped.
    pub(crate) pids: BTreeSet<u32>,
    /// Who holds the lock of which byte.
    locks: BTreeMap<u64, u32>,
}

impl Uses {
    /// The process that holds a role, on a bus in the lane or at the place of this number.
    pub(crate) fn holder(&self, role: Role, index: u32) -> Option<u32> {
        // The locks of a bus alternate: those of lane 0, place 0, lane 1 and so on.
        let byte = role.lock_byte() + 2 * u64::from(index);
        self.locks.get(&byte).copied()
    }
}

/// Looks once at all processes but this one, for the users of each of these objects.
pub(crate) fn users(objects: impl IntoIterator<Item = ObjectId>) -> HashMap<ObjectId, Uses> {
    let uses = objects.into_iter().map(|id| (id, Uses::default()));
    let mut users: HashMap<_, _> = uses.collect();
    if users.is_empty() {
        return users;
    }
    for (pid, process) in processes() {
        let descriptors = fs::read_dir(process.join("fd"));
        for descriptor in descriptors.into_iter().flatten().flatten() {
            let id = identity(&descriptor.path());
            if let Some(uses) = id.and_then(|id| users.get_mut(&id)) {
                uses.pids.insert(pid);
                let info = process.join("fdinfo").join(descriptor.file_name());
                let info = text_of(&info).unwrap_or_default();
                uses.locks.extend(locks(&info).map(|byte| (byte, pid)));
            }
        }
        // A mapping outlives its descriptor: the original C programs close theirs.
        let maps = text_of(&process.join("maps")).unwrap_or_default();
        let mapped: BTreeSet<_> = maps.lines().filter_map(mapped).collect();
        for (id, uses) in &mut users {
            if mapped.contains(&(major(id.device), minor(id.device), id.inode)) {
                uses.pids.insert(pid);
            }
        }
    }
    users
}

/// The process that holds `role` of an object, if the system shows it to us.
pub(crate) fn holder(id: ObjectId, role: Role) -> Option<u32> {
    users([id]).get(&id)?.holder(role, 0)
}

/// The name of a process's program as it may stand in a line: the process chooses it.
pub(crate) fn program(pid: u32) -> Option<String> {
    let name = text_of(Path::new(&format!("/proc/{pid}/comm")))?;
    Some(escape::name(name.strip_suffix('\n').unwrap_or(&name)))
}

/// What stands in a file of `/proc`. Names in it have any bytes; what is not UTF-8 is replaced.
fn text_of(file: &Path) -> Option<String> {
    let bytes = fs::read(file).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Which file a descriptor, given by its link, belongs to. As the kernel knows it: the file may be
/// on another machine, or in the hands of a program, that does not answer any more.
fn identity(descriptor: &Path) -> Option<ObjectId> {
    let found = statx(CWD, descriptor, AtFlags::STATX_DONT_SYNC, StatxFlags::INO).ok()?;
    Some(ObjectId {
        device: makedev(found.stx_dev_major, found.stx_dev_minor),
        inode: found.stx_ino,
    })
}

fn processes() -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        (pid != std::process::id()).then(|| (pid, entry.path()))
    })
}

/// The bytes locked through a descriptor.
///
/// A lock stands there as `lock: 1: OFDLCK ADVISORY WRITE -1 00:1b:13 2 2`; the last two numbers
/// are the first and last byte (`proc_pid_fdinfo(5)`).
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

/// Device and inode of a line of `maps`: `7f…-7f… rw-s 00000000 00:1b 13  /dev/shm/orders`
/// (`proc_pid_maps(5)`).
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
        let id = identity(Path::new("/proc/self/exe")).unwrap();
        assert!(!users([id])[&id].pids.contains(&std::process::id()));
    }
}
