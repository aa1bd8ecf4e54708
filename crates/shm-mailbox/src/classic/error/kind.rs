//! Which `io::Error` each error of the classic layout becomes.

use std::io::ErrorKind;

use super::{AttachError, CloseError, RecvError, SendError};
use crate::error::into_io_error;

into_io_error!(AttachError, SendError, RecvError, CloseError);

impl AttachError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`InvalidInput`](ErrorKind::InvalidInput) | [`Name`](Self::Name), [`Wait`](Self::Wait) |
    /// | [`NotFound`](ErrorKind::NotFound) | [`NotFound`](Self::NotFound) |
    /// | [`ResourceBusy`](ErrorKind::ResourceBusy) | [`RoleTaken`](Self::RoleTaken), [`InitBusy`](Self::InitBusy), [`Unsteady`](Self::Unsteady) |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`Foreign`](Self::Foreign) |
    /// | that of the error inside | [`Open`](Self::Open), [`Reserve`](Self::Reserve), [`Map`](Self::Map), [`View`](Self::View), [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Name(error) => error.kind(),
            Self::Wait { .. } => ErrorKind::InvalidInput,
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Open(error) => error.kind(),
            Self::Foreign { .. } => ErrorKind::InvalidData,
            Self::Reserve(error) => error.kind(),
            Self::Map(error) => error.kind(),
            Self::View(error) => error.kind(),
            Self::RoleTaken { .. } | Self::InitBusy { .. } | Self::Unsteady { .. } => {
                ErrorKind::ResourceBusy
            }
            Self::System(error) => error.kind(),
        }
    }
}

impl SendError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`InvalidInput`](ErrorKind::InvalidInput) | [`Empty`](Self::Empty), [`Nul`](Self::Nul), [`TooLong`](Self::TooLong) |
    /// | [`TimedOut`](ErrorKind::TimedOut) | [`TimedOut`](Self::TimedOut) |
    /// | [`Interrupted`](ErrorKind::Interrupted) | [`Interrupted`](Self::Interrupted) |
    /// | [`NotConnected`](ErrorKind::NotConnected) | [`Unlinked`](Self::Unlinked) |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`Truncated`](Self::Truncated) |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`Forked`](Self::Forked) |
    /// | that of the error inside | [`Reserve`](Self::Reserve), [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Empty | Self::Nul { .. } | Self::TooLong { .. } => ErrorKind::InvalidInput,
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Unlinked { .. } => ErrorKind::NotConnected,
            Self::Truncated { .. } => ErrorKind::InvalidData,
            Self::Reserve(error) => error.kind(),
            Self::Forked { .. } => ErrorKind::PermissionDenied,
            Self::System(error) => error.kind(),
        }
    }
}

impl RecvError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// | kind | of |
    /// |---|---|
    /// | [`TimedOut`](ErrorKind::TimedOut) | [`TimedOut`](Self::TimedOut) |
    /// | [`Interrupted`](ErrorKind::Interrupted) | [`Interrupted`](Self::Interrupted) |
    /// | [`UnexpectedEof`](ErrorKind::UnexpectedEof) | [`Unlinked`](Self::Unlinked), which is how a writer ends |
    /// | [`InvalidData`](ErrorKind::InvalidData) | [`Truncated`](Self::Truncated) |
    /// | [`PermissionDenied`](ErrorKind::PermissionDenied) | [`Forked`](Self::Forked) |
    /// | that of the error inside | [`Reserve`](Self::Reserve), [`System`](Self::System) |
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::Unlinked { .. } => ErrorKind::UnexpectedEof,
            Self::Truncated { .. } => ErrorKind::InvalidData,
            Self::Reserve(error) => error.kind(),
            Self::Forked { .. } => ErrorKind::PermissionDenied,
            Self::System(error) => error.kind(),
        }
    }
}

impl CloseError {
    /// Returns the kind of [`std::io::Error`] that this becomes.
    ///
    /// [`ResourceBusy`](ErrorKind::ResourceBusy) for [`InitBusy`](Self::InitBusy),
    /// [`PermissionDenied`](ErrorKind::PermissionDenied) for [`Forked`](Self::Forked), that of the
    /// system's reason for [`System`](Self::System).
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::InitBusy { .. } => ErrorKind::ResourceBusy,
            Self::Forked { .. } => ErrorKind::PermissionDenied,
            Self::System(error) => error.kind(),
        }
    }
}
