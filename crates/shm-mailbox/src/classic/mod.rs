//! The classic layout: lines of text through one buffer, which the original C programs also speak.
//!
//! Use it to talk to those programs and to copies of them. Between two programs of your own, a
//! [`Mailbox`](crate::Mailbox) is better in every way.
//!
//! # Limits
//!
//! * A message is 1 to 1023 bytes without NUL. One message at a time; each waits for the reader's
//!   request.
//! * The layout has no acknowledgement: a message in flight when a reader is killed can be lost. So
//!   can one that a C writer is just handing over, within the time of one `strncpy`, when our
//!   reader withdraws.
//! * A C program neither wakes its peer nor holds a lock. The peer notices it at its next check,
//!   and two C writers, or a C writer beside one of ours, disturb each other as the C programs do.
//! * A C writer truncates the object when it starts, under every mapping, and an access to a
//!   mapping that has lost its memory raises SIGBUS. Our two programs therefore wait by reading the
//!   object, not the mapping, and look at its size right before they touch it. If the size is
//!   wrong, they wait for a moment, and report [`RecvError::Truncated`] if it stays so. What
//!   remains are the nanoseconds between that look and the access; a program that has installed
//!   [`shm_core::guard`] gets the same error there.
//! * That costs system calls: about 3 µs a message, of which a mailbox needs none.
//!
//! # Example
//!
//! ```
//! use shm_mailbox::Message;
//! use shm_mailbox::classic::Classic;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let name = format!("shm-mailbox-doc-classic-{}", std::process::id());
//! let mut writer = Classic::options(&name).writer()?; // the C programs use `DEFAULT_NAME`
//! let mut reader = Classic::options(&name).reader()?;
//!
//! let reading = std::thread::spawn(move || {
//!     let mut message = Message::new();
//!     reader.recv(&mut message)?;
//!     assert_eq!(message.as_bytes(), b"hello\n");
//!     reader.taken()
//! });
//! writer.send(b"hello\n")?;
//! writer.drain(None)?;
//! writer.close()?;
//! # reading.join().expect("the reader does not panic")?;
//! # Ok(())
//! # }
//! ```

mod attach;
mod error;
mod layout;
mod link;
mod protocol;
mod reader;
mod umask;
mod writer;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use shm_core::ShmName;

use crate::memory::role::Role;
use crate::object::claim;
use crate::wait::{Wait, Waiter};

pub use error::{AttachError, CloseError, RecvError, SendError};
pub use layout::SIZE;
pub use reader::Reader;
pub use writer::Writer;

/// The name of the original C programs' object.
pub const DEFAULT_NAME: &str = "shm-file";

/// The longest message, in bytes: the text's last byte is a NUL.
pub const MAX_MESSAGE: usize = layout::TEXT - 1;

/// The interval of the original C programs, and the default time-out of a blocking wait.
const INTERVAL: Duration = Duration::from_millis(100);

/// The channel of the original C programs, whose writer and reader [`Options`] make.
#[derive(Debug)]
pub enum Classic {}

impl Classic {
    /// Makes options for the object `name`, with or without the leading slash.
    pub fn options(name: impl AsRef<str>) -> Options {
        Options {
            name: name.as_ref().to_owned(),
            wait: Wait::Block,
            interval: INTERVAL,
            any_owner: false,
            attach_timeout: claim::ROLE_LIMIT,
            interrupt: None,
        }
    }
}

/// The options of a writer or reader.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `writer` or `reader`"]
pub struct Options {
    name: String,
    wait: Wait,
    interval: Duration,
    any_owner: bool,
    attach_timeout: Duration,
    interrupt: Option<Arc<AtomicBool>>,
}

impl Options {
    /// Sets how to wait; [`Wait::Block`] by default.
    ///
    /// The classic layout also has [`Wait::Spin`], [`Wait::Yield`] and [`Wait::Poll`].
    ///
    /// Attaching fails with the others. [`Wait::Adaptive`] and [`Wait::Bell`] sleep until the peer
    /// wakes them, which a C peer does not do. [`Wait::Backoff`] never sleeps, and would keep a
    /// core busy for a peer that polls every 100 ms.
    pub fn wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// Sets how long [`Wait::Block`] sleeps at most before it polls; 100 ms by default.
    ///
    /// The limit is needed because a C peer does not wake this endpoint. Every 100 ms the endpoint
    /// checks the object, and then polls in any case. [`Wait::Poll`] has an interval of its own.
    /// With an interval of a few microseconds a blocked endpoint hardly sleeps.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Also accepts an object that belongs to another user.
    ///
    /// Others may write to the object (its mode is 0666 less the umask), which is always accepted.
    pub fn any_owner(mut self, any_owner: bool) -> Self {
        self.any_owner = any_owner;
        self
    }

    /// Sets how long attaching retries while another process has the role; 500 ms by default.
    ///
    /// See [`attach_timeout`](crate::Options::attach_timeout) of a mailbox.
    pub fn attach_timeout(mut self, timeout: Duration) -> Self {
        self.attach_timeout = timeout;
        self
    }

    /// Makes waiting calls return `Interrupted` soon after `flag` becomes true.
    ///
    /// They return at once if a signal ends the sleep, otherwise after at most 100 ms.
    pub fn interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.interrupt = Some(flag);
        self
    }

    /// Attaches as the writer, and creates the object if it does not exist.
    ///
    /// The object's mode is what the C programs' `shm_open` gives: 0666 less the umask. A live
    /// object is never truncated; an empty one (a C writer may have just created it) gets its size.
    ///
    /// # Errors
    ///
    /// [`AttachError::RoleTaken`] if another process of ours writes; [`AttachError::Foreign`] if
    /// the object's size is neither 0 nor 1028; [`AttachError::Reserve`] if `/dev/shm` is full.
    pub fn writer(self) -> Result<Writer, AttachError> {
        self.check_wait()?;
        let attached = self.attach(Role::Sender)?;
        Ok(Writer::new(attached, self.waiter(), self.interval))
    }

    /// Attaches as the reader of an existing object.
    ///
    /// # Errors
    ///
    /// [`AttachError::NotFound`] if there is none: a reader does not create, because a C writer
    /// would truncate what it finds. [`AttachError::RoleTaken`] if another process of ours reads;
    /// [`AttachError::Foreign`] if the object's size is neither 0 nor 1028.
    pub fn reader(self) -> Result<Reader, AttachError> {
        self.check_wait()?;
        let attached = self.attach(Role::Receiver)?;
        Ok(Reader::new(attached.link, self.waiter(), self.interval))
    }

    fn attach(&self, role: Role) -> Result<attach::Attached, AttachError> {
        attach::attach(&self.name, role, self.any_owner, self.attach_timeout)
    }

    fn check_wait(&self) -> Result<(), AttachError> {
        match self.wait {
            Wait::Spin | Wait::Yield | Wait::Poll(_) | Wait::Block => Ok(()),
            Wait::Backoff | Wait::Bell | Wait::Adaptive => Err(AttachError::Wait {
                name: ShmName::new(&self.name).map_err(AttachError::Name)?,
                wait: self.wait,
            }),
        }
    }

    fn waiter(&self) -> Waiter {
        Waiter::new(self.wait, self.interrupt.clone())
    }
}
