//! The copies between private and shared memory, at every length and alignment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use shm_core::Mapping;
use shm_core::bytes::{self, portable};
use test_support::Name;

type Copy = unsafe fn(*mut u8, *const u8, usize);

const COPIES: [(&str, Copy); 4] = [
    ("load", bytes::load),
    ("store", bytes::store),
    ("portable load", portable::load),
    ("portable store", portable::store),
];
const LONGEST: usize = 1024;
/// From a 16-byte boundary.
const ALIGNMENTS: [usize; 8] = [0, 1, 3, 4, 7, 8, 15, 16];
const MARGIN: usize = 64;
const CANARY: u8 = 0xEE;

#[repr(align(64))]
struct Buffer([u8; MARGIN + LONGEST + MARGIN]);

/// Bytes of which no two runs are the same, and none is the canary.
fn pattern() -> Buffer {
    let mut buffer = Buffer([0; MARGIN + LONGEST + MARGIN]);
    let mut state = 1_u32;
    for byte in &mut buffer.0 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (state >> 24) as u8 & 0x7F;
    }
    buffer
}

#[test]
fn every_length_at_every_alignment_is_copied_and_nothing_beside_it() {
    let source = pattern();
    for (name, copy) in COPIES {
        for (from, to) in ALIGNMENTS.iter().flat_map(|&f| ALIGNMENTS.map(|t| (f, t))) {
            for len in 0..=LONGEST {
                let mut target = Buffer([CANARY; MARGIN + LONGEST + MARGIN]);
                let src = source.0[from..].as_ptr();
                let dst = target.0[MARGIN - 16 + to..].as_mut_ptr();
                // SAFETY: both buffers are longer than offset and length together.
                unsafe { copy(dst, src, len) };
                let (before, rest) = target.0.split_at(MARGIN - 16 + to);
                let (copied, after) = rest.split_at(len);
                let what = || format!("{name}, {len} bytes from +{from} to +{to}");
                assert!(copied == &source.0[from..from + len], "{}", what());
                let untouched = before.iter().chain(after).all(|&byte| byte == CANARY);
                assert!(untouched, "{} wrote beside them", what());
            }
        }
    }
}

#[test]
fn lengths_around_those_that_are_prefetched_are_copied_too() {
    // A store of 448 to 4096 bytes asks for its lines first.
    let source: Vec<u8> = pattern().0.into_iter().cycle().take(3 << 12).collect();
    for (name, copy) in COPIES {
        for len in [447, 448, 449, 4095, 4096, 4097, 8192] {
            for (from, to) in [(0, 0), (1, 63), (8, 56), (63, 1)] {
                let mut target = vec![CANARY; 3 << 12];
                // SAFETY: both sides are longer than offset and length together.
                unsafe { copy(target[to..].as_mut_ptr(), source[from..].as_ptr(), len) };
                let what = || format!("{name}, {len} bytes from +{from} to +{to}");
                assert!(
                    target[to..to + len] == source[from..from + len],
                    "{}",
                    what()
                );
                let mut beside = target[..to].iter().chain(&target[to + len..]);
                assert!(
                    beside.all(|&byte| byte == CANARY),
                    "{} wrote beside them",
                    what()
                );
            }
        }
    }
}

#[test]
fn a_length_known_at_compile_time_is_copied_too() {
    fn check<const N: usize>() {
        let source = pattern();
        let (mut private, mut shared) = ([CANARY; N], [CANARY; N]);
        // SAFETY: as long as all three are.
        unsafe { bytes::store(shared.as_mut_ptr(), source.0.as_ptr(), N) };
        // SAFETY: as long as both are.
        unsafe { bytes::load(private.as_mut_ptr(), shared.as_ptr(), N) };
        assert_eq!(private, source.0[..N]);
    }
    check::<0>();
    check::<1>();
    check::<7>();
    check::<8>();
    check::<24>();
    check::<120>();
    check::<1023>();
    check::<1024>();
}

#[test]
fn a_copy_from_bytes_that_change_has_old_and_new_ones_and_no_others() {
    let name = Name::new();
    let object = name.create(4096);
    let (reader, writer) = (
        Mapping::shared(&object).unwrap(),
        Mapping::shared(&object).unwrap(),
    );
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                writer.write(9, &[0xAA; 1000]).unwrap();
                writer.write(9, &[0x55; 1000]).unwrap();
            }
        });
        let mut changes = 0;
        let mut last = 0;
        let mut strange = None;
        while changes < 100 && strange.is_none() {
            let mut copy = [0; 1000];
            reader.read(9, &mut copy).unwrap();
            strange = copy
                .into_iter()
                .find(|byte| ![0, 0xAA, 0x55].contains(byte));
            changes += u32::from(copy[0] != last);
            last = copy[0];
        }
        over.store(true, Ordering::Relaxed);
        assert_eq!(strange, None);
    });
}
