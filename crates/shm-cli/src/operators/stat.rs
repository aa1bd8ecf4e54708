//! `shm stat`: one object in detail.

use std::fmt::Write as _;

use super::entry::{Classic, Entry, Holder, Kind, Mailbox, State};
use super::objects::{self, Found};
use crate::args::StatArgs;
use crate::console;
use crate::failure::{Ending, Failure, Failures};
use crate::system::procfs;

/// Runs the command: what is there is shown; what is not, or cannot be read, is told.
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
                // Its name, owner and mode could be seen all the same.
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
    match entry.kind {
        Kind::Mailbox => {}
        Kind::Classic => page.field("kind", "classic, the lesson's layout"),
        kind => page.field("kind", kind.name()),
    }
    if let Some(reason) = &entry.reason {
        page.field("reason", reason);
    }
    if let Some(mailbox) = &entry.mailbox {
        page.mailbox(mailbox);
    }
    if let Some(classic) = &entry.classic {
        page.classic(classic);
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
    let size = format!("{} bytes, {} allocated", entry.size, entry.allocated);
    page.field("size", size);
    page.field("inode", entry.inode);
    let users: Vec<_> = entry.users.iter().map(|pid| process(*pid)).collect();
    let users = if users.is_empty() {
        "no process that this user may see".to_owned()
    } else {
        users.join(", ")
    };
    page.field("open in", users);
    page.0
}

struct Page(String);

impl Page {
    fn field(&mut self, label: &str, value: impl std::fmt::Display) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "  {label:<9} {value}");
    }

    fn mailbox(&mut self, mailbox: &Mailbox) {
        let stale = if mailbox.stale {
            "; stale: no process uses it"
        } else {
            ""
        };
        let version = mailbox.version;
        self.field(
            "kind",
            format_args!("mailbox, layout version {version}{stale}"),
        );
        self.field("id", &mailbox.id);
        let (slots, hot) = (mailbox.slots, mailbox.hot_slots);
        self.field("slots", format_args!("{slots}, {hot} of them hot"));
        self.field("queued", mailbox.queued);
        self.field("sent", mailbox.sent);
        self.field("received", mailbox.received);
        self.field("writer", holder(&mailbox.writer));
        self.field("reader", holder(&mailbox.reader));
        if mailbox.changing {
            self.field("locked", "a process is attaching, closing or removing");
        }
    }

    fn classic(&mut self, classic: &Classic) {
        let asked = if classic.flag > 0 {
            "a reader waits for a message"
        } else {
            "no reader waits"
        };
        self.field("flag", format_args!("{}: {asked}", classic.flag));
        self.field("writer", holder(&classic.writer));
        self.field("reader", holder(&classic.reader));
    }
}

fn holder(holder: &Holder) -> String {
    let mut text = match holder.state {
        State::Alive => "alive",
        State::Dead => "dead: it ended without closing",
        State::Closed => "closed",
        State::None if holder.epoch.is_none() => "none of ours (a C program takes no role)",
        State::None => "never seen",
    }
    .to_owned();
    match holder.pid {
        Some(pid) if holder.confirmed => {
            let _ = write!(text, ", process {}", process(pid));
        }
        Some(pid) => {
            let _ = write!(text, ", by its own word process {pid}");
        }
        None => {}
    }
    if let Some(epoch @ 1..) = holder.epoch {
        let _ = write!(text, ", holder number {epoch}");
    }
    if holder.state == State::Alive && holder.parked == Some(true) {
        text.push_str(", asleep");
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
