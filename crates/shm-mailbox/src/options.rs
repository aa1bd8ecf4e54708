//! The options of an endpoint.

use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::bus::{Bus, Join};
use crate::error::AttachError;
use crate::kind::Kind;
use crate::mailbox::Mailbox;
use crate::memory::label::Label;
use crate::object::claim;
use crate::protocol::Bed;
use crate::wait::Wait;

/// The options of an endpoint, set before it attaches.
#[derive(Clone, Debug)]
#[must_use = "nothing happens before `sender` or `receiver`"]
pub struct Options<K: Kind = Mailbox> {
    pub(crate) settings: Settings,
    kind: PhantomData<fn() -> K>,
}

/// The requested values, for either kind of object.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) name: String,
    pub(crate) slots: Option<u32>,
    pub(crate) hot_slots: Option<u32>,
    /// As asked for; by default at least as many slots as asked for.
    pub(crate) exact: Option<bool>,
    pub(crate) mode: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) any_owner: bool,
    pub(crate) create: bool,
    pub(crate) wait: Wait,
    pub(crate) prompt: bool,
    pub(crate) await_peer: bool,
    pub(crate) attach_timeout: Duration,
    pub(crate) interrupt: Option<Arc<AtomicBool>>,
    /// The rest is for a bus only.
    pub(crate) senders: Option<u32>,
    pub(crate) receivers: Option<u32>,
    pub(crate) label: Option<String>,
    pub(crate) join: Join,
    /// Only a seat that has the label.
    pub(crate) resume_only: bool,
}

/// The default number of places of a bus.
const DEFAULT_RECEIVERS: u32 = 8;

impl Settings {
    /// The lanes of a bus that we make.
    pub(crate) fn senders(&self) -> u32 {
        self.senders.unwrap_or(1)
    }

    /// The places of a bus that we make.
    pub(crate) fn receivers(&self) -> u32 {
        self.receivers.unwrap_or(DEFAULT_RECEIVERS)
    }

    /// The label, if it is one.
    pub(crate) fn label(&self) -> Result<Option<Label>, AttachError> {
        let Some(text) = &self.label else {
            return Ok(None);
        };
        let label = Label::new(text).ok_or_else(|| AttachError::Label {
            found: text.clone(),
        })?;
        Ok(Some(label))
    }

    /// Where the endpoint sleeps.
    pub(crate) fn bed(&self) -> Bed {
        match self.wait {
            Wait::Bell => Bed::Bell,
            Wait::Block | Wait::Adaptive if self.prompt => Bed::Bell,
            _ => Bed::Futex,
        }
    }
}

impl<K: Kind> Options<K> {
    pub(crate) fn new(name: &str) -> Self {
        let settings = Settings {
            name: name.to_owned(),
            slots: None,
            hot_slots: None,
            exact: None,
            mode: None,
            group: None,
            any_owner: false,
            create: true,
            wait: Wait::default(),
            prompt: false,
            await_peer: false,
            attach_timeout: claim::ROLE_LIMIT,
            interrupt: None,
            senders: None,
            receivers: None,
            label: None,
            join: Join::Next,
            resume_only: false,
        };
        Self {
            settings,
            kind: PhantomData,
        }
    }

    /// Sets how many messages a new mailbox has room for; 64 by default.
    ///
    /// The number is a power of two from 1 to 65,536. An existing mailbox keeps its own number. If
    /// it has fewer slots than requested, attaching fails with
    /// [`AttachError::OtherSlots`](crate::AttachError::OtherSlots), because the caller counts on
    /// the room. [`exact`](Self::exact) changes that. Without `slots` any number will do.
    pub fn slots(mut self, slots: u32) -> Self {
        self.settings.slots = Some(slots);
        self
    }

    /// Sets how many hot slots a new mailbox has before its [`slots`](Self::slots).
    ///
    /// The number is a power of two up to that of the slots. If both are equal, the mailbox has no
    /// other slots. The default is 8, or as many as there are slots if those are fewer.
    ///
    /// Messages use the hot slots, which stay in the caches, for as long as they suffice, and the
    /// other slots only while more messages are queued. This changes the speed and the size of the
    /// object (1088 bytes for each hot slot), but not the number of messages that fit. Batches of
    /// messages of up to 56 bytes are quicker if all slots are hot, and longer messages slower.
    pub fn hot_slots(mut self, hot_slots: u32) -> Self {
        self.settings.hot_slots = Some(hot_slots);
        self
    }

    /// Sets whether an existing mailbox must have exactly the requested [`slots`](Self::slots).
    ///
    /// With `true` it must, with `false` any number will do; by default it must have at least as
    /// many. The creator alone decides how many are hot.
    pub fn exact(mut self, exact: bool) -> Self {
        self.settings.exact = Some(exact);
        self
    }

    /// Sets the permission bits of a new object, whatever the umask.
    ///
    /// The default is `0o600`, or `0o660` with a [`group`](Self::group). The range is `0o600` to
    /// `0o777` with both bits of `0o600`, without which a peer of the same user could not attach;
    /// anything else is [`AttachError::Mode`](crate::AttachError::Mode). If others may write to the
    /// object (`0o002`), an endpoint attaches to it only with [`any_owner`](Self::any_owner).
    ///
    /// A user who may open the object for reading can keep others from attaching by locking it, so
    /// give access only to the two users, or to a group of their own.
    pub fn mode(mut self, mode: u32) -> Self {
        self.settings.mode = Some(mode);
        self
    }

