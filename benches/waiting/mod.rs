//! What each way of waiting costs, with criterion: latency under sparse sends, round trip, throughput.
//!
//! Both processes wait in the same way. Nothing is pinned, and the times are absolute: they tell ways of waiting
//! apart, which differ by orders of magnitude, and not two ways of doing the same.

mod layout;
mod other_side;

pub use layout::Layout;

use std::env;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use shm_mailbox::{Message, Wait};

use crate::clock;
use crate::payload;
use crate::peer::{self, Peer};
use crate::phase::STRATA;

const ONE_WAY: &str = "one_way_latency";
const ROUND_TRIP: &str = "round_trip";
const THROUGHPUT: &str = "throughput";

/// The whole program: the benchmarks, or their peer.
pub fn main<L: Layout>() {
    if let Some((task, names)) = peer::task() {
        return other_side::be_peer::<L>(&task, &names);
    }
    let mut criterion = Criterion::default().configure_from_args();
    one_way::<L>(&mut criterion);
    round_trip::<L>(&mut criterion);
    throughput::<L>(&mut criterion);
    criterion.final_summary();
}

fn group<'a, L: Layout>(
    criterion: &'a mut Criterion,
    quantity: &str,
) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(format!("{}{quantity}", L::PREFIX));
    group
        // A slow poll takes as long as it takes; more samples would show nothing more.
        .sampling_mode(SamplingMode::Flat)
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1));
    group
}

/// The least number of messages that are a measurement; 1 if this is only a test.
fn at_least(count: u64) -> u64 {
    if env::args().any(|argument| argument == "--test") {
        1
    } else {
        count
    }
}

/// From before the message is written to after it was read, when a message comes now and then.
fn one_way<L: Layout>(criterion: &mut Criterion) {
    let mut group = group::<L>(criterion, ONE_WAY);
    for &(strategy, wait) in L::STRATEGIES {
        // Made by the first sample, so that a benchmark that was not asked for starts nothing.
        let mut pair = None;
        let mut means = Means::default();
        group.bench_function(strategy, |bencher| {
            let pair = pair.get_or_insert_with(|| OneWay::<L>::start(ONE_WAY, strategy, wait));
            bencher.iter_custom(|iterations| {
                // Every stratum of the interval has to be hit, or the mean says nothing.
                let messages = iterations.max(at_least(STRATA.into()));
                let sum = pair.latencies(messages);
                means.add(sum, messages);
                sum.mul_f64(iterations as f64 / messages as f64)
            });
        });
        if let Wait::Poll(interval) = wait {
            means.check(&format!("{}{ONE_WAY}/{strategy}", L::PREFIX), interval);
        }
    }
    group.finish();
}

/// There and back, in a closed loop. It locks to the phase of a poll: this is no latency.
fn round_trip<L: Layout>(criterion: &mut Criterion) {
    let mut group = group::<L>(criterion, ROUND_TRIP);
    for &(strategy, wait) in L::STRATEGIES {
        let mut pair = None;
        group.bench_function(strategy, |bencher| {
            let pair = pair.get_or_insert_with(|| ThereAndBack::<L>::start(strategy, wait));
            bencher.iter(|| pair.round_trip());
        });
    }
    group.finish();
}

/// The longest message there is, as fast as they come, from a sender that always has one.
fn throughput<L: Layout>(criterion: &mut Criterion) {
    let mut group = group::<L>(criterion, THROUGHPUT);
    group.throughput(Throughput::Bytes(L::LONGEST as u64));
    for &(strategy, wait) in L::STRATEGIES {
        let mut pair = None;
        group.bench_function(strategy, |bencher| {
            let pair = pair.get_or_insert_with(|| OneWay::<L>::start(THROUGHPUT, strategy, wait));
            bencher.iter_custom(|iterations| {
                // What was sent before this call came for nothing.
                pair.skip(L::CAPACITY + 1);
                // A sender that polls fills the whole mailbox each time.
                let messages = iterations.max(at_least(4 * L::CAPACITY));
                let start = Instant::now();
                pair.skip(messages);
                start.elapsed().mul_f64(iterations as f64 / messages as f64)
            });
        });
    }
    group.finish();
}

