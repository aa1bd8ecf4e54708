//! The error of a system call for which there is nothing better to say than what the system says.

use crate::ShmName;
use std::error::Error;
use std::fmt;
use std::io;

/// A system call failed, on this object if there is one.
///
/// Shown as ``shm_open of object "orders": Too many open files (os error 24)``.
#[derive(Debug)]
pub struct SystemError {
    /// The call, by its name in the manual.
    pub call: &'static str,
    /// The object, if the call was about one.
    pub name: Option<ShmName>,
    /// The system's reason.
    pub source: io::Error,
}

impl SystemError {
    pub(crate) fn new(call: &'static str, name: &ShmName, source: io::Error) -> SystemError {
        SystemError {
            call,
            name: Some(name.clone()),
            source,
        }
    }
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} of object {name:?}: {}", self.call, self.source),
            None => write!(f, "{}: {}", self.call, self.source),
        }
    }
}

impl Error for SystemError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

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
        let error = SystemError {
            call: "readdir",
            name: None,
            source: io::Error::from_raw_os_error(shm_sys::ENOENT),
        };
        assert_eq!(
            error.to_string(),
            "readdir: No such file or directory (os error 2)"
        );
    }
}
