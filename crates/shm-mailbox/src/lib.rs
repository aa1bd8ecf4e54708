//! Passes messages of up to 1 KiB between two processes on one machine, through one POSIX shared
//! memory object. A crash of either process neither blocks nor corrupts the channel.
//!
//! Limits: messages of 0 to 1024 bytes; 1 to 65,536 of them queued (a power of two, 64 by default);
//! one sender and one receiver at a time, each replaceable; one machine, one layout version; Linux
//! on x86-64 and aarch64. 2^53 - 1 messages in the life of a mailbox.
//!
//! ```
//! use shm_mailbox::{Mailbox, Message, Wait};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let orders = format!("doc-orders-{}", std::process::id());
//! # let orders = orders.as_str();
//! let mut sender = Mailbox::options(orders).slots(64).sender()?; // creates or attaches
//! sender.send(b"hello")?;
//!
//! // Usually in another process; either may be first.
//! let mut receiver = Mailbox::options(orders).wait(Wait::Block).receiver()?;
//! let mut message = Message::new();
//! receiver.recv(&mut message)?;
//! assert_eq!(message.as_bytes(), b"hello");
//! assert_eq!(message.sequence(), 0);
//!
//! sender.close()?; // everything was received: the object is unlinked
//! # Ok(())
//! # }
//! ```
//!
//! Whatever happens to the two processes, the mailbox holds each message whole or not at all, in
//! order, until it is acknowledged. [`Receiver::recv`] acknowledges at once. If the receiver is
//! killed before it has processed the message, the message is lost. [`Receiver::peek`] and
//! [`Receiver::ack`] close that gap. An endpoint checks what its peer wrote before it uses it. A
//! wrong value is a [`Corrupt`] error, never a panic or a hang.
//!
//! The crate does *not* protect against a process that truncates the object. An endpoint notices
//! that at its next check, every 100 ms, and returns [`SendError::Truncated`]. An access before
//! that check is SIGBUS, unless the program has installed the [`guard`], which turns it into the
//! same error.
//!
//! An event loop waits for an endpoint's [`Bell`], a descriptor, and [`Select`] for up to 64
//! endpoints. [`classic`] has the layout of two C programs that this crate grew out of. [`observe`]
//! reads an object without attaching to it, [`tap`] follows its messages, and [`remove`] removes an
//! unused object.

// Under loom there are only the protocol and its models.
#![cfg_attr(
    shm_mailbox_loom,
    allow(dead_code, unreachable_pub, reason = "the endpoints are left out")
)]

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("shm-mailbox supports Linux on x86-64 and aarch64 only");

mod memory;
mod protocol;

// What needs a system: under loom there is none, only the protocol.
#[cfg(not(shm_mailbox_loom))]
pub mod bus;
#[cfg(not(shm_mailbox_loom))]
pub mod classic;
#[cfg(not(shm_mailbox_loom))]
mod draft;
#[cfg(not(shm_mailbox_loom))]
mod endpoint;
#[cfg(not(shm_mailbox_loom))]
mod error;
#[cfg(not(shm_mailbox_loom))]
mod kind;
#[cfg(not(shm_mailbox_loom))]
mod mailbox;
#[cfg(not(shm_mailbox_loom))]
mod messages;
#[cfg(not(shm_mailbox_loom))]
mod object;
#[cfg(not(shm_mailbox_loom))]
mod options;
#[cfg(not(shm_mailbox_loom))]
mod receiver;
#[cfg(not(shm_mailbox_loom))]
mod select;
#[cfg(not(shm_mailbox_loom))]
mod sender;
#[cfg(not(shm_mailbox_loom))]
mod wait;

// `cargo fuzz` sets this cfg.
#[cfg(all(any(test, fuzzing), not(shm_mailbox_loom)))]
#[doc(hidden)]
pub mod fuzzing;

/// The example of the crate's own page, which runs with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use memory::id::MailboxId;
pub use memory::message::Message;
pub use memory::payload::MAX_MESSAGE;
pub use memory::role::Role;
pub use protocol::Peer;
pub use protocol::corrupt::{Corrupt, Field};

#[cfg(not(shm_mailbox_loom))]
pub use {
    draft::Draft,
    error::{AttachError, BatchError, CloseError, RecvError, SendError},
    kind::Kind,
    mailbox::Mailbox,
    messages::Messages,
    object::bell::{Armed, Bell},
    object::close::Closed,
    object::remove::{Removal, RemoveError, remove},
    object::{observe, peek, tap},
    options::Options,
    receiver::Receiver,
    select::{Select, SelectError, Selectable},
    sender::Sender,
    wait::Wait,
    wait::limit::Limit,
};

// What the calls above take, return or advise.
#[cfg(not(shm_mailbox_loom))]
pub use shm_core::{
    BellError, FileKind, MapError, NameError, Object, ObjectId, OpenError, ResizeError, ShmName,
    Status, SystemError, Unlink, ViewError, guard,
};
