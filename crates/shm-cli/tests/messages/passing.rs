//! Passing messages: each message and the situation that causes it.

use super::Situation;

pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        when: "nobody has made the classic object in time",
        script: "shm reader --classic --timeout 10ms x",
        code: 124,
        says: &[
            r#"shm: object "x" did not appear within 10ms"#,
            "  next: start its writer, or wait longer",
        ],
    },
    Situation {
        when: "no message has come in time",
        script: "shm reader --timeout 10ms x",
        code: 124,
        says: &[
            r#"shm: no message in object "x" within 10ms"#,
            "  next: start its writer, or wait longer",
        ],
    },
    Situation {
        when: "the writer was killed",
        script: "shm writer --keep -m a x; hold writer x; kill_holder; shm reader x > /dev/null",
        code: 6,
        says: &[
            r#"shm: the writer of object "x" died; everything that it sent has been read"#,
            "  next: shm reader --follow x waits for the next writer",
        ],
    },
    Situation {
        when: "nobody has taken the messages in time",
        script: "shm writer --drain 10ms -m a x",
        code: 6,
        says: &[
            r#"shm: messages are left in object "x" after 10ms: 1"#,
            "  next: shm reader x",
        ],
    },
    Situation {
        when: "there was not even room in time",
        script: "shm writer --drain 10ms --slots 1 -m a -m b x",
        code: 6,
        says: &[
            r#"shm: messages are left in object "x" after 10ms: 1; the rest of the input was not sent"#,
            "  next: shm reader x",
        ],
    },
    Situation {
        when: "nobody has taken the classic message in time",
        script: "shm writer --classic --drain 10ms -m a x",
        code: 6,
        says: &[
            r#"shm: no reader took a message from object "x" within 10ms; the rest of the input was not sent"#,
            "  next: shm reader --classic x",
        ],
    },
    Situation {
        when: "the writer may not remove the object",
        script: "shm writer --keep --mode 0666 x; nobody writer --any-owner x < /dev/null",
        code: 0,
        says: &[
            r#"shm: object "x" stays, since only its owner or root can remove it; all messages were taken"#,
        ],
    },
    Situation {
        when: "the writer may not remove the classic object",
        script: "head -c 1028 /dev/zero > /dev/shm/x; chmod 666 /dev/shm/x; nobody writer --classic --any-owner x < /dev/null",
        code: 0,
        says: &[r#"shm: object "x" stays, since only its owner or root can remove it"#],
    },
    Situation {
        when: "a line is too long",
        script: r#"head -c 2000 /dev/zero | tr "\0" a | shm writer --oversize error x"#,
        code: 8,
        says: &[
            r#"shm: object "x": message 1 of the input is longer than 1024 bytes"#,
            "  next: --oversize split, or shorter messages",
        ],
    },
    Situation {
        when: "a frame is too long",
        script: r#"printf "\0\0\10\0" | shm writer --length-delimited x"#,
        code: 8,
        says: &[
            r#"shm: object "x": message 1 of the input announces 2048 bytes, at most 1024 fit"#,
            "  next: check that the input has a length (u32, big-endian) before each message",
        ],
    },
    Situation {
        when: "a frame is cut short",
        script: r#"printf "\0\0\0\10ab" | shm writer --length-delimited x"#,
        code: 8,
        says: &[
            r#"shm: object "x": the input ends inside message 1: expected 12 bytes with its length, found 6"#,
            "  next: check that the input has a length (u32, big-endian) before each message",
        ],
    },
    Situation {
        when: "a message is too long",
        script: r#"shm writer --length-delimited -m "$(head -c 2000 /dev/zero | tr "\0" a)" x"#,
        code: 8,
        says: &[
            r#"shm: object "x": a message of 2000 bytes is 976 too long, expected at most 1024; split it"#,
        ],
    },
    Situation {
        when: "a NUL cannot pass through the classic object",
        script: r#"printf "a\0b\n" | shm writer --classic x"#,
        code: 8,
        says: &[
            r#"shm: object "x": byte 2 of the message is a NUL, which ends a text in the lesson's layout"#,
            "  next: a mailbox carries any bytes: leave out --classic",
        ],
    },
    Situation {
        when: "an empty message cannot pass through the classic object",
        script: r#"printf "\0\0\0\0" | shm writer --classic --length-delimited x"#,
        code: 8,
        says: &[
            r#"shm: object "x": an empty message cannot be told from none in the lesson's layout; end it with a newline"#,
        ],
    },
    Situation {
        when: "somebody removed the object of a lonely reader",
        script: "later rm /dev/shm/x; shm reader x",
        code: 3,
        says: &[
            r#"shm: object "x" was unlinked and nobody else is attached; attach again to make a new one"#,
        ],
    },
    Situation {
        when: "somebody truncated the object of a reader",
        script: "later truncate -s 0 /dev/shm/x; shm reader x",
        code: 1,
        says: &[
            r#"shm: object "x" was truncated to 0 bytes, expected 282624; remove it and start both ends again"#,
        ],
    },
    Situation {
        when: "a C writer of the lesson took the object of a mailbox",
        script: "later truncate -s 1028 /dev/shm/x; shm reader x",
        code: 1,
        says: &[
            r#"shm: object "x" was truncated to 1028 bytes, expected 282624; remove it and start both ends again"#,
            "  next: if that was a C program of the lesson: --classic, as in shm reader --classic x",
        ],
    },
    Situation {
        when: "somebody truncated the object of a classic writer",
        script: "later truncate -s 0 /dev/shm/x; shm writer --classic -m a x",
        code: 1,
        says: &[
            r#"shm: object "x" was resized to 0 bytes, expected 1028; remove it, and start both ends again"#,
        ],
    },
    Situation {
        when: "somebody removed the object of a classic writer",
        script: "later rm /dev/shm/x; shm writer --classic -m a x",
        code: 3,
        says: &[r#"shm: object "x" was unlinked; attach again"#],
    },
    Situation {
        when: "the input cannot be read",
        script: "shm writer x < /",
        code: 1,
        says: &[
            "shm: cannot read standard input: Is a directory (os error 21)",
            "  next: give it a pipe or a file; what was read before has been sent",
        ],
    },
    Situation {
        when: "the output cannot be written",
        script: "shm writer --keep -m a x; shm reader x > /dev/full",
        code: 1,
        says: &[
            "shm: cannot write standard output: No space left on device (os error 28)",
            "  next: write elsewhere; in a mailbox, what was not written waits for the next reader",
        ],
    },
    Situation {
        when: "there is no output",
        script: "shm writer --keep -m a x; shm reader x >&-",
        code: 1,
        says: &[
            "shm: cannot write standard output: Bad file descriptor (os error 9)",
            "  next: write elsewhere; in a mailbox, what was not written waits for the next reader",
        ],
    },
    Situation {
        when: "there is no input",
        script: "shm writer x <&-",
        code: 1,
        says: &[
            "shm: cannot read standard input: Bad file descriptor (os error 9)",
            "  next: give it a pipe or a file; what was read before has been sent",
        ],
    },
    Situation {
        when: "there is no room for a message",
        script: "seq 3 | shm writer --slots 2 --timeout 50ms x",
        code: 124,
        says: &[
            r#"shm: no room in object "x" within 50ms for message 3 of the input"#,
            "  next: shm reader x",
        ],
    },
    Situation {
        when: "no signal can be caught",
        script: "ulimit -n 6; shm reader x",
        code: 1,
        says: &[
            "shm: cannot catch signals: Too many open files (os error 24)",
            "  next: ulimit -n 1024, or LimitNOFILE= of the service",
        ],
    },
];
