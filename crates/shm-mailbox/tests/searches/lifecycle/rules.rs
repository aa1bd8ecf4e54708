//! The promises that the search looks for, and the rules that a near miss breaks.

/// A promise that was broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// Two processes hold one role on one object.
    TwoHolders,
    /// A process finished attaching to an object that no longer has the name.
    SplitBrain,
    /// An object lost its name while a process that had no say in it was attached.
    Orphaned,
    /// An object was unlinked with committed messages in it.
    Lost,
    /// A receiver unlinked what the last sender asked to keep, or left by dying.
    Premature,
    /// Something foreign was written to or unlinked.
    Touched,
    /// The name stands for an object of ours that no process can attach to.
    Bricked,
    /// No process that is under way can take a step.
    Deadlock,
    /// All closed, nothing was queued or to be kept, and yet an object is left.
    Left,
    /// A peer that lives or closed was said to have died.
    FalseDeath,
    /// A peer that died was said to have closed.
    FalseEnd,
    /// The end of the stream was announced before its last message.
    EarlyEnd,
    /// A verdict was passed on a peer that was never met.
    Stranger,
    /// A peer that was met has left, and the process waits on.
    Untold,
}

/// A rule that is broken on purpose.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Miss {
    NameFirst,
    AdoptForeign,
    RefusalUnlinks,
    NoLinkCheck,
    AttachWithoutInit,
    WaitForRoleUnderInit,
    TakeOverByTime,
    EpochBeforeRole,
    KeptClearedFirst,
    CloseWithoutInit,
    NoComparison,
    SenderAlwaysUnlinks,
    OnlyTheSenderUnlinks,
    UnseenStays,
    ReceiverIgnoresTheSender,
    ReceiverUnlinksMessages,
    UnlinkAfterDeath,
    UnlinkKept,
    KeptAfterLife,
    AbortCloses,
    RoleFreedBeforeLife,
    RemoveWithOneRole,
    RemoveWithMessages,
    LifeThenLock,
    LockThenLife,
    NoLastLook,
    VerdictOnAnyone,
    NoteTheLiving,
    ForgetWhatItTook,
}
