//! One number for each thing that can go wrong. A number is never used again for another.

use std::ffi::{CStr, c_int};
use std::fmt;

use shm_mailbox::bus::ForgetError;
use shm_mailbox::{
    AttachError, BatchError, BellError, CloseError, MapError, NameError, OpenError, RecvError,
    RemoveError, ResizeError, SelectError, SendError, SystemError, ViewError, classic,
};

/// An error as C sees it.
pub(crate) struct Known {
    pub(crate) name: &'static CStr,
    pub(crate) number: c_int,
    pub(crate) text: &'static CStr,
}

/// A constant for each error, and the list of all of them.
macro_rules! numbers {
    ($($name:ident = $number:literal, $text:literal;)*) => {
        $(pub(crate) const $name: c_int = $number;)*

        /// All errors, in the order of the header.
        pub(crate) const ALL: &[Known] = &[$(Known {
            name: match CStr::from_bytes_with_nul(
                concat!("SHM_ERROR_", stringify!($name), "\0").as_bytes(),
            ) {
                Ok(name) => name,
                Err(_) => panic!("a name has no NUL"),
            },
            number: $number,
            text: $text,
        }),*];
    };
}

numbers! {
    // Misuse of this interface.
    NULL = -1, c"a pointer is NULL";
    OPTION = -2, c"an argument or an option has no meaning";
    DRAFT = -3, c"a message is reserved, or none is";
    UNKNOWN = -4, c"an error that this version of the interface has no number for";

    // Passing messages.
    FULL = -10, c"the mailbox is full";
    EMPTY = -11, c"the mailbox is empty";
    TIMED_OUT = -12, c"the time-out passed";
    INTERRUPTED = -13, c"the interrupt flag was set";
    TOO_LONG = -14, c"the message is too long";
    CLOSED = -15, c"the peer has closed";
    PEER_DIED = -16, c"the peer died";
    UNLINKED = -17, c"the object has lost its name";
    UNACKNOWLEDGED = -18, c"all slots hold messages that were shown and not acknowledged";
    REATTACH = -19, c"the next object of the name could not be attached to";
    TRUNCATED = -20, c"the object was truncated";
    CORRUPT = -21, c"the object holds what no endpoint writes";
    EXHAUSTED = -22, c"all message numbers are used up";
    FORKED = -23, c"the endpoint belongs to the parent process";
    NO_BYTES = -24, c"the classic layout has no empty messages";
    NUL = -25, c"the classic layout has no NUL in a message";
    NO_NOTE = -26, c"no sender has left a note";

    // Attaching.
    NAME = -30, c"the name is not valid";
    SLOTS = -31, c"the number of slots is not valid";
    HOT_SLOTS = -32, c"the number of hot slots is not valid";
    MODE = -33, c"the mode is not valid";
    ROLE_TAKEN = -34, c"another process has the role";
    INIT_BUSY = -35, c"a process that attaches or closes has stopped";
    UNSTEADY = -36, c"the name moves to other objects again and again";
    NOT_A_MAILBOX = -37, c"the object is not a mailbox";
    CLASSIC = -38, c"the object has the classic layout";
    OTHER_VERSION = -39, c"the mailbox has another layout version";
    GEOMETRY = -40, c"the mailbox has a geometry that this library does not know";
    OTHER_SLOTS = -41, c"the mailbox has another number of slots";
    FOREIGN = -42, c"the object does not have the classic layout";
    CANNOT_WAIT = -43, c"the classic layout cannot wait in this way";

    // Objects.
    NOT_FOUND = -50, c"the object does not exist";
    EXISTS = -51, c"the object exists already";
    PERMISSION_DENIED = -52, c"permission denied";
    NOT_REGULAR = -53, c"the name belongs to something that is no object";
    TOO_SMALL = -54, c"the object is too small";
    FOREIGN_OWNER = -55, c"the object belongs to another user";
    OPEN_TO_OTHERS = -56, c"others may write to the object";
    NOT_IN_GROUP = -57, c"this process is not in the group";
    NO_INODES = -58, c"/dev/shm has no inode left";
    UNSUPPORTED = -59, c"the system cannot make such an object";
    UNSTABLE = -60, c"the object appears and vanishes again and again";
    NO_SPACE = -61, c"/dev/shm is full";
    TOO_LARGE = -62, c"the object would be too large";
    READ_ONLY = -63, c"the object was opened for reading only";
    MAP = -64, c"the object could not be mapped";
    VIEW = -65, c"the memory cannot be used as a mailbox";
    BELL_INSTANCES = -66, c"the user has no inotify instance left";
    BELL_WATCHES = -67, c"the user has no inotify watch left";
    BELL_PROC = -68, c"/proc is needed for a bell";
    BELL_DENIED = -69, c"a filter of system calls forbids inotify";
    SYSTEM = -70, c"a system call failed";

    // Removing, and waiting for several.
    IN_USE = -80, c"the object is in use";
    MESSAGES = -81, c"the mailbox has messages";
    TOO_MANY = -82, c"there are more than 64 endpoints";

    // Buses.
    OTHER_KIND = -90, c"the object is a mailbox and not a bus, or the other way round";
    SEATS = -91, c"a bus cannot have this many senders and receivers";
    OTHER_SEATS = -92, c"the bus has room for another number of senders or receivers";
    LABEL = -93, c"the label is not valid";
    LABEL_TAKEN = -94, c"another process has the label";
    NO_LABEL = -95, c"the bus does not have the label";
    NO_PLACE = -96, c"the bus has no room for another sender or receiver";
    HELD_BACK = -97, c"the bus keeps its messages for a receiver that is absent";
    KEPT = -98, c"the bus keeps a place for a label";
}

