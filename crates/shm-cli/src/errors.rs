//! The library's errors as failures of the command: which exit status, and which next step at the command line.

use std::fmt;
use std::io;

use shm_core::{OpenError, ResizeError, SystemError};
use shm_mailbox::{AttachError, CloseError, RecvError, Role, SendError, classic};

use crate::ending::Halt;
use crate::failure::{Failure, Status};
use crate::holder;

/// A mailbox could not be attached to.
pub(crate) fn attach(error: &AttachError) -> Failure {
    let (status, next) = match error {
        AttachError::Name(_) | AttachError::Slots { .. } => (Status::Usage, None),
        AttachError::Open(error) => return open(error),
        AttachError::Reserve(error) => return reserve(error),
        AttachError::RoleTaken { .. } => (Status::RoleTaken, None),
        AttachError::Classic { name } => (
            Status::OtherLayout,
            Some(format!("shm writer --classic {name}")),
        ),
        AttachError::NotAMailbox { .. }
        | AttachError::Version { .. }
        | AttachError::Geometry { .. }
        | AttachError::OtherSlots { .. }
        | AttachError::Corrupt { .. } => (Status::OtherLayout, None),
        AttachError::System(error) => return system(error),
        _ => (Status::Failure, None),
    };
    failure(status, error, next)
}

/// The lesson's object could not be attached to.
pub(crate) fn attach_classic(error: &classic::AttachError) -> Failure {
    use classic::AttachError as E;
    match error {
        E::Name(_) | E::Wait { .. } => Failure::new(Status::Usage, error),
        E::NotFound { .. } => Failure::new(Status::NoObject, error),
        E::Open(error) => open(error),
        E::Reserve(error) => reserve(error),
        E::Foreign { .. } => {
            Failure::new(Status::OtherLayout, error).next("leave out --classic if it is a mailbox")
        }
        E::RoleTaken { name, role } => role_taken(name, *role),
        E::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    }
}

/// A message could not be sent to the mailbox `name`.
pub(crate) fn send(name: &str, error: &SendError) -> Halt {
    let status = match error {
        SendError::Interrupted => return Halt::Signal,
        SendError::TooLong { .. } => return Halt::Failed(bad_message(name, error)),
        SendError::Closed { .. } | SendError::PeerDied { .. } => Status::Abandoned,
        SendError::Unlinked { .. } => Status::NoObject,
        SendError::System(error) => return Halt::Failed(system(error)),
        _ => Status::Failure,
    };
    Halt::Failed(Failure::new(status, error))
}

/// A message could not be handed to the reader of the lesson's object `name`.
pub(crate) fn send_classic(name: &str, error: &classic::SendError) -> Halt {
    use classic::SendError as E;
    let status = match error {
        E::Interrupted => return Halt::Signal,
        E::Empty | E::Nul { .. } | E::TooLong { .. } => {
            return Halt::Failed(bad_message(name, error));
        }
        E::Unlinked { .. } => Status::NoObject,
        E::Reserve(error) => return Halt::Failed(reserve(error)),
        E::System(error) => return Halt::Failed(system(error)),
        _ => Status::Failure,
    };
    Halt::Failed(Failure::new(status, error))
}

/// No message could be received.
pub(crate) fn recv(error: &RecvError) -> Halt {
    let status = match error {
        RecvError::Interrupted => return Halt::Signal,
        RecvError::PeerDied { name } => {
            let next = format!("shm reader --follow {name} waits for the next writer");
            return Halt::Failed(failure(Status::Abandoned, error, Some(next)));
        }
        RecvError::Unlinked { .. } => Status::NoObject,
        RecvError::System(error) => return Halt::Failed(system(error)),
        _ => Status::Failure,
    };
    Halt::Failed(Failure::new(status, error))
}

