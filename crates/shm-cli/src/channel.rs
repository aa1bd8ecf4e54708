//! From the command line to the library's options, for either layout.

use shm_mailbox::classic::{self, Classic};
use shm_mailbox::{Mailbox, Options};

use crate::args::ChannelArgs;
use crate::failure::note;
use crate::signals::Signals;

/// The options of a mailbox.
pub(crate) fn mailbox(args: &ChannelArgs, signals: &Signals) -> Options {
    let mut options = Mailbox::options(args.name())
        .wait(args.wait())
        .any_owner(args.any_owner)
        .interrupt(signals.interrupt());
    if let Some(limit) = args.attach_timeout {
        options = options.attach_timeout(limit);
    }
    if let Some(slots) = args.slots {
        options = options.slots(slots);
    }
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

/// Remarks that a mailbox was there already, with another number of slots than asked for.
pub(crate) fn note_slots(args: &ChannelArgs, capacity: u32) {
    if let Some(slots) = args.slots.filter(|slots| *slots != capacity) {
        let name = args.name();
        note(format_args!(
            "object {name:?} has {capacity} slots; --slots {slots} applies only when it is created"
        ));
    }
}
