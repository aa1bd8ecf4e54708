//! Lets processes attach, close, die, return and remove over one name, in every order.
//!
//! The model has one step for each access to the name, to a lock, or to a word of the object; what
//! a process does between two of them is its own. Any process may be killed at any step, which
//! frees its locks; the object stays as it is.
//!
//! ```text
//!   come    open ─ not there? make a mailbox with the role taken ─ link, or drop it and open
//!   attach  INIT ─ the name's? no: start over ─ a mailbox? no: refuse ─ role ─ peer ─ life
//!             ─ not kept ─ free INIT
//!   judge   the peer's life ─ its lock ─ its life, changed? again ─ look for a message ─ met?
//!   close   INIT ─ kept ─ life odd ─ unlink due? compare, unlink ─ free the role ─ free INIT
//!   remove  open ─ INIT ─ the name's? ─ both roles ─ nothing queued? compare, unlink ─ free all
//! ```
//!
//! What goes wrong without a kill is there, too: INIT given up as busy, no memory, an attacher that
//! insists on another number of slots, a sender that aborts, an outsider who takes the name away
//! without asking, and what is foreign under the name.
//!
//! Waking has no part here: an attached process may look at any time, as it does when its slice is
//! over. Nor has going over to another object: that is to leave and to attach again. A near miss
//! breaks one rule, and the search has to notice each of them.

mod leave;
mod process;
mod rules;
mod work;
mod world;

use Disposal::{Abort, Close, Die, Keep};
use Part::{Receiver, Remover, Sender};
use rules::{Fault, Miss};
use world::{Disposal, Part, World};

use crate::searches::engine::search;

/// A sender and a receiver who each come twice, in peace.
const PAIR: World = World {
    cast: &[Sender, Receiver],
    starts: 2,
    kills: 0,
    messages: 1,
    ways: &[Close],
    outsider: false,
    foreign: false,
    trouble: false,
    judges: false,
    miss: None,
};

fn must_hold(world: World) {
    search(&world, |_| {}).must_hold(&world);
}

fn must_fail(world: World, misses: &[(Miss, Fault)]) {
    for &(miss, expected) in misses {
        let world = World {
            miss: Some(miss),
            ..world
        };
        search(&world, |_| {}).must_fail(miss, expected);
    }
}

#[test]
fn a_pair_comes_and_goes_and_dies() {
    must_hold(World {
        kills: 2,
        trouble: true,
        ..PAIR
    });
}

#[test]
fn a_pair_leaves_in_every_way() {
    must_hold(World {
        kills: 1,
        messages: 2,
        ways: &[Close, Keep, Abort, Die],
        trouble: true,
        ..PAIR
    });
    must_hold(World {
        cast: &[Sender, Receiver, Receiver],
        starts: 1,
        ways: &[Close, Keep, Abort],
        ..PAIR
    });
}

#[test]
fn a_verdict_is_never_wrong_nor_on_a_peer_that_was_not_met() {
    must_hold(World {
        kills: 1,
        judges: true,
        trouble: true,
        ways: &[Close, Keep, Abort],
        ..PAIR
    });
    must_hold(World {
        cast: &[Sender, Sender, Receiver],
        starts: 1,
        kills: 1,
        judges: true,
        ..PAIR
    });
}

#[test]
fn two_of_each_race_for_the_roles() {
    must_hold(World {
        cast: &[Sender, Sender, Receiver, Receiver],
        starts: 1,
        kills: 1,
        ..PAIR
    });
}

#[test]
fn a_second_sender_waits_its_turn() {
    must_hold(World {
        cast: &[Sender, Sender, Receiver],
        ..PAIR
    });
}

#[test]
fn a_remover_takes_only_what_nobody_needs() {
    must_hold(World {
        cast: &[Sender, Receiver, Remover],
        kills: 1,
        ..PAIR
    });
}

