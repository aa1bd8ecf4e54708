//! The object without the rules of the protocol: its words, whole images of mailboxes, and the
//! contents of messages.
//!
//! Nothing here starts a program.

mod bus;
mod content;
mod image;
mod raw;

pub(crate) use bus::{BusImage, PENDING, Shape, content_of, lock_byte, word_of};
pub(crate) use content::{assert_content, content};
pub(crate) use image::Image;
pub(crate) use raw::{LAST_MESSAGE, Raw, places, stamp, stamp_offset, word};
