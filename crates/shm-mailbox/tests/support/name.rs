//! Names of objects for one test each, and the endpoints that attach under them.

use std::ops::Deref;
use std::thread;

use shm_mailbox::bus::Bus;
use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{Mailbox, Options, Receiver, Sender, ShmName};

/// The name of an object that no other test uses, and that is gone when this is dropped.
pub(crate) struct Name(test_support::Name);

impl Name {
    pub(crate) fn new() -> Self {
        Self(test_support::Name::new())
    }

    pub(crate) fn shm_name(&self) -> ShmName {
        ShmName::new(self.as_str()).expect("a valid name")
    }

    pub(crate) fn options(&self) -> Options {
        Mailbox::options(self.as_str())
    }

    pub(crate) fn bus(&self) -> Options<Bus> {
        Bus::options(self.as_str())
    }

    pub(crate) fn sender(&self) -> Sender {
        self.options().sender().expect("the sender's role")
    }

    pub(crate) fn receiver(&self) -> Receiver {
        self.options().receiver().expect("the receiver's role")
    }

    /// Both ends of a mailbox with this many slots, in this process.
    pub(crate) fn pair(&self, slots: u32) -> (Sender, Receiver) {
        let sender = self.options().slots(slots).sender();
        (sender.expect("the sender's role"), self.receiver())
    }

    /// What our ends attach with to the classic layout.
    pub(crate) fn classic(&self) -> classic::Options {
        Classic::options(self.as_str())
    }

    pub(crate) fn writer(&self) -> classic::Writer {
        self.classic().writer().expect("the writer's role")
    }

    pub(crate) fn reader(&self) -> classic::Reader {
        self.classic().reader().expect("the reader's role")
    }
}

impl Deref for Name {
    type Target = test_support::Name;

    fn deref(&self) -> &test_support::Name {
        &self.0
    }
}

/// Drops an end while its thread panics, as a process does that dies: it has not closed.
pub(crate) fn die<T: Send + 'static>(end: T) {
    let panicked = thread::spawn(move || {
        let _end = end;
        // Without a message from the hook.
        std::panic::resume_unwind(Box::new(()));
    });
    panicked.join().unwrap_err();
}
