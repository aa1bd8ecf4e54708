//! `shm stat`: one object in detail.

use std::fmt::Display;

use super::entry::{Classic, Entry, Kind, Mailbox};
use super::holder::{Holder, State};
use super::objects::{self, Found};
use crate::args::StatArgs;
use crate::console;
use crate::failure::{Ending, Failure, Failures};
use crate::system::procfs;

/// Runs the command: shows what exists, and reports what does not or cannot be read.
pub(crate) fn run(args: &StatArgs) -> Result<Ending, Failure> {
    let mut failures = Failures::default();
    for found in objects::find(&args.names) {
        match found {
            Ok(Found { mut entry, .. }) => {
                if args.json {
                    console::print_json([&entry])?;
                } else {
                    console::print(page(&entry))?;
                }
                // Its name, owner and mode could still be seen.
                failures.keep(entry.failure.take().map_or(Ok(()), Err));
            }
            Err(failure) => failures.keep(Err(failure)),
        }
    }
    Ok(failures.ending())
}

/// A page of fields, one a line.
fn page(entry: &Entry) -> String {
    let mut page = Page(format!("{}\n", entry.shown_name()));
    match (&entry.kind, &entry.mailbox) {
        (_, Some(Mailbox { version, stale, .. })) => {
            let stale = if *stale {
                "; stale: no process uses it"
            } else {
                ""
            };
            page.field(
                "kind",
                format_args!("mailbox, layout version {version}{stale}"),
            );
        }
        (Kind::Classic, _) => page.field("kind", "classic, of the original C programs"),
        (kind, _) => page.field("kind", kind),
    }
    if let Some(reason) = &entry.reason {
        page.field("reason", reason);
    }
    if let Some(mailbox) = &entry.mailbox {
        page.field("id", &mailbox.id);
        let (slots, hot) = (mailbox.slots, mailbox.hot_slots);
        if hot == slots {
            page.field("slots", slots);
        } else {
            page.field("slots", format_args!("{slots}, and {hot} hot"));
        }
        page.field("queued", mailbox.queued);
        page.field("sent", mailbox.sent);
        page.field("received", mailbox.received);
        if let Some(words) = &mailbox.note {
            page.field("note", words.join(" "));
        }
    }
    if let Some(Classic { flag, .. }) = &entry.classic {
        let asked = match flag {
            1.. => "a reader waits for a message",
            _ => "no reader waits",
        };
        page.field("flag", format_args!("{flag}: {asked}"));
    }
    if let Some([writer, reader]) = entry.holders() {
        page.field("writer", holder(writer));
        page.field("reader", holder(reader));
    }
    if entry
        .mailbox
        .as_ref()
        .is_some_and(|mailbox| mailbox.changing)
    {
        page.field("locked", "a process is attaching, closing or removing");
    }
    page.field(
        "owner",
        format_args!("{} ({})", entry.owner_name, entry.owner),
    );
    page.field(
        "group",
        format_args!("{} ({})", entry.group_name, entry.group),
    );
    page.field("mode", &entry.mode);
    page.field(
        "size",
        format_args!("{} bytes, {} allocated", entry.size, entry.allocated),
    );
    page.field("inode", entry.inode);
    let users: Vec<_> = entry.users.iter().map(|pid| process(*pid)).collect();
    match users.as_slice() {
        [] => page.field("open in", "no process that this user may see"),
        users => page.field("open in", users.join(", ")),
    }
    page.0
}

struct Page(String);

impl Page {
    fn field(&mut self, label: &str, value: impl Display) {
        self.0 += &format!("  {label:<9} {value}\n");
    }
}

fn holder(holder: &Holder) -> String {
    let state = match holder.state {
        State::Alive => "alive",
        State::Dead => "dead: it ended without closing",
        State::Closed => "closed",
        State::None if holder.epoch.is_none() => "none of ours (a C program takes no role)",
        State::None => "never seen",
    };
    let mut text = state.to_owned();
    match holder.pid {
        Some(pid) if holder.confirmed => text += &format!(", process {}", process(pid)),
        Some(pid) => text += &format!(", by its own word process {pid}"),
        None => {}
    }
    if let Some(epoch @ 1..) = holder.epoch {
        text += &format!(", holder number {epoch}");
    }
    if holder.state == State::Alive && holder.parked == Some(true) {
        text += ", asleep";
    }
    text
}

/// `1234 (shm)`
fn process(pid: u32) -> String {
    match procfs::program(pid) {
        Some(program) => format!("{pid} ({program})"),
        None => pid.to_string(),
    }
}
