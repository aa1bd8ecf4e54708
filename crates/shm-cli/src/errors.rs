//! The library's errors as failures of the command: which exit status, and which next step at the command line.

mod files;

use std::fmt;
use std::io;

use shm_core::{ListEntry, OpenError, ResizeError, ShmName, SystemError};
use shm_mailbox::{AttachError, CloseError, RecvError, Role, SendError, classic};

use crate::ending::Halt;
use crate::failure::{Failure, Status};
use crate::{place, procfs};

pub(crate) use files::{MORE_FILES, file, input, messages, output, signals};

/// A mailbox could not be attached to.
pub(crate) fn attach(error: &AttachError) -> Failure {
    let (status, next) = match error {
        AttachError::Name(_)
        | AttachError::Slots { .. }
        | AttachError::HotSlots { .. }
        | AttachError::Mode { .. } => (Status::Usage, None),
        AttachError::Open(error) => return open(error),
        AttachError::Reserve(error) => return reserve(error),
        AttachError::RoleTaken { name, role, pid } => {
            return role_taken(name.as_str(), *role, *pid);
        }
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
        E::Reserve(error) => reserve_classic(error),
        E::Foreign { .. } => {
            Failure::new(Status::OtherLayout, error).next("leave out --classic if it is a mailbox")
        }
        E::RoleTaken { name, role } => {
            let name = name.as_str();
            role_taken(name, *role, holder_by_name(name, *role))
        }
        E::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    }
}

/// A message could not be sent to the mailbox `name`.
pub(crate) fn send(name: &str, error: &SendError) -> Halt {
    let status = match error {
        SendError::Interrupted => return Halt::Signal,
        SendError::TooLong { .. } => return Halt::Failed(bad_message(name, error)),
        SendError::Closed { name } => return Halt::Failed(left(name.as_str(), "has closed")),
        SendError::PeerDied { name } => return Halt::Failed(left(name.as_str(), "died")),
        SendError::Unlinked { .. } => Status::NoObject,
        SendError::Truncated { name, found, .. } => {
            return Halt::Failed(truncated(name.as_str(), *found, error));
        }
        SendError::System(error) => return Halt::Failed(system(error)),
        _ => Status::Failure,
    };
    Halt::Failed(Failure::new(status, error))
}

/// The reader is gone, and has not taken everything.
fn left(name: &str, how: &str) -> Failure {
    let what = format_args!("the reader of object {name:?} {how}, and messages are left");
    Failure::new(Status::Abandoned, what).next(format_args!("shm reader {name}"))
}

