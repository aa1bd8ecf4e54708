//! What the tests of this crate share: names that nobody else has, objects that are gone
//! afterwards, and children that really die.

#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(
    unreachable_pub,
    reason = "a module of test binaries, which export nothing"
)]

use shm_core::{Object, ObjectOptions, ShmName};
use std::io::Write as _;
use std::ops::Deref;
use std::panic::{self, AssertUnwindSafe};
use std::path::PathBuf;
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// A user who owns nothing.
pub const NOBODY: u32 = 65534;

/// A name that no other test has; whatever stands under it is removed at the end, also when the
/// test fails.
pub struct UniqueName(ShmName);

impl UniqueName {
    pub fn new() -> UniqueName {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("shm-core-test-{}-{count}", std::process::id());
        UniqueName(ShmName::new(&name).unwrap())
    }

    pub fn path(&self) -> PathBuf {
        PathBuf::from("/dev/shm").join(self.0.as_str())
    }

    /// A new object of this name, with memory for `size` bytes.
    pub fn create(&self, size: u64) -> Object {
        let object = ObjectOptions::new().create_new(self).unwrap();
        object.reserve(size).unwrap();
        object
    }

    pub fn open(&self) -> Object {
        ObjectOptions::new().open(self).unwrap()
    }
}

impl Deref for UniqueName {
    type Target = ShmName;

    fn deref(&self) -> &ShmName {
        &self.0
    }
}

impl Drop for UniqueName {
    fn drop(&mut self) {
        if std::fs::remove_file(self.path()).is_err() {
            // Gone already, or a directory.
            let _ = std::fs::remove_dir(self.path());
        }
    }
}

/// In seconds; far more than any test takes, also where each process gets a twentieth of a processor.
const LONGEST_LIFE: u32 = 600;

/// In a child, where it writes why it panicked; -1 in the tests' own process.
static REPORT: AtomicI32 = AtomicI32::new(-1);

/// Lets children report to their parent what the harness would keep to itself. Set up before the
/// fork: in the child, another thread's panic may hold the hook's lock for ever.
fn report_panics_of_children() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            match REPORT.load(Ordering::Relaxed) {
                -1 => before(panic),
                writer => Pipe::write(writer, panic.to_string().as_bytes()),
            }
        }));
    });
}

/// How a child ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// It ran to its end.
    Done,
    /// It panicked, with this message.
    Panicked(String),
    /// It was killed by this signal.
    Signal(i32),
}

/// A forked child; it is killed when the test gives it up.
pub struct Child {
    pid: libc::pid_t,
    output: Pipe,
    waited: bool,
}

impl Child {
    /// Forks a child that does `work` and exits.
    ///
    /// Only the thread that forks goes on in the child, so `work` must not wait for locks that
    /// another thread may hold: it does not print, for one.
    pub fn fork(work: impl FnOnce()) -> Child {
        report_panics_of_children();
        let output = Pipe::new();
        // SAFETY: the child runs `work`, which is written for this, and ends in `_exit`.
        let pid = unsafe { libc::fork() };
        assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
        if pid == 0 {
            REPORT.store(output.writer, Ordering::Relaxed);
            // SAFETY: a number. A child that hangs fails its test, by a signal.
            unsafe { libc::alarm(LONGEST_LIFE) };
            no_core_dump();
            let outcome = panic::catch_unwind(AssertUnwindSafe(work));
            // SAFETY: ends the child, without what the test harness registered for its own end.
            unsafe { libc::_exit(i32::from(outcome.is_err())) };
        }
        Child {
            pid,
            output,
            waited: false,
        }
    }

    pub fn pid(&self) -> u32 {
        self.pid.cast_unsigned()
    }

    /// Kills it with SIGKILL, and does not wait for its end.
    pub fn kill(&self) {
        // SAFETY: the child was not waited for, so the pid is still its own.
        let killed = unsafe { libc::kill(self.pid, libc::SIGKILL) };
        assert_eq!(killed, 0);
    }

    /// Waits until a signal has stopped it.
    pub fn wait_until_stopped(&self) {
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        let waited = unsafe { libc::waitpid(self.pid, &raw mut status, libc::WUNTRACED) };
        assert_eq!(waited, self.pid);
        assert!(libc::WIFSTOPPED(status), "it ended instead");
    }

    /// Waits for its end.
    pub fn wait(mut self) -> End {
        let message = self.output.read_to_end();
        let status = self.reap();
        if libc::WIFSIGNALED(status) {
            End::Signal(libc::WTERMSIG(status))
        } else if libc::WEXITSTATUS(status) == 0 {
            End::Done
        } else {
            End::Panicked(String::from_utf8_lossy(&message).into_owned())
        }
    }

