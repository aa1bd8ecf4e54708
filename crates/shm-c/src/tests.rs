//! The header says what the code says; each Rust error has a number; handles may change threads.
//!
//! They are in the package, so they use the standard library alone.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{CStr, c_int};
use std::fs;
use std::io::Write as _;
use std::mem::{offset_of, size_of};
use std::path::Path;
use std::process::{Command, Stdio};
use std::ptr;
use std::thread;

use crate::bus::{shm_lane, shm_place};
use crate::error::{shm_error_name, shm_error_text, shm_last_error};
use crate::observe::{self, shm_side, shm_snapshot, shm_state};
use crate::options::{self, shm_options};
use crate::receiver::{Receiver, shm_message, shm_receiver_close, shm_receiver_interrupt};
use crate::receiver::{shm_recv, shm_try_recv};
use crate::select::{shm_end, shm_pair};
use crate::sender::{self, Sender, shm_bytes, shm_send, shm_sender_close};
use crate::{number, whole};

const HEADER: &str = include_str!("../include/shm_mailbox.h");

/// The constants that are no errors.
const CONSTANTS: &[(&str, i64)] = &[
    ("SHM_EXACT", options::EXACT as i64),
    ("SHM_ANY_SLOTS", options::ANY_SLOTS as i64),
    ("SHM_NO_CREATE", options::NO_CREATE as i64),
    ("SHM_ANY_OWNER", options::ANY_OWNER as i64),
    ("SHM_GROUP", options::GROUP as i64),
    ("SHM_PROMPT", options::PROMPT as i64),
    ("SHM_AWAIT_PEER", options::AWAIT_PEER as i64),
    ("SHM_WAIT_DEFAULT", options::WAIT_DEFAULT as i64),
    ("SHM_WAIT_SPIN", options::WAIT_SPIN as i64),
    ("SHM_WAIT_YIELD", options::WAIT_YIELD as i64),
    ("SHM_WAIT_POLL", options::WAIT_POLL as i64),
    ("SHM_WAIT_BACKOFF", options::WAIT_BACKOFF as i64),
    ("SHM_WAIT_BLOCK", options::WAIT_BLOCK as i64),
    ("SHM_WAIT_BELL", options::WAIT_BELL as i64),
    ("SHM_WAIT_ADAPTIVE", options::WAIT_ADAPTIVE as i64),
    ("SHM_LEAVE_CLOSE", sender::LEAVE_CLOSE as i64),
    ("SHM_LEAVE_KEEP", sender::LEAVE_KEEP as i64),
    ("SHM_LEAVE_ABORT", sender::LEAVE_ABORT as i64),
    ("SHM_PEER_NEVER_SEEN", observe::PEER_NEVER_SEEN as i64),
    ("SHM_PEER_ATTACHED", observe::PEER_ATTACHED as i64),
    ("SHM_PEER_CLOSED", observe::PEER_CLOSED as i64),
    ("SHM_PEER_DIED", observe::PEER_DIED as i64),
    ("SHM_PEER_OTHER", observe::PEER_OTHER as i64),
    ("SHM_KIND_FOREIGN", observe::KIND_FOREIGN as i64),
    ("SHM_KIND_MAILBOX", observe::KIND_MAILBOX as i64),
    ("SHM_KIND_CLASSIC", observe::KIND_CLASSIC as i64),
    ("SHM_KIND_BUS", observe::KIND_BUS as i64),
    ("SHM_JOIN_NEXT", options::JOIN_NEXT as i64),
    ("SHM_JOIN_OLDEST", options::JOIN_OLDEST as i64),
    ("SHM_REMOVE_STALE", observe::REMOVE_STALE as i64),
    (
        "SHM_REMOVE_STALE_WITH_MESSAGES",
        observe::REMOVE_STALE_WITH_MESSAGES as i64,
    ),
    ("SHM_REMOVE_UNUSED", observe::REMOVE_UNUSED as i64),
    ("SHM_REMOVE_ANY", observe::REMOVE_ANY as i64),
];

/// The constants of all enumerations in the header.
fn in_header() -> BTreeMap<&'static str, i64> {
    let lines = HEADER.lines().filter_map(|line| {
        let (name, rest) = line.trim().split_once(" = ")?;
        let number = rest.split([',', ' ']).next()?;
        Some((name, number.parse().ok()?))
    });
    lines.filter(|(name, _)| name.starts_with("SHM_")).collect()
}

#[test]
fn each_constant_of_the_header_is_the_librarys() {
    let name = |known: &number::Known| known.name.to_str().expect("ASCII");
    let errors = number::ALL
        .iter()
        .map(|it| (name(it), i64::from(it.number)));
    let expected: BTreeMap<_, _> = errors
        .chain(CONSTANTS.iter().copied())
        .chain([("SHM_OK", 0)])
        .collect();
    assert_eq!(in_header(), expected);
    let numbers: BTreeSet<_> = number::ALL.iter().map(|it| it.number).collect();
    assert_eq!(numbers.len(), number::ALL.len(), "a number stands twice");
    assert!(numbers.iter().all(|number| *number < 0));
    let version = whole::VERSION.to_str().expect("ASCII");
    assert!(HEADER.contains(&format!("#define SHM_MAILBOX_VERSION \"{version}\"")));
}

