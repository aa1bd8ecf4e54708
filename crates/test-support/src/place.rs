//! A private `/dev/shm`, and other users: for children, which cannot come back from there, and
//! for programs.

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

/// A user who owns nothing.
pub const NOBODY: u32 = 65534;

/// The options of `setpriv` that make a program [`NOBODY`]'s.
pub(crate) const AS_NOBODY: [&str; 3] = ["--reuid=65534", "--regid=65534", "--clear-groups"];

/// In a child only: gives it a `/dev/shm` of its own, with these mount options; it goes with the
/// child.
pub fn own_dev_shm(options: &str) {
    const NONE: Option<&str> = None;
    unshare(CloneFlags::CLONE_NEWNS).expect("unshare");
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    mount(NONE, "/", NONE, private, NONE).expect("mount --make-rprivate /");
    let tmpfs = Some("tmpfs");
    mount(tmpfs, "/dev/shm", tmpfs, MsFlags::empty(), Some(options)).expect("mount");
}

/// In a child only: goes on as another user, in these groups beside one of its own, without any
/// privilege.
pub fn become_user(uid: u32, groups: &[u32]) {
    let groups: Vec<_> = groups.iter().copied().map(Gid::from_raw).collect();
    setgroups(&groups).expect("root may");
    let (user, group) = (Uid::from_raw(uid), Gid::from_raw(uid));
    setresgid(group, group, group).expect("root may");
    setresuid(user, user, user).expect("root may");
}
