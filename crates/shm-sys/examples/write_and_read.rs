//! Creates an object, sizes it, writes and reads through its descriptor, and removes it.
//!
//! Run with `cargo run -p shm-sys --example write_and_read`.

use shm_sys::{LockKind, O_CREAT, O_EXCL, O_RDWR};
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// Removes the name, however the example ends.
struct Named<'a>(&'a CStr);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if let Err(e) = shm_sys::shm_unlink(self.0) {
            eprintln!("shm_unlink {:?}: {e}", self.0);
        }
    }
}

fn main() -> io::Result<()> {
    let name = CString::new(format!("/shm-sys-example-{}", std::process::id()))?;

    let descriptor = shm_sys::shm_open(&name, O_RDWR | O_CREAT | O_EXCL, 0o600)?;
    let named = Named(&name);
    println!("created {name:?}");

    // Reserved and not only sized: on a full /dev/shm this is an error now, and never SIGBUS later.
    shm_sys::posix_fallocate(descriptor.as_fd(), 0, 4096)?;
    let status = shm_sys::fstat(descriptor.as_fd())?;
    println!(
        "size {} bytes, {} of them reserved, mode {:o}, {} link",
        status.st_size,
        status.st_blocks * 512,
        status.st_mode & 0o777,
        status.st_nlink
    );

    let object = File::from(descriptor);
    object.write_all_at(b"hello, shared memory", 0)?;

    // A second open of the same name: another process would do just this.
    let peer = File::from(shm_sys::shm_open(&name, O_RDWR, 0)?);
    let mut text = [0; 20];
    peer.read_exact_at(&mut text, 0)?;
    println!("read back: {}", text.escape_ascii());

    shm_sys::fcntl_ofd_setlk(object.as_fd(), LockKind::Write, 0, 1)?;
    let in_the_way = shm_sys::fcntl_ofd_getlk(peer.as_fd(), LockKind::Write, 0, 1)?;
    println!("the peer finds byte 0 locked: {in_the_way:?}");

    drop(named);
    let links = shm_sys::fstat(peer.as_fd())?.st_nlink;
    println!("unlinked: {links} links, and gone when the last descriptor is closed");
    Ok(())
}
