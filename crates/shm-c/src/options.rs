//! The options of C, and the Rust library's.

use std::ffi::c_int;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{Limit, Mailbox, Options, Wait};

use crate::error::Failed;
use crate::pointer::meaningless;

/// As in the header. A program that was compiled with an earlier header has a shorter one, whose
/// `size` says so.
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
}

/// The size of the first version.
const FIRST_SIZE: usize = size_of::<shm_options>();

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

/// Messages that one call receives at most, unless told otherwise.
const BATCH: u32 = 16;
/// The most that it may be told.
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
        if bytes[FIRST_SIZE..].iter().any(|&byte| byte != 0) {
            let text = "the options have one of a later version of the library, which is not here";
            return Err(meaningless(text));
        }
        // SAFETY: the caller's contract, and it is long enough.
        let options = unsafe { options.read() };
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
        Ok(options)
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

    /// Those of an endpoint of a mailbox.
    pub(crate) fn mailbox(
        &self,
        name: &str,
        interrupt: Arc<AtomicBool>,
    ) -> Result<Options, Failed> {
        let mut options = Mailbox::options(name)
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

    /// Those of an endpoint of the classic layout.
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
        if others != [0; 5] || self.flags & !ANY_OWNER != 0 {
            let text = "the classic layout has no slots, modes, groups and batches, \
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