/// One line of C for the size of a structure, and for the place of each member.
macro_rules! layout {
    ($($structure:ident { $($member:ident),* })*) => {
        [$(
            format!(
                "CHECK(sizeof(struct {0}) == {1});\n",
                stringify!($structure),
                size_of::<$structure>(),
            ),
            $(format!(
                "CHECK(offsetof(struct {0}, {1}) == {2});\n",
                stringify!($structure),
                stringify!($member),
                offset_of!($structure, $member),
            ),)*
        )*].concat()
    };
}

#[test]
fn each_structure_of_the_header_is_the_librarys() {
    let layout = layout! {
        shm_options {
            size, slots, hot_slots, mode, group, flags, batch, wait, reserved, interval_ns,
            attach_timeout_ns, kind, join, senders, receivers, label
        }
        shm_bytes { data, length }
        shm_message { data, length, number, lane }
        shm_end { sender, receiver }
        shm_state { count, queued, slots, peer, created, reserved, id, name }
        shm_side { epoch, pid, peer, parked, fences }
        shm_snapshot {
            kind, version, slots, hot_slots, sent, received, queued, sender, receiver, changing,
            flag, id, senders, receivers, note, has_note, reserved
        }
        shm_lane {
            sent, received, queued, note, sender, lane, has_note, corrupt, reserved, label
        }
        shm_place { behind, receiver, place, counts, kept, holds_back, label }
    };
    let structures = HEADER.lines().filter(|line| line.ends_with(" {"));
    let structures = structures.filter(|line| line.starts_with("struct "));
    assert_eq!(structures.count(), layout.matches("sizeof").count());
    let others = format!(
        "CHECK(SHM_REMOVED == {}u);\nCHECK(SHM_MAX_MESSAGE == {});\nCHECK({} == {});\n",
        observe::REMOVED,
        shm_mailbox::MAX_MESSAGE,
        "SHM_CLASSIC_MAX_MESSAGE",
        shm_mailbox::classic::MAX_MESSAGE,
    );
    let check = "#include <shm_mailbox.h>\n#define CHECK(it) _Static_assert(it, #it)\n";
    let mut cc = Command::new("cc");
    cc.args(["-std=c11", "-fsyntax-only", "-x", "c", "-I"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("include"))
        .args(["-"]);
    let Ok(mut cc) = cc.stdin(Stdio::piped()).spawn() else {
        println!("skipped: needs a C compiler, as `cc`");
        return;
    };
    let mut input = cc.stdin.take().expect("a pipe");
    let source = format!("{check}{layout}{others}");
    input.write_all(source.as_bytes()).expect("it reads all");
    drop(input);
    assert!(cc.wait().expect("it ends").success(), "{layout}");
}

/// The variants of an error, as its source has them.
fn variants(file: &str, error: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
    let source = fs::read_to_string(path).expect("the workspace has it");
    let body = source.split(&format!("pub enum {error} {{\n")).nth(1);
    let body = body.expect("the error is there").split("\n}\n").next();
    let lines = body.unwrap_or_default().lines();
    let names = lines.filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    let end = |line: &str| line.split(['(', ',', ' ']).next().map(str::to_owned);
    names.filter_map(end).collect()
}

/// Else a new variant would be `SHM_ERROR_UNKNOWN`.
#[test]
fn each_variant_of_each_error_has_a_number() {
    let numbers = include_str!("number.rs");
    for (file, error, heading) in [
        ("shm-core/src/name.rs", "NameError", "(NameError {"),
        ("shm-core/src/open_error.rs", "OpenError", "(OpenError {"),
        ("shm-core/src/size.rs", "ResizeError", "(ResizeError {"),
        ("shm-core/src/mapping.rs", "MapError", "(MapError {"),
        ("shm-core/src/view.rs", "ViewError", "(ViewError {"),
        ("shm-core/src/bell.rs", "BellError", "(BellError {"),
        (
            "shm-mailbox/src/error/attach.rs",
            "AttachError",
            "(AttachError {",
        ),
        ("shm-mailbox/src/error.rs", "SendError", "(SendError {"),
        ("shm-mailbox/src/error.rs", "RecvError", "(RecvError {"),
        ("shm-mailbox/src/error.rs", "CloseError", "(CloseError {"),
        (
            "shm-mailbox/src/object/remove.rs",
            "RemoveError",
            "(RemoveError {",
        ),
        (
            "shm-mailbox/src/select.rs",
            "SelectError",
            "for SelectError {",
        ),
        (
            "shm-mailbox/src/classic/error.rs",
            "AttachError",
            "(classic::AttachError {",
        ),
        (
            "shm-mailbox/src/classic/error.rs",
            "SendError",
            "(classic::SendError {",
        ),
        (
            "shm-mailbox/src/classic/error.rs",
            "RecvError",
            "(classic::RecvError {",
        ),
        (
            "shm-mailbox/src/classic/error.rs",
            "CloseError",
            "(classic::CloseError {",
        ),
    ] {
        let list = numbers.split(heading).nth(1).expect("it has numbers");
        let list = list.split("\n}").next().unwrap_or_default();
        let words: BTreeSet<_> = list.split(|c: char| !c.is_alphanumeric()).collect();
        let variants = variants(file, error);
        assert!(variants.len() >= 3, "{error}: {variants:?}");
        for variant in variants {
            assert!(words.contains(variant.as_str()), "{error}::{variant}");
        }
    }
}

fn text(of: *const std::ffi::c_char) -> &'static str {
    // SAFETY: a C string of the library, which is not used after the next failure.
    unsafe { CStr::from_ptr(of) }.to_str().expect("UTF-8")
}