/// The receiver here, and the sender in the other process.
struct OneWay<L: Layout> {
    receiver: L::Receiver,
    message: Message,
    /// After the receiver: it hears the end when that is gone.
    _peer: Peer,
}

impl<L: Layout> OneWay<L> {
    fn start(quantity: &str, strategy: &str, wait: Wait) -> Self {
        let name = peer::unique_name();
        let mut peer = start_peer(quantity, strategy, std::slice::from_ref(&name));
        Self {
            receiver: receiver::<L>(&name, wait, &mut peer),
            message: Message::new(),
            _peer: peer,
        }
    }

    /// The sum of the latencies of so many messages that are sent from now on.
    fn latencies(&mut self, messages: u64) -> Duration {
        let start = clock::monotonic();
        let mut sum = 0;
        let mut counted = 0;
        while counted < messages {
            self.receive();
            let now = clock::monotonic();
            let sent = payload::from_text(self.message.as_bytes());
            // Those before have waited for us to ask.
            if sent >= start {
                sum += now - sent;
                counted += 1;
            }
        }
        Duration::from_nanos(sum)
    }

    fn skip(&mut self, messages: u64) {
        for _ in 0..messages {
            self.receive();
        }
    }

    #[inline]
    fn receive(&mut self) {
        L::receive(&mut self.receiver, &mut self.message).expect("the peer is there");
    }
}

/// One object for the way there and one for the way back.
struct ThereAndBack<L: Layout> {
    sender: L::Sender,
    receiver: L::Receiver,
    message: Message,
    _peer: Peer,
}

/// A line as people type them.
const LINE: &[u8] = b"the quick brown fox jumps over the lazy dog\n";

impl<L: Layout> ThereAndBack<L> {
    fn start(strategy: &str, wait: Wait) -> Self {
        let names = [peer::unique_name(), peer::unique_name()];
        let sender = L::sender(&names[0], wait);
        let mut peer = start_peer(ROUND_TRIP, strategy, &names);
        Self {
            sender,
            receiver: receiver::<L>(&names[1], wait, &mut peer),
            message: Message::new(),
            _peer: peer,
        }
    }

    #[inline]
    fn round_trip(&mut self) {
        L::send(&mut self.sender, LINE).expect("the peer is there");
        L::receive(&mut self.receiver, &mut self.message).expect("the peer is there");
        assert_eq!(self.message.as_bytes(), LINE);
    }
}

fn start_peer(quantity: &str, strategy: &str, names: &[String]) -> Peer {
    Peer::start(&format!("{quantity}/{strategy}"), names).expect("start the peer")
}

/// Attaches as soon as the peer has made the object.
fn receiver<L: Layout>(name: &str, wait: Wait, peer: &mut Peer) -> L::Receiver {
    loop {
        if let Some(receiver) = L::receiver(name, wait) {
            return receiver;
        }
        assert!(!peer.has_ended(), "the peer has failed");
        thread::sleep(Duration::from_millis(1));
    }
}

/// All latencies of one benchmark, which have to fit the interval.
#[derive(Debug, Default)]
struct Means {
    sum: Duration,
    messages: u64,
}

impl Means {
    fn add(&mut self, sum: Duration, messages: u64) {
        self.sum += sum;
        self.messages += messages;
    }

    /// A message that comes at any time waits half an interval on average. Below 1 ms the timer's slack counts.
    fn check(&self, benchmark: &str, interval: Duration) {
        if self.messages < STRATA.into() || interval < Duration::from_millis(1) {
            return;
        }
        let mean = self.sum.as_secs_f64() / self.messages as f64 / interval.as_secs_f64();
        if !(0.4..=0.7).contains(&mean) {
            println!(
                "{benchmark}: this measurement is wrong: a message waited {mean:.2} intervals on average, \
                 and it must be 0.4 to 0.7; is the machine busy?"
            );
        }
    }
}
