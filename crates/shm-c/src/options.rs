//! The options of C, and the Rust library's.

use std::ffi::{c_char, c_int};
use std::mem::offset_of;
use std::ptr;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use shm_mailbox::bus::{Bus, Join};
use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{Kind, Limit, Mailbox, Options, Wait};

use crate::error::Failed;
use crate::observe::{KIND_BUS, KIND_MAILBOX};
use crate::pointer::{self, meaningless};

/// As in the header. A program that was compiled with an earlier header passes a shorter structure,
/// with that `size`.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct shm_options {
    pub(crate) size: usize,
    pub(crate) slots: u32,
    pub(crate) hot_slots: u32,
    pub(crate) mode: u32,
    pub(crate) group: u32,
    pub(crate) flags: u32,
    pub(crate) batch: u32,
    pub(crate) wait: c_int,
    pub(crate) reserved: c_int,
    pub(crate) interval_ns: u64,
    pub(crate) attach_timeout_ns: i64,
    pub(crate) kind: c_int,
    pub(crate) join: c_int,
    pub(crate) senders: u32,
    pub(crate) receivers: u32,
    pub(crate) label: *const c_char,
}

/// The size of the first version, which had no buses.
const FIRST_SIZE: usize = offset_of!(shm_options, kind);

pub(crate) const EXACT: u32 = 1;
pub(crate) const ANY_SLOTS: u32 = 2;
pub(crate) const NO_CREATE: u32 = 4;
pub(crate) const ANY_OWNER: u32 = 8;
pub(crate) const GROUP: u32 = 16;
pub(crate) const PROMPT: u32 = 32;
pub(crate) const AWAIT_PEER: u32 = 64;
const KNOWN_FLAGS: u32 = EXACT | ANY_SLOTS | NO_CREATE | ANY_OWNER | GROUP | PROMPT | AWAIT_PEER;

pub(crate) const WAIT_DEFAULT: c_int = 0;
pub(crate) const WAIT_SPIN: c_int = 1;
pub(crate) const WAIT_YIELD: c_int = 2;
pub(crate) const WAIT_POLL: c_int = 3;
pub(crate) const WAIT_BACKOFF: c_int = 4;
pub(crate) const WAIT_BLOCK: c_int = 5;
pub(crate) const WAIT_BELL: c_int = 6;
pub(crate) const WAIT_ADAPTIVE: c_int = 7;

pub(crate) const JOIN_NEXT: c_int = 0;
pub(crate) const JOIN_OLDEST: c_int = 1;

/// Messages that one call receives at most, by default.
const BATCH: u32 = 16;
/// The most that an option may allow.
pub(crate) const MAX_BATCH: u32 = 65536;
/// Between two checks of a waiting endpoint that polls, as in the original C programs.
const INTERVAL: Duration = Duration::from_millis(100);

impl shm_options {
    const DEFAULT: Self = Self {
        size: size_of::<Self>(),
        slots: 0,
        hot_slots: 0,
        mode: 0,
        group: 0,
        flags: 0,
        batch: 0,
        wait: WAIT_DEFAULT,
        reserved: 0,
        interval_ns: 0,
        attach_timeout_ns: 0,
        kind: 0,
        join: JOIN_NEXT,
        senders: 0,
        receivers: 0,
        label: ptr::null(),
    };

    /// The options behind the caller's pointer; NULL stands for the defaults.
    ///
    /// # Safety
    ///
    /// `options` is NULL, or a `size_t` can be read there, and as many bytes as it says.
    pub(crate) unsafe fn read(options: *const Self) -> Result<Self, Failed> {
        if options.is_null() {
            return Ok(Self::DEFAULT);
        }
        // SAFETY: the caller's contract; `size` comes first.
        let size = unsafe { options.cast::<usize>().read() };
        if size < FIRST_SIZE {
            let text = "the options have no size: begin with SHM_OPTIONS_INIT";
            return Err(meaningless(text));
        }
        // SAFETY: the caller's contract.
        let bytes = unsafe { slice::from_raw_parts(options.cast::<u8>(), size) };
        let known = size.min(size_of::<Self>());
        if bytes[known..].iter().any(|&byte| byte != 0) {
            let text = "the options have one of a later version of the library, which is not here";
            return Err(meaningless(text));
        }
        let mut options = Self::DEFAULT;
        let place = ptr::from_mut(&mut options).cast::<u8>();
        // SAFETY: both are at least that long, and do not overlap: one is ours. Any bytes are
        // options.
        unsafe { place.copy_from_nonoverlapping(bytes.as_ptr(), known) };
        if options.flags & !KNOWN_FLAGS != 0 || options.reserved != 0 {
            return Err(meaningless("the options have a flag that is not known"));
        }
        if options.flags & EXACT != 0 && options.flags & ANY_SLOTS != 0 {
            return Err(meaningless(
                "SHM_EXACT and SHM_ANY_SLOTS exclude each other",
            ));
        }
        if options.group != 0 && !options.has(GROUP) {
            return Err(meaningless("a group counts with SHM_GROUP alone"));
        }
        if options.batch > MAX_BATCH {
            return Err(meaningless("the batch is larger than 65536 messages"));
        }
        options.wait()?;
        options.is_bus()?;
        Ok(options)
    }