#[test]
fn an_outsider_who_takes_the_name_away_harms_no_other_object() {
    must_hold(World {
        outsider: true,
        ..PAIR
    });
    must_hold(World {
        outsider: true,
        foreign: true,
        ..PAIR
    });
}

#[test]
fn what_is_foreign_stays_as_it_is() {
    must_hold(World {
        foreign: true,
        cast: &[Sender, Receiver, Remover],
        kills: 1,
        ..PAIR
    });
}

#[test]
fn a_near_miss_of_attaching_is_noticed() {
    must_fail(
        PAIR,
        &[
            (Miss::NameFirst, Fault::Bricked),
            (Miss::NoLinkCheck, Fault::SplitBrain),
            (Miss::AttachWithoutInit, Fault::Orphaned),
        ],
    );
    must_fail(
        World {
            foreign: true,
            ..PAIR
        },
        &[
            (Miss::AdoptForeign, Fault::Touched),
            (Miss::RefusalUnlinks, Fault::Touched),
        ],
    );
    must_fail(
        World {
            cast: &[Sender, Sender],
            ..PAIR
        },
        &[
            (Miss::WaitForRoleUnderInit, Fault::Deadlock),
            (Miss::TakeOverByTime, Fault::TwoHolders),
        ],
    );
}

#[test]
fn a_near_miss_of_closing_is_noticed() {
    must_fail(
        PAIR,
        &[
            (Miss::CloseWithoutInit, Fault::Orphaned),
            (Miss::SenderAlwaysUnlinks, Fault::Lost),
            (Miss::OnlyTheSenderUnlinks, Fault::Left),
            (Miss::UnseenStays, Fault::Left),
            (Miss::ReceiverIgnoresTheSender, Fault::Orphaned),
            (Miss::ReceiverUnlinksMessages, Fault::Lost),
        ],
    );
    must_fail(
        World {
            ways: &[Close, Keep, Abort, Die],
            kills: 1,
            ..PAIR
        },
        &[
            (Miss::UnlinkAfterDeath, Fault::Premature),
            (Miss::UnlinkKept, Fault::Premature),
            (Miss::KeptAfterLife, Fault::Premature),
            (Miss::KeptClearedFirst, Fault::Premature),
        ],
    );
    must_fail(
        World {
            outsider: true,
            ..PAIR
        },
        &[(Miss::NoComparison, Fault::Orphaned)],
    );
    must_fail(
        World {
            outsider: true,
            foreign: true,
            ..PAIR
        },
        &[(Miss::NoComparison, Fault::Touched)],
    );
}

#[test]
fn a_near_miss_of_removing_is_noticed() {
    must_fail(
        World {
            cast: &[Sender, Receiver, Remover],
            starts: 1,
            ..PAIR
        },
        &[
            (Miss::RemoveWithOneRole, Fault::Orphaned),
            (Miss::RemoveWithMessages, Fault::Lost),
        ],
    );
}

#[test]
fn a_near_miss_of_the_verdict_is_noticed() {
    must_fail(
        World {
            judges: true,
            ..PAIR
        },
        &[
            (Miss::LifeThenLock, Fault::FalseDeath),
            (Miss::LockThenLife, Fault::FalseDeath),
            (Miss::EpochBeforeRole, Fault::FalseDeath),
            (Miss::RoleFreedBeforeLife, Fault::FalseDeath),
            (Miss::NoLastLook, Fault::EarlyEnd),
            (Miss::VerdictOnAnyone, Fault::Stranger),
            (Miss::ForgetWhatItTook, Fault::Untold),
        ],
    );
    must_fail(
        World {
            judges: true,
            kills: 1,
            ..PAIR
        },
        &[(Miss::NoteTheLiving, Fault::Untold)],
    );
    must_fail(
        World {
            judges: true,
            ways: &[Close, Abort],
            ..PAIR
        },
        &[(Miss::AbortCloses, Fault::FalseEnd)],
    );
}
