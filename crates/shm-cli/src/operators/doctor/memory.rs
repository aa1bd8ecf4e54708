//! Is `/dev/shm` there, is it memory, and is there room in it?

use std::os::unix::fs::MetadataExt;

use rustix::fs::{Access, FsWord, access, statfs, statvfs};
use rustix::io::Errno;

use super::finding::{Finding, LARGEST, MAILBOX, Topic, bytes};
use crate::system::place::{self, DIRECTORY};

/// `TMPFS_MAGIC`, and `RAMFS_MAGIC`; see statfs(2).
const MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6];
/// What Docker, Podman and Kubernetes give a container by default.
const CONTAINER: u64 = 64 << 20;
/// Room for so many default mailboxes is called enough.
const ENOUGH: u64 = 16;

/// About the file system; if it is not there, only that.
pub(super) fn findings() -> Vec<Finding> {
    let absent = |why| Topic(DIRECTORY).problem(why, place::MOUNT);
    let mode = match place::find() {
        Ok(metadata) => metadata.mode(),
        Err(why) => return vec![absent(why)],
    };
    let gone = |error| absent(format!("does not exist: {error}"));
    let permission = permission(
        access(DIRECTORY, Access::WRITE_OK | Access::EXEC_OK),
        access(DIRECTORY, Access::READ_OK),
        mode,
        rustix::process::geteuid().is_root(),
    );
    let kind = statfs(DIRECTORY).map_or_else(gone, |system| kind(system.f_type));
    match statvfs(DIRECTORY) {
        Ok(system) => {
            let bytes = |blocks: u64| blocks.saturating_mul(system.f_frsize);
            let space = space(bytes(system.f_blocks), bytes(system.f_bavail));
            vec![
                kind,
                permission,
                space,
                inodes(system.f_files, system.f_ffree),
            ]
        }
        Err(error) => vec![kind, permission, gone(error)],
    }
}

fn kind(magic: FsWord) -> Finding {
    // Signed on some machines; the magic numbers fit either way.
    if MEMORY.contains(&magic.cast_unsigned()) {
        return Topic(DIRECTORY).ok("is memory (tmpfs)");
    }
    Topic(DIRECTORY).warning(
        "is no tmpfs, so objects may be written to a disk and outlive a reboot",
        "mount -t tmpfs -o mode=1777 tmpfs /dev/shm",
    )
}

fn permission(
    writable: Result<(), Errno>,
    readable: Result<(), Errno>,
    mode: u32,
    is_root: bool,
) -> Finding {
    let topic = Topic("permission");
    let shown = format!("mode {:04o}", mode & 0o7777);
    match (writable, readable) {
        // In a directory that others may write to, they may remove anything unless it has the
        // sticky bit.
        (Ok(()), Ok(())) if mode & 0o022 != 0 && mode & 0o1000 == 0 => {
            let what = format!("others may remove this user's objects: {shown}");
            topic.warning(what, place::OPEN)
        }
        // What root may do says nothing of the others.
        (Ok(()), Ok(())) if is_root && mode & 0o003 != 0o003 => {
            topic.problem(format!("other users may not create objects: {shown}"), place::OPEN)
        }
        (Ok(()), Ok(())) => topic.ok("this user may create objects"),
        (Ok(()), Err(error)) => {
            let what = format!("this user may create objects, and not list them: {error}");
            topic.warning(what, place::OPEN)
        }
        (Err(Errno::ROFS), _) => topic.problem(
            "/dev/shm is mounted read-only",
            "mount -o remount,rw /dev/shm; a container with a read-only root needs --tmpfs /dev/shm",
        ),
        (Err(error), _) => {
            topic.problem(format!("this user may not create objects: {error}"), place::OPEN)
        }
    }
}

fn space(total: u64, free: u64) -> Finding {
    let topic = Topic("space");
    let what = format!("{} of {} are free", bytes(free), bytes(total));
    let grow = "shm ls --all shows what takes it; mount -o remount,size=SIZE /dev/shm gives more";
    if total == 0 {
        topic.ok("no limit but the machine's memory")
    } else if free < MAILBOX {
        let mailbox = bytes(MAILBOX);
        topic.problem(
            format!("/dev/shm is full: {what}, a mailbox takes {mailbox}"),
            grow,
        )
    } else if free < ENOUGH * MAILBOX || free < total / 20 {
        topic.warning(format!("/dev/shm is nearly full: {what}"), grow)
    } else if total == CONTAINER {
        let largest = bytes(LARGEST);
        topic.warning(
            format!("{what}: the default of containers; a mailbox of 65536 slots takes {largest}"),
            "--shm-size=256m (Docker, Podman), an emptyDir of medium Memory (Kubernetes), or fewer slots",
        )
    } else {
        topic.ok(what)
    }
}

fn inodes(total: u64, free: u64) -> Finding {
    let topic = Topic("inodes");
    let what = format!("{free} of {total} are free");
    let grow = "shm rm --stale; mount -o remount,nr_inodes=NUMBER /dev/shm gives more";
    match (total, free) {
        (0, _) => topic.ok("no limit"),
        (_, 0) => topic.problem(format!("no name is left: {what}"), grow),
        (_, 1..ENOUGH) => topic.warning(what, grow),
        _ => topic.ok(what),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn space_is_judged_by_what_a_mailbox_takes() {
        let verdict = |total, free| space(total, free).verdict;
        assert_eq!(verdict(8 << 30, 8 << 30), Verdict::Ok);
        assert_eq!(verdict(8 << 30, 1 << 20), Verdict::Warning);
        assert_eq!(verdict(8 << 20, 8 << 20), Verdict::Ok);
        assert_eq!(verdict(8 << 20, MAILBOX), Verdict::Warning);
        assert_eq!(verdict(8 << 20, MAILBOX - 1), Verdict::Problem);
    }

    #[test]
    fn the_default_of_containers_is_recognised() {
        let finding = space(CONTAINER, CONTAINER);
        assert_eq!(finding.verdict, Verdict::Warning);
        assert!(finding.next.is_some_and(|next| next.contains("--shm-size")));
    }

    #[test]
    fn inodes_may_be_unlimited() {
        assert_eq!(inodes(0, 0).verdict, Verdict::Ok);
        assert_eq!(inodes(100, 0).verdict, Verdict::Problem);
        assert_eq!(inodes(100, 3).verdict, Verdict::Warning);
        assert_eq!(inodes(100, 99).verdict, Verdict::Ok);
    }

    #[test]
    fn a_directory_that_may_not_be_written_is_a_problem() {
        let (yes, no) = (Ok(()), Err(Errno::ACCESS));
        let verdict =
            |writable, readable, mode| permission(writable, readable, mode, false).verdict;
        assert_eq!(verdict(yes, yes, 0o1777), Verdict::Ok);
        assert_eq!(verdict(yes, no, 0o1777), Verdict::Warning);
        assert_eq!(verdict(no, yes, 0o1777), Verdict::Problem);
        // Any user may have a private directory, but root creates none for other users.
        assert_eq!(verdict(yes, yes, 0o0755), Verdict::Ok);
        assert_eq!(permission(yes, yes, 0o0755, true).verdict, Verdict::Problem);
        let read_only = permission(Err(Errno::ROFS), yes, 0o1777, false);
        assert!(read_only.what.contains("read-only"));
    }
}
