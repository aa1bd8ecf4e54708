//! Which `io::Error` each error becomes, for programs whose own functions return that.

use std::io::ErrorKind;

use super::{AttachError, BatchError, CloseError, RecvError, SendError};
use crate::select::SelectError;

/// Gives each error its way into an [`std::io::Error`], of the kind that its own method `kind`
/// says.
macro_rules! into_io_error {
    ($($error:ty),*) => {$(
        /// Of the kind that `kind` says, with the whole error inside: `get_ref` and `downcast` find
        /// it there.
        impl From<$error> for std::io::Error {
            fn from(error: $error) -> Self {
                Self::new(error.kind(), error)
            }
        }
    )*};
}

pub(crate) use into_io_error;

into_io_error!(
    AttachError,
    SendError,
    RecvError,
    BatchError,
    CloseError,
    SelectError
);

impl AttachError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`InvalidInput`](ErrorKind::InvalidInput) | a wrong request: [`Name`](Self::Name), [`Slots`](Self::Slots), [`HotSlots`](Self::HotSlots), [`Seats`](Self::Seats), [`Label`](Self::Label), [`Mode`](Self::Mode) |
    /// | [`ResourceBusy`](ErrorKind::ResourceBusy) | another process: [`RoleTaken`](Self::RoleTaken), [`LabelTaken`](Self::LabelTaken), [`NoPlace`](Self::NoPlace), [`InitBusy`](Self::InitBusy), [`Unsteady`](Self::Unsteady) |
    /// | [`InvalidData`](ErrorKind::InvalidData) | what the object holds: [`NotAMailbox`](Self::NotAMailbox), [`Classic`](Self::Classic), [`Version`](Self::Version), [`Geometry`](Self::Geometry), [`OtherSlots`](Self::OtherSlots), [`OtherSeats`](Self::OtherSeats), [`OtherKind`](Self::OtherKind), [`Corrupt`](Self::Corrupt), [`Truncated`](Self::Truncated) |
    /// | [`NotFound`](ErrorKind::NotFound) | [`NoLabel`](Self::NoLabel) |
    /// | that of the error inside | [`Open`](Self::Open), [`Reserve`](Self::Reserve), [`Map`](Self::Map), [`View`](Self::View), [`Bell`](Self::Bell), [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Name(error) => error.kind(),
            Self::Slots { .. }
            | Self::HotSlots { .. }
            | Self::Seats { .. }
            | Self::Label { .. }
            | Self::Mode { .. } => ErrorKind::InvalidInput,
            Self::Open(error) => error.kind(),
            Self::Reserve(error) => error.kind(),
            Self::Map(error) => error.kind(),
            Self::View(error) => error.kind(),
            Self::RoleTaken { .. }
            | Self::LabelTaken { .. }
            | Self::NoPlace { .. }
            | Self::InitBusy { .. }
            | Self::Unsteady { .. } => ErrorKind::ResourceBusy,
            Self::NoLabel { .. } => ErrorKind::NotFound,
            Self::NotAMailbox { .. }
            | Self::Classic { .. }
            | Self::Version { .. }
            | Self::Geometry { .. }
            | Self::OtherSlots { .. }
            | Self::OtherSeats { .. }
            | Self::OtherKind { .. }
            | Self::Corrupt { .. }
            | Self::Truncated { .. } => ErrorKind::InvalidData,
            Self::Bell(error) => error.kind(),
            Self::System(error) => error.kind(),
        }
    }
}