/// A message could not be handed to the reader of the lesson's object `name`.
pub(crate) fn send_classic(name: &str, error: &classic::SendError) -> Halt {
    use classic::SendError as E;
    let status = match error {
        E::Interrupted => return Halt::Signal,
        E::Nul { at } => {
            let what = format_args!(
                "object {name:?}: byte {} of the message is a NUL, which ends a text in the lesson's layout",
                at + 1
            );
            let failure = Failure::new(Status::BadMessage, what);
            return Halt::Failed(failure.next("a mailbox carries any bytes: leave out --classic"));
        }
        E::Empty | E::TooLong { .. } => {
            return Halt::Failed(bad_message(name, error));
        }
        E::Unlinked { .. } => Status::NoObject,
        E::Reserve(error) => return Halt::Failed(reserve_classic(error)),
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
            let what = format_args!(
                "the writer of object {name:?} died; everything that it sent has been read"
            );
            let next = format_args!("shm reader --follow {name} waits for the next writer");
            return Halt::Failed(Failure::new(Status::Abandoned, what).next(next));
        }
        RecvError::Unlinked { .. } => Status::NoObject,
        RecvError::Reattach(error) => return Halt::Failed(attach(error)),
        RecvError::Truncated { name, found, .. } => {
            return Halt::Failed(truncated(name.as_str(), *found, error));
        }
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
        E::Reserve(error) => return Halt::Failed(reserve_classic(error)),
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

/// Whether the object could not be unlinked because it is another user's: in a directory with the sticky bit
/// only the owner and root may. Otherwise the channel was left as it should be.
pub(crate) fn is_left_to_its_owner(error: &SystemError) -> bool {
    if error.call != "shm_unlink" || error.source.kind() != io::ErrorKind::PermissionDenied {
        return false;
    }
    let listed = error.name.as_ref().map(ListEntry::find);
    let euid = rustix::process::geteuid().as_raw();
    matches!(listed, Some(Ok(Some(listed))) if listed.status.owner != euid)
}

/// As [`close`], of the lesson's object.
pub(crate) fn close_classic(error: &classic::CloseError) -> Failure {
    match error {
        classic::CloseError::System(error) => system(error),
        _ => Failure::new(Status::Failure, error),
    }
}

/// These errors know the message, not where it was to go.
fn bad_message(name: &str, error: &dyn fmt::Display) -> Failure {
    Failure::new(Status::BadMessage, format_args!("object {name:?}: {error}"))
}

/// An object could not be opened.
pub(crate) fn open(error: &OpenError) -> Failure {
    let (status, next) = match error {
        OpenError::NotFound { .. } => (
            Status::NoObject,
            Some("start its writer, or look for the name with shm ls".to_owned()),
        ),
        // It is not the object that is closed to this user.
        OpenError::PermissionDenied { owner: None, .. } if place::is_open().is_err() => (
            Status::Permission,
            Some(format!("{}, as root; shm doctor says more", place::OPEN)),
        ),
        OpenError::PermissionDenied { name, .. } if is_own(error) => (
            Status::Permission,
            Some(format!(
                "chmod u+rw /dev/shm/{name}, or choose another name"
            )),
        ),
        OpenError::PermissionDenied { .. } => (
            Status::Permission,
            Some("act as the owner, or choose another name".to_owned()),
        ),
        // The library's advice is for programs.
        OpenError::ForeignOwner { name, owner, euid } => {
            let what = format_args!(
                "object {name:?} belongs to uid {owner}, this process acts as uid {euid}"
            );
            return Failure::new(Status::Permission, what).next(
                "--any-owner if you trust the owner, --group if you share one, else another name",
            );
        }
        OpenError::OpenToOthers { name, mode } => {
            let what =
                format_args!("object {name:?} has mode {mode:04o}, so others may write to it");
            return Failure::new(Status::Permission, what)
                .next(format_args!("chmod o-w /dev/shm/{name}, or --any-owner"));
        }
        OpenError::NotInGroup { .. } => (Status::Permission, None),
        OpenError::NotRegular { .. } | OpenError::TooSmall { .. } => (Status::OtherLayout, None),
        OpenError::System(error) => return system(error),
        _ => (Status::Failure, None),
    };
    failure(status, error, next)
}

/// Whether permission was denied for an object that is this user's own, whose mode forbids it.
pub(crate) fn is_own(error: &OpenError) -> bool {
    matches!(error, OpenError::PermissionDenied { owner: Some(owner), euid, .. } if owner == euid)
}

fn reserve(error: &ResizeError) -> Failure {
    let next = match error {
        ResizeError::NoSpace { .. } => "df -h /dev/shm; a mailbox with fewer --slots is smaller",
        ResizeError::System(error) => return system(error),
        _ => "raise that limit, or fewer --slots; shm doctor shows the limits",
    };
    Failure::new(Status::Failure, error).next(next)
}

/// As [`reserve`], of the lesson's object, which has one size.
fn reserve_classic(error: &ResizeError) -> Failure {
    let next = match error {
        ResizeError::NoSpace { .. } => "df -h /dev/shm; shm ls --all shows what takes the room",
        ResizeError::System(error) => return system(error),
        _ => "raise that limit; shm doctor shows the limits",
    };
    Failure::new(Status::Failure, error).next(next)
}

/// An object was cut off; to the size of the lesson's, by one of its programs as it seems.
fn truncated(name: &str, found: u64, error: &dyn fmt::Display) -> Failure {
    let failure = Failure::new(Status::Failure, error);
    if found == classic::SIZE {
        return failure.next(format_args!(
            "if that was a C program of the lesson: --classic, as in shm reader --classic {name}"
        ));
    }
    failure
}

/// A system call failed, and there is nothing better to say.
pub(crate) fn system(error: &SystemError) -> Failure {
    let status = match error.source.kind() {
        io::ErrorKind::NotFound => Status::NoObject,
        io::ErrorKind::PermissionDenied => Status::Permission,
        _ => Status::Failure,
    };
    let next = match error.source.kind() {
        _ if files::are_too_many(&error.source) => MORE_FILES,
        io::ErrorKind::ReadOnlyFilesystem => "mount -o remount,rw /dev/shm; shm doctor says more",
        _ => "shm doctor looks for what could be wrong here",
    };
    Failure::new(status, error).next(next)
}

fn holder_by_name(name: &str, role: Role) -> Option<u32> {
    let found = ListEntry::find(&ShmName::new(name).ok()?).ok()??;
    procfs::holder(found.id, role)
}

fn role_taken(name: &str, role: Role, pid: Option<u32>) -> Failure {
    let program = match role {
        Role::Sender => "writer",
        Role::Receiver => "reader",
    };
    let holder = match pid {
        Some(pid) => format!(", process {pid}"),
        None => ", a process that this one may not see".to_owned(),
    };
    let what = format_args!("object {name:?} already has a {program}{holder}");
    Failure::new(Status::RoleTaken, what).next("end it first, or use another name")
}

fn failure(status: Status, error: &dyn fmt::Display, next: Option<String>) -> Failure {
    let failure = Failure::new(status, error);
    match next {
        Some(next) => failure.next(next),
        None => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(halt: Halt) -> Status {
        match halt {
            Halt::Failed(failure) => failure.status(),
            Halt::Signal | Halt::TimedOut => unreachable!("{halt:?} is no failure"),
        }
    }

    fn shm_name() -> ShmName {
        ShmName::new("orders").unwrap()
    }

    #[test]
    fn what_cannot_be_attached_to_has_a_status_for_its_reason() {
        let taken = AttachError::RoleTaken {
            name: shm_name(),
            role: Role::Sender,
            pid: Some(7),
        };
        assert_eq!(attach(&taken).status(), Status::RoleTaken);
        let version = AttachError::Version {
            name: shm_name(),
            found: 2,
            expected: 1,
        };
        assert_eq!(attach(&version).status(), Status::OtherLayout);
        let owner = OpenError::ForeignOwner {
            name: shm_name(),
            owner: 0,
            euid: 1,
        };
        assert_eq!(
            attach(&AttachError::Open(owner)).status(),
            Status::Permission
        );
        let absent = classic::AttachError::NotFound { name: shm_name() };
        assert_eq!(attach_classic(&absent).status(), Status::NoObject);
        let foreign = classic::AttachError::Foreign {
            name: shm_name(),
            expected: 1028,
            found: 5,
        };
        assert_eq!(attach_classic(&foreign).status(), Status::OtherLayout);
    }

    #[test]
    fn the_system_s_reason_decides_where_there_is_no_better_one() {
        let failed = |kind: io::ErrorKind| {
            system(&SystemError::new("shm_unlink", &shm_name(), kind.into())).status()
        };
        assert_eq!(failed(io::ErrorKind::PermissionDenied), Status::Permission);
        assert_eq!(failed(io::ErrorKind::NotFound), Status::NoObject);
        assert_eq!(failed(io::ErrorKind::OutOfMemory), Status::Failure);
    }

    #[test]
    fn a_message_that_cannot_be_carried_is_bad_whatever_the_layout() {
        let long = SendError::TooLong {
            length: 1025,
            excess: 1,
        };
        assert_eq!(status(send("orders", &long)), Status::BadMessage);
        let nul = classic::SendError::Nul { at: 3 };
        assert_eq!(status(send_classic("orders", &nul)), Status::BadMessage);
    }

    #[test]
    fn a_dead_writer_has_its_own_status_and_a_signal_is_no_failure() {
        let died = RecvError::PeerDied { name: shm_name() };
        assert_eq!(status(recv(&died)), Status::Abandoned);
        assert!(matches!(recv(&RecvError::Interrupted), Halt::Signal));
        let interrupted = classic::RecvError::Interrupted;
        assert!(matches!(recv_classic(&interrupted), Halt::Signal));
    }
}
