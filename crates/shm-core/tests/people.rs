//! Who can do what with an object: its owner, a member of its group, and everybody else, for each mode;
//! and what somebody else can put under a name before us.

mod support;

use shm_core::{Lock, ObjectOptions, OpenError, Unlink};
use std::ffi::CString;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use support::{UniqueName, in_child, is_root};

/// Numbers that no account has.
const OWNER: u32 = 61_001;
const MEMBER: u32 = 61_002;
const OUTSIDER: u32 = 61_003;
const GROUP: u32 = 61_010;

/// In a child only: goes on as this user, with a group of its own, and the shared one if it is in it.
fn become_person(uid: u32) {
    let groups: &[libc::gid_t] = if uid == OUTSIDER { &[] } else { &[GROUP] };
    // SAFETY: as many groups as the slice has.
    assert_eq!(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) }, 0);
    // SAFETY: numbers.
    assert_eq!(unsafe { libc::setresgid(uid, uid, uid) }, 0);
    // SAFETY: numbers.
    assert_eq!(unsafe { libc::setresuid(uid, uid, uid) }, 0);
}

/// What a person tries.
type Action = fn(&UniqueName) -> bool;

/// Opens it as an endpoint does that shares with nobody.
fn open(name: &UniqueName) -> bool {
    ObjectOptions::new().open(name).is_ok()
}

/// Opens it as an endpoint does that shares with the group.
fn open_with_group(name: &UniqueName) -> bool {
    ObjectOptions::new().group(GROUP).open(name).is_ok()
}

/// Opens it as an endpoint does that trusts everybody.
fn open_trusting(name: &UniqueName) -> bool {
    trusting().open(name).is_ok()
}

/// Opens it as an observer does.
fn observe(name: &UniqueName) -> bool {
    trusting().read_only(true).open(name).is_ok()
}

fn trusting() -> ObjectOptions {
    let mut options = ObjectOptions::new();
    options.any_owner(true).any_mode(true);
    options
}

/// Takes a role.
fn lock(name: &UniqueName) -> bool {
    trusting()
        .open(name)
        .is_ok_and(|object| object.try_lock(1).unwrap() == Lock::Taken)
}

/// Keeps others from a role, with a lock for which it needs to read only.
fn deny(name: &UniqueName) -> bool {
    let path = CString::new(name.path().as_os_str().as_bytes()).unwrap();
    // SAFETY: the path ends with a NUL.
    let descriptor = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY) };
    // SAFETY: all zero is a valid `flock`.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_RDLCK.try_into().unwrap();
    lock.l_start = 1;
    lock.l_len = 1;
    // SAFETY: `lock` outlives the call; -1 is refused.
    (unsafe { libc::fcntl(descriptor, libc::F_OFD_SETLK, &raw const lock) }) == 0
}

/// Cuts it off.
fn truncate(name: &UniqueName) -> bool {
    let file = std::fs::OpenOptions::new().write(true).open(name.path());
    file.is_ok_and(|file| file.set_len(0).is_ok())
}

/// Removes the name.
fn unlink(name: &UniqueName) -> bool {
    shm_core::unlink(name).is_ok()
}

/// Opens it to everybody.
fn open_it_up(name: &UniqueName) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(name.path(), std::fs::Permissions::from_mode(0o666)).is_ok()
}

const YES: bool = true;
const NO: bool = false;