/// No message could be received from the lesson's writer.
pub(crate) fn recv_classic(error: &classic::RecvError) -> Halt {
    use classic::RecvError as E;
    let status = match error {
        E::Interrupted => return Halt::Signal,
        E::Unlinked { .. } => Status::NoObject,
        E::Reserve(error) => return Halt::Failed(reserve(error)),
        E::System(error) => return Halt::Failed(system(error)),
        _ => Status::Failure,
    };
    Halt::Failed(Failure::new(status, error))
}

/// The channel was left, but not as it should be.
pub(crate) fn close(error: &CloseError) -> Failure {
    match error {
        CloseError::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    }
}

/// As [`close`], of the lesson's object.
pub(crate) fn close_classic(error: &classic::CloseError) -> Failure {
    match error {
        classic::CloseError::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    }
}

/// Standard input could not be read.
pub(crate) fn input(error: &io::Error) -> Failure {
    own("read standard input", error)
        .next("give it a pipe or a file; what was read before has been sent")
}

/// Standard output could not be written.
pub(crate) fn output(error: &io::Error) -> Failure {
    own("write standard output", error)
        .next("write elsewhere; in a mailbox, what was not written waits for the next reader")
}

/// A call of the command's own failed: `cannot catch signals: Too many open files (os error 24)`.
pub(crate) fn own(what: &str, error: &io::Error) -> Failure {
    Failure::new(Status::Failure, format_args!("cannot {what}: {error}"))
}

/// These errors know the message, not where it was to go.
fn bad_message(name: &str, error: &dyn fmt::Display) -> Failure {
    Failure::new(Status::BadMessage, format_args!("object {name:?}: {error}"))
}

fn open(error: &OpenError) -> Failure {
    let (status, next) = match error {
        OpenError::NotFound { .. } => (
            Status::NoObject,
            Some("start its writer, or look for the name with ls /dev/shm".to_owned()),
        ),
        OpenError::PermissionDenied { .. } => (
            Status::Permission,
            Some("act as the owner, or choose another name".to_owned()),
        ),
        OpenError::ForeignOwner { .. } => (
            Status::Permission,
            Some("--any-owner if you trust the owner, else choose another name".to_owned()),
        ),
        OpenError::OpenToOthers { name, .. } => (
            Status::Permission,
            Some(format!("chmod o-w /dev/shm/{name}, or --any-owner")),
        ),
        OpenError::NotRegular { .. } | OpenError::TooSmall { .. } => (Status::OtherLayout, None),
        OpenError::System(error) => return system(error),
        _ => (Status::Failure, None),
    };
    failure(status, error, next)
}

fn reserve(error: &ResizeError) -> Failure {
    let next = match error {
        ResizeError::NoSpace { .. } => "df -h /dev/shm; a mailbox with fewer --slots is smaller",
        ResizeError::System(error) => return system(error),
        _ => return Failure::new(Status::Failure, error),
    };
    Failure::new(Status::Failure, error).next(next)
}

fn system(error: &SystemError) -> Failure {
    let status = match error.source.kind() {
        io::ErrorKind::NotFound => Status::NoObject,
        io::ErrorKind::PermissionDenied => Status::Permission,
        _ => Status::Failure,
    };
    Failure::new(status, error)
}

/// The lesson's layout has no room for a process number, so the system is asked who holds the role's lock.
fn role_taken(name: &str, role: Role) -> Failure {
    let (program, verb) = match role {
        Role::Sender => ("writer", "writes"),
        Role::Receiver => ("reader", "reads"),
    };
    let holder = match holder::of(name, role) {
        Some(pid) => format!("process {pid} {verb}"),
        None => format!("another process {verb}"),
    };
    let what = format_args!("object {name:?} already has a {program}: {holder}");
    Failure::new(Status::RoleTaken, what).next("end it first, or use another name")
}

fn failure(status: Status, error: &dyn fmt::Display, next: Option<String>) -> Failure {
    let failure = Failure::new(status, error);
    match next {
        Some(next) => failure.next(next),
        None => failure,
    }
}
