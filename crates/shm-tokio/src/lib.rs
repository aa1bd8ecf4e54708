//! Lets tasks of a [tokio](https://docs.rs/tokio) runtime send and receive through mailboxes of
//! [`shm_mailbox`], beside sockets, timers and signals.
//!
//! Limits: those of `shm-mailbox`; a descriptor for each endpoint; 128 endpoints for each user by
//! default (`/proc/sys/fs/inotify/max_user_instances`), after which [threads](#without-a-bell) take
//! over; a runtime with [`enable_io`](tokio::runtime::Builder::enable_io).
//!
//! ```
//! use shm_mailbox::{Mailbox, Message};
//! use shm_tokio::{AsyncReceiver, AsyncSender};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let orders = format!("doc-tokio-{}", std::process::id());
//! let mut receiver = AsyncReceiver::attach(Mailbox::options(&orders)).await?;
//! // Usually in another process, which need not use tokio.
//! let mut sender = AsyncSender::attach(Mailbox::options(&orders)).await?;
//!
//! let mut message = Message::new();
//! tokio::select! {
//!     received = receiver.recv(&mut message) => received?, // waits
//!     sent = sender.send("one tea") => sent?,              // there is room: ready at once
//! }
//! receiver.recv(&mut message).await?;
//! assert_eq!(message, "one tea");
//! # Ok(())
//! # }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
//! # runtime.expect("a runtime").block_on(run()).expect("it runs");
//! ```
//!
//! A waiting endpoint costs nothing until its peer does something: its *bell*, an inotify
//! descriptor, is one more for the runtime's `epoll`. The bell also rings when the peer closes, or
//! dies, so the endpoint learns that without checking. (Where a bus has several seats for the
//! peer's role, a waiting endpoint also checks them every 100 ms.)
//!
//! An endpoint of a [bus](shm_mailbox::bus) waits in the same way:
//!
//! ```
//! use shm_mailbox::Message;
//! use shm_mailbox::bus::Bus;
//! use shm_tokio::{AsyncReceiver, AsyncSender};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! # let ticks = format!("doc-tokio-bus-{}", std::process::id());
//! let mut prices = AsyncReceiver::attach(Bus::options(&ticks)).await?;
//! let mut billing = AsyncReceiver::attach(Bus::options(&ticks)).await?;
//! let mut sender: AsyncSender<Bus> = AsyncSender::attach(Bus::options(&ticks)).await?;
//! sender.send("price 42").await?;
//!
//! let (mut one, mut two) = (Message::new(), Message::new());
//! tokio::try_join!(prices.recv(&mut one), billing.recv(&mut two))?;
//! assert_eq!(one, two);
//! # Ok(())
//! # }
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
//! # runtime.expect("a runtime").block_on(run()).expect("it runs");
//! ```
//!
//! * **Cancelling.** Every future may be dropped at any time: no message is lost or sent twice.
//! * **Fairness.** Each message takes from the task's [budget](tokio::task::coop), so a busy
//!   mailbox does not keep other tasks from running.
//! * **Spurious wake-ups.** A ring wakes every endpoint of an object that waits, in all processes;
//!   the one it is not for looks, and waits again.
//! * **Options.** [`Options::wait`](shm_mailbox::Options::wait) and
//!   [`Options::prompt`](shm_mailbox::Options::prompt) make no difference, and
//!   [`Options::interrupt`](shm_mailbox::Options::interrupt) ends nothing: drop the future instead.
//!
//! # Without a bell
//!
//! The kernel lets each user have 128 inotify instances by default. Without one, without `/proc`,
//! or under a filter of system calls that forbids inotify, **this crate starts a thread** for each
//! endpoint that waits. It sleeps as `Options::wait` says, and wakes the task. Everything holds as
//! before, except:
//!
//! * A death is noticed after up to 110 ms, as in a thread of your own.
//! * [`Options::interrupt`](shm_mailbox::Options::interrupt) ends waits.
//! * The thread wakes 50 times a second.
//! * After a future was dropped while it waited, the calls that are not `async`, and dropping the
//!   endpoint, may block the thread for up to 20 ms, until the endpoint has come back.
//!
//! `bell_error` of an endpoint says whether it waits so, and why.

mod end;
mod helper;
mod messages;
mod receiver;
mod ringing;
mod sender;
mod source;
mod timer;
mod waiting;

/// The example of the crate's own page, which runs with the others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}

pub use messages::Messages;
pub use receiver::AsyncReceiver;
pub use sender::AsyncSender;