#[test]
fn the_last_error_is_the_threads_own_and_is_cut_where_it_is_too_long() {
    let long = format!("{}\0", "é".repeat(2000));
    let mut handle = ptr::null_mut::<Sender>();
    let open = |name: &str| {
        let mut handle = ptr::null_mut();
        let options = ptr::null();
        // SAFETY: a place for a handle, a C string, and no options.
        unsafe { sender::shm_sender_open(&raw mut handle, name.as_ptr().cast(), options) }
    };
    assert_eq!(open(&long), number::NAME);
    let told = text(shm_last_error());
    assert!(told.starts_with("name \"éé") && told.len() > 1000, "{told}");
    let other = thread::spawn(|| text(shm_last_error()).to_owned());
    assert_eq!(other.join().expect("it ends"), "");
    // SAFETY: a place with no handle.
    let closed = unsafe { shm_sender_close(&raw mut handle, 0, ptr::null_mut()) };
    assert_eq!(closed, number::NULL);
    assert!(text(shm_last_error()).contains("the handle is NULL"));
    assert_eq!(text(shm_error_name(number::FULL)), "SHM_ERROR_FULL");
    assert_eq!(text(shm_error_text(number::FULL)), "the mailbox is full");
    assert_eq!(text(shm_error_text(1)), "unknown error");
}

/// A pointer on its way to another thread.
struct Passed<T>(*mut T);

// SAFETY: its handle belongs to the thread that has received it.
unsafe impl<T> Send for Passed<T> {}

impl<T> Passed<T> {
    /// Takes the whole with it, which a closure that named the field would not.
    fn unpack(self) -> *mut T {
        self.0
    }
}

fn pair() -> (*mut Sender, *mut Receiver) {
    let (mut sender, mut receiver) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: places for two handles, and no options.
    let opened = unsafe { shm_pair(&raw mut sender, &raw mut receiver, ptr::null()) };
    assert_eq!(opened, 0);
    (sender, receiver)
}

fn close(mut sender: *mut Sender, mut receiver: *mut Receiver) {
    let nothing = ptr::null_mut();
    // SAFETY: a handle that was opened, and is this thread's.
    assert_eq!(unsafe { shm_sender_close(&raw mut sender, 0, nothing) }, 0);
    // SAFETY: a handle that was opened, and is this thread's.
    let closed = unsafe { shm_receiver_close(&raw mut receiver, nothing) };
    assert_eq!((closed, receiver.is_null()), (0, true));
}

/// ThreadSanitizer sees the threads begin and end; of a channel it would not see the order.
#[test]
fn a_handle_goes_from_thread_to_thread() {
    let (mut sender, mut receiver) = pair();
    for _ in 0..100 {
        use_both(sender, receiver);
        let passed = (Passed(sender), Passed(receiver));
        let other = thread::spawn(move || {
            let (sender, receiver) = (passed.0.unpack(), passed.1.unpack());
            use_both(sender, receiver);
            (Passed(sender), Passed(receiver))
        });
        let (one, two) = other.join().expect("it does not panic");
        (sender, receiver) = (one.unpack(), two.unpack());
    }
    close(sender, receiver);
}

fn use_both(sender: *mut Sender, receiver: *mut Receiver) {
    let mut message = NO_MESSAGE;
    // SAFETY: the handle is this thread's, and three bytes can be read.
    assert_eq!(unsafe { shm_send(sender, c"tea".as_ptr().cast(), 3) }, 0);
    // SAFETY: the handle is this thread's, and a message can be written.
    let received = unsafe { shm_try_recv(receiver, &raw mut message) };
    assert_eq!((received, message.length), (0, 3));
}

const NO_MESSAGE: shm_message = shm_message {
    data: ptr::null(),
    length: 0,
    number: 0,
    lane: 0,
};

#[test]
fn another_thread_interrupts_a_wait() {
    let (sender, receiver) = pair();
    let passed = Passed(receiver);
    let other = thread::spawn(move || {
        let receiver = passed.unpack();
        let mut message = NO_MESSAGE;
        // SAFETY: only the flag is used by another thread.
        unsafe { shm_recv(receiver, &raw mut message) }
    });
    // SAFETY: any thread may do that until the handle is closed.
    unsafe { shm_receiver_interrupt(receiver, 1) };
    let received: c_int = other.join().expect("it does not panic");
    assert_eq!(received, number::INTERRUPTED);
    close(sender, receiver);
}
