//! Round trips.

use shm_cli::measure::peer::unique_name;

use super::{Incoming, Kind, Outgoing, empty};
use crate::harness::{Answer, Ask, Contender, follow, lead};

/// Messages of `L` bytes in round trips, through two mailboxes.
pub fn round_trip<const L: usize>(kind: Kind) -> Contender {
    let (there, back) = (unique_name(), unique_name());
    let objects = vec![there.clone(), back.clone()];
    let (asked, answered) = (there.clone(), back.clone());
    let asking = move || {
        lead(End::<L> {
            outgoing: Outgoing::new(kind.sender(&there)),
            incoming: Incoming::new(kind.receiver(&back)),
            stale: kind.stale(),
        })
    };
    let answering = move || {
        let incoming = Incoming::emptied(kind.receiver(&asked), kind.stale());
        follow(End::<L> {
            outgoing: Outgoing::new(kind.sender(&answered)),
            incoming,
            stale: 0,
        })
    };
    Contender::new(format!("mailbox {}", kind.wait), asking, answering).on(objects)
}

struct End<const L: usize> {
    outgoing: Outgoing<L>,
    incoming: Incoming<L>,
    /// Messages that only filled the mailbox and are still in it: the other process filled it after
    /// this end came.
    stale: u32,
}

impl<const L: usize> Ask for End<L> {
    fn begin(&mut self) {
        empty(&mut self.incoming.receiver, std::mem::take(&mut self.stale));
    }

    #[inline(always)]
    fn ask(&mut self, word: u64) -> u64 {
        self.outgoing.send(word);
        let (_, sum) = self.incoming.receive();
        sum
    }
}

impl<const L: usize> Answer for End<L> {
    #[inline(always)]
    fn answer(&mut self) -> (u64, u64) {
        let (word, sum) = self.incoming.receive();
        self.outgoing.send(word);
        (word, sum)
    }
}
