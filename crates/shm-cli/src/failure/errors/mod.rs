//! The library's and the system's errors in the user's words: which exit status, and which next
//! step at the command line.
//!
//! Here lives only what more than one command has to tell. What one command alone can fail of
//! stands with that command.

mod bus;
mod files;

use std::fmt;
use std::io;

use shm_core::{ListEntry, OpenError, ResizeError, ShmName, SystemError};
use shm_mailbox::{AttachError, CloseError, RecvError, Role, SendError, classic};

use super::{Failure, Halt, Status};
use crate::system::{place, procfs};

use files::are_too_many;
pub(crate) use files::{MORE_FILES, file, input, messages, output, signals};

/// What to do if there is no room for a mailbox, and if a limit is in its way.
const MAILBOX: [&str; 2] = [
    "df -h /dev/shm; a mailbox with fewer --slots is smaller",
    "raise that limit, or fewer --slots; shm doctor shows the limits",
];

/// As above, for an object of the classic layout, which has one size.
const LESSON: [&str; 2] = [
    "df -h /dev/shm; shm ls --all shows what takes the room",
    "raise that limit; shm doctor shows the limits",
];

/// A failure if the directory of objects is not there: then nothing works, and no name is to blame.
pub(crate) fn check_place() -> Result<(), Failure> {
    let found = place::find().map_err(|why| {
        let what = format_args!("{} {why}", place::DIRECTORY);
        Failure::new(Status::Failure, what).next(place::MOUNT)
    });
    found.map(drop)
}

/// A mailbox could not be attached to.
pub(crate) fn attach(error: &AttachError) -> Failure {
    use AttachError as E;
    let status = match error {
        E::Name(_)
        | E::Slots { .. }
        | E::HotSlots { .. }
        | E::Mode { .. }
        | E::Seats { .. }
        | E::Label { .. } => Status::Usage,
        E::Open(error) => return open(error),
        E::Reserve(error) => return reserve(error, MAILBOX),
        E::RoleTaken { name, role, pid } => return role_taken(name, *role, *pid),
        E::Classic { name } => {
            return Failure::new(Status::OtherLayout, error)
                .next(format_args!("shm writer --classic {name}"));
        }
        E::OtherKind { .. } | E::NoPlace { .. } | E::LabelTaken { .. } | E::NoLabel { .. } => {
            return bus::attach(error);
        }
        E::NotAMailbox { .. }
        | E::Version { .. }
        | E::Geometry { .. }
        | E::OtherSlots { .. }
        | E::Corrupt { .. } => Status::OtherLayout,
        E::System(error) => return system(error),
        _ => Status::Failure,
    };
    Failure::new(status, error)
}

/// Attaching to an object of the classic layout failed.
pub(crate) fn attach_classic(error: &classic::AttachError) -> Failure {
    use classic::AttachError as E;
    let status = match error {
        E::Name(_) | E::Wait { .. } => Status::Usage,
        E::NotFound { .. } => Status::NoObject,
        E::Open(error) => return open(error),
        E::Reserve(error) => return reserve(error, LESSON),
        E::Foreign { .. } => {
            return Failure::new(Status::OtherLayout, error)
                .next("leave out --classic if it is a mailbox");
        }
        E::RoleTaken { name, role } => return role_taken(name, *role, holder(name, *role)),
        E::System(error) => return system(error),
        _ => Status::Failure,
    };
    Failure::new(status, error)
}

/// A message could not be sent to the mailbox `name`.
pub(crate) fn send(name: &str, error: &SendError) -> Halt {
    use SendError as E;
    let failure = match error {
        E::TimedOut => return Halt::TimedOut,
        E::Interrupted => return Halt::Signal,
        E::TooLong { .. } => bad_message(name, error),
        E::Closed { .. } => left(name, "has closed"),
        E::PeerDied { .. } => left(name, "died"),
        E::HeldBack { label, state, .. } => bus::held_back(name, label, *state),
        E::Unlinked { .. } => Failure::new(Status::NoObject, error),
        E::Corrupt { .. } => Failure::new(Status::OtherLayout, error),
        E::Truncated { found, .. } => truncated(name, *found, error),
        E::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    };
    failure.into()
}

/// The reader has left, and has not taken everything.
fn left(name: &str, how: &str) -> Failure {
    let what = format_args!("the reader of object {name:?} {how}, and messages are left");
    Failure::new(Status::Abandoned, what).next(format_args!("shm reader {name}"))
}

/// A message could not be handed to the reader of `name`, an object of the classic layout.
pub(crate) fn send_classic(name: &str, error: &classic::SendError) -> Halt {
    use classic::SendError as E;
    let failure = match error {
        E::TimedOut => return Halt::TimedOut,
        E::Interrupted => return Halt::Signal,
        E::Nul { at } => {
            let what = format_args!(
                "byte {} of the message is a NUL, which ends a text in the classic layout",
                at + 1
            );
            bad_message(name, &what).next("a mailbox carries any bytes: leave out --classic")
        }
        E::Empty | E::TooLong { .. } => bad_message(name, error),
        E::Unlinked { .. } => Failure::new(Status::NoObject, error),
        E::Reserve(error) => reserve(error, LESSON),
        E::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    };
    failure.into()
}

