//! What the fuzz targets do with an input about a bus: the same four, with several senders and
//! receivers that attach and leave.
//!
//! These modules use no more of the protocol than those above use of a mailbox's.

pub(super) mod hostile;
pub(super) mod image;
mod model;
pub(super) mod operations;
pub(super) mod queue;

use super::input::Input;
use crate::memory::bus::BusRegion;
use crate::memory::geometry::{BusGeometry, Geometry};

/// An input that begins with this byte is about a bus.
pub(super) const BUS: u8 = 0xB5;

/// A bus of 1 to 3 lanes and 1 to 4 places, each lane of 1, 2, 4 or 8 slots, a half or all of which
/// are hot.
fn region(input: &mut Input<'_>) -> BusRegion {
    let form = input.byte();
    let slots = 1_u32 << (form % 4);
    let hot = match form & 4 {
        0 => slots,
        _ => slots.div_ceil(2),
    };
    let ring = Geometry::with_hot(slots, hot).expect("powers of two");
    let (senders, receivers) = (1 + u32::from(form / 8 % 3), 1 + u32::from(form / 32 % 4));
    let form = BusGeometry::new(ring, senders, receivers);
    BusRegion::heap(form.expect("a few of each"))
}
