//! Moves of fixed sizes on aarch64: vector registers, which every one of them has, and general
//! ones.

use core::arch::asm;

macro_rules! step {
    ($(#[$doc:meta])* $name:ident, $class:ident, $load:literal, $store:literal) => {
        $(#[$doc])*
        ///
        /// # Safety
        ///
        /// `src` is valid for reads of that many bytes, `dst` for writes. Any alignment.
        #[inline(always)]
        pub(super) unsafe fn $name(dst: *mut u8, src: *const u8) {
            // SAFETY: the caller vouches for both sides; the flags and the stack are left alone.
            unsafe {
                asm!(
                    $load,
                    $store,
                    dst = in(reg) dst,
                    src = in(reg) src,
                    x = out($class) _,
                    options(nostack, preserves_flags),
                );
            }
        }
    };
}

step!(
    /// Moves 1 byte.
    move_1, reg, "ldrb {x:w}, [{src}]", "strb {x:w}, [{dst}]"
);
step!(
    /// Moves 2 bytes.
    move_2, reg, "ldrh {x:w}, [{src}]", "strh {x:w}, [{dst}]"
);
step!(
    /// Moves 4 bytes.
    move_4, reg, "ldr {x:w}, [{src}]", "str {x:w}, [{dst}]"
);
step!(
    /// Moves 8 bytes.
    move_8, reg, "ldr {x:x}, [{src}]", "str {x:x}, [{dst}]"
);
step!(
    /// Moves 16 bytes.
    move_16, vreg, "ldr {x:q}, [{src}]", "str {x:q}, [{dst}]"
);

/// Moves 32 bytes.
///
/// # Safety
///
/// `src` is valid for reads of 32 bytes, `dst` for writes. Any alignment.
#[inline(always)]
pub(super) unsafe fn move_32(dst: *mut u8, src: *const u8) {
    // SAFETY: the caller vouches for both sides; the flags and the stack are left alone.
    unsafe {
        asm!(
            "ldp {a:q}, {b:q}, [{src}]",
            "stp {a:q}, {b:q}, [{dst}]",
            dst = in(reg) dst,
            src = in(reg) src,
            a = out(vreg) _,
            b = out(vreg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Moves 64 bytes.
///
/// # Safety
///
/// `src` is valid for reads of 64 bytes, `dst` for writes. Any alignment.
#[inline(always)]
pub(super) unsafe fn move_64(dst: *mut u8, src: *const u8) {
    // SAFETY: the caller vouches for both sides; the flags and the stack are left alone.
    unsafe {
        asm!(
            "ldp {a:q}, {b:q}, [{src}]",
            "ldp {c:q}, {d:q}, [{src}, #32]",
            "stp {a:q}, {b:q}, [{dst}]",
            "stp {c:q}, {d:q}, [{dst}, #32]",
            dst = in(reg) dst,
            src = in(reg) src,
            a = out(vreg) _,
            b = out(vreg) _,
            c = out(vreg) _,
            d = out(vreg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Asks for the cache line at `line`, to be written soon. Only a hint: any address will do, and
/// none is ever a fault.
#[inline(always)]
pub(super) fn prefetch_for_writing(line: *mut u8) {
    // SAFETY: nothing is touched that a program could see; the flags and the stack are left alone.
    unsafe {
        asm!(
            "prfm pstl1keep, [{line}]",
            line = in(reg) line,
            options(nostack, preserves_flags, readonly),
        );
    }
}

/// Asks for the cache line at `line`, to be read soon. Only a hint: any address will do, and none
/// is ever a fault.
#[inline(always)]
pub(super) fn prefetch_for_reading(line: *const u8) {
    // SAFETY: nothing is touched that a program could see; the flags and the stack are left alone.
    unsafe {
        asm!(
            "prfm pldl1keep, [{line}]",
            line = in(reg) line,
            options(nostack, preserves_flags, readonly),
        );
    }
}
