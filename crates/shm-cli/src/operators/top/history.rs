//! What two looks at the same mailbox tell together: rates, and for how long the oldest message has
//! been queued.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use shm_core::ObjectId;

use crate::operators::bus::Traffic;
use crate::operators::entry::Entry;

/// A mailbox or a bus at one refresh.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) entry: Entry,
    pub(super) figures: Figures,
}

/// A ring of messages: the object, and the lane if it is a bus.
pub(super) type Ring = (ObjectId, u32);

/// The rings at the last refresh.
#[derive(Debug, Default)]
pub(super) struct History {
    last: HashMap<Ring, Track>,
    /// Those of the look that is not over.
    now: HashMap<Ring, Track>,
}

/// What a look tells together with those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    /// None at the first look at a mailbox.
    pub(super) sent_per_second: Option<f64>,
    pub(super) received_per_second: Option<f64>,
    /// None if no message is queued.
    pub(super) oldest: Option<Oldest>,
}

/// For how long the oldest message has been queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Oldest {
    /// Since the first look at which it was queued. It came after the look before that one.
    pub(super) age: Duration,
    /// It was there at the first look at its mailbox, and may be of any age.
    pub(super) is_older: bool,
}

/// One ring.
#[derive(Debug)]
struct Track {
    mailbox: String,
    at: Instant,
    sent: u64,
    received: u64,
    /// The looks at which there were new messages, as far as any of these are queued.
    looks: VecDeque<Look>,
}

/// The messages below `sent` that no earlier look has seen came before this one.
#[derive(Clone, Copy, Debug)]
struct Look {
    at: Instant,
    sent: u64,
    is_first: bool,
}

impl Figures {
    /// Those of both rings of one object: the rates of both, and the older message.
    pub(super) fn and(self, other: Self) -> Self {
        let sum = |one: Option<f64>, other: Option<f64>| match (one, other) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        let all = [self.oldest, other.oldest].into_iter().flatten();
        Self {
            sent_per_second: sum(self.sent_per_second, other.sent_per_second),
            received_per_second: sum(self.received_per_second, other.received_per_second),
            oldest: all.max_by_key(|oldest| (oldest.age, oldest.is_older)),
        }
    }
}

impl History {
    /// Adds a ring as read at `now`, of the mailbox or bus with this identity.
    pub(super) fn add(&mut self, ring: Ring, id: &str, seen: Traffic, now: Instant) -> Figures {
        let last = self.last.remove(&ring);
        // Counts that went back, or another mailbox, begin again.
        let last = last.filter(|last| {
            last.mailbox == id && last.sent <= seen.sent && last.received <= seen.received
        });
        let is_first = last.is_none();
        let mut track = last.unwrap_or_else(|| Track {
            mailbox: id.to_owned(),
            at: now,
            sent: 0,
            received: 0,
            looks: VecDeque::new(),
        });
        let seconds = now.duration_since(track.at).as_secs_f64();
        let rate = |from: u64, to: u64| {
            #[expect(clippy::cast_precision_loss, reason = "a rate is rounded anyway")]
            let count = (to - from) as f64;
            (!is_first && seconds > 0.0).then(|| count / seconds)
        };
        let mut figures = Figures {
            sent_per_second: rate(track.sent, seen.sent),
            received_per_second: rate(track.received, seen.received),
            oldest: None,
        };
        if seen.sent > track.sent {
            let sent = seen.sent;
            let at = now;
            track.looks.push_back(Look { at, sent, is_first });
        }
        // The oldest that is queued has the number `received`.
        while track
            .looks
            .pop_front_if(|look| look.sent <= seen.received)
            .is_some()
        {}
        if seen.queued > 0 {
            figures.oldest = track.looks.front().map(|look| Oldest {
                age: now.duration_since(look.at),
                is_older: look.is_first,
            });
        }
        track.at = now;
        track.sent = seen.sent;
        track.received = seen.received;
        self.now.insert(ring, track);
        figures
    }

