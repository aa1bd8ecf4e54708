//! Each call does what its page says, on real objects.
//!
//! | module | shows |
//! |---|---|
//! | `objects` | names, descriptors, sizes, locks, and what else an object can be asked |
//! | `memory` | mappings that have no object, and advice about them |
//! | `notify` | inotify, ringing, and waiting for descriptors |
//! | `waiting` | futexes, sleeping, and the clock |

mod memory;
mod notify;
mod objects;
mod waiting;

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;

use shm_sys::{O_CREAT, O_EXCL, O_RDWR, shm_open};
use test_support::Name;

/// An object that is gone when the test is over.
struct Temporary {
    /// With the slash that `shm_open(3)` wants.
    name: CString,
    object: OwnedFd,
    shown: Name,
}

impl Temporary {
    fn new() -> Self {
        let shown = Name::new();
        let name = with_slash(&shown);
        let object = shm_open(&name, O_RDWR | O_CREAT | O_EXCL, 0o600).unwrap();
        Self {
            name,
            object,
            shown,
        }
    }
}

fn with_slash(name: &Name) -> CString {
    CString::new(format!("/{}", name.as_str())).unwrap()
}

/// Where Linux shows the object.
fn path_of(name: &Name) -> CString {
    CString::new(name.path().into_os_string().into_encoded_bytes()).unwrap()
}

fn errno<T>(result: io::Result<T>) -> i32 {
    result
        .err()
        .map_or(0, |error| error.raw_os_error().unwrap())
}