/// What is known of a number.
pub(crate) fn find(number: c_int) -> Option<&'static Known> {
    ALL.iter().find(|known| known.number == number)
}

/// An error that has a number.
pub(crate) trait Numbered: fmt::Display {
    /// The number of its variant.
    fn number(&self) -> c_int;
}

/// A use of this interface that makes no sense.
#[derive(Debug)]
pub(crate) struct Misuse {
    pub(crate) number: c_int,
    pub(crate) text: &'static str,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text)
    }
}

impl Numbered for Misuse {
    fn number(&self) -> c_int {
        self.number
    }
}

impl Numbered for SystemError {
    fn number(&self) -> c_int {
        SYSTEM
    }
}

/// Numbers the variants of an error: a constant, or that of the error inside. The errors are
/// `non_exhaustive`; a test compares these lists with their sources.
macro_rules! number {
    ($error:ty {
        $($variant:ident => $constant:ident,)*
        $(; $($inside:ident),*)?
    }) => {
        impl Numbered for $error {
            fn number(&self) -> c_int {
                match self {
                    $(Self::$variant { .. } => $constant,)*
                    $($(Self::$inside(error) => error.number(),)*)?
                    _ => UNKNOWN,
                }
            }
        }
    };
}

number!(NameError {
    Empty => NAME,
    TooLong => NAME,
    Slash => NAME,
    Nul => NAME,
    Dot => NAME,
    Semaphore => NAME,
});

number!(OpenError {
    NotFound => NOT_FOUND,
    Exists => EXISTS,
    PermissionDenied => PERMISSION_DENIED,
    NotRegular => NOT_REGULAR,
    TooSmall => TOO_SMALL,
    ForeignOwner => FOREIGN_OWNER,
    OpenToOthers => OPEN_TO_OTHERS,
    NotInGroup => NOT_IN_GROUP,
    NoInodes => NO_INODES,
    Unsupported => UNSUPPORTED,
    Unstable => UNSTABLE,
    System => SYSTEM,
});

number!(ResizeError {
    NoSpace => NO_SPACE,
    TooLarge => TOO_LARGE,
    ReadOnly => READ_ONLY,
    System => SYSTEM,
});

number!(MapError {
    Empty => MAP,
    BeyondEnd => MAP,
    ReadOnlyObject => MAP,
    System => SYSTEM,
});

number!(ViewError {
    OutOfBounds => VIEW,
    Misaligned => VIEW,
    ReadOnly => VIEW,
});

number!(BellError {
    Instances => BELL_INSTANCES,
    Watches => BELL_WATCHES,
    Proc => BELL_PROC,
    Denied => BELL_DENIED,
    System => SYSTEM,
});

