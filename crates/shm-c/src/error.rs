//! What calls return, and the last error of each thread in words.

use std::cell::RefCell;
use std::ffi::{c_char, c_int};
use std::fmt::{self, Write as _};

use crate::number::{self, Numbered};

/// The longest text of an error, in bytes; a longer one is cut.
const LONGEST: usize = 1023;

/// The number of an error, whose text is the thread's last.
#[derive(Debug)]
pub(crate) struct Failed(c_int);

/// What an exported function does, and what it returns: 0, or the number of an error.
#[inline(always)]
pub(crate) fn call(work: impl FnOnce() -> Result<(), Failed>) -> c_int {
    match work() {
        Ok(()) => 0,
        Err(Failed(number)) => number,
    }
}

impl<E: Numbered> From<E> for Failed {
    #[cold]
    #[inline(never)]
    fn from(error: E) -> Self {
        Self::record(&error)
    }
}

impl Failed {
    /// Once for all kinds of errors.
    fn record(error: &dyn Numbered) -> Self {
        LAST.with_borrow_mut(|last| last.set(error));
        Self(error.number())
    }
}

thread_local! {
    static LAST: RefCell<Text> = const { RefCell::new(Text::EMPTY) };
}

/// A C string in place: keeping an error allocates nothing.
struct Text {
    bytes: [u8; LONGEST + 1],
    length: usize,
}

impl Text {
    const EMPTY: Self = Self {
        bytes: [0; LONGEST + 1],
        length: 0,
    };

    fn set(&mut self, error: &dyn Numbered) {
        self.length = 0;
        // What does not fit is left out.
        let _ = write!(self, "{error}");
        self.bytes[self.length] = 0;
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = LONGEST - self.length;
        let fitting = &text[..text.floor_char_boundary(room)];
        // A C string ends at its first NUL.
        let shown = fitting.bytes().map(|byte| byte.max(1));
        let end = self.length + fitting.len();
        for (place, byte) in self.bytes[self.length..end].iter_mut().zip(shown) {
            *place = byte;
        }
        self.length = end;
        (fitting.len() == text.len())
            .then_some(())
            .ok_or(fmt::Error)
    }
}

/// The text of the last call of this thread that failed; empty if none has.
#[unsafe(no_mangle)]
pub extern "C" fn shm_last_error() -> *const c_char {
    LAST.with_borrow(|last| last.bytes.as_ptr().cast())
}

/// What an error means, in a few words.
#[unsafe(no_mangle)]
pub extern "C" fn shm_error_text(error: c_int) -> *const c_char {
    number::find(error)
        .map_or(c"unknown error", |known| known.text)
        .as_ptr()
}

/// The name that the header has for an error.
#[unsafe(no_mangle)]
pub extern "C" fn shm_error_name(error: c_int) -> *const c_char {
    number::find(error)
        .map_or(c"unknown", |known| known.name)
        .as_ptr()
}