    /// Shares the mailbox with a group, by its number; both endpoints need this option.
    ///
    /// A new object is given to the group. An existing object of the group is used even if another
    /// user owns it.
    ///
    /// Every member can attach, lock, write anything and truncate, so give it to a group of the two
    /// users' own. Only the owner can remove the name: let the sender's user create the object, or
    /// its close reports that it could not unlink.
    pub fn group(mut self, group: u32) -> Self {
        self.settings.group = Some(group);
        self
    }

    /// Sets whether to use an object that another user owns or that others may write to.
    ///
    /// By default attaching to such an object fails.
    pub fn any_owner(mut self, any_owner: bool) -> Self {
        self.settings.any_owner = any_owner;
        self
    }

    /// Sets whether to create the object if it does not exist; the default.
    ///
    /// Either endpoint may be first.
    pub fn create(mut self, create: bool) -> Self {
        self.settings.create = create;
        self
    }

    /// Sets how this endpoint waits; [`Wait::Adaptive`] by default.
    ///
    /// The peer may wait in another way.
    pub fn wait(mut self, wait: Wait) -> Self {
        self.settings.wait = wait;
        self
    }

    /// Sets whether a sleeping endpoint learns at once that its peer died, instead of within 100
    /// ms.
    ///
    /// It then sleeps on a bell, as with [`Wait::Bell`]: one more descriptor, and a wake-up that
    /// costs some microseconds more. It also learns at once that the object was truncated or lost
    /// its name. [`Wait::Block`] and [`Wait::Adaptive`] sleep so; the other strategies do not
    /// sleep, or sleep for a time that was asked for.
    ///
    /// Attaching fails with [`AttachError::Bell`](crate::AttachError::Bell) if the system has no
    /// bell for it.
    pub fn prompt(mut self, prompt: bool) -> Self {
        self.settings.prompt = prompt;
        self
    }

    /// Sets whether to wait for the next peer if one closed or died, instead of returning an error.
    ///
    /// A receiver whose object was unlinked, by a sender that has closed, goes over to the object
    /// that has the name next, or makes it, unless [`create(false)`](Self::create) was asked for:
    /// with a new [`id`](crate::Receiver::id), and numbers from 0. What it has shown and not
    /// acknowledged stays the old object's. Calls that do not wait go over only when everything
    /// shown was acknowledged.
    pub fn await_peer(mut self, await_peer: bool) -> Self {
        self.settings.await_peer = await_peer;
        self
    }

    /// Sets how long attaching retries while another process has the role; 500 ms by default.
    ///
    /// The kernel frees the role of a killed process when it has torn that down: after 50 to 300 µs
    /// if it is small, and some tenths of a second if it has gigabytes of memory or leaves a core
    /// dump. A role that is still held then is a living process's:
    /// [`AttachError::RoleTaken`](crate::AttachError::RoleTaken).
    pub fn attach_timeout(mut self, timeout: Duration) -> Self {
        self.settings.attach_timeout = timeout;
        self
    }

    /// Sets a flag that ends blocking calls with `Interrupted` once it is true.
    ///
    /// They end at once if a signal ends the sleep, and within 100 ms otherwise.
    ///
    /// Calls first return a message or use room that exists, and the `try_` calls do not check the
    /// flag.
    ///
    /// Meant for signal handlers that set it, for example those of the crate `signal-hook`.
    pub fn interrupt(mut self, flag: Arc<AtomicBool>) -> Self {
        self.settings.interrupt = Some(flag);
        self
    }
}

impl Options<Bus> {
    /// Sets how many senders a new bus has room for: 1 to 32; 1 by default.
    ///
    /// Each sender has a *lane*, its own ring of [`slots`](Self::slots). All lanes together have at
    /// most 65,536 slots. An existing bus keeps its numbers. If it has fewer than requested,
    /// attaching fails with [`AttachError::OtherSeats`](crate::AttachError::OtherSeats), except
    /// with [`exact(false)`](Self::exact).
    pub fn senders(mut self, senders: u32) -> Self {
        self.settings.senders = Some(senders);
        self
    }

    /// Sets how many receivers a new bus has room for: 1 to 32; 8 by default.
    ///
    /// Each receiver has a *place*, and gets every message of every sender. An existing bus keeps
    /// its number, as with [`senders`](Self::senders).
    pub fn receivers(mut self, receivers: u32) -> Self {
        self.settings.receivers = Some(receivers);
        self
    }

    /// Gives the endpoint a label of 1 to 31 bytes, none of them zero, by which it finds its lane
    /// or place again.
    ///
    /// A process that attaches with the label of a lane or place gets that seat, and resumes where
    /// its last holder stopped. If a receiver with a label closes or dies, the bus keeps its place
    /// and messages until a process attaches with the label again or
    /// [`forget`](crate::bus::Receiver::forget)s it. A sender's lane is reserved for the label in
    /// the same way.
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.settings.label = Some(label.into());
        self
    }

    /// Sets where a receiver begins that has no label, or is the first with its label.
    pub fn join(mut self, join: Join) -> Self {
        self.settings.join = join;
        self
    }
}
