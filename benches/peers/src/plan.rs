//! The rows: which quantity against which peer, and what is to be reached.

use benches::baseline::line;
use benches::harness::{Comparison, Contender, Kind, Row};
use benches::library;
use shm_cli::measure::placement::Placement;
use shm_mailbox::Wait;

use crate::drive;
use crate::peer::Peer;
use crate::peer::busy_event::SharedMemory;
use crate::peer::cloudtoid::Cloudtoid;
use crate::peer::crossbeam::Crossbeam;
use crate::peer::disruptor::Disruptor;
use crate::peer::iceoryx2::Iceoryx2;
use crate::peer::ipc_channel::IpcChannel;
use crate::peer::mq::Mq;
use crate::peer::pipe::Pipe;
use crate::peer::rtrb::Rtrb;
use crate::peer::shmem_ipc::ShmemIpc;
use crate::peer::tcp::Tcp;
use crate::peer::unix::{SeqPacket, Stream};

/// One row before it is measured.
pub(crate) struct Plan {
    /// `QUANTITY/STRATEGY/LENGTH`, and the slots of a stream; the strategy is the mailbox's.
    pub(crate) quantity: String,
    /// As the table calls it.
    pub(crate) peer: String,
    pub(crate) kind: Kind,
    target: Option<f64>,
    mailbox: fn(library::Kind) -> Contender,
    its_kind: library::Kind,
    /// `None` if the program was built without this peer.
    contender: Option<fn(usize) -> Contender>,
    /// Of the peer.
    slots: usize,
}

impl Plan {
    /// What the command line selects by.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.quantity, self.peer)
    }

    /// Makes the contenders; `None` if the program was built without this peer.
    pub(crate) fn row(&self, placement: Placement) -> Option<Row> {
        let contenders = vec![
            Contender::baseline("line", line::pair()),
            (self.mailbox)(self.its_kind),
            self.contender?(self.slots),
        ];
        let comparison = Comparison {
            kind: self.kind,
            subject: 1,
            against: vec![2],
            target: self.target,
        };
        Some(Row {
            name: self.quantity.clone(),
            placement,
            contenders,
            comparisons: vec![comparison],
        })
    }
}

/// A peer with what can be measured of it.
struct Candidate {
    name: &'static str,
    queues: bool,
    sleeps: bool,
    /// `None` if the program was built without it.
    contenders: Option<Contenders>,
}

/// The function of each quantity, for messages of 1024 and of 64 bytes.
struct Contenders {
    round_trip: [fn(usize) -> Contender; 2],
    stream: [fn(usize) -> Contender; 2],
}

const LENGTHS: [usize; 2] = [1024, 64];

fn candidate<P: Peer>() -> Candidate {
    Candidate {
        name: P::NAME,
        queues: P::QUEUES,
        sleeps: P::SLEEPS,
        contenders: Some(Contenders {
            round_trip: [drive::round_trip::<P, 1024>, drive::round_trip::<P, 64>],
            stream: [drive::stream::<P, 1024>, drive::stream::<P, 64>],
        }),
    }
}

fn candidates() -> Vec<Candidate> {
    vec![
        candidate::<SharedMemory>(),
        candidate::<Iceoryx2<1>>(),
        candidate::<ShmemIpc<false>>(),
        candidate::<ShmemIpc<true>>(),
        candidate::<Cloudtoid>(),
        candidate::<IpcChannel>(),
        candidate::<Pipe<false>>(),
        candidate::<Pipe<true>>(),
        candidate::<Stream<false>>(),
        candidate::<Stream<true>>(),
        candidate::<SeqPacket>(),
        candidate::<Mq>(),
        candidate::<Tcp>(),
        zeromq(),
        candidate::<Rtrb>(),
        candidate::<Crossbeam>(),
        candidate::<Disruptor>(),
    ]
}

#[cfg(feature = "zmq")]
fn zeromq() -> Candidate {
    candidate::<crate::peer::zeromq::ZeroMq>()
}

#[cfg(not(feature = "zmq"))]
fn zeromq() -> Candidate {
    Candidate {
        name: "ZeroMQ ipc",
        queues: true,
        sleeps: true,
        contenders: None,
    }
}

/// Of the mailbox, and of peers that have some, in round trips.
const FEW: usize = 16;

