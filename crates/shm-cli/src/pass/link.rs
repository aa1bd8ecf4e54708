//! The kinds of object that a channel may be, and the options from which both programs make its
//! endpoints.

use std::time::Duration;

use shm_core::{ListEntry, OpenError, ShmName};
use shm_mailbox::bus::Bus;
use shm_mailbox::classic::{self, Classic};
use shm_mailbox::observe::Place;
use shm_mailbox::{AttachError, Kind, Mailbox, Message, Options, Receiver, Sender, Wait};

use crate::args::ChannelArgs;
use crate::failure::note;
use crate::system::people;
use crate::terminal::signals::Signals;

/// How long a wait may take before a person at the terminal sees what it is for.
pub(super) const SILENCE: Duration = Duration::from_secs(1);

/// What lets a group read and write.
const SHARED: u32 = 0o060;

/// The slots of a mailbox that is created, unless others are asked for, and the most that are hot:
/// 276 KiB.
///
/// A program that passes one message at a time is best served by few hot slots. The reader writes
/// out all queued messages at once, and with few it would have to do that more often: lines are
/// three times slower with 8.
const SLOTS: u32 = 256;

/// A kind of object of the library, and what the command asks of its endpoints.
pub(super) trait Channel: Kind {
    /// The options that say what to make, and how to attach to it.
    fn options(args: &ChannelArgs) -> Options<Self>;

    /// The lane that a message came in, if there may be several.
    fn lane(message: &Message) -> Option<u32>;

    /// How many writers and readers it has room for.
    fn seats_of_sender(sender: &Sender<Self>) -> Option<[u32; 2]>;
    /// As above.
    fn seats_of_receiver(receiver: &Receiver<Self>) -> Option<[u32; 2]>;

    /// The readers that have not taken what was sent, if the object distinguishes its readers.
    fn laggards(sender: &Sender<Self>) -> Vec<Place>;
}

impl Channel for Mailbox {
    fn options(args: &ChannelArgs) -> Options {
        Self::options(args.name())
    }

    fn lane(_message: &Message) -> Option<u32> {
        None
    }

    fn seats_of_sender(_sender: &Sender) -> Option<[u32; 2]> {
        None
    }

    fn seats_of_receiver(_receiver: &Receiver) -> Option<[u32; 2]> {
        None
    }

    fn laggards(_sender: &Sender) -> Vec<Place> {
        Vec::new()
    }
}

impl Channel for Bus {
    fn options(args: &ChannelArgs) -> Options<Self> {
        let mut options = Self::options(args.name());
        if let Some(senders) = args.bus.senders {
            options = options.senders(senders);
        }
        if let Some(receivers) = args.bus.receivers {
            options = options.receivers(receivers);
        }
        match &args.bus.label {
            Some(label) => options.label(label),
            None => options,
        }
    }

    fn lane(message: &Message) -> Option<u32> {
        Some(message.lane())
    }

    fn seats_of_sender(sender: &Sender<Self>) -> Option<[u32; 2]> {
        Some([sender.senders(), sender.receivers()])
    }

    fn seats_of_receiver(receiver: &Receiver<Self>) -> Option<[u32; 2]> {
        Some([receiver.senders(), receiver.receivers()])
    }

    fn laggards(sender: &Sender<Self>) -> Vec<Place> {
        let mut places = sender.places().unwrap_or_default();
        places.retain(|place| place.behind > 0);
        places
    }
}

/// The options of either kind.
pub(super) fn options<K: Channel>(args: &ChannelArgs, signals: &Signals) -> Options<K> {
    // Other slots are remarked on, see `note_what_is_there`.
    let slots = args.slots.unwrap_or(SLOTS);
    let mut options = K::options(args)
        .wait(args.wait())
        .prompt(args.prompt)
        .any_owner(args.any_owner)
        .attach_timeout(args.attach_timeout)
        .interrupt(signals.interrupt())
        .slots(slots)
        .exact(false)
        .hot_slots(slots.min(SLOTS));
    if let Some(mode) = args.mode {
        options = options.mode(mode);
    }
    if let Some(group) = args.group {
        options = options.group(group);
    }
    options
}

/// Attaches to the mailbox or bus that has the name. If there is none, makes a mailbox.
pub(super) fn attach<T>(
    mailbox: impl Fn() -> Result<T, AttachError>,
    bus: impl Fn() -> Result<T, AttachError>,
) -> Result<T, AttachError> {
    loop {
        match mailbox() {
            Err(AttachError::OtherKind { .. }) => {}
            other => return other,
        }
        match bus() {
            // It was removed, or another object has its name.
            Err(AttachError::OtherKind { .. } | AttachError::Open(OpenError::NotFound { .. })) => {}
            other => return other,
        }
    }
}

/// The options of the classic layout.
pub(super) fn classic(args: &ChannelArgs, signals: &Signals) -> classic::Options {
    Classic::options(args.name())
        .wait(args.classic_wait())
        .interval(args.interval())
        .any_owner(args.any_owner)
        .attach_timeout(args.attach_timeout)
        .interrupt(signals.interrupt())
}

/// How long to wait at once if there is something to check every `least`: a shorter wait than its
/// interval would make a polling endpoint check more often than the user chose.
pub(super) fn slice(args: &ChannelArgs, least: Duration) -> Duration {
    match args.wait() {
        Wait::Poll(interval) => interval.max(least),
        _ => least,
    }
}

/// Remarks that the object already existed, with other slots or seats, another mode or another
/// group than requested.
pub(super) fn note_what_is_there(args: &ChannelArgs, capacity: u32, seats: Option<[u32; 2]>) {
    let name = args.name();
    let [senders, receivers] = seats.unwrap_or_default();
    for (option, wanted, found, whom) in [
        ("senders", args.bus.senders, senders, "writers"),
        ("receivers", args.bus.receivers, receivers, "readers"),
    ] {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            note(format_args!(
                "object {name:?} has room for {found} {whom}; --{option} {wanted} applies only when it is created"
            ));
        }
    }
    if let Some(slots) = args.slots.filter(|slots| *slots != capacity) {
        note(format_args!(
            "object {name:?} has {capacity} slots; --slots {slots} applies only when it is created"
        ));
    }
    // Of one that has lost its name already there is nothing to tell.
    let listed = ShmName::new(name).map(|name| ListEntry::find(&name));
    let Ok(Ok(Some(ListEntry { status, .. }))) = listed else {
        return;
    };
    let found = status.mode;
    if let Some(mode) = args.mode.filter(|mode| *mode != found) {
        note(format_args!(
            "object {name:?} has mode {found:04o}; --mode {mode:04o} applies only when it is created"
        ));
    }
    if let Some(group) = args.group.filter(|group| *group != status.group) {
        let [found, group] = [status.group, group].map(people::group_name_or_number);
        note(format_args!(
            "object {name:?} has group {found}; --group {group} applies only when it is created"
        ));
    } else if args.group.is_some() && args.mode.is_none() && found & SHARED != SHARED {
        note(format_args!(
            "object {name:?} has mode {found:04o}, which does not let its group in; chmod g+rw /dev/shm/{name}"
        ));
    }
}
