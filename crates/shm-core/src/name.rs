//! Names of objects, checked before the system sees them.

use std::ffi::{CStr, CString};
use std::fmt;
use std::io::ErrorKind;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

/// The longest name, in bytes after the slash (`NAME_MAX`).
const LONGEST: usize = 255;
/// The longest name on macOS, in bytes with the slash (`PSHMNAMLEN`).
const LONGEST_ON_MACOS: usize = 31;

/// The name of an object: a slash, then 1 to 255 bytes without slash or NUL.
///
/// It may be written with or without the leading slash, and is shown without. It cannot be a name
/// that the system takes for something else: `.` and `..` (directories), and names starting with
/// `sem.` (named semaphores live in the same directory). A clone shares the text, and allocates
/// nothing.
///
/// ```
/// use shm_core::ShmName;
///
/// let name: ShmName = "/orders".parse()?;
/// assert_eq!(name, ShmName::new("orders")?);
/// assert_eq!(name.to_string(), "orders");
///
/// let error = ShmName::new("orders/today").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "name \"orders/today\" has a slash at byte 6; only the first byte may be one"
/// );
/// # Ok::<(), shm_core::NameError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShmName {
    // A slash, then the name: ASCII slash and UTF-8, so the tail is a `str`.
    with_slash: Arc<CStr>,
}

impl ShmName {
    /// Checks a name, with or without its leading slash.
    ///
    /// # Errors
    ///
    /// [`NameError`] says what is wrong, and at which byte.
    pub fn new(name: &str) -> Result<Self, NameError> {
        let (bare, first) = match name.strip_prefix('/') {
            Some(bare) => (bare, 1),
            None => (name, 0),
        };
        let owned = || name.to_owned();
        if bare.is_empty() {
            return Err(NameError::Empty);
        }
        if let Some(at) = bare.find('/') {
            return Err(NameError::Slash {
                name: owned(),
                at: first + at,
            });
        }
        if bare == "." || bare == ".." {
            return Err(NameError::Dot { name: owned() });
        }
        if bare.starts_with("sem.") {
            return Err(NameError::Semaphore { name: owned() });
        }
        if bare.len() > LONGEST {
            return Err(NameError::TooLong {
                name: owned(),
                len: bare.len(),
            });
        }
        match CString::new(format!("/{bare}")) {
            Ok(with_slash) => Ok(Self {
                with_slash: with_slash.into(),
            }),
            Err(nul) => Err(NameError::Nul {
                name: owned(),
                at: first + nul.nul_position() - 1,
            }),
        }
    }

    /// Returns the name without its slash.
    pub fn as_str(&self) -> &str {
        let bare = &self.with_slash.to_bytes()[1..];
        std::str::from_utf8(bare).expect("made from a str")
    }

    /// Returns the name with its slash, as the system calls take it.
    pub fn as_c_str(&self) -> &CStr {
        &self.with_slash
    }

    /// Returns whether macOS would reject this name: its limit is 31 bytes, the slash included.
    pub fn too_long_for_macos(&self) -> bool {
        self.with_slash.count_bytes() > LONGEST_ON_MACOS
    }
}

impl FromStr for ShmName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

impl TryFrom<&str> for ShmName {
    type Error = NameError;

    fn try_from(name: &str) -> Result<Self, NameError> {
        Self::new(name)
    }
}

/// The name without its slash.
impl AsRef<str> for ShmName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for ShmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Quoted, with control bytes escaped.
impl fmt::Debug for ShmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

/// What is wrong with a name; bytes are counted from 0 in the text as it was given.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing, or nothing after the slash.
    #[error("the name is empty; it needs 1 to {LONGEST} bytes")]
    Empty,
    /// More than 255 bytes after the slash.
    #[error("name {name:?} has {len} bytes, the limit is {LONGEST}")]
    TooLong {
        /// The name as it was given.
        name: String,
        /// Its bytes, without the slash.
        len: usize,
    },
    /// A slash that is not the first byte.
    #[error("name {name:?} has a slash at byte {at}; only the first byte may be one")]
    Slash {
        /// The name as it was given.
        name: String,
        /// Where the slash is.
        at: usize,
    },
    /// A NUL byte.
    #[error("name {name:?} has a NUL at byte {at}")]
    Nul {
        /// The name as it was given.
        name: String,
        /// Where the NUL is.
        at: usize,
    },
    /// `.` or `..`, which are directories.
    #[error("name {name:?} is a directory")]
    Dot {
        /// The name as it was given.
        name: String,
    },
    /// A name starting with `sem.`: there the system keeps named semaphores.
    #[error("name {name:?} starts with \"sem.\", where the system keeps named semaphores")]
    Semaphore {
        /// The name as it was given.
        name: String,
    },
}

