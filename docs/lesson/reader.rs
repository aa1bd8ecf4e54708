//! The C reader's calls in Rust: prints the lines that a writer sends.
//! `cargo run -p docs --bin lesson-reader NAME`
use shm_core::{Mapping, ObjectOptions, ShmName};
use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread::sleep;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    let name = std::env::args().nth(1).ok_or("usage: reader NAME")?;
    let name = ShmName::new(&name)?;
    // 1: shm_open. A smaller object is an error now, and not SIGBUS later.
    let object = ObjectOptions::new().min_size(4 + 1024).open(&name)?;
    let memory = Mapping::shared(&object)?; // 2: mmap
    let clr2send = memory.view::<AtomicI32>(0)?;

    loop {
        clr2send.fetch_add(1, Ordering::AcqRel); // 4: in one step
        while clr2send.load(Ordering::Acquire) > 0 {
            sleep(Duration::from_millis(100)); // 5: usleep
        }
        let mut text = [0; 1024];
        memory.read(4, &mut text)?; // a copy: others may change the bytes
        let line = text.split(|&byte| byte == 0).next().unwrap_or_default();
        io::stdout().write_all(line)?; // 6: printf("%s")
        io::stdout().flush()?;
    }
}
