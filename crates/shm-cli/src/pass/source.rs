//! Where the reader's messages come from: a mailbox, a bus, or the object of the classic layout.

use std::fmt;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use shm_core::OpenError;
use shm_mailbox::bus::{Bus, Join};
use shm_mailbox::{
    AttachError, Corrupt, Mailbox, MailboxId, Message, Options, Peer, Receiver, RecvError, classic,
};

use super::link::{self, Channel, SILENCE};
use crate::args::{Begin, ReaderArgs};
use crate::failure::{Failure, Halt, Status, errors, note};
use crate::terminal::signals::{Signals, Woken};

/// How often a reader checks whether the object of the classic layout exists.
const LOOK: Duration = Duration::from_millis(20);

/// The receiving endpoint of a channel.
pub(super) trait Source {
    /// Whether the object has the classic layout; then so has the next.
    fn is_classic(&self) -> bool {
        false
    }

    /// Which object the last message came from; the classic layout has no identity.
    fn id(&self) -> Option<MailboxId> {
        None
    }

    /// The lane that a message came in, on a bus.
    fn lane(&self, _message: &Message) -> Option<u32> {
        None
    }

    /// How many messages of a writer may be handed out and not acknowledged.
    fn capacity(&self) -> u32 {
        1
    }

    /// Whether messages of several writers may come.
    fn is_shared(&self) -> bool {
        false
    }

    /// Waits for the next message until `deadline`, and copies it into `message`; false if the
    /// writer has left, and everything it sent has been taken. A reader that follows also gets
    /// false if the next object is of another kind.
    fn wait(&mut self, message: &mut Message, deadline: Option<Instant>) -> Result<bool, Halt>;

    /// Copies the next message into `message` if it has arrived. The next [`wait`](Self::wait)
    /// returns anything else, such as an error.
    fn more(&mut self, message: &mut Message) -> bool;

    /// Acknowledges what a lane has handed out, up to a message.
    fn acknowledge(&mut self, lane: u32, sequence: u64) -> Result<(), Halt>;

    /// What is to be reported in the end, although the reader could continue.
    fn corruption(&self) -> Option<Failure> {
        None
    }

    /// Leaves what was handed out and not acknowledged to the next reader. (The classic layout
    /// cannot give a message back.)
    fn relinquish(&mut self) -> Result<(), Halt> {
        Ok(())
    }

    /// Leaves the channel.
    fn close(self: Box<Self>) -> Result<(), Failure>;
}

/// Attaches as the reader of the existing object, or of a new object if there is none; on a bus,
/// begins at `from`. With `classic`, waits until `deadline` for a writer to make the object of the
/// classic layout.
pub(super) fn attach(
    args: &ReaderArgs,
    classic: bool,
    from: Option<Begin>,
    deadline: Option<Instant>,
    signals: &Signals,
) -> Result<Box<dyn Source>, Halt> {
    if classic {
        return await_classic(args, deadline, signals);
    }
    let join = match from {
        None | Some(Begin::Next) => Join::Next,
        Some(Begin::Oldest) => Join::Oldest,
    };
    let bus = |create| attach_to(options::<Bus>(args, create, signals).join(join), args);
    loop {
        let attached = match args.wants_bus() {
            true => bus(!args.no_wait),
            false => link::attach(
                || attach_to(options::<Mailbox>(args, !args.no_wait, signals), args),
                || bus(false),
            ),
        };
        let refused = match attached {
            Ok(source) => return Ok(source),
            Err(error) => error,
        };
        // An object of the classic layout may be open to others, and a mailbox may not.
        let may_be_classic = matches!(
            refused,
            AttachError::Classic { .. } | AttachError::Open(OpenError::OpenToOthers { .. })
        );
        if !may_be_classic || args.wants_bus() {
            return Err(errors::attach(&refused).into());
        }
        if args.no_wait {
            return Err(nothing_queued(args).into());
        }
        match link::classic(&args.channel, signals).reader() {
            Ok(reader) => return Ok(Box::new(reader)),
            // Its writer has just ended.
            Err(classic::AttachError::NotFound { .. }) => {}
            Err(classic::AttachError::Foreign { .. }) => {
                return Err(errors::attach(&refused).into());
            }
            Err(error) => return Err(errors::attach_classic(&error).into()),
        }
    }
}

