//! From the command line to the library's options, for either layout.

use shm_core::{ListEntry, ShmName};
use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{Mailbox, Options};

use crate::args::ChannelArgs;
use crate::failure::note;
use crate::people;
use crate::signals::Signals;

/// What lets a group read and write.
const SHARED: u32 = 0o060;

/// The slots of a mailbox that is created, unless others are asked for, and the most that are hot: 276 KiB.
///
/// A program that passes one message at a time is best served by few hot slots. The reader writes out all messages
/// that are there at once, and with few it would have to do that more often: lines are three times slower with 8.
const SLOTS: u32 = 256;

/// The options of a mailbox.
pub(crate) fn mailbox(args: &ChannelArgs, signals: &Signals) -> Options {
    let mut options = Mailbox::options(args.name())
        .wait(args.wait())
        .any_owner(args.any_owner)
        .interrupt(signals.interrupt());
    if let Some(limit) = args.attach_timeout {
        options = options.attach_timeout(limit);
    }
    // Other slots are remarked on, see `note_what_is_there`.
    let slots = args.slots.unwrap_or(SLOTS);
    options = options
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

/// The options of the lesson's object.
pub(crate) fn classic(args: &ChannelArgs, signals: &Signals) -> classic::Options {
    let mut options = Classic::options(args.name())
        .wait(args.classic_wait())
        .interval(args.interval())
        .any_owner(args.any_owner)
        .interrupt(signals.interrupt());
    if let Some(limit) = args.attach_timeout {
        options = options.attach_timeout(limit);
    }
    options
}

/// Remarks that a mailbox was there already, with other slots, another mode or another group than asked for.
pub(crate) fn note_what_is_there(args: &ChannelArgs, capacity: u32) {
    let name = args.name();
    if let Some(slots) = args.slots.filter(|slots| *slots != capacity) {
        note(format_args!(
            "object {name:?} has {capacity} slots; --slots {slots} applies only when it is created"
        ));
    }
    // Of one that has lost its name already there is nothing to tell.
    let found = ShmName::new(name).map(|name| ListEntry::find(&name));
    let Ok(Ok(Some(ListEntry { status, .. }))) = found else {
        return;
    };
    if let Some(mode) = args.mode.filter(|mode| *mode != status.mode) {
        let found = status.mode;
        note(format_args!(
            "object {name:?} has mode {found:04o}; --mode {mode:04o} applies only when it is created"
        ));
    }
    if let Some(group) = args.group.filter(|group| *group != status.group) {
        let [found, group] = [status.group, group].map(people::group_name_or_number);
        note(format_args!(
            "object {name:?} has group {found}; --group {group} applies only when it is created"
        ));
    } else if args.group.is_some() && args.mode.is_none() && status.mode & SHARED != SHARED {
        let found = status.mode;
        note(format_args!(
            "object {name:?} has mode {found:04o}, which does not let its group in; chmod g+rw /dev/shm/{name}"
        ));
    }
}
