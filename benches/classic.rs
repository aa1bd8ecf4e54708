//! What a hand-over costs in the lesson's layout, for each way of waiting at both ends.
//!
//! `handover/STRATEGY/INTERVAL`: the time from one message to the next when the writer always has one and the reader
//! always wants one, that is, the reader's request and the writer's answer. The reader is another process.

use std::time::Duration;

use benches::Peer;
use criterion::{Criterion, SamplingMode};
use shm_mailbox::classic::{Classic, RecvError, Writer};
use shm_mailbox::{Message, Wait};

/// A line as people type them.
const LINE: &[u8] = b"the quick brown fox jumps over the lazy dog\n";

/// The benchmarks, by name.
const STRATEGIES: [(&str, Wait); 6] = [
    ("spin", Wait::Spin),
    ("yield", Wait::Yield),
    ("block", Wait::Block),
    ("poll/100us", Wait::Poll(Duration::from_micros(100))),
    ("poll/1ms", Wait::Poll(Duration::from_millis(1))),
    ("poll/10ms", Wait::Poll(Duration::from_millis(10))),
];

fn main() {
    if let Some((task, name)) = benches::task() {
        return read(&task, &name);
    }
    let mut criterion = Criterion::default().configure_from_args();
    handover(&mut criterion);
    criterion.final_summary();
}

fn handover(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("handover");
    group
        // A hand-over by polling takes as long as it takes; more samples would show nothing more.
        .sampling_mode(SamplingMode::Flat)
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2));
    for (strategy, wait) in STRATEGIES {
        // Made by the first sample, so that a benchmark that was not asked for starts nothing.
        let mut pair = None;
        group.bench_function(strategy, |bencher| {
            let pair = pair.get_or_insert_with(|| Pair::start(strategy, wait));
            bencher.iter(|| pair.writer.send(LINE).expect("send"));
        });
    }
    group.finish();
}

/// The writer here, and the reader in the other process. The writer goes first, and the name with it.
struct Pair {
    writer: Writer,
    _reader: Peer,
}

impl Pair {
    fn start(strategy: &str, wait: Wait) -> Self {
        let name = benches::unique_name();
        let options = Classic::options(&name).wait(wait);
        let writer = options.writer().expect("attach as the writer");
        let reader = Peer::start(strategy, &name).expect("start the reader");
        Self {
            writer,
            _reader: reader,
        }
    }
}

/// The peer: receives until the writer ends.
fn read(strategy: &str, name: &str) {
    let wait = STRATEGIES.iter().find(|known| known.0 == strategy);
    let (_, wait) = wait.expect("a strategy by its name");
    let options = Classic::options(name).wait(*wait);
    let mut reader = options.reader().expect("attach as the reader");
    let mut message = Message::new();
    loop {
        match reader.recv(&mut message) {
            Ok(()) => assert_eq!(message.as_bytes(), LINE),
            Err(RecvError::Unlinked { .. }) => return,
            Err(error) => panic!("{error}"),
        }
    }
}
