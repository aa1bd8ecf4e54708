//! Any process of a bus killed at random while verified messages flow. With `SHM_TORTURE=1` that
//! takes minutes instead of seconds.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shm_mailbox::bus::{Bus, Join, Receiver, Sender};
use shm_mailbox::{Message, Options, Wait};

use crate::support::bus::{assert_whole, content_of, positions};
use crate::support::process::{Child, has_ended};
use crate::support::{Name, Random, Shared, WAITS, fork, is_torture, turn, until};

/// The processes that take part, each with or without a label.
#[derive(Clone, Copy)]
struct Shape {
    slots: u32,
    hot: u32,
    senders: &'static [Option<&'static str>],
    receivers: &'static [Option<&'static str>],
}

const SHAPES: [Shape; 4] = [
    Shape {
        slots: 8,
        hot: 4,
        senders: &[None],
        receivers: &[Some("first"), Some("second"), None, None],
    },
    Shape {
        slots: 2,
        hot: 2,
        senders: &[None, None, None, None],
        receivers: &[None],
    },
    Shape {
        slots: 4,
        hot: 2,
        senders: &[Some("a"), None, None],
        receivers: &[Some("first"), None, None],
    },
    Shape {
        slots: 1,
        hot: 1,
        senders: &[None, None],
        receivers: &[Some("first"), Some("second"), None],
    },
];

/// How many messages a receiver peeks at before it acknowledges.
const SHOWN: u64 = 3;
const MOST_LANES: usize = 4;

/// What outlives the processes of a test: what an application would keep in a file.
struct Notes(Shared);

impl Notes {
    /// Messages of a lane that are committed for certain.
    fn committed(&self, lane: usize) -> &AtomicU64 {
        self.0.number(lane)
    }

    /// Messages of a lane that the receivers at a place in the list have processed, one after the
    /// other.
    fn done(&self, receiver: usize, lane: usize) -> &AtomicU64 {
        self.0.number(MOST_LANES * (1 + receiver) + lane)
    }

    /// Messages that any receiver got.
    fn arrived(&self) -> &AtomicU64 {
        self.0.number(30)
    }

    fn repeated(&self) -> &AtomicU64 {
        self.0.number(31)
    }
}

fn get(number: &AtomicU64) -> u64 {
    number.load(Ordering::SeqCst)
}

/// A bus, and what the test knows of it.
struct World {
    shape: Shape,
    name: Name,
    notes: Notes,
}

impl World {
    fn new(shape: Shape) -> Self {
        let world = Self {
            shape,
            name: Name::new(),
            notes: Notes(Shared::new()),
        };
        // From now on their places are kept, so that they get the first message.
        for receiver in 0..shape.receivers.len() {
            if shape.receivers[receiver].is_some() {
                let kept = world.receiver_options(receiver, Wait::default()).receiver();
                kept.unwrap().close().unwrap();
            }
        }
        world
    }

    fn lanes(&self) -> usize {
        self.shape.senders.len()
    }

    /// Whether the next receiver gets what one has not acknowledged, because they have a label or
    /// are alone.
    fn keeps(&self, receiver: usize) -> bool {
        self.shape.receivers[receiver].is_some() || self.shape.receivers.len() == 1
    }

    fn keepers(&self) -> impl Iterator<Item = usize> {
        (0..self.shape.receivers.len()).filter(|receiver| self.keeps(*receiver))
    }

    fn options(&self, label: Option<&str>, wait: Wait) -> Options<Bus> {
        let Shape { slots, hot, .. } = self.shape;
        let count = |ends: &[_]| u32::try_from(ends.len()).expect("a few");
        let options = self.name.bus().slots(slots).hot_slots(hot).wait(wait);
        let options = options
            .senders(count(self.shape.senders))
            .receivers(count(self.shape.receivers))
            .await_peer(true);
        match label {
            Some(label) => options.label(label),
            None => options,
        }
    }

    fn receiver_options(&self, receiver: usize, wait: Wait) -> Options<Bus> {
        self.options(self.shape.receivers[receiver], wait)
    }

    /// A process that attaches and sends in every way until it is killed.
    fn sending(&self, sender: usize, wait: Wait) -> Child {
        fork(|| {
            let mut sender = self
                .options(self.shape.senders[sender], wait)
                .sender()
                .unwrap();
            let known = self.notes.committed(sender.lane() as usize);
            let (noted, found) = (get(known), sender.committed());
            assert!(
                (noted..=noted + 3).contains(&found),
                "{found} messages are committed, {noted} were for certain, and 3 more perhaps"
            );
            loop {
                known.store(sender.committed(), Ordering::SeqCst);
                send_somehow(&mut sender);
            }
        })
    }

