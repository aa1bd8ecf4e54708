//! The C writer's calls in Rust: sends the lines of standard input to a reader.
//! `cargo run -p docs --bin lesson-writer NAME`
use shm_core::{Mapping, ObjectOptions, ShmName};
use std::error::Error;
use std::io::{self, BufRead};
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::sleep;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("usage: writer NAME")?;
    let name = ShmName::new(&name)?;
    // 1: shm_open. O_EXCL instead of O_TRUNC: an object in use stays whole.
    let object = ObjectOptions::new().mode(0o600).create_new(&name)?;
    object.set_size(4 + 1024)?; // 3: ftruncate
    let memory = Mapping::shared(&object)?; // 4: mmap
    let clr2send = memory.view::<AtomicI32>(0)?;

    for line in io::stdin().lock().split(b'\n') {
        let mut text = [0; 1024];
        let mut line = line?;
        line.push(b'\n');
        let length = line.len().min(1023);
        text[..length].copy_from_slice(&line[..length]);
        while clr2send.load(Ordering::Acquire) == 0 {
            sleep(Duration::from_millis(100)); // 6: usleep
        }
        memory.write(4, &text)?; // 7: strncpy
        clr2send.store(0, Ordering::Release); // 8: makes the text visible, too
    }
    object.unlink()?; // 10: shm_unlink, if the name is still this object's
    Ok(()) // 9: close and munmap, when `object` and `memory` are dropped
}
