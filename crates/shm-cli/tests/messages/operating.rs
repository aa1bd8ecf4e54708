//! Looking after objects: each message and the situation that causes it.

use super::Situation;

pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        when: "there is no such object",
        script: "shm stat x",
        code: 3,
        says: &[
            r#"shm: object "x" does not exist"#,
            "  next: start its writer, or look for the name with shm ls",
        ],
    },
    Situation {
        when: "another user's object is to be shown",
        script: "shm writer --keep x; nobody stat x > /dev/null",
        code: 5,
        says: &[
            r#"shm: permission denied for object "x": it belongs to uid 0 with mode 0600, this process acts as uid 65534"#,
            "  next: act as the owner",
        ],
    },
    Situation {
        when: "no object matches",
        script: "shm rm 'x*'",
        code: 3,
        says: &[
            r#"shm: no object matches "x*""#,
            "  next: shm ls shows what is there",
        ],
    },
    Situation {
        when: "what has no queue is to be shown",
        script: "head -c 100 /dev/zero > /dev/shm/x; shm peek x",
        code: 7,
        says: &[
            r#"shm: object "x" is no mailbox, and nothing is queued in it"#,
            "  next: shm stat x",
        ],
    },
    Situation {
        when: "there is no object to remove",
        script: "shm rm x",
        code: 3,
        says: &[
            r#"shm: object "x" does not exist"#,
            "  next: start its writer, or look for the name with shm ls",
        ],
    },
    Situation {
        when: "there is no /dev/shm",
        script: "mount -t tmpfs tmpfs /dev; shm ls",
        code: 1,
        says: &[
            "shm: /dev/shm does not exist: No such file or directory (os error 2)",
            "  next: mount -t tmpfs -o mode=1777 tmpfs /dev/shm; in a chroot or a container it has to be passed on",
        ],
    },
    Situation {
        when: "an object in use is to be removed",
        script: "hold writer x; shm rm x",
        code: 4,
        says: &[
            r#"shm: object "x" is in use: it has a writer, process …"#,
            "  next: end it first, or --force: then they go on without a name",
        ],
    },
    Situation {
        when: "an object that another program uses is to be removed",
        script: "{ exec 4>/dev/shm/x; sleep 100; } & until [ -e /dev/shm/x ]; do :; done; shm rm x",
        code: 4,
        says: &[
            r#"shm: object "x" is open in process … (bash)"#,
            "  next: end it first, or --force",
        ],
    },
    Situation {
        when: "what is to be removed is no object",
        script: "mkdir /dev/shm/x; shm rm x",
        code: 7,
        says: &[
            r#"shm: object "x" is no object but a directory"#,
            "  next: rm, if it is yours",
        ],
    },
    Situation {
        when: "another user's object is to be removed",
        script: "shm writer --keep --mode 0666 x; nobody rm x",
        code: 5,
        says: &[
            r#"shm: object "x" belongs to root, and only the owner can remove it: Permission denied (os error 13)"#,
            "  next: act as the owner",
        ],
    },
    Situation {
        when: "another user's unreadable object is to be removed",
        script: "shm writer --keep x; nobody rm --force x",
        code: 5,
        says: &[
            r#"shm: object "x" belongs to root, and only the owner can remove it: Permission denied (os error 13)"#,
            "  next: act as the owner",
        ],
    },
    Situation {
        when: "another user's object would be removed",
        script: "shm writer --keep --mode 0666 x; nobody rm --dry-run x",
        code: 5,
        says: &[
            r#"shm: object "x" belongs to root, and only the owner can remove it: Permission denied (os error 13)"#,
            "  next: act as the owner",
        ],
    },
    Situation {
        when: "another user's unreadable object is to be removed without force",
        script: "shm writer --keep x; nobody rm x",
        code: 5,
        says: &[
            r#"shm: permission denied for object "x": it belongs to uid 0 with mode 0600, this process acts as uid 65534"#,
            "  next: act as the owner",
        ],
    },
    Situation {
        when: "one's own object cannot be locked, to be removed",
        script: "shm writer --keep x; chmod 400 /dev/shm/x; chown 65534 /dev/shm/x; nobody rm x",
        code: 5,
        says: &[
            r#"shm: permission denied for object "x": it belongs to uid 65534 with mode 0400, this process acts as uid 65534"#,
            "  next: chmod u+rw /dev/shm/x, or shm rm --force x",
        ],
    },
    Situation {
        when: "one's own stale mailbox cannot be locked, to be removed",
        script: "shm writer --keep x; chmod 400 /dev/shm/x; chown 65534 /dev/shm/x; nobody rm --stale --force",
        code: 5,
        says: &[
            r#"shm: permission denied for object "x": it belongs to uid 65534 with mode 0400, this process acts as uid 65534"#,
            "  next: chmod u+rw /dev/shm/x, or shm rm --force x",
        ],
    },
    Situation {
        when: "two of three cannot be removed",
        script: "mkdir /dev/shm/d; : > /dev/shm/y; shm rm d x y; code=$?; shm rm y; exit $code",
        code: 7,
        says: &[
            r#"shm: object "d" is no object but a directory"#,
            "  next: rm, if it is yours",
            r#"shm: object "x" does not exist"#,
            "  next: start its writer, or look for the name with shm ls",
            r#"shm: object "y" does not exist"#,
            "  next: start its writer, or look for the name with shm ls",
        ],
    },
    Situation {
        when: "a mailbox with messages is removed by name",
        script: "shm writer --keep -m a x; shm rm x",
        code: 0,
        says: &[r#"shm: object "x" had messages (1), which are gone with it"#],
    },
    Situation {
        when: "a stale mailbox has messages",
        script: "shm writer --keep -m a x; shm rm --stale",
        code: 0,
        says: &["shm: kept x: it has messages (1); shm reader x takes them, --force removes them"],
    },
    Situation {
        when: "the doctor has found a problem",
        script: "mount -o remount,ro /dev/shm; shm doctor > /dev/null",
        code: 1,
        says: &[
            "shm: 1 of 10 checks found a problem",
            "  next: do what stands below each",
        ],
    },
    Situation {
        when: "the pages cannot be written",
        script: "shm man --dir /nowhere",
        code: 1,
        says: &[
            r#"shm: file "/nowhere/shm.1" cannot be written: No such file or directory (os error 2)"#,
            "  next: --dir of a directory that you may write to",
        ],
    },
    Situation {
        when: "the pages may not be written",
        script: "mkdir /dev/shm/d; nobody man --dir /dev/shm/d",
        code: 5,
        says: &[
            r#"shm: file "/dev/shm/d/shm.1" cannot be written: Permission denied (os error 13)"#,
            "  next: --dir of a directory that you may write to",
        ],
    },
    Situation {
        when: "a list cannot be written",
        script: "shm writer --keep x; shm ls > /dev/full",
        code: 1,
        says: &[
            "shm: cannot write standard output: No space left on device (os error 28)",
            "  next: write it elsewhere, or make room there",
        ],
    },
    Situation {
        when: "help cannot be written",
        script: "shm writer --help > /dev/full",
        code: 1,
        says: &[
            "shm: cannot write standard output: No space left on device (os error 28)",
            "  next: write it elsewhere, or make room there",
        ],
    },
    Situation {
        when: "there is nothing to write the version to",
        script: "shm --version >&-",
        code: 1,
        says: &[
            "shm: cannot write standard output: Bad file descriptor (os error 9)",
            "  next: write it elsewhere, or make room there",
        ],
    },
    Situation {
        when: "the number of slots is what it was made with",
        script: "shm writer --keep x; shm writer --keep --slots 32 x",
        code: 0,
        says: &[r#"shm: object "x" has 256 slots; --slots 32 applies only when it is created"#],
    },
];
