//! What concerns the whole process: the guard, and which library it is.

use std::ffi::{CStr, c_char, c_int};

use shm_mailbox::guard;

use crate::error::call;

/// The version of the package, which stands in the header, too.
pub(crate) const VERSION: &CStr =
    match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
        Ok(version) => version,
        Err(_) => panic!("a version has no NUL"),
    };

/// Installs the handler that turns SIGBUS in a mailbox into an error.
#[unsafe(no_mangle)]
pub extern "C" fn shm_guard_install() -> c_int {
    call(|| Ok(guard::install()?))
}

/// The version of the library.
#[unsafe(no_mangle)]
pub extern "C" fn shm_version() -> *const c_char {
    VERSION.as_ptr()
}
