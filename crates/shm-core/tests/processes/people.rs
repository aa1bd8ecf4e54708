//! Who can do what with an object: its owner, a member of its group, and everybody else, for each
//! mode; and what somebody else can put under a name before us.

use std::fs::{self, File, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use nix::sys::stat::{Mode, umask};
use shm_core::{Lock, ObjectOptions, OpenError, Unlink};
use test_support::{Name, assert_matches, become_user, in_child, is_root};

/// Numbers that no account has.
const OWNER: u32 = 61_001;
const MEMBER: u32 = 61_002;
const OUTSIDER: u32 = 61_003;
const GROUP: u32 = 61_010;

/// In a child only: goes on as this user, in the shared group unless it is the outsider.
fn become_person(uid: u32) {
    let groups: &[u32] = if uid == OUTSIDER { &[] } else { &[GROUP] };
    become_user(uid, groups);
}

/// What a person tries.
type Action = fn(&Name) -> bool;

/// Opens it as an endpoint does that shares with nobody.
fn open(name: &Name) -> bool {
    ObjectOptions::new().open(name).is_ok()
}

/// Opens it as an endpoint does that shares with the group.
fn open_with_group(name: &Name) -> bool {
    ObjectOptions::new().group(GROUP).open(name).is_ok()
}

/// Opens it as an endpoint does that trusts everybody.
fn open_trusting(name: &Name) -> bool {
    trusting().open(name).is_ok()
}

/// Opens it as an observer does.
fn observe(name: &Name) -> bool {
    trusting().read_only(true).open(name).is_ok()
}

fn trusting() -> ObjectOptions {
    let mut options = ObjectOptions::new();
    options.any_owner(true).any_mode(true);
    options
}

/// Takes a role.
fn lock(name: &Name) -> bool {
    trusting()
        .open(name)
        .is_ok_and(|object| object.try_lock(1).unwrap() == Lock::Taken)
}

/// Keeps others from a role, with a lock for which it needs to read only.
fn deny(name: &Name) -> bool {
    let lock = libc::flock {
        l_type: libc::F_RDLCK.try_into().unwrap(),
        l_whence: 0,
        l_start: 1,
        l_len: 1,
        l_pid: 0,
    };
    let file = File::open(name.path());
    file.is_ok_and(|file| fcntl(file, FcntlArg::F_OFD_SETLK(&lock)).is_ok())
}

/// Cuts it off.
fn truncate(name: &Name) -> bool {
    let file = File::options().write(true).open(name.path());
    file.is_ok_and(|file| file.set_len(0).is_ok())
}

/// Removes the name.
fn unlink(name: &Name) -> bool {
    shm_core::unlink(name).is_ok()
}

/// Opens it to everybody.
fn open_it_up(name: &Name) -> bool {
    fs::set_permissions(name.path(), Permissions::from_mode(0o666)).is_ok()
}

const MODES: [u32; 4] = [0o600, 0o640, 0o660, 0o666];

/// For each action and each of [`MODES`]: for how many it is possible, of the owner, a member and
/// an outsider, in this order.
const MATRIX: [(&str, Action, [usize; 4]); 9] = [
    // To the last, others may write, so nobody trusts it.
    ("open", open, [1, 1, 1, 0]),
    ("open with the group", open_with_group, [1, 1, 2, 0]),
    ("open trusting all", open_trusting, [1, 1, 2, 3]),
    ("observe", observe, [1, 2, 2, 3]),
    ("take a role", lock, [1, 1, 2, 3]),
    // Reading is enough for that: why there is no mode for observers.
    ("deny a role", deny, [1, 2, 2, 3]),
    ("truncate", truncate, [1, 1, 2, 3]),
    // `/dev/shm` is sticky.
    ("unlink", unlink, [1, 1, 1, 1]),
    ("change the mode", open_it_up, [1, 1, 1, 1]),
];

#[test]
fn who_can_do_what_is_as_it_is_documented() {
    if !is_root() {
        return;
    }
    let rows = MATRIX.into_iter().flat_map(|(what, action, possible)| {
        let cells = MODES.into_iter().zip(possible);
        cells.map(move |(mode, possible)| (what, action, mode, possible))
    });
    let mut cases = 0;
    for (what, action, mode, possible) in rows {
        for (place, person) in [OWNER, MEMBER, OUTSIDER].into_iter().enumerate() {
            let name = Name::new();
            in_child(|| {
                become_person(OWNER);
                let mut options = ObjectOptions::new();
                let object = options.mode(mode).group(GROUP).create_new(&name).unwrap();
                object.reserve(4096).unwrap();
            });
            in_child(|| {
                become_person(person);
                let (found, expected) = (action(&name), place < possible);
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
    let name = Name::new();
    in_child(|| {
        become_person(OWNER);
        umask(Mode::from_bits_retain(0o777));
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
    let name = Name::new();
    in_child(|| {
        become_person(OUTSIDER);
        let error = ObjectOptions::new()
            .group(GROUP)
            .create_new(&name)
            .unwrap_err();
        assert_matches!(error, OpenError::NotInGroup { group: GROUP, .. });
        assert!(!name.path().exists());
    });
}

/// What an outsider puts under a name.
type Squat = fn(&Name);

const SQUATS: [(&str, Squat); 7] = [
    ("an object of mode 0600", |name| squat(name, 0o600)),
    ("an object of mode 0644", |name| squat(name, 0o644)),
    ("an object of mode 0660", |name| squat(name, 0o660)),
    ("an object of mode 0666", |name| squat(name, 0o666)),
    ("a symlink", |name| {
        symlink("/etc/passwd", name.path()).unwrap()
    }),
    ("a fifo", |name| name.make_fifo()),
    ("a directory", |name| fs::create_dir(name.path()).unwrap()),
];

fn squat(name: &Name, mode: u32) {
    umask(Mode::empty());
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
                let name = Name::new();
                in_child(|| {
                    become_person(OUTSIDER);
                    take(&name);
                });
                let before = fs::symlink_metadata(name.path()).unwrap();
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
                let after = fs::symlink_metadata(name.path()).unwrap();
                let seen = |m: &Metadata| (m.ino(), m.mode(), m.uid(), m.len());
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
    let name = Name::new();
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
        assert_matches!(error, OpenError::ForeignOwner { owner: MEMBER, .. });
        let object = ObjectOptions::new().group(GROUP).open(&name).unwrap();
        assert_eq!(object.try_lock(1).unwrap(), Lock::Taken);
        // It is the member's to remove.
        for error in [
            object.unlink().unwrap_err(),
            shm_core::unlink(&name).unwrap_err(),
        ] {
            assert_eq!(error.source.kind(), ErrorKind::PermissionDenied);
        }
        assert!(object.has_name().unwrap());
    });
    in_child(|| {
        become_person(MEMBER);
        let object = ObjectOptions::new().open(&name).unwrap();
        assert_eq!(object.unlink().unwrap(), Unlink::Done);
    });
}
