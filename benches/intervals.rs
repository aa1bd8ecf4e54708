//! What each way of waiting costs, with criterion: latency under sparse sends, round trip,
//! throughput; in a mailbox of 16 slots, and in the classic layout, which has room for one message.
//!
//! Both processes wait in the same way. Nothing is pinned, and the times are absolute: they tell
//! ways of waiting apart, which differ by orders of magnitude, and not two ways of doing the same.

use std::env;
use std::process::Command;
use std::sync::mpsc::Receiver as Orders;
use std::thread;
use std::time::{Duration, Instant};

use benches::library::layout::{InClassic, InMailbox, Layout, strategies};
use criterion::{BenchmarkGroup, Criterion, SamplingMode, Throughput, measurement::WallTime};
use shm_cli::measure::clock::monotonic;
use shm_cli::measure::number;
use shm_cli::measure::peer::{Peer, orders, unique_name};
use shm_cli::measure::phase::{Phases, STRATA, is_plausible};
use shm_core::ShmName;
use shm_mailbox::{Message, Wait};

const ONE_WAY: &str = "one_way_latency";
const ROUND_TRIP: &str = "round_trip";
const THROUGHPUT: &str = "throughput";

/// Tells the program that it is the other process: the quantity, the strategy, and the objects,
/// separated by spaces.
const PEER: &str = "SHM_BENCH_PEER";

fn main() {
    if let Ok(task) = env::var(PEER) {
        return be_peer(&task);
    }
    let mut criterion = Criterion::default().configure_from_args();
    measure::<InMailbox>(&mut criterion);
    measure::<InClassic>(&mut criterion);
    criterion.final_summary();
}

fn measure<L: Layout>(criterion: &mut Criterion) {
    one_way::<L>(criterion);
    round_trip::<L>(criterion);
    throughput::<L>(criterion);
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
    for (strategy, wait) in strategies::<L>() {
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

/// A round trip, in a closed loop. It locks to the phase of a poll: this is no latency.
fn round_trip<L: Layout>(criterion: &mut Criterion) {
    let mut group = group::<L>(criterion, ROUND_TRIP);
    for (strategy, wait) in strategies::<L>() {
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
    for (strategy, wait) in strategies::<L>() {
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
    /// Dropped after the receiver: it exits when the receiver has left.
    _peer: Peer,
}

impl<L: Layout> OneWay<L> {
    fn start(quantity: &str, strategy: &str, wait: Wait) -> Self {
        let name = unique_name();
        let mut peer = start_peer::<L>(quantity, strategy, std::slice::from_ref(&name));
        Self {
            receiver: receiver::<L>(&name, wait, &mut peer),
            message: Message::new(),
            _peer: peer,
        }
    }

    /// The sum of the latencies of so many messages that are sent from now on.
    fn latencies(&mut self, messages: u64) -> Duration {
        let start = monotonic();
        let mut sum = 0;
        let mut counted = 0;
        while counted < messages {
            self.receive();
            let now = monotonic();
            let sent = number::get(self.message.as_bytes()).expect("a number");
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
        let names = [unique_name(), unique_name()];
        let sender = L::sender(&names[0], wait);
        let mut peer = start_peer::<L>(ROUND_TRIP, strategy, &names);
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

fn start_peer<L: Layout>(quantity: &str, strategy: &str, names: &[ShmName]) -> Peer {
    let mut task = format!("{}{quantity} {strategy}", L::PREFIX);
    for name in names {
        task.push(' ');
        task.push_str(name.as_str());
    }
    let program = env::current_exe().expect("find this program");
    let mut command = Command::new(program);
    Peer::start(command.env(PEER, task), names.to_vec()).expect("start the peer")
}

/// Attaches as soon as the peer has made the object.
fn receiver<L: Layout>(name: &ShmName, wait: Wait, peer: &mut Peer) -> L::Receiver {
    loop {
        if let Some(receiver) = L::receiver(name, wait) {
            return receiver;
        }
        let ended = peer.ended().expect("ask after the peer");
        assert!(ended.is_none(), "the peer has failed");
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

    fn check(&self, benchmark: &str, interval: Duration) {
        if self.messages < STRATA.into() {
            return;
        }
        let mean = self.sum.as_secs_f64() / self.messages as f64 / interval.as_secs_f64();
        if !is_plausible(interval, mean) {
            println!(
                "{benchmark}: this measurement is wrong: a message waited {mean:.2} intervals on average, \
                 and it must be 0.4 to 0.7; is the machine busy?"
            );
        }
    }
}

/// The other process: does its part until nobody is there any more.
fn be_peer(task: &str) {
    let mut words = task.split(' ');
    let [quantity, strategy] = [words.next(), words.next()].map(|word| word.expect("two words"));
    let names = words.map(|name| ShmName::new(name).expect("the name of an object"));
    let names: Vec<ShmName> = names.collect();
    let orders: Orders<()> = orders(names.clone());
    match quantity.strip_prefix(InClassic::PREFIX) {
        Some(quantity) => take_part::<InClassic>(quantity, strategy, &names),
        None => take_part::<InMailbox>(quantity, strategy, &names),
    }
    // There are none; the process ends when the other one does.
    let _ = orders.recv();
}

fn take_part<L: Layout>(quantity: &str, strategy: &str, names: &[ShmName]) {
    let known = strategies::<L>().find(|known| known.0 == strategy);
    let (_, wait) = known.expect("a strategy by its name");
    match quantity {
        ONE_WAY => send_now_and_then::<L>(&names[0], wait),
        ROUND_TRIP => answer::<L>(&names[0], &names[1], wait),
        THROUGHPUT => send_always::<L>(&names[0], wait),
        _ => panic!("no quantity {quantity:?}"),
    }
}

/// Sparse: the receiver has been asleep for a while, and a spinning one has long been spinning.
const PAUSE: Duration = Duration::from_millis(1);
/// The least time over which sends are spread. A sleep of 1 µs takes 50 µs more (the timer's
/// slack).
const SPREAD: Duration = Duration::from_micros(100);

/// Sends the time, at stratified random phase of the receiver's interval, and never before the last
/// was received.
fn send_now_and_then<L: Layout>(name: &ShmName, wait: Wait) {
    let mut sender = L::sender(name, wait);
    let interval = match wait {
        Wait::Poll(interval) => interval,
        _ => PAUSE,
    };
    let mut phases = Phases::new(monotonic());
    let mut pause = || {
        let part = interval.max(SPREAD).mul_f64(phases.next_phase());
        thread::sleep(interval.max(PAUSE) + part);
    };
    let mut now = [0; number::LENGTH];
    loop {
        pause();
        number::put(&mut now, monotonic());
        if L::send(&mut sender, &now).is_none() {
            return;
        }
    }
}

fn send_always<L: Layout>(name: &ShmName, wait: Wait) {
    let mut sender = L::sender(name, wait);
    let message = vec![b'x'; L::LONGEST];
    while L::send(&mut sender, &message).is_some() {}
}

fn answer<L: Layout>(there: &ShmName, back: &ShmName, wait: Wait) {
    let mut sender = L::sender(back, wait);
    // The sender there was first.
    let mut receiver = L::receiver(there, wait).expect("the object is there");
    let mut message = Message::new();
    while L::receive(&mut receiver, &mut message).is_some() {
        if L::send(&mut sender, message.as_bytes()).is_none() {
            return;
        }
    }
}
