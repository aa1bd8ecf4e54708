//! Lets receivers join, leave, die and return at the places of a bus while its senders rely on
//! their last points.
//!
//! A bus has a ring for each sender, its *lane*, that every receiver reads, and for each receiver a
//! *place* with a count in each lane. `members` says which places count. The model has one step for
//! each access to memory or to a lock, over sequentially consistent memory. Any process may be
//! killed between two of them, which frees its locks.
//!
//! ```text
//!   sender    room? ─ payload ─ stamp ─ sent
//!      ╰ members ─ the members' counts, or the floor ─ members, changed? nothing is learned
//!      ╰ full: look again ─ dead places? INIT ─ sweep ─ free INIT
//!   attach    INIT ─ its own number ─ sweep ─ the counts, once ─ free INIT
//!   receiver  stamp? ─ payload ─ received
//!   join      INIT ─ lock a place ─ sweep ─ label ─ PENDING ─ its bit
//!                ─ the others' counts, or the floor ─ sent ─ received ─ free INIT
//!      ╰ its label is a member's: lock that place ─ its counts ─ free INIT
//!   leave     INIT ─ sweep, drop its own place ─ unlink? ─ free its place ─ free INIT
//!   sweep     drop PENDING places, and dead ones without a label
//!   drop      the floors, if these are all members ─ members without them
//! ```
//!
//! The generation of `members` is not a number here: a sender knows whether `members` was stored
//! since its load. Reading what changes only under INIT is one step with what follows. So is
//! testing whether a place is PENDING, whose count it is, and whether its lock is free, because
//! only a test under INIT has an effect. The model has no parking, which is pairwise and part of
//! the ring's search.
//!
//! # Hot and cold slots
//!
//! The ring chooses a message's slot by q = n - point. The argument needs only that everything
//! below the point has been given back, and that each member's count is at or above the point. So
//! for each member, whatever the others' counts are:
//!
//! * An overwritten slot has a message below the point, which no member awaits.
//! * While a member awaits message n, the point is at n or below. The next message in n's hot slot
//!   would be n + H, which goes to its cold slot, because n + H - point is H or more. The next
//!   message in n's cold slot would be n + N, for which there is no room.
//! * A member that is ahead of the others by H or more finds message n, which was stamped once, hot
//!   or cold, because it tests both slots. The hot slot may have n - H, which the others still
//!   await, but that does not affect n.
//!
//! A joiner is at or above every point that was known when it began, and while it is PENDING no
//! sender learns a point. The search includes such a ring.

mod leave;
mod membership;
mod misses;
mod process;
mod promises;
mod receiver;
mod rules;
mod sender;
mod state;
mod world;

use Part::{Forgetter, Labelled, Receiver};
use process::At;
use rules::{Fault, Miss};
use state::State;
use world::{Join, Part, World};

use crate::searches::engine::{Outcome, search};

/// Two receivers without labels for a lane of one slot.
const PAIR: World = World {
    lanes: 1,
    places: 2,
    hot: 1,
    slots: 1,
    messages: [3, 0],
    cast: &[Receiver, Receiver],
    starts: 2,
    kills: 1,
    join: Join::Oldest,
    eager: false,
    closes: false,
    miss: None,
};

/// One of the two has a label.
const LABEL: World = World {
    cast: &[Receiver, Labelled],
    ..PAIR
};

/// A lane of two slots.
const TWO_SLOTS: World = World {
    hot: 2,
    slots: 2,
    messages: [4, 0],
    ..PAIR
};

/// Two senders.
const LANES: World = World {
    lanes: 2,
    messages: [1, 1],
    starts: 1,
    ..PAIR
};

/// Three receivers and a place for each.
const THREE: World = World {
    places: 3,
    cast: &[Receiver, Receiver, Receiver],
    messages: [2, 0],
    starts: 1,
    ..PAIR
};

/// A sender that has sent all closes, and the last to leave removes the object.
const CLOSING: World = World {
    closes: true,
    messages: [2, 0],
    ..LABEL
};

