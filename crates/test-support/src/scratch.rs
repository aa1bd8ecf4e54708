//! Files and folders of a test's own.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use crate::{Name, unique};

/// A path at which a test puts something; whatever is there is removed when this is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    /// A path for a temporary file with these bytes in its name; nothing is there yet.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let name = [bytes.into(), unique("").into_bytes()].concat();
        Self(std::env::temp_dir().join(OsString::from_vec(name)))
    }

    /// A folder.
    pub fn folder(name: &str) -> Self {
        let folder = Self::new(name);
        fs::create_dir(&folder.0).expect("a folder can be made");
        folder
    }

    /// An object of another program, whose name is this one and more bytes after it.
    pub fn object(name: &Name, more: impl Into<Vec<u8>>) -> Self {
        let bytes = [name.as_str().into(), more.into()].concat();
        let object = Self(Path::new("/dev/shm").join(OsString::from_vec(bytes)));
        fs::write(&object.0, b"foreign").expect("an object can be made");
        object
    }

    /// The whole path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The last part of the path.
    pub fn name(&self) -> &OsStr {
        self.0.file_name().expect("it has one")
    }

    /// The last part of the path, as text.
    pub fn text(&self) -> &str {
        self.name().to_str().expect("it is UTF-8")
    }
}

impl AsRef<OsStr> for Scratch {
    fn as_ref(&self) -> &OsStr {
        self.0.as_ref()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if fs::remove_file(&self.0).is_err() {
            // Gone already, or a folder.
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
