//! POSIX shared memory objects and their mappings: names that are checked, sizes that are real,
//! bytes that another process may change.
//!
//! The limits: Linux (4.14 or newer) on x86-64 and aarch64 only. Nothing here knows what the bytes
//! mean or in which order processes access them; the code that views them as atomics decides
//! that. A process that may write to an object may also shrink it, and touching a mapping beyond
//! the new end is `SIGBUS`: keep objects to one user (mode 0600, the default) or to one group, and
//! see [`guard`] for a handler that survives it.
//! A call that fails leaves no object behind, and does not change a size.
//!
//! ```
//! use shm_core::{Mapping, ObjectOptions, ShmName};
//! use std::sync::atomic::{AtomicU32, Ordering};
//!
//! let name = ShmName::new(&format!("shm-core-doc-{}", std::process::id()))?;
//! let object = ObjectOptions::new().create_new(&name)?;
//! object.reserve(4096)?; // an error now if /dev/shm is full, and never SIGBUS later
//!
//! let here = Mapping::shared(&object)?;
//! let there = Mapping::shared(&object)?; // in real life: in another process
//! here.view::<AtomicU32>(0)?.store(7, Ordering::Release);
//! assert_eq!(there.view::<AtomicU32>(0)?.load(Ordering::Acquire), 7);
//!
//! object.unlink()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`ObjectOptions`] makes and opens an [`Object`] by its [`ShmName`]; a [`Mapping`] is its bytes
//! in this process, viewed as [`Shareable`] types or copied with [`bytes`]. [`Object::try_lock`]
//! marks the process that has a role, until that process is dead. [`futex`] waits for another
//! process and wakes it, a [`bell`] does so for an event loop, [`barrier`] orders the accesses of
//! two sides at the cost of one, and [`mod@fork`] tells a forked child from its parent.

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("shm-core supports Linux on x86-64 and aarch64 only");

pub mod barrier;
pub mod bell;
pub mod bytes;
mod clock;
mod error;
pub mod fork;
pub mod futex;
pub mod guard;
mod holder;
mod link;
mod list;
mod lock;
mod mapping;
mod name;
mod object;
mod open;
mod open_error;
mod random;
mod size;
mod status;
mod view;

pub use bell::{Bell, BellError};
pub use clock::Moment;
pub use error::SystemError;
pub use link::Link;
pub use list::{ListEntry, list};
pub use lock::Lock;
pub use mapping::{Access, MapError, MapOptions, Mapping};
pub use name::{NameError, ShmName};
pub use object::{Object, Unlink, unlink};
pub use open::{Created, ObjectOptions};
pub use open_error::OpenError;
pub use random::random;
pub use size::ResizeError;
pub use status::{FileKind, ObjectId, Status};
pub use view::{Shareable, ViewError};

/// The example of the crate's own page, which runs with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
