//! Reads the byte after the end of an allocation: AddressSanitizer has to report it.

fn main() {
    let bytes = std::hint::black_box(vec![1_u8; 1024]);
    // SAFETY: there is none. That is the mistake.
    let byte = unsafe { bytes.as_ptr().add(1024).read_volatile() };
    println!("{byte}");
}