    /// A process that attaches and receives until it is killed.
    fn receiving(&self, receiver: usize, wait: Wait, join: Join) -> Child {
        fork(|| {
            let committed: Vec<u64> = self.of_each_lane(|lane| get(self.notes.committed(lane)));
            let options = self.receiver_options(receiver, wait).join(join);
            let mut end = options.receiver().unwrap();
            let next = positions(&end, self.lanes());
            if self.keeps(receiver) {
                self.receive_for_the_next(receiver, &mut end, &next);
            }
            for (lane, (&next, &committed)) in next.iter().zip(&committed).enumerate() {
                if join == Join::Next {
                    assert!(next >= committed, "lane {lane}: {next} is an old one");
                }
                // The places of these are kept, so they count.
                let is_oldest = |keeper| next <= get(self.notes.done(keeper, lane));
                if join == Join::Oldest {
                    assert!(self.keepers().all(is_oldest), "lane {lane}: {next} is new");
                }
            }
            receive_gaplessly(&mut end, next, self.notes.arrived());
        })
    }

    fn of_each_lane<T>(&self, what: impl Fn(usize) -> T) -> Vec<T> {
        (0..self.lanes()).map(what).collect()
    }

    /// Peeks at up to three messages at a time, processes and acknowledges them.
    fn receive_for_the_next(&self, receiver: usize, end: &mut Receiver, next: &[u64]) -> ! {
        for (lane, &next) in next.iter().enumerate() {
            let known = get(self.notes.done(receiver, lane));
            assert!(
                next <= known && next + SHOWN >= known,
                "lane {lane} goes on at {next}, {known} were dealt with"
            );
        }
        let mut message = Message::new();
        loop {
            end.peek(&mut message).unwrap();
            self.deal_with(receiver, &message);
            for _ in 1..SHOWN {
                if end.try_peek(&mut message).is_ok() {
                    self.deal_with(receiver, &message);
                }
            }
            end.ack().unwrap();
        }
    }