/// All of them.
pub(crate) fn plans() -> Vec<Plan> {
    let candidates = candidates();
    let mut plans = Vec::new();
    for length in [0, 1] {
        let quantity = format!("round_trip/spin/{}B", LENGTHS[length]);
        let all = candidates.iter();
        plans.extend(all.map(|one| one.round_trip(&quantity, Wait::Spin, length)));
    }
    let quantity = "round_trip/block/1024B";
    let sleeping = candidates.iter().filter(|one| one.sleeps);
    plans.extend(sleeping.map(|one| one.round_trip(quantity, Wait::Block, 0)));
    for (length, slots) in [(0, FEW), (0, 256), (1, 256)] {
        let quantity = format!("stream/spin/{}B/{slots}-slots", LENGTHS[length]);
        let queueing = candidates.iter().filter(|one| one.queues);
        plans.extend(queueing.map(|one| one.stream(&quantity, length, slots, slots)));
        if (length, slots) == (0, FEW) {
            // What fits into the first-level cache suits it best.
            let rtrb = candidate::<Rtrb>().stream(&quantity, length, slots, 8);
            plans.push(rtrb.called("rtrb, 8 slots"));
        }
    }
    // A bus, whose receivers are both in the other process, as the subscribers are.
    let subscribers = candidate::<Iceoryx2<2>>();
    for length in [0, 1] {
        let quantity = format!("two_receivers/spin/{}B/{FEW}-slots", LENGTHS[length]);
        let plan = subscribers.stream(&quantity, length, FEW, FEW);
        let bus = [
            library::bus::fan_out::<1024, 2>,
            library::bus::fan_out::<64, 2>,
        ];
        plans.push(Plan {
            mailbox: bus[length],
            ..plan
        });
    }
    plans
}

impl Candidate {
    fn round_trip(&self, quantity: &str, wait: Wait, length: usize) -> Plan {
        let contenders = self.contenders.as_ref();
        Plan {
            quantity: quantity.to_owned(),
            peer: self.name.to_owned(),
            kind: Kind::Time,
            target: target(quantity, self.name),
            mailbox: [library::round_trip::<1024>, library::round_trip::<64>][length],
            its_kind: library::Kind::new(wait, u32::try_from(FEW).expect("a few")),
            contender: contenders.map(|one| one.round_trip[length]),
            slots: FEW,
        }
    }

    fn stream(&self, quantity: &str, length: usize, slots: usize, its_slots: usize) -> Plan {
        let contenders = self.contenders.as_ref();
        Plan {
            quantity: quantity.to_owned(),
            peer: self.name.to_owned(),
            kind: Kind::Rate,
            target: target(quantity, self.name),
            mailbox: [library::stream::<1024>, library::stream::<64>][length],
            its_kind: library::Kind::new(Wait::Spin, u32::try_from(slots).expect("a few")),
            contender: contenders.map(|one| one.stream[length]),
            slots: its_slots,
        }
    }
}

impl Plan {
    /// Under another name, which may have another target.
    fn called(mut self, peer: &str) -> Self {
        self.target = target(&self.quantity, peer);
        peer.clone_into(&mut self.peer);
        self
    }
}

/// The ratio to be reached: at most this for times, at least this for rates.
fn target(quantity: &str, peer: &str) -> Option<f64> {
    let target = match (quantity, peer) {
        ("round_trip/spin/1024B", "raw_sync BusyEvent") => 1.1,
        ("round_trip/spin/1024B", "shmem-ipc") => 0.6,
        ("round_trip/spin/1024B", "iceoryx2") => 0.35,
        ("stream/spin/1024B/16-slots", "iceoryx2") => 3.5,
        ("stream/spin/1024B/16-slots", "shmem-ipc") => 1.3,
        ("stream/spin/1024B/16-slots", "pipe") => 4.5,
        ("stream/spin/1024B/16-slots", "rtrb") => 1.3,
        ("stream/spin/1024B/16-slots", "rtrb, 8 slots") => 0.9,
        ("stream/spin/1024B/256-slots", _) => 2.0,
        ("two_receivers/spin/64B/16-slots" | "two_receivers/spin/1024B/16-slots", _) => 2.0,
        _ => return None,
    };
    Some(target)
}