    /// Forgets the mailboxes that were not added since the last call.
    pub(super) fn end_look(&mut self) {
        self.last = std::mem::take(&mut self.now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic(sent: u64, received: u64) -> Traffic {
        Traffic {
            slots: 64,
            queued: sent - received,
            sent,
            received,
        }
    }

    /// The figures of looks a second apart, at one mailbox with these counts.
    fn figures(looks: &[(&str, u64, u64)]) -> Vec<Figures> {
        let object = ObjectId {
            device: 1,
            inode: 1,
        };
        let begin = Instant::now();
        let mut history = History::default();
        let look = |(second, (id, sent, received)): (u64, &(&str, u64, u64))| {
            let now = begin + Duration::from_secs(second);
            let figures = history.add((object, 0), id, traffic(*sent, *received), now);
            history.end_look();
            figures
        };
        (0..).zip(looks).map(look).collect()
    }

    fn oldest(seconds: u64, is_older: bool) -> Option<Oldest> {
        let age = Duration::from_secs(seconds);
        Some(Oldest { age, is_older })
    }

    #[test]
    fn the_first_look_has_no_rates_and_the_others_those_since_the_last() {
        let all = figures(&[("a", 5, 5), ("a", 15, 8), ("a", 15, 15)]);
        let rates: Vec<_> = all
            .iter()
            .map(|one| (one.sent_per_second, one.received_per_second))
            .collect();
        let expected = [
            (None, None),
            (Some(10.0), Some(3.0)),
            (Some(0.0), Some(7.0)),
        ];
        assert_eq!(rates, expected);
    }

    #[test]
    fn the_oldest_message_is_as_old_as_the_look_that_has_first_seen_it() {
        let looks = [
            ("a", 2, 2),
            ("a", 5, 2),
            ("a", 9, 2),
            // One of the five came at the second look, and five at the third.
            ("a", 9, 4),
            ("a", 9, 5),
            ("a", 9, 9),
            ("a", 10, 9),
        ];
        let ages: Vec<_> = figures(&looks).iter().map(|one| one.oldest).collect();
        let expected = [
            None,
            oldest(0, false),
            oldest(1, false),
            oldest(2, false),
            oldest(2, false),
            None,
            oldest(0, false),
        ];
        assert_eq!(ages, expected);
    }

    #[test]
    fn what_was_there_at_the_first_look_may_be_older() {
        let looks = [("a", 3, 1), ("a", 4, 2), ("a", 4, 3)];
        let ages: Vec<_> = figures(&looks).iter().map(|one| one.oldest).collect();
        assert_eq!(ages, [oldest(0, true), oldest(1, true), oldest(1, false)]);
    }

    #[test]
    fn another_mailbox_or_counts_that_go_back_begin_anew() {
        for looks in [[("a", 9, 9), ("b", 20, 19)], [("a", 9, 9), ("a", 8, 7)]] {
            let second = figures(&looks)[1];
            assert_eq!(second.sent_per_second, None);
            assert_eq!(second.oldest, oldest(0, true));
        }
    }

    #[test]
    fn a_mailbox_that_was_gone_for_a_look_begins_anew() {
        let object = ObjectId {
            device: 1,
            inode: 1,
        };
        let mut history = History::default();
        let now = Instant::now();
        history.add((object, 0), "a", traffic(1, 1), now);
        history.end_look();
        history.end_look();
        let figures = history.add(
            (object, 0),
            "a",
            traffic(2, 2),
            now + Duration::from_secs(1),
        );
        assert_eq!(figures, Figures::default());
    }

    #[test]
    fn a_bus_has_the_rates_of_all_lanes_and_the_age_of_the_oldest_message() {
        let all = figures(&[("a", 5, 5), ("a", 15, 8), ("a", 16, 9)]);
        let both = all[1].and(all[2]);
        assert_eq!(both.sent_per_second, Some(11.0));
        assert_eq!(both.received_per_second, Some(4.0));
        assert_eq!(both.oldest, oldest(1, false));
        assert_eq!(Figures::default().and(both), both);
    }
}
