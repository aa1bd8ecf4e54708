//! Who holds a role of the lesson's object: asked of the system, since the layout has no room for a process number.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use shm_mailbox::Role;

/// The process that holds `role` of the object `name`, if the system shows it to us.
///
/// Its lock stands in `/proc/PID/fdinfo/FD` of the descriptor it was taken with, as
/// `lock: 1: OFDLCK ADVISORY WRITE -1 00:1b:13 2 2`: the numbers behind the device are the inode, and the
/// first and last byte (`proc_pid_fdinfo(5)`).
pub(crate) fn of(name: &str, role: Role) -> Option<u32> {
    let inode = fs::metadata(Path::new("/dev/shm").join(name)).ok()?.ino();
    let byte = role.lock_byte();
    let ending = format!(":{inode} {byte} {byte}");
    fs::read_dir("/proc").ok()?.flatten().find_map(|process| {
        let pid: u32 = process.file_name().to_str()?.parse().ok()?;
        holds(&process.path().join("fdinfo"), &ending).then_some(pid)
    })
}

/// Has one of the descriptors a lock that ends so? Descriptors that we may not look at have none.
fn holds(descriptors: &Path, ending: &str) -> bool {
    let Ok(descriptors) = fs::read_dir(descriptors) else {
        return false;
    };
    descriptors.flatten().any(|descriptor| {
        let info = fs::read_to_string(descriptor.path()).unwrap_or_default();
        let mut locks = info.lines().filter(|line| line.starts_with("lock:"));
        locks.any(|lock| lock.contains(" OFDLCK ") && lock.ends_with(ending))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shm_core::{Lock, Object, ObjectOptions, ShmName};

    /// An object that is gone when the test is.
    struct Guarded(Object);

    impl Drop for Guarded {
        fn drop(&mut self) {
            let _ = self.0.unlink();
        }
    }

    #[test]
    fn the_process_that_holds_a_role_is_found() {
        let name = format!("shm-cli-unit-{}", std::process::id());
        assert_eq!(of(&name, Role::Receiver), None);
        let checked = ShmName::new(&name).unwrap();
        let object = Guarded(ObjectOptions::new().create_new(&checked).unwrap());
        assert_eq!(of(&name, Role::Receiver), None);

        assert_eq!(object.0.try_lock(2).unwrap(), Lock::Taken);

        assert_eq!(of(&name, Role::Receiver), Some(std::process::id()));
        assert_eq!(of(&name, Role::Sender), None);
    }
}
