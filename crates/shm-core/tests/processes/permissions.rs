//! What another user can and cannot do with an object.

use shm_core::{Object, ObjectOptions, OpenError, Unlink};
use test_support::{
    NOBODY, Name, assert_matches, become_user, can_mount, in_child, is_root, own_dev_shm,
};

/// Root's object of this mode.
fn create(name: &Name, mode: u32) -> Object {
    let object = ObjectOptions::new().mode(mode).create_new(name).unwrap();
    object.reserve(4096).unwrap();
    object
}

#[test]
fn an_object_of_mode_0600_is_denied_to_others_with_owner_and_mode() {
    if !is_root() {
        return;
    }
    let name = Name::new();
    let _object = create(&name, 0o600);
    in_child(|| {
        become_user(NOBODY, &[]);
        for read_only in [false, true] {
            let mut options = ObjectOptions::new();
            options.read_only(read_only).any_owner(true).any_mode(true);
            let error = options.open(&name).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "permission denied for object \"{}\": it belongs to uid 0 with mode 0600, \
                     this process acts as uid {NOBODY}",
                    *name
                )
            );
            assert_matches!(error, OpenError::PermissionDenied { .. });
        }
    });
}

#[test]
fn an_object_of_mode_0644_can_be_read_by_others_if_they_trust_its_owner() {
    if !is_root() {
        return;
    }
    let name = Name::new();
    let _object = create(&name, 0o644);
    in_child(|| {
        become_user(NOBODY, &[]);
        let mut options = ObjectOptions::new();
        let error = options.read_only(true).open(&name).unwrap_err();
        assert_matches!(
            error,
            OpenError::ForeignOwner {
                owner: 0,
                euid: NOBODY,
                ..
            }
        );
        assert!(options.any_owner(true).open(&name).is_ok());
        let error = options.read_only(false).open(&name).unwrap_err();
        assert_matches!(error, OpenError::PermissionDenied { .. });
    });
}

#[test]
fn an_object_of_mode_0666_needs_both_allowances() {
    if !is_root() {
        return;
    }
    let name = Name::new();
    let _object = create(&name, 0o666);
    in_child(|| {
        become_user(NOBODY, &[]);
        let mut options = ObjectOptions::new();
        let error = options.any_mode(true).open(&name).unwrap_err();
        assert_matches!(error, OpenError::ForeignOwner { .. });
        let error = options
            .any_mode(false)
            .any_owner(true)
            .open(&name)
            .unwrap_err();
        assert_matches!(error, OpenError::OpenToOthers { .. });
        assert!(options.any_mode(true).open(&name).is_ok());
    });
}

#[test]
fn root_refuses_the_object_of_a_user() {
    if !is_root() {
        return;
    }
    let name = Name::new();
    in_child(|| {
        become_user(NOBODY, &[]);
        create(&name, 0o600);
    });
    let error = ObjectOptions::new().open_or_create(&name).unwrap_err();
    assert_matches!(
        error,
        OpenError::ForeignOwner {
            owner: NOBODY,
            euid: 0,
            ..
        }
    );
    let object = ObjectOptions::new().any_owner(true).open(&name).unwrap();
    assert_eq!(object.unlink().unwrap(), Unlink::Done);
}

#[test]
fn where_a_user_may_not_create_the_error_says_so() {
    if !can_mount() {
        return;
    }
    in_child(|| {
        own_dev_shm("mode=755");
        become_user(NOBODY, &[]);
        let name = Name::new();
        let error = ObjectOptions::new().open_or_create(&name).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "permission denied to create object \"{}\": uid {NOBODY} may not write to /dev/shm",
                *name
            )
        );
    });
}
