//! Each rule of the places, broken, and the promise that breaks with it.

use super::rules::{Fault, Miss};
use super::world::Part::{Forgetter, Labelled};
use super::world::{Join, World};
use super::{CLOSING, LABEL, LANES, PAIR, THREE, explore};

fn must_fail(world: World, misses: &[(Miss, Fault)]) {
    for &(miss, expected) in misses {
        let miss = Some(miss);
        let world = World { miss, ..world };
        explore(&world).must_fail(miss, expected);
    }
}

#[test]
fn a_near_miss_of_the_look_for_room_is_noticed() {
    must_fail(
        PAIR,
        &[
            (Miss::AckBeforeCopy, Fault::Torn),
            (Miss::NoSecondLook, Fault::Overwritten),
            (Miss::MaskWithoutGeneration, Fault::Overwritten),
            (Miss::PendingIgnored, Fault::Overwritten),
            (Miss::FirstPointWithoutInit, Fault::Overwritten),
            (Miss::LeastAlone, Fault::Overwritten),
            (Miss::PendingKept, Fault::NoRoom),
        ],
    );
    let lanes = World {
        messages: [2, 1],
        cast: LABEL.cast,
        ..LANES
    };
    must_fail(lanes, &[(Miss::PendingOfOwnLane, Fault::NoRoom)]);
}

#[test]
fn a_near_miss_of_joining_is_noticed() {
    must_fail(
        PAIR,
        &[
            (Miss::NoPending, Fault::Overwritten),
            (Miss::PendingAfterBit, Fault::Overwritten),
            (Miss::PositionBeforeBit, Fault::Overwritten),
            (Miss::OldestAtFloor, Fault::Overwritten),
            (Miss::TakenOver, Fault::PassedOver),
            (Miss::JoinWithoutInit, Fault::Outcast),
        ],
    );
    let next = World {
        join: Join::Next,
        ..PAIR
    };
    must_fail(next, &[(Miss::NextAloneAtSent, Fault::PassedOver)]);
    let two_kills = World { kills: 2, ..PAIR };
    must_fail(two_kills, &[(Miss::JoinerSweepsNot, Fault::PassedOver)]);
}

#[test]
fn a_near_miss_of_a_label_is_noticed() {
    must_fail(
        LABEL,
        &[
            (Miss::LabelBeforeDrop, Fault::Forgotten),
            (Miss::LabelDropped, Fault::Forgotten),
            (Miss::ResumePending, Fault::FalseCorrupt),
        ],
    );
    must_fail(
        World {
            cast: &[Labelled, Forgetter],
            ..PAIR
        },
        &[
            (Miss::ResumeWithoutInit, Fault::Outcast),
            (Miss::ForgetLiving, Fault::Outcast),
        ],
    );
}

#[test]
fn a_near_miss_of_dropping_is_noticed() {
    must_fail(
        PAIR,
        &[
            (Miss::NoFloor, Fault::GoesBack),
            (Miss::FloorAfterMask, Fault::GoesBack),
            (Miss::FloorTakesPending, Fault::FalseCorrupt),
            (Miss::DropWithoutInit, Fault::Outcast),
            (Miss::NoTestUnderInit, Fault::Outcast),
            (Miss::LivingDropped, Fault::Outcast),
            (Miss::PendingNotSwept, Fault::GoesBack),
        ],
    );
    let three = World { kills: 2, ..THREE };
    must_fail(three, &[(Miss::FloorOfTheFirst, Fault::PassedOver)]);
    let lanes = World {
        messages: [2, 1],
        ..LANES
    };
    must_fail(lanes, &[(Miss::FloorOfOwnLane, Fault::GoesBack)]);
}

#[test]
fn a_near_miss_of_the_last_to_leave_is_noticed() {
    must_fail(
        CLOSING,
        &[
            (Miss::UnlinkWithoutInit, Fault::Orphaned),
            (Miss::UnlinkLabels, Fault::Forgotten),
        ],
    );
    must_fail(
        World {
            closes: true,
            ..LANES
        },
        &[
            (Miss::UnlinkOtherLanes, Fault::Lost),
            (Miss::UnlinkUnderSenders, Fault::Orphaned),
            (Miss::UnlinkAfterDeath, Fault::Premature),
            (Miss::UnlinkUnderReceivers, Fault::Orphaned),
            (Miss::OnlyTheSenderUnlinks, Fault::Left),
        ],
    );
}
