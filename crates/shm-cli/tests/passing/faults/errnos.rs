//! System calls of the command fail, by strace, in either layout, also those in which it blocks: it
//! carries on, or ends with an error that has a text and a status, and leaves no lock and no empty
//! object; never by a signal, never not at all.

use test_support::shm::{by, leave, reader, writer};
use test_support::{Name, Process, has_strace, is_torture};

use super::LAYOUTS;

/// Calls, and the errors with which each of them fails.
type Faults = &'static [(&'static str, &'static str)];

/// What happens on an object that has its name while it is attached to, waited for, and left; the
/// lesson's also while it is made.
const ON_THE_OBJECT: Faults = &[
    ("openat", "EINTR EACCES EMFILE ENFILE ENOMEM ENOSPC"),
    ("fchmod", "EINTR EPERM EIO"),
    ("fcntl", "ENOLCK EIO"),
    ("fallocate", "EINTR ENOSPC EFBIG EPERM"),
    ("mmap", "ENOMEM EAGAIN EPERM"),
    ("pread64", "EINTR EIO"),
    ("fstatfs", "EIO ENOSYS"),
    ("unlink", "EACCES EPERM EROFS"),
    ("/^(new)?fstat(at)?$|^statx$", "ENOMEM EIO"),
];

/// What happens on nothing but the object while a mailbox is made. It has no name yet by which
/// strace could tell it.
const WITHOUT_A_NAME: Faults = &[
    ("fchmod", "EINTR EPERM EIO"),
    ("fallocate", "EINTR ENOSPC EFBIG EPERM"),
    ("fstatfs", "EIO ENOSYS"),
    ("linkat", "EEXIST EACCES ENOENT ENOSPC EPERM EIO"),
];

/// The calls in which an end sleeps; strace knows no path for them.
const ASLEEP: Faults = &[
    ("futex", "EINTR EAGAIN ETIMEDOUT"),
    ("/^(clock_)?nanosleep$", "EINTR"),
    ("poll", "EINTR"),
];

/// Each call with each of its errors.
fn each(faults: Faults) -> impl Iterator<Item = (&'static str, &'static str)> {
    let faults = faults.iter().copied();
    faults.flat_map(|(call, errors)| errors.split(' ').map(move |error| (call, error)))
}

/// `shm ARGS` under strace, with this call failing with this error at the n-th time; on the object
/// of this name only, if there is one.
fn failing(name: Option<&Name>, (call, error): (&str, &str), when: &str, args: &[&str]) -> Process {
    let path = name.map(|name| format!("--trace-path={}", name.path().display()));
    let inject = format!("inject={call}:error={error}:when={when}");
    let options = ["-f", "-qq", "-o", "/dev/null", "-e", &inject];
    let options: Vec<_> = options.into_iter().chain(path.as_deref()).collect();
    Process::spawn(by("strace", &options).args(args))
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
    let locked = name.locked_bytes();
    assert!(locked.is_empty(), "{what}: a lock is left: {locked:?}");
    code != Some(UNTAKEN)
}

/// A fresh pair can use the name at once, whatever was left.
#[track_caller]
fn expect_usable(name: &Name, layout: &[&str], what: &str) {
    let mut writer = writer(name, &[&["-m", "again"], layout].concat());
    // What an earlier writer has left comes first, and then this writer may not be there yet.
    let reader = reader(name, &[&["--follow"], layout].concat());
    reader.wait_for_output(what, |output| output.ends_with(b"again\n"));
    writer.wait().expect_code(0);
}

#[test]
fn a_call_on_the_object_that_fails_is_an_error_or_made_good() {
    if !has_strace() {
        return;
    }
    let times = match is_torture() {
        true => "1 2 3 4 5 6 7 8 9 10 11 12",
        false => "1 3",
    };
    let (mut points, mut errors) = (0, 0);
    let cases: [(Faults, &[&str], bool); 3] = [
        (WITHOUT_A_NAME, &[], false),
        (ON_THE_OBJECT, &[], true),
        (ON_THE_OBJECT, &["--classic"], true),
    ];
    for (faults, layout, has_name) in cases {
        for (fault, when) in
            each(faults).flat_map(|fault| times.split(' ').map(move |n| (fault, n)))
        {
            let name = Name::new();
            if has_name && layout.is_empty() {
                leave(&name, &[], "");
            }
            let args = ["writer", name.as_str(), "-m", "x", "--drain", "50ms"];
            let args = [&args, layout].concat();
            let what = format!("{fault:?} {when} {layout:?}");
            let mut process = failing(has_name.then_some(&name), fault, when, &args);
            let failed = expect_orderly(&name, &mut process, &what);
            assert!(!failed || fault.1 != "EINTR", "{what}: not made again");
            points += 1;
            errors += u32::from(failed);
            if points % 5 == 0 {
                expect_usable(&name, layout, &what);
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
    for layout in LAYOUTS {
        for (fault, wait) in each(ASLEEP).flat_map(|fault| [(fault, "block"), (fault, "poll")]) {
            let name = Name::new();
            let args = [&["reader", name.as_str(), "--wait", wait], layout].concat();
            // Every second call of the kind, for as long as it runs.
            let mut reader = failing(None, fault, "1+2", &args);
            let mut writer = writer(&name, layout);
            writer.send("one\n");
            reader.wait_for_exactly(b"one\n");
            writer.send("two\n");
            reader.wait_for_exactly(b"one\ntwo\n");
            writer.finish().expect_code(0);
            reader.wait_for_success(b"one\ntwo\n");
            points += 1;
        }
    }
    println!("{points} readers whose sleeps were cut short");
}
