//! The error of a system call for which there is nothing better to say than what the system says.

use crate::{BellError, MapError, NameError, OpenError, ResizeError, ShmName, ViewError};
use std::error::Error;
use std::fmt;
use std::io;

/// A system call failed, on this object if there is one.
///
/// Shown as ``shm_open of object "orders": Too many open files (os error 24)``. The text says the
/// system's reason, so [`Error::source`] does not give it again, here and in all errors that are
/// made from this one: a program that prints an error with its sources says nothing twice.
///
/// Two are equal if call, object, and of the reason the kind and the number are.
#[derive(Debug)]
#[non_exhaustive]
pub struct SystemError {
    /// The call, by its name in the manual.
    pub call: &'static str,
    /// The object, if the call was about one.
    pub name: Option<ShmName>,
    /// The system's reason.
    pub source: io::Error,
}

impl SystemError {
    /// Makes the error of a call that failed on the object `name`.
    #[must_use]
    pub fn new(call: &'static str, name: &ShmName, source: io::Error) -> Self {
        Self {
            call,
            name: Some(name.clone()),
            source,
        }
    }

    /// Makes the error of a call that failed and was about no object.
    #[must_use]
    pub fn without_object(call: &'static str, source: io::Error) -> Self {
        Self {
            call,
            name: None,
            source,
        }
    }

    /// Returns the kind of the system's reason.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl PartialEq for SystemError {
    fn eq(&self, other: &Self) -> bool {
        let reason = |error: &Self| (error.source.kind(), error.source.raw_os_error());
        self.call == other.call && self.name == other.name && reason(self) == reason(other)
    }
}

impl Eq for SystemError {}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} of object {name:?}: {}", self.call, self.source),
            None => write!(f, "{}: {}", self.call, self.source),
        }
    }
}

impl Error for SystemError {}

/// Gives each error its way into an [`io::Error`], of the kind that its own method `kind` says.
macro_rules! into_io_error {
    ($($error:ty),*) => {$(
        /// Of the kind that `kind` says, with the whole error inside: `get_ref` and `downcast` find
        /// it there.
        impl From<$error> for io::Error {
            fn from(error: $error) -> io::Error {
                io::Error::new(error.kind(), error)
            }
        }
    )*};
}

into_io_error!(
    SystemError,
    BellError,
    NameError,
    OpenError,
    ResizeError,
    MapError,
    ViewError
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_error_names_the_call_the_object_and_the_reason() {
        let name = ShmName::new("orders").unwrap();
        let source = io::Error::from_raw_os_error(shm_sys::EMFILE);
        let error = SystemError::new("shm_open", &name, source);
        assert_eq!(
            error.to_string(),
            "shm_open of object \"orders\": Too many open files (os error 24)"
        );
    }

    #[test]
    fn a_system_error_without_an_object_names_the_call() {
        let source = io::Error::from_raw_os_error(shm_sys::ENOENT);
        let error = SystemError::without_object("readdir", source);
        assert_eq!(
            error.to_string(),
            "readdir: No such file or directory (os error 2)"
        );
    }

    #[test]
    fn two_system_errors_are_equal_if_call_object_and_reason_are() {
        let failed =
            |call, errno| SystemError::without_object(call, io::Error::from_raw_os_error(errno));
        let error = failed("fstat", shm_sys::EMFILE);
        assert_eq!(error, failed("fstat", shm_sys::EMFILE));
        assert_ne!(error, failed("fstat", shm_sys::ENOENT));
        assert_ne!(error, failed("mmap", shm_sys::EMFILE));
        let name = ShmName::new("orders").unwrap();
        let source = io::Error::from_raw_os_error(shm_sys::EMFILE);
        assert_ne!(error, SystemError::new("fstat", &name, source));
    }

    #[test]
    fn an_io_error_keeps_kind_text_and_the_error_itself() {
        let source = io::Error::from_raw_os_error(shm_sys::ENOENT);
        let error = OpenError::System(SystemError::without_object("shm_open", source));
        let io = io::Error::from(error);
        assert_eq!(io.kind(), io::ErrorKind::NotFound);
        assert_eq!(
            io.to_string(),
            "shm_open: No such file or directory (os error 2)"
        );
        let within = io.downcast::<OpenError>().unwrap();
        assert!(matches!(within, OpenError::System(error) if error.call == "shm_open"));
    }
}