impl SendError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// It is what a socket or a pipe would return, where one could.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`WouldBlock`](ErrorKind::WouldBlock) | [`Full`](Self::Full) |
    /// | [`TimedOut`](ErrorKind::TimedOut) | [`TimedOut`](Self::TimedOut) |
    /// | [`Interrupted`](ErrorKind::Interrupted) | [`Interrupted`](Self::Interrupted); loops like [`std::io::Write::write_all`] try again then, so clear the flag first |
    /// | [`InvalidInput`](ErrorKind::InvalidInput) | [`TooLong`](Self::TooLong) |
    /// | [`BrokenPipe`](ErrorKind::BrokenPipe) | [`Closed`](Self::Closed) |
    /// | [`ConnectionReset`](ErrorKind::ConnectionReset) | [`PeerDied`](Self::PeerDied) |
    /// | [`NotConnected`](ErrorKind::NotConnected) | [`Unlinked`](Self::Unlinked), [`HeldBack`](Self::HeldBack): there is no receiver |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`Truncated`](Self::Truncated), [`Corrupt`](Self::Corrupt) |
    /// | [`QuotaExceeded`](ErrorKind::QuotaExceeded) | [`Exhausted`](Self::Exhausted) |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`Forked`](Self::Forked): the endpoint is another process's |
    /// | that of the error inside | [`Bell`](Self::Bell), [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Full => ErrorKind::WouldBlock,
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::TooLong { .. } => ErrorKind::InvalidInput,
            Self::Closed { .. } => ErrorKind::BrokenPipe,
            Self::PeerDied { .. } => ErrorKind::ConnectionReset,
            Self::Unlinked { .. } | Self::HeldBack { .. } => ErrorKind::NotConnected,
            Self::Truncated { .. } | Self::Corrupt { .. } => ErrorKind::InvalidData,
            Self::Exhausted { .. } => ErrorKind::QuotaExceeded,
            Self::Forked { .. } => ErrorKind::PermissionDenied,
            Self::Bell(error) => error.kind(),
            Self::System(error) => error.kind(),
        }
    }
}

impl RecvError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// It is what a socket or a pipe would return, where one could.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`WouldBlock`](ErrorKind::WouldBlock) | [`Empty`](Self::Empty) |
    /// | [`TimedOut`](ErrorKind::TimedOut) | [`TimedOut`](Self::TimedOut) |
    /// | [`Interrupted`](ErrorKind::Interrupted) | [`Interrupted`](Self::Interrupted); loops like [`std::io::Read::read_exact`] try again then, so clear the flag first |
    /// | [`Deadlock`](ErrorKind::Deadlock) | [`Unacknowledged`](Self::Unacknowledged): waiting would never end |
    /// | [`UnexpectedEof`](ErrorKind::UnexpectedEof) | [`Closed`](Self::Closed) |
    /// | [`ConnectionReset`](ErrorKind::ConnectionReset) | [`PeerDied`](Self::PeerDied) |
    /// | [`NotConnected`](ErrorKind::NotConnected) | [`Unlinked`](Self::Unlinked): there is no sender |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`Truncated`](Self::Truncated), [`Corrupt`](Self::Corrupt) |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`Forked`](Self::Forked): the endpoint is another process's |
    /// | that of the error inside | [`Reattach`](Self::Reattach), [`Bell`](Self::Bell), [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty => ErrorKind::WouldBlock,
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Unacknowledged { .. } => ErrorKind::Deadlock,
            Self::Closed { .. } => ErrorKind::UnexpectedEof,
            Self::PeerDied { .. } => ErrorKind::ConnectionReset,
            Self::Unlinked { .. } => ErrorKind::NotConnected,
            Self::Reattach(error) => error.kind(),
            Self::Truncated { .. } | Self::Corrupt { .. } => ErrorKind::InvalidData,
            Self::Forked { .. } => ErrorKind::PermissionDenied,
            Self::Bell(error) => error.kind(),
            Self::System(error) => error.kind(),
        }
    }
}

impl BatchError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// It is that of the error of the unsent message: see [`SendError::kind`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.error.kind()
    }
}

impl CloseError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`ResourceBusy`](ErrorKind::ResourceBusy) | [`InitBusy`](Self::InitBusy) |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`Truncated`](Self::Truncated) |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`Forked`](Self::Forked): the endpoint is another process's |
    /// | that of the system's reason | [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InitBusy { .. } => ErrorKind::ResourceBusy,
            Self::Truncated { .. } => ErrorKind::InvalidData,
            Self::Forked { .. } => ErrorKind::PermissionDenied,
            Self::System(error) => error.kind(),
        }
    }
}
