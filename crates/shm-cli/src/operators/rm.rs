//! `shm rm`: unlinks objects that no process uses.

use std::fs;
use std::io;
use std::path::Path;

use rustix::io::Errno;
use shm_core::{ObjectOptions, OpenError, ShmName, SystemError, Unlink};
use shm_mailbox::{Removal, RemoveError, Role};

use super::bus::Bus;
use super::entry::{Entry, Kind};
use super::objects::{self, Found};
use crate::args::RmArgs;
use crate::console;
use crate::failure::{Ending, Failure, Failures, Status, errors, note};
use crate::system::{place, procfs};

/// Runs the command: removes what it can, and reports what it cannot remove.
pub(crate) fn run(args: &RmArgs) -> Result<Ending, Failure> {
    let mut failures = Failures::default();
    for found in objects::find(&args.names) {
        failures.keep(found.and_then(|found| remove(&found, args)));
    }
    if args.stale {
        for entry in objects::list(false, |_| true)? {
            failures.keep(remove_stale(&entry, args));
        }
    }
    Ok(failures.ending())
}

/// Removes what was asked for, and prints its name if a pattern found it.
fn remove(found: &Found, args: &RmArgs) -> Result<(), Failure> {
    let entry = &found.entry;
    let name = &entry.file_name;
    if entry.kind > Kind::Unreadable {
        let what = format_args!("object {name:?} is no object but a {}", entry.kind);
        return Err(Failure::new(Status::OtherLayout, what).next("rm, if it is yours"));
    }
    let removal = if args.force {
        Removal::Any
    } else {
        ensure_unused(entry)?;
        Removal::Unused
    };
    let unlinked = match entry.object_name() {
        Some(name) if args.dry_run => return promise(&name, entry, removal),
        Some(name) => shm_mailbox::remove(&name, Some(entry.id), removal),
        None if args.dry_run => return say("would remove", entry),
        None => unlink(entry).map_err(RemoveError::System),
    };
    let unlinked = unlinked.map_err(|error| failure(entry, &error))?;
    if unlinked == Unlink::Replaced {
        let what = format_args!("object {name:?} was replaced by another while it was removed");
        return Err(Failure::new(Status::Failure, what).next("shm ls, and try again"));
    }
    let queued = entry.queued();
    // A reader that lives still takes what is there, and what its writer goes on to send.
    let mut living = entry.living_holders().into_iter();
    if queued > 0 && living.all(|(role, _)| role == Role::Sender) {
        note(format_args!(
            "object {name:?} had messages ({queued}), which were removed with it"
        ));
    }
    let kept = entry.bus.iter().flat_map(Bus::kept);
    for label in kept.filter_map(|place| place.label.as_deref()) {
        note(format_args!(
            "object {name:?} kept a place for {label:?}, which was removed with it"
        ));
    }
    match unlinked {
        Unlink::Done if found.by_pattern => say("removed", entry),
        _ => Ok(()),
    }
}

/// Removes an object whose name is not UTF-8, so that it is another program's: there is no lock to
/// take.
fn unlink(entry: &Entry) -> Result<Unlink, SystemError> {
    let listed = shm_core::list()?;
    match listed.into_iter().find(|now| now.name == entry.file_name) {
        None => Ok(Unlink::AlreadyGone),
        Some(now) if now.id != entry.id => Ok(Unlink::Replaced),
        Some(now) => match fs::remove_file(Path::new(place::DIRECTORY).join(now.name)) {
            Ok(()) => Ok(Unlink::Done),
            Err(error) => Err(SystemError::without_object("unlink in /dev/shm", error)),
        },
    }
}

