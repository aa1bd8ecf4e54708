//! System calls of the command fail, by strace, in either layout, also those in which it blocks: it carries on, or
//! ends with an error that has a text and a status, and leaves no lock and no empty object; never by a signal,
//! never not at all.

mod support;

use std::process::Command;

use support::{Name, Process, SHM, has, is_torture};

/// Errors, and when: at the first such call on the object, or at the n-th.
struct Fault {
    call: &'static str,
    errors: &'static [&'static str],
}

/// What happens on an object that has its name while it is attached to, waited for, and left; the lesson's also while
/// it is made.
const ON_THE_OBJECT: [Fault; 9] = [
    Fault {
        call: "openat",
        errors: &["EINTR", "EACCES", "EMFILE", "ENFILE", "ENOMEM", "ENOSPC"],
    },
    Fault {
        call: "fchmod",
        errors: &["EINTR", "EPERM", "EIO"],
    },
    Fault {
        call: "fcntl",
        errors: &["ENOLCK", "EIO"],
    },
    Fault {
        call: "fallocate",
        errors: &["EINTR", "ENOSPC", "EFBIG", "EPERM"],
    },
    Fault {
        call: "mmap",
        errors: &["ENOMEM", "EAGAIN", "EPERM"],
    },
    Fault {
        call: "pread64",
        errors: &["EINTR", "EIO"],
    },
    Fault {
        call: "fstatfs",
        errors: &["EIO", "ENOSYS"],
    },
    Fault {
        call: "unlink",
        errors: &["EACCES", "EPERM", "EROFS"],
    },
    Fault {
        call: "/^(new)?fstat(at)?$|^statx$",
        errors: &["ENOMEM", "EIO"],
    },
];

/// What happens on nothing but the object while a mailbox is made. It has no name yet by which strace could tell it.
const WITHOUT_A_NAME: [Fault; 4] = [
    Fault {
        call: "fchmod",
        errors: &["EINTR", "EPERM", "EIO"],
    },
    Fault {
        call: "fallocate",
        errors: &["EINTR", "ENOSPC", "EFBIG", "EPERM"],
    },
    Fault {
        call: "fstatfs",
        errors: &["EIO", "ENOSYS"],
    },
    Fault {
        call: "linkat",
        errors: &["EEXIST", "EACCES", "ENOENT", "ENOSPC", "EPERM", "EIO"],
    },
];

/// The calls in which an end sleeps; strace knows no path for them.
const ASLEEP: [Fault; 3] = [
    Fault {
        call: "futex",
        errors: &["EINTR", "EAGAIN", "ETIMEDOUT"],
    },
    Fault {
        call: "/^(clock_)?nanosleep$",
        errors: &["EINTR"],
    },
    Fault {
        call: "poll",
        errors: &["EINTR"],
    },
];

fn has_strace() -> bool {
    has("strace", "strace", &["-V"])
}

/// `shm ARGS` under strace, with this call failing with this error at the n-th time.
fn failing(
    name: &Name,
    on_the_object: bool,
    call: &str,
    error: &str,
    when: &str,
    args: &[&str],
) -> Process {
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-o", "/dev/null"]);
    if on_the_object {
        command.arg("-P").arg(name.path());
    }
    command
        .arg("-e")
        .arg(format!("inject={call}:error={error}:when={when}"))
        .arg(SHM)
        .args(args)
        .env_remove("SHM_NAME");
    Process::spawn(&mut command)
}

/// The status of a message that nobody took: everything went well, or was made good.
const UNTAKEN: i32 = 6;

/// That, or an error with a text; nothing that keeps others out. True if it was an error.
#[track_caller]
fn expect_orderly(name: &Name, process: &mut Process, what: &str) -> bool {
    let ended = process.wait();
    // strace ends as what it runs does.
    let code = ended.status.code();
    assert!(
        code.is_some_and(|code| [1, 3, 4, 5, UNTAKEN].contains(&code)),
        "{what}: {}; {}",
        ended.status,
        ended.errors
    );
    assert!(ended.errors.contains("shm: "), "{what}: {}", ended.errors);
    assert_eq!(name.locked_bytes(), [], "{what}: a lock is left");
    code != Some(UNTAKEN)
}

/// A fresh pair can use the name at once, whatever was left.
#[track_caller]
fn expect_usable(name: &Name, layout: &[&str], what: &str) {
    let mut writer = support::writer(name, &[&["-m", "again"], layout].concat());
    // What an earlier writer has left comes first, and then this writer may not be there yet.
    let reader = support::reader(name, &[&["--follow"], layout].concat());
    reader.wait_for_output(what, |output| output.ends_with(b"again\n"));
    writer.wait().expect_code(0);
}

#[test]
fn a_call_on_the_object_that_fails_is_an_error_or_made_good() {
    if !has_strace() {
        return;
    }
    let times: &[&str] = if is_torture() {
        &[
            "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
        ]
    } else {
        &["1", "3"]
    };
    let (mut points, mut errors) = (0, 0);
    let cases: [(&[Fault], &[&str], bool); 3] = [
        (&WITHOUT_A_NAME, &[], false),
        (&ON_THE_OBJECT, &[], true),
        (&ON_THE_OBJECT, &["--classic"], true),
    ];
    for (faults, layout, has_name) in cases {
        for fault in faults {
            for error in fault.errors {
                for when in times {
                    let name = Name::new();
                    let n = name.as_str();
                    if has_name && layout.is_empty() {
                        support::writer(&name, &["--keep"]).finish().expect_code(0);
                    }
                    let args = [&["writer", n, "-m", "x", "--drain", "50ms"], layout].concat();
                    let what = format!("{} {error} {when} {layout:?}", fault.call);
                    let mut process = failing(&name, has_name, fault.call, error, when, &args);
                    let failed = expect_orderly(&name, &mut process, &what);
                    assert!(!failed || *error != "EINTR", "{what}: not made again");
                    points += 1;
                    errors += u32::from(failed);
                    if points % 5 == 0 {
                        expect_usable(&name, layout, &what);
                    }
                }
            }
        }
    }
    println!("{points} calls of the command failed, {errors} ended it with an error");
    assert!(points >= 100 && errors >= 40);
}

#[test]
fn a_sleep_that_ends_for_any_reason_is_no_end_of_the_wait() {
    if !has_strace() {
        return;
    }
    let mut points = 0;
    for layout in [&[][..], &["--classic"]] {
        for fault in &ASLEEP {
            for error in fault.errors {
                for wait in ["block", "poll"] {
                    let name = Name::new();
                    let args = [&["reader", name.as_str(), "--wait", wait], layout].concat();
                    // Every second call of the kind, for as long as it runs.
                    let mut reader = failing(&name, false, fault.call, error, "1+2", &args);
                    let mut writer = support::writer(&name, layout);
                    writer.send("one\n");
                    reader.wait_for_exactly(b"one\n");
                    writer.send("two\n");
                    reader.wait_for_exactly(b"one\ntwo\n");
                    writer.finish().expect_code(0);
                    reader.wait().expect_code(0).expect_output(b"one\ntwo\n");
                    points += 1;
                }
            }
        }
    }
    println!("{points} readers whose sleeps were cut short");
}
