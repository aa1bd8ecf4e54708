//! What can happen to the memory of an object, what of it can be noticed, and what is left of the
//! bytes.

use std::fs::{self, File};

use memmap2::MmapOptions;
use nix::fcntl::{FallocateFlags, fallocate};

use crate::support::{Name, is_torture};

pub(crate) const SLOTS: u32 = 16;
/// The bytes of a mailbox of so many slots: header, roles and 16 slots, in whole pages.
const SIZE: u64 = 20_480;

/// What happens to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Damage {
    /// Truncated to this size.
    Cut(u64),
    /// Truncated to this size, and made as large again as it was.
    CutAndBack(u64),
    /// A hole from this byte to the end; the size stays.
    Hole(u64),
    /// The same, and whoever touches it gets no memory.
    HoleInFullDevShm(u64),
}

const DAMAGES: [Damage; 10] = [
    Damage::Cut(0),
    Damage::Cut(100),
    Damage::Cut(4096),
    Damage::Cut(4096 + 700),
    // Within the last page: no fault, and zeros.
    Damage::Cut(SIZE - 3000),
    Damage::CutAndBack(0),
    Damage::CutAndBack(4096),
    Damage::CutAndBack(SIZE - 3000),
    Damage::Hole(0),
    Damage::Hole(4096),
];

/// All of them; in the long form, cuts in many more places.
pub(crate) fn damages() -> Vec<Damage> {
    let mut damages = DAMAGES.to_vec();
    if is_torture() {
        damages.extend((0..SIZE).step_by(512).map(Damage::Cut));
        damages.extend((4096..=16_384).step_by(512).map(Damage::CutAndBack));
        damages.extend((8192..SIZE).step_by(4096).map(Damage::Hole));
    }
    damages
}

impl Damage {
    /// Whether no fault and no look at the object can tell, and nothing that was queued is lost.
    pub(crate) fn harms_nothing(self) -> bool {
        matches!(self, Self::CutAndBack(17_480..))
    }

    /// Whether a receiver may be shown `found` as message `number`: what was sent, but for payload
    /// that became zero without a fault, which nobody notices before the next look after the
    /// object.
    pub(crate) fn shows(self, number: u64, found: &[u8], sent: &[u8]) -> bool {
        let silent = match self {
            Self::Cut(size) => size..size.next_multiple_of(4096),
            Self::CutAndBack(size) | Self::Hole(size) => size..SIZE,
            Self::HoleInFullDevShm(_) => 0..0,
        };
        let start = 640 + 1088 * (number % u64::from(SLOTS)) + 8;
        found.len() == sent.len()
            && (start..)
                .zip(found.iter().zip(sent))
                .all(|(place, (found, sent))| {
                    found == sent || (*found == 0 && silent.contains(&place))
                })
    }

    /// Whether the object ends as large as it was, its first page untouched.
    pub(crate) fn spares_the_header(self) -> bool {
        matches!(
            self,
            Self::CutAndBack(4096..) | Self::Hole(4096..) | Self::HoleInFullDevShm(4096..)
        )
    }

    pub(crate) fn inflict(self, name: &Name) {
        let file = name.file();
        match self {
            Self::Cut(size) => file.set_len(size).expect("tmpfs can truncate"),
            Self::CutAndBack(size) => {
                file.set_len(size).expect("tmpfs can truncate");
                file.set_len(SIZE).expect("tmpfs can grow a file");
            }
            Self::Hole(from) => punch(&file, from),
            Self::HoleInFullDevShm(from) => {
                punch(&file, from);
                let rest = vec![1; usize::try_from(2 * SIZE).expect("small")];
                // What fits is written.
                let filler = name.path().with_extension("filler");
                assert!(fs::write(filler, rest).is_err(), "there was room left");
            }
        }
    }
}

/// What whoever has the object mapped sees: whole pages, also where it ends within one.
pub(crate) fn pages(name: &Name) -> Vec<u8> {
    let size = name.size().expect("the object is there");
    if size.is_multiple_of(4096) {
        // Without a mapping: there may be holes that nothing fills.
        return name.bytes();
    }
    let file = File::open(name.path()).expect("the object is there");
    let length = size.next_multiple_of(4096).try_into().expect("small");
    // SAFETY: all of it within the object's pages, and no process writes until it is copied out.
    unsafe { MmapOptions::new().len(length).map(&file) }
        .expect("it can be mapped")
        .to_vec()
}

fn punch(file: &File, from: u64) {
    let mode = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    let offset = |bytes: u64| i64::try_from(bytes).expect("small");
    fallocate(file, mode, offset(from), offset(SIZE - from)).expect("tmpfs can punch holes");
}