/// Removes what no process holds, and prints its name, since the user has not named it.
fn remove_stale(entry: &Entry, args: &RmArgs) -> Result<(), Failure> {
    let Some(name) = entry.object_name() else {
        return Ok(());
    };
    if !entry.is_stale() || !entry.is_ours() {
        return Ok(());
    }
    let shown = entry.shown_name();
    let kept = |queued| {
        note(format_args!(
            "kept {shown}: it has messages ({queued}); shm reader {shown} takes them, --force removes them"
        ));
        Ok(())
    };
    let promised = |label: &str| {
        note(format_args!(
            "kept {shown}: it has a place for {label:?}; shm forget {shown} LABEL, or --force removes it"
        ));
        Ok(())
    };
    let label = entry
        .bus
        .as_ref()
        .and_then(|bus| bus.kept().next()?.label.as_deref());
    let removal = match args.force {
        true => Removal::StaleWithMessages,
        false => Removal::Stale,
    };
    if args.dry_run {
        return match (entry.queued(), label) {
            (queued @ 1.., _) if !args.force => kept(queued),
            (_, Some(label)) if !args.force => promised(label),
            _ => promise(&name, entry, removal),
        };
    }
    match shm_mailbox::remove(&name, Some(entry.id), removal) {
        Ok(Unlink::Done) => say("removed", entry),
        // Another process has removed it, or attached to it.
        Ok(_)
        | Err(
            RemoveError::InUse { .. }
            | RemoveError::NotAMailbox { .. }
            | RemoveError::Open(OpenError::NotFound { .. }),
        ) => Ok(()),
        Err(RemoveError::Messages { queued, .. }) => kept(queued),
        Err(RemoveError::Kept { label, .. }) => promised(label.as_str()),
        Err(error) => Err(failure(entry, &error)),
    }
}

/// Says what would be removed; the refusal, if the system would not let us.
fn promise(name: &ShmName, entry: &Entry, removal: Removal) -> Result<(), Failure> {
    let mut options = ObjectOptions::new();
    match options.any_owner(true).any_mode(true).open(name) {
        Err(OpenError::PermissionDenied { .. }) if removal == Removal::Any => {}
        Err(error) => return Err(failure(entry, &RemoveError::Open(error))),
        Ok(_) => {}
    }
    if !entry.is_ours() {
        return Err(not_ours(entry, &Errno::ACCESS.into()));
    }
    say("would remove", entry)
}

/// Says what has become of an object.
fn say(what: &str, entry: &Entry) -> Result<(), Failure> {
    console::print(format!("{what} {}\n", entry.shown_name()))
}

/// An error if a process has the object open or mapped, or holds a role of it.
fn ensure_unused(entry: &Entry) -> Result<(), Failure> {
    let name = &entry.name;
    if let Some((role, holder)) = entry.living_holders().first() {
        return Err(in_use(name, *role, holder.pid));
    }
    if let Some(pid) = entry.users.first() {
        let program = procfs::program(*pid).unwrap_or_default();
        let what = format_args!("object {name:?} is open in process {pid} ({program})");
        return Err(Failure::new(Status::RoleTaken, what).next("end it first, or --force"));
    }
    Ok(())
}

fn in_use(name: &str, role: Role, pid: Option<u32>) -> Failure {
    let program = errors::program(role);
    let pid = pid
        .map(|pid| format!(", process {pid}"))
        .unwrap_or_default();
    let what = format_args!("object {name:?} is in use: it has a {program}{pid}");
    Failure::new(Status::RoleTaken, what)
        .next("end it first, or --force: then they go on without a name")
}

fn not_ours(entry: &Entry, reason: &io::Error) -> Failure {
    let (name, owner) = (&entry.name, &entry.owner_name);
    let what = format_args!(
        "object {name:?} belongs to {owner}, and only the owner can remove it: {reason}"
    );
    Failure::new(Status::Permission, what).next("act as the owner")
}

fn failure(entry: &Entry, error: &RemoveError) -> Failure {
    match error {
        RemoveError::Open(denied @ OpenError::PermissionDenied { name, .. }) => {
            let failure = Failure::new(Status::Permission, denied);
            match errors::is_own(denied) {
                true => failure.next(format_args!(
                    "chmod u+rw /dev/shm/{name}, or shm rm --force {name}"
                )),
                false => failure.next("act as the owner"),
            }
        }
        RemoveError::Open(error) => errors::open(error),
        RemoveError::InUse { name, role } => {
            in_use(name.as_str(), *role, procfs::holder(entry.id, *role))
        }
        RemoveError::Messages { .. }
        | RemoveError::Kept { .. }
        | RemoveError::NotAMailbox { .. } => Failure::new(Status::OtherLayout, error),
        RemoveError::System(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            not_ours(entry, &error.source)
        }
        RemoveError::System(error) => errors::system(error),
        _ => Failure::new(Status::Failure, error),
    }
}
