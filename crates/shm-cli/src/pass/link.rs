//! An endpoint of a channel in either layout, and the options that both programs make it from.

use std::time::Duration;

use shm_core::{ListEntry, ShmName};
use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{Mailbox, Options, Wait};

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

/// The same endpoint of a mailbox, or of the classic layout.
#[derive(Debug)]
pub(super) enum Link<M, C> {
    Mailbox(M),
    Classic(C),
}

/// The options of a mailbox.
pub(super) fn mailbox(args: &ChannelArgs, signals: &Signals) -> Options {
    // Other slots are remarked on, see `note_what_is_there`.
    let slots = args.slots.unwrap_or(SLOTS);
    let mut options = Mailbox::options(args.name())
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

/// Remarks that a mailbox was there already, with other slots, another mode or another group than
/// asked for.
pub(super) fn note_what_is_there(args: &ChannelArgs, capacity: u32) {
    let name = args.name();
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
