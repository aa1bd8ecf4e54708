//! The promises that the search looks for, and the rules that a near miss breaks.

/// A promise that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// A message was shown with the payload of another one.
    Torn,
    /// A message is overwritten that a member, or without members the next receiver, has yet to
    /// take.
    Overwritten,
    /// A receiver begins above what was held for it.
    PassedOver,
    /// The sender finds a point below its last one.
    GoesBack,
    /// One side took its honest peer for a broken one.
    FalseCorrupt,
    /// A receiver is attached at a place that does not count.
    Outcast,
    /// A place with a label was dropped without a request to forget it.
    Forgotten,
    /// Two members have the label.
    Twice,
    /// The living members have taken everything, no label holds, and there is never room.
    NoRoom,
    /// The object was unlinked with messages that a member has yet to take.
    Lost,
    /// The object was unlinked under a process that attaches, or that continues without the leaver.
    Orphaned,
    /// The object was unlinked although a sender had died, which leaves it to the next.
    Premature,
    /// All have closed, nothing is queued and no label kept, and yet the object has its name.
    Left,
    /// No state has what the search is for.
    Blind,
}

/// A rule that is broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Miss {
    AckBeforeCopy,
    NoSecondLook,
    MaskWithoutGeneration,
    /// A sender skips a PENDING count and learns from the others.
    PendingIgnored,
    NoPending,
    /// PENDING is stored after the bit.
    PendingAfterBit,
    PositionBeforeBit,
    /// `Next` begins at `sent`, whatever the others have taken: no promise needs more.
    NextBySent,
    /// `Next` begins at `sent` although no other receiver is a member.
    NextAloneAtSent,
    /// `Oldest` begins at the floor although others are members.
    OldestAtFloor,
    NoFloor,
    FloorAfterMask,
    /// The count of the first of several places becomes the floor, not the least.
    FloorOfTheFirst,
    /// A sender that drops the last place stores only its lane's floor.
    FloorOfOwnLane,
    /// A place that is dropped while it is PENDING counts for the floor.
    FloorTakesPending,
    DropWithoutInit,
    /// A process drops what it found dead before it locked INIT.
    NoTestUnderInit,
    LivingDropped,
    LabelDropped,
    /// A receiver that leaves drops its own place only.
    PendingNotSwept,
    /// A joiner takes the place of a dead receiver without dropping that first.
    TakenOver,
    /// A joiner drops only the member at its place.
    JoinerSweepsNot,
    /// A joiner stores its label before it has dropped the dead receiver of its place.
    LabelBeforeDrop,
    JoinWithoutInit,
    ResumePending,
    ResumeWithoutInit,
    /// A process forgets a label whose receiver is attached.
    ForgetLiving,
    /// A sender that attaches frees INIT before it loads the counts.
    FirstPointWithoutInit,
    /// A sender loads only the count that was the least, and learns its present value.
    LeastAlone,
    /// A sender without room leaves dead joiners to others.
    PendingKept,
    /// A sender without room tests only its lane for PENDING.
    PendingOfOwnLane,
    UnlinkWithoutInit,
    UnlinkLabels,
    UnlinkOtherLanes,
    /// A sender unlinks although another one is attached.
    UnlinkUnderSenders,
    UnlinkAfterDeath,
    /// A receiver unlinks although another one is a member.
    UnlinkUnderReceivers,
    OnlyTheSenderUnlinks,
}