/// Visits every state. A world also fails if in none of its states all messages are taken, a sender
/// is without room, a joiner dies while it is PENDING, or the object is removed.
fn explore(world: &World) -> Outcome<Fault> {
    let (mut all, mut full, mut pending, mut removed) = (false, false, false, false);
    let mut outcome = search(world, |s: &State| {
        let receivers = &s.processes[usize::from(world.lanes)..];
        all |= receivers
            .iter()
            .any(|receiver| receiver.n == world.messages);
        full |= s.processes.iter().any(|process| process.at == At::Full);
        pending |= s.pending() != 0 && s.init_is_free();
        removed |= s.unlinked;
    });
    full |= world
        .messages
        .iter()
        .all(|&messages| messages <= world.slots);
    if outcome.fault.is_none() && !(all && full && pending && removed == world.closes) {
        let story = format!("all {all}, full {full}, pending {pending}, removed {removed}\n");
        outcome.fault = Some((Fault::Blind, story));
    }
    outcome
}

fn must_hold(world: World) {
    explore(&world).must_hold(&world);
}

fn must_hold_for_both(world: World) {
    for join in [Join::Next, Join::Oldest] {
        must_hold(World { join, ..world });
    }
}

#[test]
fn two_receivers_come_and_go_and_die() {
    must_hold_for_both(World { kills: 2, ..PAIR });
    must_hold_for_both(World {
        starts: 1,
        kills: 2,
        ..TWO_SLOTS
    });
}

#[test]
fn a_sender_may_look_before_it_has_to() {
    must_hold(World {
        messages: [3, 0],
        eager: true,
        ..TWO_SLOTS
    });
}

#[test]
fn a_label_keeps_its_place_across_deaths() {
    must_hold(LABEL);
}

#[test]
fn a_label_is_resumed_by_one_receiver_and_forgotten_only_without_it() {
    must_hold_for_both(World {
        cast: &[Labelled, Labelled, Forgetter],
        kills: 2,
        ..PAIR
    });
    must_hold_for_both(World {
        cast: &[Receiver, Labelled, Forgetter],
        starts: 1,
        messages: [2, 0],
        ..PAIR
    });
}

#[test]
fn three_receivers_share_places() {
    must_hold_for_both(World { kills: 2, ..THREE });
    must_hold_for_both(World {
        places: 2,
        kills: 2,
        ..THREE
    });
}

#[test]
fn two_receivers_share_a_ring_with_cold_slots() {
    must_hold_for_both(World {
        hot: 1,
        starts: 1,
        kills: 2,
        ..TWO_SLOTS
    });
}

#[test]
fn two_senders_share_the_receivers() {
    must_hold_for_both(LANES);
}

#[test]
fn whoever_closes_last_removes_the_object() {
    must_hold(CLOSING);
    must_hold(World {
        closes: true,
        ..LANES
    });
}

/// `Next` may begin at `sent` alone.
#[test]
fn a_joiner_at_next_need_not_look_at_the_others() {
    must_hold(World {
        join: Join::Next,
        miss: Some(Miss::NextBySent),
        ..PAIR
    });
}

/// Deeper ones.
#[test]
fn many_come_and_go_and_die() {
    if !crate::support::is_torture() {
        return;
    }
    must_hold_for_both(World {
        starts: 3,
        kills: 2,
        ..PAIR
    });
    must_hold_for_both(TWO_SLOTS);
    must_hold_for_both(World {
        hot: 1,
        ..TWO_SLOTS
    });
    must_hold_for_both(World { kills: 2, ..LABEL });
    must_hold_for_both(World {
        cast: LABEL.cast,
        messages: [5, 0],
        ..TWO_SLOTS
    });
    let three = World {
        places: 3,
        cast: &[Receiver, Receiver, Labelled],
        ..TWO_SLOTS
    };
    must_hold_for_both(World {
        messages: [3, 0],
        starts: 1,
        kills: 2,
        ..three
    });
}

/// Deeper ones with two senders.
#[test]
fn many_come_and_go_and_die_under_two_senders() {
    if !crate::support::is_torture() {
        return;
    }
    let labelled = World {
        messages: [2, 2],
        cast: LABEL.cast,
        ..LANES
    };
    must_hold_for_both(labelled);
    must_hold(World {
        closes: true,
        ..labelled
    });
    let three = World {
        places: 3,
        cast: THREE.cast,
        ..LANES
    };
    must_hold_for_both(World {
        messages: [2, 1],
        ..three
    });
    must_hold_for_both(World {
        cast: &[Receiver, Receiver, Labelled],
        ..three
    });
}