fn options<K: Channel>(args: &ReaderArgs, create: bool, signals: &Signals) -> Options<K> {
    let options = link::options(&args.channel, signals);
    options.await_peer(args.follow).create(create)
}

fn attach_to<K: Channel>(
    options: Options<K>,
    args: &ReaderArgs,
) -> Result<Box<dyn Source>, AttachError> {
    let receiver = options.receiver()?;
    let seats = K::seats_of_receiver(&receiver);
    link::note_what_is_there(&args.channel, receiver.capacity(), seats);
    let silence = link::slice(&args.channel, SILENCE);
    Ok(Box::new(Attached {
        receiver,
        silence: io::stderr().is_terminal().then_some(silence),
        error: None,
        corrupt: Vec::new(),
    }))
}

/// A receiver of the library.
struct Attached<K: Channel> {
    receiver: Receiver<K>,
    /// How long a first wait for a writer may take before a person at the terminal sees what it is
    /// for.
    silence: Option<Duration>,
    /// What the next wait returns.
    error: Option<RecvError>,
    /// The lanes that were found corrupt and are left out, and their objects.
    corrupt: Vec<(MailboxId, u32)>,
}

impl<K: Channel> Attached<K> {
    /// Waits for the next message until `deadline`.
    fn next(&mut self, message: &mut Message, deadline: Option<Instant>) -> Result<(), RecvError> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        let left = || deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limit = left();
        let receiver = &mut self.receiver;
        let silence = self.silence.take();
        let first = silence.filter(|silence| limit.is_none_or(|limit| *silence < limit));
        let result = receiver.peek_timeout(message, first.or(limit));
        if first.is_none() || !matches!(result, Err(RecvError::TimedOut)) {
            return result;
        }
        if !matches!(receiver.peer(), Ok(Peer::Attached)) {
            note(format_args!("waiting for: shm writer {}", receiver.name()));
        }
        receiver.peek_timeout(message, left())
    }

    /// Whether the receiver leaves out a corrupt lane, and continues with others.
    fn leaves_out(&mut self, corrupt: &Corrupt) -> bool {
        let Some(lane) = corrupt.lane() else {
            return false;
        };
        let id = self.receiver.id();
        self.corrupt.push((id, lane));
        let here = self.corrupt.iter().filter(|(of, _)| *of == id).count();
        let seats = K::seats_of_receiver(&self.receiver);
        seats.is_some_and(|[senders, _]| here < senders as usize)
    }
}

impl<K: Channel> Source for Attached<K> {
    fn id(&self) -> Option<MailboxId> {
        Some(self.receiver.id())
    }

    fn lane(&self, message: &Message) -> Option<u32> {
        K::lane(message)
    }

    fn capacity(&self) -> u32 {
        self.receiver.capacity()
    }

    fn is_shared(&self) -> bool {
        K::seats_of_receiver(&self.receiver).is_some_and(|[senders, _]| senders > 1)
    }

    fn wait(&mut self, message: &mut Message, deadline: Option<Instant>) -> Result<bool, Halt> {
        loop {
            let error = match self.next(message, deadline) {
                Ok(()) => return Ok(true),
                Err(error) => error,
            };
            match &error {
                RecvError::Corrupt { corrupt, .. } if self.leaves_out(corrupt) => {
                    note(format_args!(
                        "{error}\n  until then, the reader continues with the other lanes"
                    ));
                }
                RecvError::Closed { .. } => return Ok(false),
                RecvError::PeerDied { .. } if !self.corrupt.is_empty() => return Ok(false),
                RecvError::Reattach(error) if matches!(**error, AttachError::OtherKind { .. }) => {
                    return Ok(false);
                }
                _ => return Err(errors::recv(&error)),
            }
        }
    }

    fn more(&mut self, message: &mut Message) -> bool {
        let found = self.receiver.try_peek(message);
        let is_there = found.is_ok();
        // That a lane is corrupt is reported once. The other errors come again.
        if let Err(error @ RecvError::Corrupt { .. }) = found {
            self.error = Some(error);
        }
        is_there
    }