number!(AttachError {
    Slots => SLOTS,
    Mode => MODE,
    RoleTaken => ROLE_TAKEN,
    InitBusy => INIT_BUSY,
    Unsteady => UNSTEADY,
    NotAMailbox => NOT_A_MAILBOX,
    Classic => CLASSIC,
    Version => OTHER_VERSION,
    Geometry => GEOMETRY,
    HotSlots => HOT_SLOTS,
    OtherSlots => OTHER_SLOTS,
    OtherKind => OTHER_KIND,
    Seats => SEATS,
    OtherSeats => OTHER_SEATS,
    Label => LABEL,
    LabelTaken => LABEL_TAKEN,
    NoLabel => NO_LABEL,
    NoPlace => NO_PLACE,
    Corrupt => CORRUPT,
    Truncated => TRUNCATED,
    System => SYSTEM,
    ; Name, Open, Reserve, Map, View, Bell
});

number!(SendError {
    Full => FULL,
    TimedOut => TIMED_OUT,
    Interrupted => INTERRUPTED,
    TooLong => TOO_LONG,
    Closed => CLOSED,
    PeerDied => PEER_DIED,
    HeldBack => HELD_BACK,
    Unlinked => UNLINKED,
    Truncated => TRUNCATED,
    Corrupt => CORRUPT,
    Exhausted => EXHAUSTED,
    Forked => FORKED,
    System => SYSTEM,
    ; Bell
});

number!(RecvError {
    Empty => EMPTY,
    TimedOut => TIMED_OUT,
    Interrupted => INTERRUPTED,
    Unacknowledged => UNACKNOWLEDGED,
    Closed => CLOSED,
    PeerDied => PEER_DIED,
    Unlinked => UNLINKED,
    Reattach => REATTACH,
    Truncated => TRUNCATED,
    Corrupt => CORRUPT,
    Forked => FORKED,
    System => SYSTEM,
    ; Bell
});

impl Numbered for BatchError {
    fn number(&self) -> c_int {
        self.error.number()
    }
}

number!(CloseError {
    InitBusy => INIT_BUSY,
    Truncated => TRUNCATED,
    Forked => FORKED,
    System => SYSTEM,
});

number!(ForgetError {
    ; Attach, Close
});

number!(RemoveError {
    InUse => IN_USE,
    InitBusy => INIT_BUSY,
    Messages => MESSAGES,
    Kept => KEPT,
    NotAMailbox => NOT_A_MAILBOX,
    System => SYSTEM,
    ; Open
});

impl Numbered for SelectError {
    fn number(&self) -> c_int {
        match self {
            Self::TimedOut { .. } => TIMED_OUT,
            Self::Interrupted { .. } => INTERRUPTED,
            Self::TooMany { .. } => TOO_MANY,
            Self::Bell { error, .. } => error.number(),
            Self::System(error) => error.number(),
            _ => UNKNOWN,
        }
    }
}

number!(classic::AttachError {
    Wait => CANNOT_WAIT,
    NotFound => NOT_FOUND,
    Foreign => FOREIGN,
    RoleTaken => ROLE_TAKEN,
    InitBusy => INIT_BUSY,
    Unsteady => UNSTEADY,
    System => SYSTEM,
    ; Name, Open, Reserve, Map, View
});

number!(classic::SendError {
    Empty => NO_BYTES,
    Nul => NUL,
    TooLong => TOO_LONG,
    TimedOut => TIMED_OUT,
    Interrupted => INTERRUPTED,
    Unlinked => UNLINKED,
    Truncated => TRUNCATED,
    Forked => FORKED,
    System => SYSTEM,
    ; Reserve
});

number!(classic::RecvError {
    TimedOut => TIMED_OUT,
    Interrupted => INTERRUPTED,
    Unlinked => UNLINKED,
    Truncated => TRUNCATED,
    Forked => FORKED,
    System => SYSTEM,
    ; Reserve
});

number!(classic::CloseError {
    InitBusy => INIT_BUSY,
    Forked => FORKED,
    System => SYSTEM,
});
