//! Moves of fixed sizes on x86-64: SSE2, which every one of them has, and general registers.

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
    move_1, reg_byte, "mov {x}, byte ptr [{src}]", "mov byte ptr [{dst}], {x}"
);
step!(
    /// Moves 2 bytes.
    move_2, reg, "movzx {x:e}, word ptr [{src}]", "mov word ptr [{dst}], {x:x}"
);
step!(
    /// Moves 4 bytes.
    move_4, reg, "mov {x:e}, dword ptr [{src}]", "mov dword ptr [{dst}], {x:e}"
);
step!(
    /// Moves 8 bytes.
    move_8, reg, "mov {x:r}, qword ptr [{src}]", "mov qword ptr [{dst}], {x:r}"
);
step!(
    /// Moves 16 bytes.
    move_16, xmm_reg, "movups {x}, xmmword ptr [{src}]", "movups xmmword ptr [{dst}], {x}"
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
            "movups {a}, xmmword ptr [{src}]",
            "movups {b}, xmmword ptr [{src} + 16]",
            "movups xmmword ptr [{dst}], {a}",
            "movups xmmword ptr [{dst} + 16], {b}",
            dst = in(reg) dst,
            src = in(reg) src,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
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
            "movups {a}, xmmword ptr [{src}]",
            "movups {b}, xmmword ptr [{src} + 16]",
            "movups {c}, xmmword ptr [{src} + 32]",
            "movups {d}, xmmword ptr [{src} + 48]",
            "movups xmmword ptr [{dst}], {a}",
            "movups xmmword ptr [{dst} + 16], {b}",
            "movups xmmword ptr [{dst} + 32], {c}",
            "movups xmmword ptr [{dst} + 48], {d}",
            dst = in(reg) dst,
            src = in(reg) src,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            options(nostack, preserves_flags),
        );
    }
}

/// Asks for the cache line at `line`, to be written soon. Only a hint: any address will do, and
/// processors that do not know it (Intel's before 2014) do nothing.
#[inline(always)]
pub(super) fn prefetch_for_writing(line: *mut u8) {
    // SAFETY: nothing is touched that a program could see; the flags and the stack are left alone.
    unsafe {
        asm!(
            "prefetchw byte ptr [{line}]",
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
            "prefetcht0 byte ptr [{line}]",
            line = in(reg) line,
            options(nostack, preserves_flags, readonly),
        );
    }
}