/// For each action and mode: what becomes of it when the owner, a member, an outsider tries.
const MATRIX: [(&str, Action, u32, [bool; 3]); 36] = [
    ("open", open, 0o600, [YES, NO, NO]),
    ("open", open, 0o640, [YES, NO, NO]),
    ("open", open, 0o660, [YES, NO, NO]),
    // Others may write to it, so nobody trusts it.
    ("open", open, 0o666, [NO, NO, NO]),
    ("open with the group", open_with_group, 0o600, [YES, NO, NO]),
    ("open with the group", open_with_group, 0o640, [YES, NO, NO]),
    (
        "open with the group",
        open_with_group,
        0o660,
        [YES, YES, NO],
    ),
    ("open with the group", open_with_group, 0o666, [NO, NO, NO]),
    ("open trusting all", open_trusting, 0o600, [YES, NO, NO]),
    ("open trusting all", open_trusting, 0o640, [YES, NO, NO]),
    ("open trusting all", open_trusting, 0o660, [YES, YES, NO]),
    ("open trusting all", open_trusting, 0o666, [YES, YES, YES]),
    ("observe", observe, 0o600, [YES, NO, NO]),
    ("observe", observe, 0o640, [YES, YES, NO]),
    ("observe", observe, 0o660, [YES, YES, NO]),
    ("observe", observe, 0o666, [YES, YES, YES]),
    ("take a role", lock, 0o600, [YES, NO, NO]),
    ("take a role", lock, 0o640, [YES, NO, NO]),
    ("take a role", lock, 0o660, [YES, YES, NO]),
    ("take a role", lock, 0o666, [YES, YES, YES]),
    ("deny a role", deny, 0o600, [YES, NO, NO]),
    // Reading is enough for that: why there is no mode for observers.
    ("deny a role", deny, 0o640, [YES, YES, NO]),
    ("deny a role", deny, 0o660, [YES, YES, NO]),
    ("deny a role", deny, 0o666, [YES, YES, YES]),
    ("truncate", truncate, 0o600, [YES, NO, NO]),
    ("truncate", truncate, 0o640, [YES, NO, NO]),
    ("truncate", truncate, 0o660, [YES, YES, NO]),
    ("truncate", truncate, 0o666, [YES, YES, YES]),
    // `/dev/shm` is sticky.
    ("unlink", unlink, 0o600, [YES, NO, NO]),
    ("unlink", unlink, 0o640, [YES, NO, NO]),
    ("unlink", unlink, 0o660, [YES, NO, NO]),
    ("unlink", unlink, 0o666, [YES, NO, NO]),
    ("change the mode", open_it_up, 0o600, [YES, NO, NO]),
    ("change the mode", open_it_up, 0o640, [YES, NO, NO]),
    ("change the mode", open_it_up, 0o660, [YES, NO, NO]),
    ("change the mode", open_it_up, 0o666, [YES, NO, NO]),
];

#[test]
fn who_can_do_what_is_as_it_is_documented() {
    if !is_root() {
        return;
    }
    let mut cases = 0;
    for (what, action, mode, expected) in MATRIX {
        for (person, expected) in [OWNER, MEMBER, OUTSIDER].into_iter().zip(expected) {
            let name = UniqueName::new();
            in_child(|| {
                become_person(OWNER);
                let mut options = ObjectOptions::new();
                let object = options.mode(mode).group(GROUP).create_new(&name).unwrap();
                object.reserve(4096).unwrap();
            });
            in_child(|| {
                become_person(person);
                let found = action(&name);
                assert_eq!(found, expected, "{what}, mode {mode:04o}, uid {person}");
            });
            cases += 1;
        }
    }
    println!("{cases} cases of who can do what");
}

#[test]
fn an_object_has_its_group_and_mode_whatever_the_umask() {
    if !is_root() {
        return;
    }
    let name = UniqueName::new();
    in_child(|| {
        become_person(OWNER);
        // SAFETY: a number.
        unsafe { libc::umask(0o777) };
        let mut options = ObjectOptions::new();
        let (object, _) = options
            .mode(0o660)
            .group(GROUP)
            .open_or_create(&name)
            .unwrap();
        let status = object.status().unwrap();
        assert_eq!(
            (status.owner, status.group, status.mode),
            (OWNER, GROUP, 0o660)
        );
    });
}

