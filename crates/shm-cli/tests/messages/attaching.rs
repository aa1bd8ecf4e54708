//! Coming to an object: each message and the situation that causes it.

use super::Situation;

pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        when: "somebody is the writer",
        script: "hold writer x; shm writer -m a x",
        code: 4,
        says: &[
            r#"shm: object "x" already has a writer, process …"#,
            "  next: end it first, or use another name",
        ],
    },
    Situation {
        when: "somebody is the reader",
        script: "hold reader x; shm reader x",
        code: 4,
        says: &[
            r#"shm: object "x" already has a reader, process …"#,
            "  next: end it first, or use another name",
        ],
    },
    Situation {
        when: "somebody is the writer of the classic object",
        script: "hold writer --classic x; shm writer --classic -m a x",
        code: 4,
        says: &[
            r#"shm: object "x" already has a writer, process …"#,
            "  next: end it first, or use another name",
        ],
    },
    Situation {
        when: "the object is somebody else's",
        script: "shm writer --keep --mode 0644 x; chown 65534 /dev/shm/x; shm reader x",
        code: 5,
        says: &[
            r#"shm: object "x" belongs to uid 65534, this process acts as uid 0"#,
            "  next: --any-owner if you trust the owner, --group if you share one, else another name",
        ],
    },
    Situation {
        when: "everybody may write to the object",
        script: "shm writer --keep --mode 0666 x; shm reader x",
        code: 5,
        says: &[
            r#"shm: object "x" has mode 0666, so others may write to it"#,
            "  next: chmod o-w /dev/shm/x, or --any-owner",
        ],
    },
    Situation {
        when: "the mode keeps this user out",
        script: "shm writer --keep x; nobody reader x",
        code: 5,
        says: &[
            r#"shm: permission denied for object "x": it belongs to uid 0 with mode 0600, this process acts as uid 65534"#,
            "  next: act as the owner, or choose another name",
        ],
    },
    Situation {
        when: "the mailbox is there, with another mode than asked for",
        script: "shm writer --keep -m a x; shm writer --keep --mode 0640 -m b x",
        code: 0,
        says: &[r#"shm: object "x" has mode 0600; --mode 0640 applies only when it is created"#],
    },
    Situation {
        when: "the mailbox is there, with another mode than the reader asks for",
        script: "shm writer --keep -m a x; shm reader -c 1 --mode 0666 x > /dev/null",
        code: 0,
        says: &[r#"shm: object "x" has mode 0600; --mode 0666 applies only when it is created"#],
    },
    Situation {
        when: "the mailbox is there, with another group than asked for",
        script: "shm writer --keep -m a x; shm writer --keep --group 61010 -m b x",
        code: 0,
        says: &[r#"shm: object "x" has group root; --group 61010 applies only when it is created"#],
    },
    Situation {
        when: "the mailbox is there, and does not let its group in",
        script: "shm writer --keep --group 0 --mode 0600 -m a x; shm writer --keep --group 0 -m b x",
        code: 0,
        says: &[
            r#"shm: object "x" has mode 0600, which does not let its group in; chmod g+rw /dev/shm/x"#,
        ],
    },
    Situation {
        when: "the mailbox is there, as asked for",
        script: "shm writer --keep --group 61010 --mode 0660 -m a x; shm writer --keep --group 61010 --mode 0660 -m b x",
        code: 0,
        says: &[],
    },
    Situation {
        when: "the mode keeps its owner out",
        script: "shm writer --keep x; chmod 400 /dev/shm/x; chown 65534 /dev/shm/x; nobody writer x",
        code: 5,
        says: &[
            r#"shm: permission denied for object "x": it belongs to uid 65534 with mode 0400, this process acts as uid 65534"#,
            "  next: chmod u+rw /dev/shm/x, or choose another name",
        ],
    },
    Situation {
        when: "this user may not create objects",
        script: "chmod 755 /dev/shm; nobody writer -m a x",
        code: 5,
        says: &[
            r#"shm: permission denied to create object "x": uid 65534 may not write to /dev/shm"#,
            "  next: chmod 1777 /dev/shm, as root; shm doctor says more",
        ],
    },
    Situation {
        when: "this user is not in the group",
        script: "nobody writer --group 0 -m a x",
        code: 5,
        says: &[
            r#"shm: object "x" cannot be given to gid 0, since this process is not in that group; add its user, or choose another group"#,
        ],
    },
    Situation {
        when: "/dev/shm is full",
        script: "head -c 1000000 /dev/zero > /dev/shm/filler; shm writer --slots 64 -m a x",
        code: 1,
        says: &[
            r#"shm: no space for object "x": 73728 bytes requested, 45056 available in /dev/shm; unlink stale objects, or make it larger"#,
            "  next: df -h /dev/shm; a mailbox with fewer --slots is smaller",
        ],
    },
    Situation {
        when: "/dev/shm has no inode left",
        script: "touch /dev/shm/1 /dev/shm/2 /dev/shm/3 /dev/shm/4 /dev/shm/5 /dev/shm/6; shm writer -m a x",
        code: 1,
        says: &[
            r#"shm: no inode left in /dev/shm for object "x"; unlink stale objects, or mount it with more (nr_inodes)"#,
        ],
    },
    Situation {
        when: "files may not be as large",
        script: "ulimit -f 8; shm writer -m a x",
        code: 1,
        says: &[
            r#"shm: object "x" cannot have 282624 bytes: more than a file of this process may have (ulimit -f)"#,
            "  next: raise that limit, or fewer --slots; shm doctor shows the limits",
        ],
    },
    Situation {
        when: "files may not be as large as the lesson's",
        script: "ulimit -f 0; shm writer --classic -m a x",
        code: 1,
        says: &[
            r#"shm: object "x" cannot have 1028 bytes: more than a file of this process may have (ulimit -f)"#,
            "  next: raise that limit; shm doctor shows the limits",
        ],
    },
    Situation {
        when: "the object is no whole pages",
        script: "printf hello > /dev/shm/x; shm reader x",
        code: 7,
        says: &[
            r#"shm: object "x" is not a mailbox but 5 bytes, which are not whole pages of 4096; it was left as it is, use another name"#,
        ],
    },
    Situation {
        when: "the object is another program's",
        script: r#"head -c 4096 /dev/zero | tr "\0" a > /dev/shm/x; shm reader x"#,
        code: 7,
        says: &[
            r#"shm: object "x" is not a mailbox but memory that starts with 0x6161616161616161; it was left as it is, use another name"#,
        ],
    },
    Situation {
        when: "the object is another program's memory, still all zeros",
        script: "head -c 4096 /dev/zero > /dev/shm/x; shm writer -m a x",
        code: 7,
        says: &[
            r#"shm: object "x" is not a mailbox but memory that starts with zeros; it was left as it is, use another name"#,
        ],
    },
    Situation {
        when: "the object is the classic one",
        script: "head -c 1028 /dev/zero > /dev/shm/x; shm writer -m a x",
        code: 7,
        says: &[
            r#"shm: object "x" has the lesson's layout of 1028 bytes, not a mailbox; use the classic layout"#,
            "  next: shm writer --classic x",
        ],
    },
    Situation {
        when: "a mailbox is not the classic object",
        script: "shm writer --keep x; shm writer --classic -m a x",
        code: 7,
        says: &[
            r#"shm: object "x" has 282624 bytes, the lesson's layout has 1028; it was left as it is, use another name"#,
            "  next: leave out --classic if it is a mailbox",
        ],
    },
    Situation {
        when: "a FIFO has the name",
        script: "mkfifo /dev/shm/x; shm reader x",
        code: 7,
        says: &[r#"shm: object "x" is a fifo, not a shared memory object; choose another name"#],
    },
    Situation {
        when: "a directory has the name",
        script: "mkdir /dev/shm/x; shm writer -m a x",
        code: 7,
        says: &[
            r#"shm: object "x" is a directory, not a shared memory object; choose another name"#,
        ],
    },
    Situation {
        when: "a symbolic link has the name",
        script: "ln -s /etc/passwd /dev/shm/x; shm reader x",
        code: 7,
        says: &[r#"shm: object "x" is a symlink, not a shared memory object; choose another name"#],
    },
    Situation {
        when: "the mailbox has another version",
        script: r#"shm writer --keep x; put 8 "\11"; shm reader x"#,
        code: 7,
        says: &[
            r#"shm: object "x" has layout version 9, this library speaks 1; use the same version at both ends"#,
        ],
    },
    Situation {
        when: "the mailbox has another kind",
        script: r#"shm writer --keep x; put 12 "\11"; shm reader x"#,
        code: 7,
        says: &[r#"shm: object "x" has kind 9, expected 1; use the same version at both ends"#],
    },
    Situation {
        when: "the mailbox has an impossible number of slots",
        script: r#"shm writer --keep x; put 16 "\11"; shm reader x"#,
        code: 7,
        says: &[
            r#"shm: object "x" has slots 265, expected a power of two from 1 to 65536; use the same version at both ends"#,
        ],
    },
    Situation {
        when: "the mailbox has an impossible number of hot slots",
        script: r#"shm writer --keep x; put 20 "\11"; shm reader x"#,
        code: 7,
        says: &[
            r#"shm: object "x" has hot slots 265, expected a power of two from 1 to 256; use the same version at both ends"#,
        ],
    },
    Situation {
        when: "the mailbox is too small for its slots",
        script: "shm writer --keep x; truncate -s 8192 /dev/shm/x; shm reader x",
        code: 7,
        says: &[
            r#"shm: object "x" has size 8192, expected 282624; use the same version at both ends"#,
        ],
    },
    Situation {
        when: "the counts of the mailbox are impossible",
        script: r#"shm writer --keep x; put 384 "\11"; shm writer -m a x"#,
        code: 7,
        says: &[
            r#"shm: object "x" is corrupt: `received` is 9, expected 0 to 0; remove it and start both ends again"#,
        ],
    },
];