    fn reap(&mut self) -> i32 {
        let mut status = 0;
        // SAFETY: `status` outlives the call.
        let waited = unsafe { libc::waitpid(self.pid, &raw mut status, 0) };
        assert_eq!(waited, self.pid);
        self.waited = true;
        status
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.waited {
            self.kill();
            self.reap();
        }
    }
}

/// Does `work` in a forked child, and panics here if it panics there.
pub fn in_child(work: impl FnOnce()) {
    match Child::fork(work).wait() {
        End::Done => {}
        End::Panicked(message) => panic!("in the child: {message}"),
        End::Signal(signal) => panic!("the child was killed by signal {signal}"),
    }
}

/// One byte from one process to another, or a message when it ends.
pub struct Pipe {
    reader: i32,
    writer: i32,
}

impl Pipe {
    pub fn new() -> Pipe {
        let mut ends = [0; 2];
        // SAFETY: room for two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        Pipe {
            reader: ends[0],
            writer: ends[1],
        }
    }

    /// Says that something has happened.
    pub fn signal(&self) {
        Pipe::write(self.writer, b"!");
    }

    /// Waits until it has happened.
    pub fn wait(&self) {
        assert_eq!(self.read(&mut [0]), 1, "the other side is gone");
    }

    fn write(writer: i32, bytes: &[u8]) {
        // SAFETY: as many bytes as the slice has. A short write would only shorten a message.
        unsafe { libc::write(writer, bytes.as_ptr().cast(), bytes.len()) };
    }

    fn read(&self, buffer: &mut [u8]) -> usize {
        // SAFETY: room for as many bytes as the slice has.
        let n = unsafe { libc::read(self.reader, buffer.as_mut_ptr().cast(), buffer.len()) };
        usize::try_from(n).expect("read from a pipe")
    }

    /// What the children write until they end.
    fn read_to_end(&mut self) -> Vec<u8> {
        // SAFETY: ours, and set to -1 so that it is not closed twice.
        unsafe { libc::close(std::mem::replace(&mut self.writer, -1)) };
        let mut all = Vec::new();
        let mut buffer = [0; 512];
        loop {
            match self.read(&mut buffer) {
                0 => return all,
                n => all.extend_from_slice(&buffer[..n]),
            }
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        for end in [self.reader, self.writer] {
            // SAFETY: ours, or -1, which is refused.
            unsafe { libc::close(end) };
        }
    }
}

/// Whether this process is root; says so if not.
pub fn is_root() -> bool {
    // SAFETY: no arguments, no failure.
    let root = unsafe { libc::geteuid() } == 0;
    root || skip("root")
}

/// Whether a child may have a `/dev/shm` of its own; says so if not.
pub fn can_mount() -> bool {
    is_root() && (Child::fork(|| own_dev_shm("")).wait() == End::Done || skip("mount namespaces"))
}

/// Says what a test needs, where the runner counts it, and gives `false`.
fn skip(needs: &str) -> bool {
    // Not `println!`, which the harness keeps to itself when the test passes.
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "\nskipped: needs {needs}").unwrap();
    false
}

/// In a child only: gives it a `/dev/shm` of its own, with these mount options; it goes with the
/// child.
pub fn own_dev_shm(options: &str) {
    let options = std::ffi::CString::new(options).unwrap();
    // SAFETY: a flag.
    assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWNS) }, 0, "unshare");
    let (none, nothing) = (std::ptr::null(), std::ptr::null());
    let private = libc::MS_REC | libc::MS_PRIVATE;
    // SAFETY: strings that end with a NUL, or null where the flags say that they are not read.
    let made_private = unsafe { libc::mount(none, c"/".as_ptr(), none, private, nothing) };
    assert_eq!(made_private, 0, "mount --make-rprivate /");
    let (tmpfs, place) = (c"tmpfs".as_ptr(), c"/dev/shm".as_ptr());
    // SAFETY: strings that end with a NUL.
    let mounted = unsafe { libc::mount(tmpfs, place, tmpfs, 0, options.as_ptr().cast()) };
    assert_eq!(mounted, 0, "mount: {}", std::io::Error::last_os_error());
}

/// In a child only: goes on as another user, without any privilege.
pub fn become_user(uid: u32) {
    // SAFETY: no groups, so nothing is read.
    assert_eq!(unsafe { libc::setgroups(0, std::ptr::null()) }, 0);
    // SAFETY: numbers.
    assert_eq!(unsafe { libc::setresgid(uid, uid, uid) }, 0);
    // SAFETY: numbers.
    assert_eq!(unsafe { libc::setresuid(uid, uid, uid) }, 0);
}

fn no_core_dump() {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: `none` outlives the call.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
}
