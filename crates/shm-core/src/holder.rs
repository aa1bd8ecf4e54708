//! Which process holds a lock: asked of `/proc`, since the call that tests a lock of this kind does
//! not tell.

use crate::{Object, ObjectId};
use std::fs;
use std::path::{Path, PathBuf};

impl Object {
    /// Returns the process that holds the lock of the byte `byte`, this one included.
    ///
    /// The number is that of this process's pid namespace.
    ///
    /// For error messages: it reads the descriptors of all processes, and what it finds may be over
    /// by then. `None` if no process holds the lock, or if the system does not show the holder: it
    /// hides those of other users, and of pid namespaces that are not below this one.
    ///
    /// Source: `proc_pid_fdinfo(5)`.
    pub fn lock_holder(&self, byte: u64) -> Option<u32> {
        processes().find_map(|(pid, process)| {
            let infos = fs::read_dir(process.join("fdinfo")).ok()?;
            let holds = |info: PathBuf| text_of(&info).is_some_and(|t| locks(&t, self.id(), byte));
            let found = infos.flatten().any(|info| holds(info.path()));
            found.then_some(pid)
        })
    }
}

fn processes() -> impl Iterator<Item = (u32, PathBuf)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        Some((pid, entry.path()))
    })
}

/// What stands in a file of `/proc`; paths in it may have any bytes.
fn text_of(file: &Path) -> Option<String> {
    let bytes = fs::read(file).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Whether the description of a descriptor lists a lock on this byte of the object.
///
/// It stands there as `lock: 1: OFDLCK ADVISORY WRITE -1 00:1b:13 2 2`: major and minor number of
/// the device, inode, first and last byte.
fn locks(info: &str, object: ObjectId, byte: u64) -> bool {
    let (major, minor) = (shm_sys::major(object.device), shm_sys::minor(object.device));
    let place = format!("{major:02x}:{minor:02x}:{}", object.inode);
    let byte = byte.to_string();
    info.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        matches!(
            fields.as_slice(),
            ["lock:", _, "OFDLCK", _, "WRITE", _, found, first, last]
                if *found == place && *first == byte && *last == byte
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_of_one_byte_is_found_in_the_description_of_a_descriptor() {
        let object = ObjectId {
            device: 0x1b,
            inode: 13,
        };
        let info = "pos:\t0\nflags:\t02100002\nino:\t13\n\
                    lock:\t1: OFDLCK ADVISORY  WRITE -1 00:1b:13 2 2\n\
                    lock:\t2: POSIX  ADVISORY  WRITE 77 00:1b:13 1 1\n\
                    lock:\t3: OFDLCK ADVISORY  READ -1 00:1b:13 3 3\n\
                    lock:\t4: OFDLCK ADVISORY  WRITE -1 00:1b:14 4 4\n\
                    lock:\t5: OFDLCK ADVISORY  WRITE -1 00:1b:13 0 EOF\n";
        let held: Vec<_> = (0..6).filter(|&byte| locks(info, object, byte)).collect();
        assert_eq!(held, [2]);
    }
}