#[test]
fn who_is_not_in_a_group_cannot_share_with_it_and_leaves_nothing() {
    if !is_root() {
        return;
    }
    let name = UniqueName::new();
    in_child(|| {
        become_person(OUTSIDER);
        let error = ObjectOptions::new()
            .group(GROUP)
            .create_new(&name)
            .unwrap_err();
        assert!(
            matches!(error, OpenError::NotInGroup { group: GROUP, .. }),
            "{error:?}"
        );
        assert!(!name.path().exists());
    });
}

/// What an outsider puts under a name.
type Squat = fn(&UniqueName);

const SQUATS: [(&str, Squat); 7] = [
    ("an object of mode 0600", |name| squat(name, 0o600)),
    ("an object of mode 0644", |name| squat(name, 0o644)),
    ("an object of mode 0660", |name| squat(name, 0o660)),
    ("an object of mode 0666", |name| squat(name, 0o666)),
    ("a symlink", |name| {
        std::os::unix::fs::symlink("/etc/passwd", name.path()).unwrap();
    }),
    ("a fifo", |name| {
        let path = CString::new(name.path().as_os_str().as_bytes()).unwrap();
        // SAFETY: the path ends with a NUL.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o666) }, 0);
    }),
    ("a directory", |name| {
        std::fs::create_dir(name.path()).unwrap()
    }),
];

fn squat(name: &UniqueName, mode: u32) {
    // SAFETY: a number.
    unsafe { libc::umask(0) };
    ObjectOptions::new().mode(mode).create_new(name).unwrap();
}

#[test]
fn a_name_that_an_outsider_has_taken_is_refused_and_left_alone() {
    if !is_root() {
        return;
    }
    for (what, take) in SQUATS {
        for person in [OWNER, 0] {
            for shares in [false, true] {
                let name = UniqueName::new();
                in_child(|| {
                    become_person(OUTSIDER);
                    take(&name);
                });
                let before = std::fs::symlink_metadata(name.path()).unwrap();
                in_child(|| {
                    if person != 0 {
                        become_person(person);
                    }
                    let mut options = ObjectOptions::new();
                    if shares {
                        options.group(GROUP);
                    }
                    let error = options.open_or_create(&name).unwrap_err();
                    let refused = matches!(
                        error,
                        OpenError::PermissionDenied { .. }
                            | OpenError::ForeignOwner { .. }
                            | OpenError::NotRegular { .. }
                    );
                    assert!(refused, "{what}, uid {person}: {error:?}");
                    assert!(error.to_string().contains(name.as_str()), "{error}");
                });
                let after = std::fs::symlink_metadata(name.path()).unwrap();
                let seen = |m: &std::fs::Metadata| (m.ino(), m.mode(), m.uid(), m.len());
                assert_eq!(seen(&before), seen(&after), "{what}");
            }
        }
    }
}

#[test]
fn a_member_may_make_the_object_that_the_group_shares() {
    if !is_root() {
        return;
    }
    let name = UniqueName::new();
    in_child(|| {
        become_person(MEMBER);
        ObjectOptions::new()
            .mode(0o660)
            .group(GROUP)
            .create_new(&name)
            .unwrap();
    });
    in_child(|| {
        become_person(OWNER);
        let error = ObjectOptions::new().open(&name).unwrap_err();
        assert!(
            matches!(error, OpenError::ForeignOwner { owner: MEMBER, .. }),
            "{error:?}"
        );
        let object = ObjectOptions::new().group(GROUP).open(&name).unwrap();
        assert_eq!(object.try_lock(1).unwrap(), Lock::Taken);
        // It is the member's to remove.
        let error = object.unlink().unwrap_err();
        assert_eq!(error.source.kind(), std::io::ErrorKind::PermissionDenied);
    });
    in_child(|| {
        become_person(MEMBER);
        let object = ObjectOptions::new().open(&name).unwrap();
        assert_eq!(object.unlink().unwrap(), Unlink::Done);
    });
}
