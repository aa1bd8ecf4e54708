//! Gives the shared library the name under which programs load it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // The number changes when a program that was linked before would no longer work.
    println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,libshm_mailbox.so.0");
}