impl NameError {
    /// Returns the kind of [`std::io::Error`] that this becomes: [`ErrorKind::InvalidInput`].
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidInput
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leading_slash_makes_no_difference() {
        let name = ShmName::new("/orders").unwrap();
        assert_eq!(name, "orders".parse().unwrap());
        assert_eq!(name.as_str(), "orders");
        assert_eq!(name.as_c_str(), c"/orders");
        assert_eq!(format!("{name} {name:?}"), "orders \"orders\"");
    }

    #[test]
    fn a_name_is_made_from_text_and_used_as_text() {
        fn length(name: impl AsRef<str>) -> usize {
            name.as_ref().len()
        }
        let name = ShmName::try_from("/orders").unwrap();
        assert_eq!(length(&name), 6);
        assert_eq!(length("orders"), 6);
        assert!(ShmName::try_from("a/b").is_err());
    }

    #[test]
    fn a_clone_shares_the_text() {
        let name = ShmName::new("orders").unwrap();
        assert_eq!(name.clone().as_c_str().as_ptr(), name.as_c_str().as_ptr());
    }

    #[test]
    fn a_name_without_bytes_is_refused() {
        assert_eq!(ShmName::new(""), Err(NameError::Empty));
        assert_eq!(ShmName::new("/"), Err(NameError::Empty));
    }

    #[test]
    fn a_second_slash_is_refused_where_it_is() {
        for (name, at) in [("//a", 1), ("a/b", 1), ("/a/b", 2), ("ab/", 2)] {
            let name = name.to_owned();
            assert_eq!(ShmName::new(&name), Err(NameError::Slash { name, at }));
        }
    }

    #[test]
    fn a_nul_is_refused_where_it_is() {
        for (name, at) in [("a\0b", 1), ("/a\0b", 2), ("\0", 0)] {
            let name = name.to_owned();
            assert_eq!(ShmName::new(&name), Err(NameError::Nul { name, at }));
        }
    }

    #[test]
    fn directories_and_semaphores_are_refused() {
        for name in [".", "..", "/.", "/.."] {
            let name = name.to_owned();
            assert_eq!(ShmName::new(&name), Err(NameError::Dot { name }));
        }
        let name = "sem.lock".to_owned();
        assert_eq!(ShmName::new(&name), Err(NameError::Semaphore { name }));
        assert!(ShmName::new("...").is_ok());
        assert!(ShmName::new("semaphore").is_ok());
    }

    #[test]
    fn a_name_may_have_255_bytes_and_no_more() {
        assert!(ShmName::new(&"n".repeat(255)).is_ok());
        assert!(ShmName::new(&format!("/{}", "n".repeat(255))).is_ok());
        let name = "n".repeat(256);
        assert_eq!(
            ShmName::new(&name),
            Err(NameError::TooLong { name, len: 256 })
        );
        // Bytes count, not characters.
        assert!(ShmName::new(&"ü".repeat(127)).is_ok());
        assert!(ShmName::new(&"ü".repeat(128)).is_err());
    }

    #[test]
    fn macos_takes_31_bytes_with_the_slash() {
        assert!(!ShmName::new(&"n".repeat(30)).unwrap().too_long_for_macos());
        assert!(ShmName::new(&"n".repeat(31)).unwrap().too_long_for_macos());
    }

    #[test]
    fn an_error_shows_the_name_with_its_control_bytes_escaped() {
        let error = ShmName::new("a\n/").unwrap_err();
        assert_eq!(
            error.to_string(),
            "name \"a\\n/\" has a slash at byte 2; only the first byte may be one"
        );
    }
}
