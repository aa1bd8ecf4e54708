//! `shm rm`: unlinks objects that nobody uses.

use shm_core::{OpenError, ShmName, Unlink};
use shm_mailbox::{Removal, RemoveError, Role};

use crate::console;
use crate::ending::Ending;
use crate::errors;
use crate::failure::{Failure, Status, note};
use crate::objects::{self, Entry, Kind};
use crate::operator_args::RmArgs;
use crate::procfs;

/// Runs the command: what can be removed is, what cannot is told, and the last failure decides.
pub(crate) fn run(args: &RmArgs) -> Result<Ending, Failure> {
    let mut failed: Option<Failure> = None;
    let mut keep = |result: Result<(), Failure>| {
        if let Err(failure) = result
            && let Some(earlier) = failed.replace(failure)
        {
            earlier.report();
        }
    };
    for name in &args.names {
        keep(remove(name, args));
    }
    if args.stale {
        for entry in objects::list(false, |_| true)? {
            keep(remove_stale(&entry, args));
        }
    }
    failed.map_or(Ok(Ending::Done), Err)
}

/// Removes what was asked for by name.
fn remove(name: &ShmName, args: &RmArgs) -> Result<(), Failure> {
    let entry = objects::find(name)?;
    if entry.kind > Kind::Unreadable {
        let what = format_args!("object {name:?} is no object but a {}", entry.kind.name());
        return Err(Failure::new(Status::OtherLayout, what).next("rm, if it is yours"));
    }
    if !args.force {
        ensure_unused(&entry)?;
    }
    if args.dry_run {
        return console::print(&format!("would remove {}\n", entry.shown_name()));
    }
    let removal = if args.force {
        Removal::Any
    } else {
        Removal::Unused
    };
    match shm_mailbox::remove(name, None, removal) {
        // Locks need an object that may be written to; unlinking it does not.
        Err(RemoveError::Open(OpenError::PermissionDenied { .. })) if args.force => {
            shm_core::unlink(name).map_err(|error| failure(&entry, &RemoveError::System(error)))
        }
        Ok(Unlink::Replaced) => Err(replaced(name)),
        Ok(_) => Ok(()),
        Err(error) => Err(failure(&entry, &error)),
    }
}

/// Removes what nobody holds, and says so, since nobody has named it.
fn remove_stale(entry: &Entry, args: &RmArgs) -> Result<(), Failure> {
    let Ok(name) = ShmName::new(&entry.name) else {
        return Ok(());
    };
    let Some(mailbox) = entry.mailbox.as_ref().filter(|mailbox| mailbox.stale) else {
        return Ok(());
    };
    let euid = rustix::process::geteuid();
    if !euid.is_root() && entry.owner != euid.as_raw() {
        // Only its owner can.
        return Ok(());
    }
    let shown = entry.shown_name();
    let kept = |queued| {
        note(format_args!(
            "kept {shown}: it has messages ({queued}); shm reader {shown} takes them, --force removes them"
        ));
    };
    if args.dry_run {
        if mailbox.queued > 0 && !args.force {
            kept(mailbox.queued);
            return Ok(());
        }
        return console::print(&format!("would remove {shown}\n"));
    }
    let removal = if args.force {
        Removal::StaleWithMessages
    } else {
        Removal::Stale
    };
    match shm_mailbox::remove(&name, None, removal) {
        Ok(Unlink::Done) => console::print(&format!("removed {shown}\n")),
        // Somebody was quicker, or has come.
        Ok(_) | Err(RemoveError::InUse { .. } | RemoveError::NotAMailbox { .. }) => Ok(()),
        Err(RemoveError::Open(OpenError::NotFound { .. })) => Ok(()),
        Err(RemoveError::Messages { queued, .. }) => {
            kept(queued);
            Ok(())
        }
        Err(error) => Err(failure(entry, &error)),
    }
}

/// An error if a process has the object open or mapped, or holds a role of it.
fn ensure_unused(entry: &Entry) -> Result<(), Failure> {
    let name = &entry.name;
    let holders = entry
        .mailbox
        .as_ref()
        .map(|mailbox| {
            [
                (&mailbox.writer, Role::Sender),
                (&mailbox.reader, Role::Receiver),
            ]
        })
        .or_else(|| {
            let classic = entry.classic.as_ref()?;
            Some([
                (&classic.writer, Role::Sender),
                (&classic.reader, Role::Receiver),
            ])
        });
    for (holder, role) in holders.into_iter().flatten() {
        if holder.state == objects::State::Alive {
            return Err(in_use(name, role, holder.pid));
        }
    }
    if let Some(pid) = entry.users.first() {
        let program = procfs::program(*pid).unwrap_or_default();
        let what = format_args!("object {name:?} is open in process {pid} ({program})");
        return Err(Failure::new(Status::RoleTaken, what).next("end it first, or --force"));
    }
    Ok(())
}

fn in_use(name: &str, role: Role, pid: Option<u32>) -> Failure {
    let program = match role {
        Role::Sender => "writer",
        Role::Receiver => "reader",
    };
    let pid = pid
        .map(|pid| format!(", process {pid}"))
        .unwrap_or_default();
    let what = format_args!("object {name:?} is in use: it has a {program}{pid}");
    Failure::new(Status::RoleTaken, what)
        .next("end it first, or --force: then they go on without a name")
}

fn replaced(name: &ShmName) -> Failure {
    let what = format_args!("object {name:?} was replaced by another while it was removed");
    Failure::new(Status::Failure, what).next("shm ls, and try again")
}

fn failure(entry: &Entry, error: &RemoveError) -> Failure {
    match error {
        RemoveError::Open(error) => errors::open(error),
        RemoveError::InUse { name, role } => {
            let holder = procfs::holder(name, *role);
            in_use(name, *role, holder)
        }
        RemoveError::Messages { .. } | RemoveError::NotAMailbox { .. } => {
            Failure::new(Status::OtherLayout, error)
        }
        RemoveError::System(error)
            if error.source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            let what = format_args!(
                "object {:?} belongs to {}, and only the owner can remove it: {}",
                entry.name,
                entry.owner_name(),
                error.source
            );
            Failure::new(Status::Permission, what).next("act as the owner")
        }
        RemoveError::System(error) => errors::system(error),
        _ => Failure::new(Status::Failure, error),
    }
}
