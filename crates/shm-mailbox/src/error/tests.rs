//! Tests of all errors alike: what they and their sources say, and what they become as an
//! `io::Error`.

use std::error::Error;
use std::io::{self, ErrorKind};

use shm_core::{
    FileKind, MapError, NameError, OpenError, ResizeError, ShmName, SystemError, ViewError,
};

use super::{AttachError, BatchError, CloseError, RecvError, SendError};
use crate::classic;
use crate::memory::role::Role;
use crate::object::remove::RemoveError;
use crate::protocol::corrupt::{Corrupt, Field};
use crate::wait::Wait;

/// An error, and the kind that it should have as an `io::Error`.
type Case = (Box<dyn Error + Send + Sync>, io::Error, ErrorKind);

/// The error twice, as it is and as an `io::Error`.
fn case<E>(make: impl Fn() -> E, kind: ErrorKind) -> Case
where
    E: Error + PartialEq + Send + Sync + 'static,
    io::Error: From<E>,
{
    assert_eq!(make(), make());
    (Box::new(make()), make().into(), kind)
}

fn name() -> ShmName {
    ShmName::new("orders").expect("a name")
}

/// `EIO`, whose kind has no name and whose text nothing else says.
fn system() -> SystemError {
    SystemError::new("fstat", &name(), io::Error::from_raw_os_error(5))
}

fn corrupt() -> Corrupt {
    Corrupt::new(Field::Sent, 9, 0..=4)
}

fn system_kind() -> ErrorKind {
    io::Error::from_raw_os_error(5).kind()
}

#[rustfmt::skip]
fn attaching() -> Vec<Case> {
    use AttachError as E;
    let (found, expected) = (2, 1);
    vec![
        case(|| E::Name(NameError::Empty), ErrorKind::InvalidInput),
        case(|| E::Slots { found: 3 }, ErrorKind::InvalidInput),
        case(|| E::Mode { found: 0 }, ErrorKind::InvalidInput),
        case(|| E::HotSlots { found: 8, slots: 4 }, ErrorKind::InvalidInput),
        case(|| E::Open(OpenError::NotFound { name: name() }), ErrorKind::NotFound),
        case(|| E::Open(OpenError::Exists { name: name() }), ErrorKind::AlreadyExists),
        case(|| E::Open(OpenError::PermissionDenied { name: name(), owner: None, mode: None, euid: 1 }), ErrorKind::PermissionDenied),
        case(|| E::Open(OpenError::NotRegular { name: name(), found: FileKind::Fifo }), ErrorKind::InvalidData),
        case(|| E::Open(OpenError::NoInodes { name: name() }), ErrorKind::StorageFull),
        case(|| E::Open(OpenError::Unstable { name: name(), rounds: 9 }), ErrorKind::ResourceBusy),
        case(|| E::Open(OpenError::Unsupported { name: name(), needed: "O_TMPFILE" }), ErrorKind::Unsupported),
        case(|| E::Open(OpenError::System(system())), system_kind()),
        case(|| E::Reserve(ResizeError::NoSpace { name: name(), requested: 2, available: 1 }), ErrorKind::StorageFull),
        case(|| E::Reserve(ResizeError::TooLarge { name: name(), requested: 2 }), ErrorKind::FileTooLarge),
        case(|| E::Reserve(ResizeError::System(system())), system_kind()),
        case(|| E::Map(MapError::Empty { name: None }), ErrorKind::InvalidInput),
        case(|| E::Map(MapError::ReadOnlyObject { name: name() }), ErrorKind::PermissionDenied),
        case(|| E::Map(MapError::System(system())), system_kind()),
        case(|| E::View(ViewError::ReadOnly { name: None }), ErrorKind::PermissionDenied),
        case(|| E::View(ViewError::Misaligned { name: None, offset: 1, align: 8 }), ErrorKind::InvalidInput),
        case(|| E::RoleTaken { name: name(), role: Role::Sender, pid: Some(7) }, ErrorKind::ResourceBusy),
        case(|| E::InitBusy { name: name() }, ErrorKind::ResourceBusy),
        case(|| E::Unsteady { name: name() }, ErrorKind::ResourceBusy),
        case(|| E::NotAMailbox { name: name(), found: "zeros".to_owned() }, ErrorKind::InvalidData),
        case(|| E::Classic { name: name() }, ErrorKind::InvalidData),
        case(|| E::Version { name: name(), found, expected }, ErrorKind::InvalidData),
        case(|| E::Geometry { name: name(), field: "slots", found: 3, expected: "4".to_owned() }, ErrorKind::InvalidData),
        case(|| E::OtherSlots { name: name(), found, expected }, ErrorKind::InvalidData),
        case(|| E::Corrupt { name: name(), corrupt: corrupt() }, ErrorKind::InvalidData),
        case(|| E::Truncated { name: name() }, ErrorKind::InvalidData),
        case(|| E::System(system()), system_kind()),
    ]
}

