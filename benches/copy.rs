//! What the copies out of shared memory and into it cost, beside `memcpy`, which may not be used
//! there.
//!
//! `copy/bytes/LENGTH` is [`shm_core::bytes::load`], `copy/store/LENGTH`
//! [`shm_core::bytes::store`], `copy/memcpy/LENGTH` the C library's call; lengths in bytes. Both
//! sides are in the first-level cache, so that what a store asks for beforehand is there already,
//! and the length is not known to the compiler.

use std::hint::black_box;
use std::ptr;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput};
use shm_core::{Mapping, bytes};

const LENGTHS: [usize; 4] = [8, 64, 128, 1024];

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    copy(&mut criterion);
    criterion.final_summary();
}

fn copy(criterion: &mut Criterion) {
    let memory = Mapping::anonymous(4096).expect("map");
    memory.write(0, &[b'x'; 1024]).expect("within the mapping");
    let shared = memory.as_mut_ptr();
    let mut private = [0_u8; 1024];
    let mut group = criterion.benchmark_group("copy");
    group
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    for length in LENGTHS {
        group.throughput(Throughput::Bytes(length as u64));
        group.bench_function(BenchmarkId::new("bytes", length), |bencher| {
            bencher.iter(|| {
                let length = black_box(length).min(private.len());
                // SAFETY: `shared` has 4096 bytes, `private` at least `length`; the two do not
                // overlap.
                unsafe { bytes::load(private.as_mut_ptr(), shared, length) };
                black_box(&mut private);
            });
        });
        group.bench_function(BenchmarkId::new("store", length), |bencher| {
            bencher.iter(|| {
                let length = black_box(length).min(private.len());
                // SAFETY: as above, the other way round.
                unsafe { bytes::store(shared, private.as_ptr(), length) };
                black_box(&mut private);
            });
        });
        group.bench_function(BenchmarkId::new("memcpy", length), |bencher| {
            bencher.iter(|| {
                let length = black_box(length).min(private.len());
                // SAFETY: as above; nothing else knows this memory, so nothing writes to it during
                // the copy.
                unsafe { ptr::copy_nonoverlapping(shared, private.as_mut_ptr(), length) };
                black_box(&mut private);
            });
        });
    }
    group.finish();
}
