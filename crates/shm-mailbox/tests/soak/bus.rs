//! A round on a bus: this process keeps a sender and a receiver, and another of each is killed
//! again and again.

use std::time::{Duration, Instant};

use shm_mailbox::bus::{Bus, Join, Receiver, Sender};
use shm_mailbox::{Message, Options, RecvError, SendError, Wait};

use crate::LIFE;
use crate::support::bus::{assert_whole, content_of, positions};
use crate::support::{Child, Name, WAITS, fork};

/// How many messages are passed in one go.
const BATCH: usize = 16;
const LANES: usize = 2;

/// What has arrived from each lane.
struct Inbox {
    next: Vec<u64>,
    messages: Vec<Message>,
}

impl Inbox {
    fn new(receiver: &Receiver) -> Self {
        Self {
            next: positions(receiver, LANES),
            messages: vec![Message::new(); BATCH],
        }
    }

    /// Takes the queued messages, or waits a little for one. Each must be the next of its lane.
    fn take(&mut self, receiver: &mut Receiver) -> usize {
        let count = match receiver.recv_batch_timeout(&mut self.messages, LIFE / 10) {
            Ok(count) => count,
            Err(RecvError::TimedOut) => 0,
            Err(error) => panic!("{error}"),
        };
        for message in &self.messages[..count] {
            let next = &mut self.next[message.lane() as usize];
            assert_eq!(message.sequence(), *next, "lane {}", message.lane());
            assert_whole(message);
            *next += 1;
        }
        count
    }
}

/// The next messages of the sender's lane.
fn batch_of(sender: &Sender) -> Vec<Vec<u8>> {
    let mut buffer = [0; 1024];
    let numbers = sender.committed()..sender.committed() + BATCH as u64;
    numbers
        .map(|number| content_of(sender.lane(), number, &mut buffer).to_vec())
        .collect()
}

fn sending(options: &Options<Bus>) -> Child {
    fork(|| {
        let mut sender = options.clone().sender().unwrap();
        loop {
            let batch = batch_of(&sender);
            sender.send_batch(&batch).unwrap();
        }
    })
}

fn receiving(options: &Options<Bus>, join: Join) -> Child {
    fork(|| {
        let mut receiver = options.clone().join(join).receiver().unwrap();
        let mut inbox = Inbox::new(&receiver);
        loop {
            inbox.take(&mut receiver);
        }
    })
}

/// Passes messages for this time. Returns how many arrived here, and how many processes were
/// killed.
pub(crate) fn pass(number: usize, time: Duration) -> (u64, u64) {
    let name = Name::new();
    let (ours, theirs) = (WAITS[number % WAITS.len()], WAITS[number / 7 % WAITS.len()]);
    let slots = [64_u32, 16, 1, 256][number % 4];
    let hot = [slots, slots.div_ceil(2)][number / 4 % 2];
    let options = |wait: Wait| {
        let options = name.bus().slots(slots).hot_slots(hot).wait(wait);
        options.senders(2).receivers(3).await_peer(true)
    };
    let mut receiver = options(ours).label("ours").receiver().unwrap();
    let mut sender = options(ours).sender().unwrap();
    let mut inbox = Inbox::new(&receiver);
    let (start, mut kills) = (Instant::now(), 0);
    while start.elapsed() < time {
        let join = [Join::Next, Join::Oldest][usize::from(kills / 2 % 2 == 1)];
        let children = [sending(&options(theirs)), receiving(&options(theirs), join)];
        let born = Instant::now();
        while born.elapsed() < LIFE {
            match sender.try_send_batch(&batch_of(&sender)) {
                Ok(_) | Err(SendError::Full) => {}
                Err(error) => panic!("{error}"),
            }
            inbox.take(&mut receiver);
        }
        kills += children.len() as u64;
        children.into_iter().for_each(Child::kill);
    }
    while inbox.take(&mut receiver) > 0 {}
    let other = options(ours).sender().unwrap();
    for sender in [&sender, &other] {
        assert_eq!(inbox.next[sender.lane() as usize], sender.committed());
    }
    (inbox.next.iter().sum(), kills)
}