#[rustfmt::skip]
fn passing() -> Vec<Case> {
    use {RecvError as R, SendError as S};
    let (expected, found) = (2, 1);
    vec![
        case(|| S::Full, ErrorKind::WouldBlock),
        case(|| S::TimedOut, ErrorKind::TimedOut),
        case(|| S::Interrupted, ErrorKind::Interrupted),
        case(|| S::TooLong { length: 1025, excess: 1 }, ErrorKind::InvalidInput),
        case(|| S::Closed { name: name() }, ErrorKind::BrokenPipe),
        case(|| S::PeerDied { name: name() }, ErrorKind::ConnectionReset),
        case(|| S::Unlinked { name: name() }, ErrorKind::NotConnected),
        case(|| S::Truncated { name: name(), expected, found }, ErrorKind::InvalidData),
        case(|| S::Corrupt { name: name(), corrupt: corrupt() }, ErrorKind::InvalidData),
        case(|| S::Exhausted { name: name() }, ErrorKind::QuotaExceeded),
        case(|| S::Forked { name: name() }, ErrorKind::PermissionDenied),
        case(|| S::System(system()), system_kind()),
        case(|| BatchError { sent: 1, error: S::Full }, ErrorKind::WouldBlock),
        case(|| BatchError { sent: 1, error: S::System(system()) }, system_kind()),
        case(|| R::Empty, ErrorKind::WouldBlock),
        case(|| R::TimedOut, ErrorKind::TimedOut),
        case(|| R::Interrupted, ErrorKind::Interrupted),
        case(|| R::Unacknowledged { shown: 4 }, ErrorKind::Deadlock),
        case(|| R::Closed { name: name() }, ErrorKind::UnexpectedEof),
        case(|| R::PeerDied { name: name() }, ErrorKind::ConnectionReset),
        case(|| R::Unlinked { name: name() }, ErrorKind::NotConnected),
        case(|| R::Reattach(Box::new(AttachError::Slots { found: 3 })), ErrorKind::InvalidInput),
        case(|| R::Reattach(Box::new(AttachError::System(system()))), system_kind()),
        case(|| R::Truncated { name: name(), expected, found }, ErrorKind::InvalidData),
        case(|| R::Corrupt { name: name(), corrupt: corrupt() }, ErrorKind::InvalidData),
        case(|| R::Forked { name: name() }, ErrorKind::PermissionDenied),
        case(|| R::System(system()), system_kind()),
        case(|| RemoveError::Open(OpenError::NotFound { name: name() }), ErrorKind::NotFound),
        case(|| RemoveError::InUse { name: name(), role: Role::Sender }, ErrorKind::ResourceBusy),
        case(|| RemoveError::InitBusy { name: name() }, ErrorKind::ResourceBusy),
        case(|| RemoveError::Messages { name: name(), queued: 3 }, ErrorKind::DirectoryNotEmpty),
        case(|| RemoveError::NotAMailbox { name: name() }, ErrorKind::InvalidData),
        case(|| RemoveError::System(system()), system_kind()),
        case(|| CloseError::InitBusy { name: name() }, ErrorKind::ResourceBusy),
        case(|| CloseError::Truncated { name: name() }, ErrorKind::InvalidData),
        case(|| CloseError::Forked { name: name() }, ErrorKind::PermissionDenied),
        case(|| CloseError::System(system()), system_kind()),
    ]
}

