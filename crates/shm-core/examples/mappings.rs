//! The ways to map memory: one object twice, a part of it, read-only, private; and memory without a
//! name.
//!
//! Run with `cargo run -p shm-core --example mappings`.

use shm_core::{Access, Mapping, Object, ObjectOptions, ShmName};
use std::error::Error;
use std::sync::atomic::{AtomicU64, Ordering};

/// Removes the name, however the example ends.
struct Named(Object);

impl Drop for Named {
    fn drop(&mut self) {
        match self.0.unlink() {
            Ok(outcome) => println!("unlinked {:?}: {outcome:?}", self.0.name()),
            Err(e) => eprintln!("{e}"),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let name = ShmName::new(&format!("shm-core-example-{}", std::process::id()))?;
    let named = Named(ObjectOptions::new().create_new(&name)?);
    let object = &named.0;
    object.reserve(8192)?;
    println!("created {name:?}: {:?}", object.status()?);

    // Shared, twice: two processes would each have one of these.
    let here = Mapping::shared(object)?;
    let there = Mapping::shared(object)?;
    here.view::<AtomicU64>(0)?.store(42, Ordering::Release);
    let seen = there.view::<AtomicU64>(0)?.load(Ordering::Acquire);
    println!("shared: one mapping stores 42, the other loads {seen}");

    // Read-only: bytes are copied out; a view would allow stores, so asking for one fails.
    let reader = Mapping::options().access(Access::ReadOnly).map(object)?;
    there.write(100, b"hello")?;
    println!("read-only: {:?}", text_at(&reader, 100)?);
    if let Err(e) = reader.view::<AtomicU64>(0) {
        println!("read-only: {e}");
    }

    // A part of it; the offset need not be a multiple of the page size.
    let part = Mapping::options().offset(100).len(5).map(object)?;
    println!("part: {} bytes, {:?}", part.len(), text_at(&part, 0)?);

    // Private: what is written to the copy stays in the copy.
    let copy = Mapping::options().access(Access::Private).map(object)?;
    copy.write(100, b"HELLO")?;
    let (copied, original) = (text_at(&copy, 100)?, text_at(&here, 100)?);
    println!("private: the copy has {copied:?}, the object has {original:?}");

    // Without a name: shared with the children of fork, and with nobody else.
    let anonymous = Mapping::anonymous(4096)?;
    let counter = anonymous.view::<AtomicU64>(0)?;
    counter.fetch_add(1, Ordering::Relaxed);
    println!("anonymous: counted to {}", counter.load(Ordering::Relaxed));
    Ok(())
}

fn text_at(mapping: &Mapping, offset: usize) -> Result<String, Box<dyn Error>> {
    let mut text = [0; 5];
    mapping.read(offset, &mut text)?;
    Ok(String::from_utf8(text.to_vec())?)
}
