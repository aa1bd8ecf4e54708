//! The promises that the search looks for, and the rules that a near miss breaks.

/// A promise that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// A message was shown with the payload of another one.
    Torn,
    /// A message is written over that a member has yet to take, or, without members, the next
    /// receiver.
    Overwritten,
    /// A receiver begins above what was held for it.
    PassedOver,
    /// The sender sees a point below the one that it knew.
    GoesBack,
    /// One side took its honest peer for a broken one.
    FalseCorrupt,
    /// A receiver is attached at a place that does not count.
    Outcast,
    /// A place with a label was dropped, and nobody had asked for that.
    Forgotten,
    /// Two members have the label.
    Twice,
    /// The living members have taken everything, no label holds, and there is never room.
    NoRoom,
    /// The object was unlinked with messages that a member has yet to take.
    Lost,
    /// The object was unlinked under a process that attaches, or that goes on without the leaver.
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
    /// A look leaves a PENDING count out and learns from the others.
    PendingIgnored,
    NoPending,
    /// PENDING is stored after the bit.
    PendingAfterBit,
    PositionBeforeBit,
    /// `Next` begins at `sent`, whatever the others have taken: no promise needs more.
    NextBySent,
    /// `Next` begins at `sent` although nobody else is a member.
    NextAloneAtSent,
    /// `Oldest` begins at the floor although others are members.
    OldestAtFloor,
    NoFloor,
    FloorAfterMask,
    /// Of several places the first one's count becomes the floor, not the least.
    FloorOfTheFirst,
    /// A sender that drops the last place stores the floor of its own lane only.
    FloorOfOwnLane,
    /// A place that is dropped while it is PENDING counts for the floor.
    FloorTakesPending,
    DropWithoutInit,
    /// What to drop is what was found dead before INIT was locked.
    NoTestUnderInit,
    LivingDropped,
    LabelDropped,
    /// A receiver that leaves drops its own place only.
    PendingNotSwept,
    /// A joiner takes the place of a dead receiver without dropping that first.
    TakenOver,
    /// A joiner drops what stands at its own place only.
    JoinerSweepsNot,
    /// A joiner stores its label before it has dropped the dead receiver of its place.
    LabelBeforeDrop,
    JoinWithoutInit,
    ResumePending,
    ResumeWithoutInit,
    /// A label is forgotten whose receiver is attached.
    ForgetLiving,
    /// A sender that attaches frees INIT before it looks at the counts, once.
    FirstPointWithoutInit,
    /// The place that had the least count is looked at alone, and what it has now is learned.
    LeastAlone,
    /// A sender without room leaves dead joiners to others.
    PendingKept,
    /// A sender without room sees only in its own lane that a place is PENDING.
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