    fn corruption(&self) -> Option<Failure> {
        let count = self.corrupt.len();
        let name = self.receiver.name();
        let what = format_args!(
            "object {name:?} had corrupt lanes ({count}), whose messages were not read"
        );
        let next = format_args!("shm rm {name}, and restart its writers and readers");
        (count > 0).then(|| Failure::new(Status::OtherLayout, what).next(next))
    }

    fn acknowledge(&mut self, lane: u32, sequence: u64) -> Result<(), Halt> {
        let done = self.receiver.ack_through(lane, sequence);
        done.map_err(|error| errors::recv(&error))
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        match self.receiver.close() {
            Ok(_) => Ok(()),
            Err(error) => Err(errors::close(&error)),
        }
    }
}

impl Source for classic::Reader {
    fn is_classic(&self) -> bool {
        true
    }

    fn wait(&mut self, message: &mut Message, deadline: Option<Instant>) -> Result<bool, Halt> {
        let limit = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let halt = match self.recv_timeout(message, limit) {
            Ok(()) => return Ok(true),
            Err(classic::RecvError::Unlinked { .. }) => return Ok(false),
            Err(error) => errors::recv_classic(&error),
        };
        if matches!(halt, Halt::Failed(_)) {
            return Err(halt);
        }
        // No writer may answer a reader that has left. A message that arrived at this moment
        // counts.
        match self.withdraw() {
            Ok(Some(last)) => {
                *message = last;
                Ok(true)
            }
            Ok(None) => Err(halt),
            Err(error) => Err(errors::recv_classic(&error)),
        }
    }

    fn more(&mut self, _message: &mut Message) -> bool {
        // There is one message at a time, and the next is requested when this one has been written.
        false
    }

    fn acknowledge(&mut self, _lane: u32, _sequence: u64) -> Result<(), Halt> {
        self.taken().map_err(|error| errors::recv_classic(&error))
    }

    fn relinquish(&mut self) -> Result<(), Halt> {
        self.taken().map_err(|error| errors::recv_classic(&error))
    }

    fn close(self: Box<Self>) -> Result<(), Failure> {
        // Its request was withdrawn when its last wait ended without a message.
        Ok(())
    }
}

/// Waits until a writer has made the object of the classic layout: a C writer would truncate what a
/// reader makes.
fn await_classic(
    args: &ReaderArgs,
    deadline: Option<Instant>,
    signals: &Signals,
) -> Result<Box<dyn Source>, Halt> {
    let name = args.channel.name();
    let began = Instant::now();
    let mut explains = io::stderr().is_terminal();
    loop {
        match link::classic(&args.channel, signals).reader() {
            Ok(reader) => return Ok(Box::new(reader)),
            Err(classic::AttachError::NotFound { .. }) => {}
            Err(error) => return Err(errors::attach_classic(&error).into()),
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            let limit = humantime::format_duration(args.timeout.unwrap_or_default());
            let what = format_args!("object {name:?} did not appear within {limit}");
            return Err(timed_out(what).into());
        }
        if explains && began.elapsed() > SILENCE {
            note(format_args!("waiting for: shm writer --classic {name}"));
            explains = false;
        }
        match signals.sleep(LOOK) {
            Ok(Woken::Signal) => return Err(Halt::Signal),
            Ok(Woken::Ready | Woken::TimedOut) => {}
            Err(error) => return Err(errors::signals(&error).into()),
        }
    }
}

/// A C writer gives a message only to a reader that asks and waits.
fn nothing_queued(args: &ReaderArgs) -> Failure {
    let name = args.channel.name();
    let what = format_args!("object {name:?} has the classic layout, in which nothing is queued");
    Failure::new(Status::OtherLayout, what).next("--timeout D instead of --no-wait")
}

/// Nothing came in the time that the command line allows.
pub(super) fn timed_out(what: fmt::Arguments<'_>) -> Failure {
    Failure::new(Status::TimedOut, what).next("start its writer, or wait longer")
}
