//! Two threads write to one number without any order: ThreadSanitizer has to report it.

struct Number(std::cell::UnsafeCell<u64>);

// SAFETY: there is none. That is the mistake.
unsafe impl Sync for Number {}

static NUMBER: Number = Number(std::cell::UnsafeCell::new(0));

fn main() {
    let count = || {
        for _ in 0..1000 {
            // SAFETY: there is none, see above.
            unsafe { *NUMBER.0.get() += 1 };
        }
    };
    let other = std::thread::spawn(count);
    count();
    other.join().expect("it only counts");
}