    /// Whether the object is a bus; an error if the options are of neither kind.
    pub(crate) fn is_bus(&self) -> Result<bool, Failed> {
        match self.kind {
            KIND_BUS => {}
            0 | KIND_MAILBOX if self.is_plain() => return Ok(false),
            0 | KIND_MAILBOX => {
                let text = "senders, receivers, a label and a way to join count with SHM_KIND_BUS";
                return Err(meaningless(text));
            }
            _ => return Err(meaningless("the options have a kind that cannot be opened")),
        }
        self.join().map(|_| true)
    }

    /// Whether all options that only a bus has are unset.
    fn is_plain(&self) -> bool {
        let numbers = [self.senders, self.receivers];
        numbers == [0; 2] && self.join == JOIN_NEXT && self.label.is_null()
    }

    fn join(&self) -> Result<Join, Failed> {
        match self.join {
            JOIN_NEXT => Ok(Join::Next),
            JOIN_OLDEST => Ok(Join::Oldest),
            _ => Err(meaningless(
                "the options have a way to join that is not known",
            )),
        }
    }

    fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// How many messages one call receives at most.
    pub(crate) fn batch(&self) -> usize {
        let batch = if self.batch == 0 { BATCH } else { self.batch };
        usize::try_from(batch).expect("at most 65536")
    }

    /// None if it is left to the library.
    fn wait(&self) -> Result<Option<Wait>, Failed> {
        Ok(Some(match self.wait {
            WAIT_DEFAULT => return Ok(None),
            WAIT_SPIN => Wait::Spin,
            WAIT_YIELD => Wait::Yield,
            WAIT_POLL => Wait::Poll(self.interval().unwrap_or(INTERVAL)),
            WAIT_BACKOFF => Wait::Backoff,
            WAIT_BLOCK => Wait::Block,
            WAIT_BELL => Wait::Bell,
            WAIT_ADAPTIVE => Wait::Adaptive,
            _ => {
                return Err(meaningless(
                    "the options have a way to wait that is not known",
                ));
            }
        }))
    }

    fn interval(&self) -> Option<Duration> {
        (self.interval_ns > 0).then(|| Duration::from_nanos(self.interval_ns))
    }

    fn attach_timeout(&self) -> Option<Duration> {
        let timeout = self.attach_timeout_ns;
        (timeout != 0).then(|| Duration::from_nanos(u64::try_from(timeout).unwrap_or(0)))
    }

    /// The options of a mailbox's endpoint.
    pub(crate) fn mailbox(
        &self,
        name: &str,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Options, Failed> {
        self.endpoint(Mailbox::options(name), interrupt)
    }

    /// The options of a bus's endpoint.
    ///
    /// # Safety
    ///
    /// The label is NULL, or a C string.
    pub(crate) unsafe fn bus(
        &self,
        name: &str,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Options<Bus>, Failed> {
        let mut options = self.endpoint(Bus::options(name), interrupt)?;
        options = options.join(self.join()?);
        if self.senders > 0 {
            options = options.senders(self.senders);
        }
        if self.receivers > 0 {
            options = options.receivers(self.receivers);
        }
        // SAFETY: the caller's contract.
        if let Some(label) = unsafe { pointer::label(self.label) }? {
            options = options.label(label);
        }
        Ok(options)
    }

    /// The options of both kinds.
    fn endpoint<K: Kind>(
        &self,
        options: Options<K>,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Options<K>, Failed> {
        let mut options = options
            .any_owner(self.has(ANY_OWNER))
            .create(!self.has(NO_CREATE))
            .prompt(self.has(PROMPT))
            .await_peer(self.has(AWAIT_PEER))
            .interrupt(interrupt);
        if self.slots > 0 {
            options = options.slots(self.slots);
        }
        if self.hot_slots > 0 {
            options = options.hot_slots(self.hot_slots);
        }
        if self.has(EXACT) || self.has(ANY_SLOTS) {
            options = options.exact(self.has(EXACT));
        }
        if self.mode > 0 {
            options = options.mode(self.mode);
        }
        if self.has(GROUP) {
            options = options.group(self.group);
        }
        if let Some(wait) = self.wait()? {
            options = options.wait(wait);
        }
        if let Some(timeout) = self.attach_timeout() {
            options = options.attach_timeout(timeout);
        }
        Ok(options)
    }

    /// The options of an endpoint of the classic layout.
    pub(crate) fn classic(
        &self,
        name: &str,
        interrupt: Arc<AtomicBool>,
    ) -> Result<classic::Options, Failed> {
        let others = [
            self.slots,
            self.hot_slots,
            self.mode,
            self.group,
            self.batch,
        ];
        let is_plain = self.kind == 0 && self.is_plain();
        if others != [0; 5] || !is_plain || self.flags & !ANY_OWNER != 0 {
            let text = "the classic layout has no slots, modes, groups, batches and kinds, \
                and of the flags SHM_ANY_OWNER alone";
            return Err(meaningless(text));
        }
        let mut options = Classic::options(name)
            .any_owner(self.has(ANY_OWNER))
            .interrupt(interrupt);
        if let Some(wait) = self.wait()? {
            options = options.wait(wait);
        }
        if let Some(interval) = self.interval() {
            options = options.interval(interval);
        }
        if let Some(timeout) = self.attach_timeout() {
            options = options.attach_timeout(timeout);
        }
        Ok(options)
    }
}

/// How long a call waits: nanoseconds, or without a limit if they are negative.
#[inline]
pub(crate) fn limit(timeout_ns: i64) -> Limit {
    u64::try_from(timeout_ns).map_or(Limit::Never, |timeout| {
        Limit::Within(Duration::from_nanos(timeout))
    })
}