/// No message could be received.
pub(crate) fn recv(error: &RecvError) -> Halt {
    use RecvError as E;
    let failure = match error {
        E::TimedOut => return Halt::TimedOut,
        E::Interrupted => return Halt::Signal,
        E::PeerDied { name } => {
            let what = format_args!(
                "the writer of object {name:?} died; everything that it sent has been read"
            );
            let next = format_args!("shm reader --follow {name} waits for the next writer");
            Failure::new(Status::Abandoned, what).next(next)
        }
        E::Unlinked { .. } => Failure::new(Status::NoObject, error),
        E::Corrupt { .. } => Failure::new(Status::OtherLayout, error),
        E::Reattach(error) => attach(error),
        E::Truncated { name, found, .. } => truncated(name.as_str(), *found, error),
        E::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    };
    failure.into()
}

/// Receiving from a writer of the classic layout failed.
pub(crate) fn recv_classic(error: &classic::RecvError) -> Halt {
    use classic::RecvError as E;
    let failure = match error {
        E::TimedOut => return Halt::TimedOut,
        E::Interrupted => return Halt::Signal,
        E::Unlinked { .. } => Failure::new(Status::NoObject, error),
        E::Reserve(error) => reserve(error, LESSON),
        E::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    };
    failure.into()
}

/// The channel was left, but not as it should be.
pub(crate) fn close(error: &CloseError) -> Failure {
    match error {
        CloseError::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    }
}

/// What a later library may fail of.
pub(crate) fn other(error: &dyn fmt::Display) -> Failure {
    Failure::new(Status::Failure, error)
}

/// These errors know the message, not where it was to go.
fn bad_message(name: &str, error: &dyn fmt::Display) -> Failure {
    Failure::new(Status::BadMessage, format_args!("object {name:?}: {error}"))
}

/// An object could not be opened.
pub(crate) fn open(error: &OpenError) -> Failure {
    use OpenError as E;
    let denied = Failure::new(Status::Permission, error);
    match error {
        E::NotFound { .. } => Failure::new(Status::NoObject, error)
            .next("start its writer, or look for the name with shm ls"),
        // It is not the object that is closed to this user.
        E::PermissionDenied { owner: None, .. } if place::is_open().is_err() => denied.next(
            format_args!("{}, as root; shm doctor says more", place::OPEN),
        ),
        E::PermissionDenied { name, .. } if is_own(error) => denied.next(format_args!(
            "chmod u+rw /dev/shm/{name}, or choose another name"
        )),
        E::PermissionDenied { .. } => denied.next("act as the owner, or choose another name"),
        // The library's advice is for programs.
        E::ForeignOwner { name, owner, euid } => {
            let what = format_args!(
                "object {name:?} belongs to uid {owner}, this process acts as uid {euid}"
            );
            Failure::new(Status::Permission, what).next(
                "--any-owner if you trust the owner, --group if you share one, else another name",
            )
        }
        E::OpenToOthers { name, mode } => {
            let what =
                format_args!("object {name:?} has mode {mode:04o}, so others may write to it");
            Failure::new(Status::Permission, what)
                .next(format_args!("chmod o-w /dev/shm/{name}, or --any-owner"))
        }
        E::NotInGroup { .. } => denied,
        E::NotRegular { .. } | E::TooSmall { .. } => Failure::new(Status::OtherLayout, error),
        E::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    }
}

/// Whether permission was denied for an object that is this user's own, whose mode forbids it.
pub(crate) fn is_own(error: &OpenError) -> bool {
    matches!(error, OpenError::PermissionDenied { owner: Some(owner), euid, .. } if owner == euid)
}

/// There is no room for an object.
fn reserve(error: &ResizeError, [space, limit]: [&str; 2]) -> Failure {
    let next = match error {
        ResizeError::NoSpace { .. } => space,
        ResizeError::System(error) => return system(error),
        _ => limit,
    };
    Failure::new(Status::Failure, error).next(next)
}

/// An object was cut off. If it has the size of the classic layout, a C program seems to have done
/// it.
fn truncated(name: &str, found: u64, error: &dyn fmt::Display) -> Failure {
    let failure = Failure::new(Status::Failure, error);
    if found == classic::SIZE {
        return failure.next(format_args!(
            "if that was one of the original C programs: --classic, as in shm reader --classic {name}"
        ));
    }
    failure
}

/// A system call failed, and there is nothing better to say.
pub(crate) fn system(error: &SystemError) -> Failure {
    let (status, next) = match error.kind() {
        io::ErrorKind::NotFound => (Status::NoObject, None),
        io::ErrorKind::PermissionDenied => (Status::Permission, None),
        io::ErrorKind::ReadOnlyFilesystem => (
            Status::Failure,
            Some("mount -o remount,rw /dev/shm; shm doctor says more"),
        ),
        _ if are_too_many(&error.source) => (Status::Failure, Some(MORE_FILES)),
        _ => (Status::Failure, None),
    };
    Failure::new(status, error)
        .next(next.unwrap_or("shm doctor looks for what could be wrong here"))
}

impl From<SystemError> for Failure {
    fn from(error: SystemError) -> Self {
        system(&error)
    }
}

/// The process that has a role of the object of this name, as far as the system shows it.
fn holder(name: &ShmName, role: Role) -> Option<u32> {
    procfs::holder(ListEntry::find(name).ok()??.id, role)
}

fn role_taken(name: &ShmName, role: Role, pid: Option<u32>) -> Failure {
    let program = program(role);
    let holder = match pid {
        Some(pid) => format!("process {pid}"),
        None => "a process that this one may not see".to_owned(),
    };
    let what = format_args!("object {name:?} already has a {program}, {holder}");
    Failure::new(Status::RoleTaken, what).next("end it first, or use another name")
}

/// Which of our programs has a role.
pub(crate) fn program(role: Role) -> &'static str {
    match role {
        Role::Sender => "writer",
        Role::Receiver => "reader",
    }
}

#[cfg(test)]
mod tests;