#[rustfmt::skip]
fn in_the_classic_layout() -> Vec<Case> {
    use classic::{AttachError as A, CloseError as C, RecvError as R, SendError as S};
    let (expected, found) = (1028, 1);
    let no_space = || ResizeError::NoSpace { name: name(), requested: 2, available: 1 };
    vec![
        case(|| A::Name(NameError::Empty), ErrorKind::InvalidInput),
        case(|| A::Wait { name: name(), wait: Wait::Adaptive }, ErrorKind::InvalidInput),
        case(|| A::NotFound { name: name() }, ErrorKind::NotFound),
        case(|| A::Open(OpenError::System(system())), system_kind()),
        case(|| A::Foreign { name: name(), expected, found }, ErrorKind::InvalidData),
        case(|| A::Reserve(no_space()), ErrorKind::StorageFull),
        case(|| A::RoleTaken { name: name(), role: Role::Sender }, ErrorKind::ResourceBusy),
        case(|| A::InitBusy { name: name() }, ErrorKind::ResourceBusy),
        case(|| A::Unsteady { name: name() }, ErrorKind::ResourceBusy),
        case(|| A::System(system()), system_kind()),
        case(|| S::Empty, ErrorKind::InvalidInput),
        case(|| S::Nul { at: 3 }, ErrorKind::InvalidInput),
        case(|| S::TooLong { length: 1024, excess: 1 }, ErrorKind::InvalidInput),
        case(|| S::TimedOut, ErrorKind::TimedOut),
        case(|| S::Interrupted, ErrorKind::Interrupted),
        case(|| S::Unlinked { name: name() }, ErrorKind::NotConnected),
        case(|| S::Truncated { name: name(), expected, found }, ErrorKind::InvalidData),
        case(|| S::Reserve(no_space()), ErrorKind::StorageFull),
        case(|| S::Forked { name: name() }, ErrorKind::PermissionDenied),
        case(|| S::System(system()), system_kind()),
        case(|| R::TimedOut, ErrorKind::TimedOut),
        case(|| R::Interrupted, ErrorKind::Interrupted),
        case(|| R::Unlinked { name: name() }, ErrorKind::UnexpectedEof),
        case(|| R::Truncated { name: name(), expected, found }, ErrorKind::InvalidData),
        case(|| R::Reserve(no_space()), ErrorKind::StorageFull),
        case(|| R::Forked { name: name() }, ErrorKind::PermissionDenied),
        case(|| R::System(system()), system_kind()),
        case(|| C::InitBusy { name: name() }, ErrorKind::ResourceBusy),
        case(|| C::Forked { name: name() }, ErrorKind::PermissionDenied),
        case(|| C::System(system()), system_kind()),
    ]
}

fn all() -> Vec<Case> {
    [attaching(), passing(), in_the_classic_layout()]
        .into_iter()
        .flatten()
        .collect()
}

/// An error and its sources, as programs print them: `one: two: three`.
fn chain(error: &dyn Error) -> String {
    let links = std::iter::successors(Some(error), |link: &&dyn Error| (*link).source());
    links
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}

#[test]
fn an_error_printed_with_its_sources_says_nothing_twice() {
    for (error, io, _) in all() {
        for chain in [chain(error.as_ref()), chain(&io)] {
            assert!(chain.matches("(os error 5)").count() <= 1, "{chain}");
            let mut parts: Vec<_> = chain.split(": ").collect();
            let count = parts.len();
            parts.sort_unstable();
            parts.dedup();
            assert_eq!(parts.len(), count, "{chain}");
        }
    }
}

#[test]
fn an_io_error_says_what_the_error_says_and_has_its_kind() {
    for (error, io, kind) in all() {
        assert_eq!(io.to_string(), error.to_string());
        assert_eq!(io.kind(), kind, "{error}");
    }
}

#[test]
fn an_io_error_contains_the_error() {
    let io = io::Error::from(RecvError::Closed { name: name() });
    let within = io.downcast::<RecvError>().expect("what was put in");
    assert_eq!(within, RecvError::Closed { name: name() });
}

#[test]
fn errors_that_differ_are_not_equal() {
    let closed = |name: &str| RecvError::Closed {
        name: ShmName::new(name).expect("a name"),
    };
    assert_ne!(closed("a"), closed("b"));
    assert_ne!(RecvError::Empty, RecvError::TimedOut);
    let of_call =
        |call| SendError::System(SystemError::without_object(call, ErrorKind::Other.into()));
    assert_ne!(of_call("fstat"), of_call("mmap"));
}