    /// Processes a message, unless a receiver that was killed before acknowledging it has done so.
    fn deal_with(&self, receiver: usize, message: &Message) {
        let (lane, number) = (message.lane() as usize, message.sequence());
        let done = self.notes.done(receiver, lane);
        let known = get(done);
        assert!(number <= known, "{number} came when {known} was expected");
        assert!(number + SHOWN >= known, "{number} came again after {known}");
        assert_whole(message);
        if number == known {
            done.store(known + 1, Ordering::SeqCst);
            self.notes.arrived().fetch_add(1, Ordering::SeqCst);
        } else {
            self.notes.repeated().fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Waits until a receiver has got more than `by` messages, but at most 5 ms, because several
    /// that spin on one core may take longer.
    fn let_messages_flow(&self, by: u64) {
        let (start, target) = (Instant::now(), get(self.notes.arrived()) + by);
        while get(self.notes.arrived()) < target && start.elapsed() < Duration::from_millis(5) {
            std::thread::sleep(Duration::from_micros(50));
        }
    }

    /// Waits until every kept receiver has got a message of every sender, so that no dead process
    /// holds them back.
    fn expect_flow(&self, children: &[Child]) {
        let before: Vec<_> = self.of_each_lane(|lane| {
            let done = |keeper| get(self.notes.done(keeper, lane));
            self.keepers().map(done).max().expect("some are kept")
        });
        let more = 4 * u64::from(self.shape.slots);
        until("all messages flow", || {
            for (index, child) in children.iter().enumerate() {
                assert!(!has_ended(child), "end {index} has ended");
            }
            (0..self.lanes()).all(|lane| {
                let has_more = |keeper| get(self.notes.done(keeper, lane)) > before[lane] + more;
                self.keepers().all(has_more)
            })
        });
    }

    /// Takes what is left, and checks that it was all.
    fn finish(&self) {
        let senders = self.shape.senders.iter().map(|label| {
            let sender = self.options(*label, Wait::default()).sender().unwrap();
            (sender.lane() as usize, sender)
        });
        let senders: Vec<(usize, Sender)> = senders.collect();
        for keeper in self.keepers() {
            let options = self.receiver_options(keeper, Wait::default());
            let mut receiver = options.receiver().unwrap();
            let mut message = Message::new();
            while receiver.try_recv(&mut message).is_ok() {
                self.deal_with(keeper, &message);
            }
            for (lane, sender) in &senders {
                assert_eq!(get(self.notes.done(keeper, *lane)), sender.committed());
            }
            receiver.forget().unwrap();
        }
    }
}

/// Sends one message, in place or not, or a batch of three.
fn send_somehow(sender: &mut Sender) {
    let mut buffer = [0; 1024];
    let (lane, first) = (sender.lane(), sender.committed());
    match first % 5 {
        0 => {
            let batch: [Vec<u8>; 3] = array::from_fn(|index| {
                content_of(lane, first + index as u64, &mut buffer).to_vec()
            });
            sender.send_batch(&batch).unwrap();
        }
        1 => {
            let mut draft = sender.reserve().unwrap();
            draft.append(content_of(lane, first, &mut buffer)).unwrap();
            draft.commit().unwrap();
        }
        _ => sender.send(content_of(lane, first, &mut buffer)).unwrap(),
    }
}

/// Receives in two ways: every message has the number after the one before it of its lane.
fn receive_gaplessly(receiver: &mut Receiver, mut next: Vec<u64>, arrived: &AtomicU64) {
    let mut messages: [Message; 4] = array::from_fn(|_| Message::new());
    for round in 0.. {
        let count = match round % 2 {
            0 => receiver.recv(&mut messages[0]).map(|()| 1),
            _ => receiver.recv_batch(&mut messages),
        };
        for message in &messages[..count.unwrap()] {
            let next = &mut next[message.lane() as usize];
            assert_eq!(message.sequence(), *next, "lane {}", message.lane());
            assert_whole(message);
            *next += 1;
        }
        arrived.fetch_add(1, Ordering::SeqCst);
    }
}

/// Kills endpoints again and again, up to a time and a number. Returns the number of kills, of
/// messages, and of repeated messages.
fn kill_any_end(shape: Shape, time: Duration, kills: u64) -> (u64, u64, u64) {
    let world = World::new(shape);
    let (senders, all) = (
        shape.senders.len(),
        shape.senders.len() + shape.receivers.len(),
    );
    let mut random = Random::new(0xB05 + all as u64);
    let start_end = |end: usize, random: &mut Random| {
        let wait = WAITS[random.index(WAITS.len())];
        let join = [Join::Next, Join::Oldest][random.index(2)];
        match end.checked_sub(senders) {
            None => world.sending(end, wait),
            Some(receiver) => world.receiving(receiver, wait, join),
        }
    };
    let mut ends: Vec<Child> = (0..all).map(|end| start_end(end, &mut random)).collect();
    let (start, mut killed) = (Instant::now(), 0);
    while killed < kills && start.elapsed() < time {
        match random.below(4) {
            // Perhaps before it has attached.
            0 => {}
            1 => world.let_messages_flow(1),
            _ => world.let_messages_flow(random.below(100)),
        }
        random.dawdle(20_000);
        let first = random.index(all);
        // Sometimes two at once.
        let second = (first + 1 + random.index(all - 1)) % all;
        for &end in &[first, second][..1 + random.index(2)] {
            ends.remove(end).kill();
            ends.insert(end, start_end(end, &mut random));
            killed += 1;
        }
        if killed % 64 < 2 {
            world.expect_flow(&ends);
        }
    }
    world.expect_flow(&ends);
    ends.into_iter().for_each(Child::kill);
    world.finish();
    let (arrived, repeated) = (world.notes.arrived(), world.notes.repeated());
    (killed + all as u64, get(arrived), get(repeated))
}

#[test]
fn ends_of_a_bus_killed_at_random_lose_nothing_and_reorder_nothing() {
    let _turn = turn();
    let (time, kills) = match is_torture() {
        true => (Duration::MAX, 100_000 / SHAPES.len() as u64 + 1),
        false => (Duration::from_millis(700), u64::MAX),
    };
    let (mut killed, mut arrived, mut repeated) = (0, 0, 0);
    for shape in SHAPES {
        let (more, messages, again) = kill_any_end(shape, time, kills);
        killed += more;
        arrived += messages;
        repeated += again;
    }
    println!(
        "{killed} processes killed, {arrived} messages verified, {repeated} of them a second time"
    );
}
