//! `shm stat`: one object in detail.

use std::fmt::Display;

use super::bus::Bus;
use super::entry::{Classic, Entry, Kind};
use super::holder::{Holder, State};
use super::objects::{self, Found};
use crate::args::StatArgs;
use crate::console;
use crate::failure::{Ending, Failure, Failures};
use crate::system::procfs;
use crate::terminal::escape;

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
    let version = match (&entry.mailbox, &entry.bus) {
        (Some(mailbox), _) => Some(mailbox.version),
        (_, Some(bus)) => Some(bus.version),
        _ => None,
    };
    match (&entry.kind, version) {
        (kind, Some(version)) => {
            let stale = match entry.is_stale() {
                true => "; stale: no process uses it",
                false => "",
            };
            page.field(
                "kind",
                format_args!("{kind}, layout version {version}{stale}"),
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
        page.slots(mailbox.slots, mailbox.hot_slots);
        page.field("queued", mailbox.queued);
        page.field("sent", mailbox.sent);
        page.field("received", mailbox.received);
        if let Some(words) = &mailbox.note {
            page.field("note", words.join(" "));
        }
    }
    if let Some(bus) = &entry.bus {
        page.bus(bus);
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
    if entry.is_changing() {
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

    fn slots(&mut self, slots: u32, hot: u32) {
        match hot == slots {
            true => self.field("slots", slots),
            false => self.field("slots", format_args!("{slots}, and {hot} hot")),
        }
    }

    /// A line for each lane and each place, after what they share.
    fn bus(&mut self, bus: &Bus) {
        self.field("id", &bus.id);
        self.slots(bus.slots, bus.hot_slots);
        let (senders, receivers) = (bus.senders, bus.receivers);
        self.field(
            "room for",
            format_args!("{senders} writers, {receivers} readers"),
        );
        for lane in &bus.lanes {
            let (queued, sent) = (lane.queued, lane.sent);
            let who = seat(lane.label.as_deref(), &lane.writer);
            let mut line = format!("{who}; {sent} sent, {queued} queued");
            if let Some(words) = &lane.note {
                line += &format!(", note {}", words.join(" "));
            }
            self.field(&format!("lane {}", lane.lane), line);
        }
        for place in &bus.places {
            let who = seat(place.label.as_deref(), &place.reader);
            let behind = match (place.counts, place.behind) {
                (false, _) => "no longer counts".to_owned(),
                (true, behind) => format!("{behind} behind"),
            };
            let kept = if place.kept { "; kept" } else { "" };
            let holds = if place.holds_back { "; HOLDS BACK" } else { "" };
            let line = format!("{who}; {behind}{kept}{holds}");
            self.field(&format!("place {}", place.place), line);
        }
    }
}

/// The present or last holder of a lane or a place.
fn seat(label: Option<&str>, who: &Holder) -> String {
    match label {
        Some(label) => format!("{}, {}", escape::name(label), holder(who)),
        None => holder(who),
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
        Some(pid) => text += &format!(", process {pid}?"),
        None => {}
    }
    if let Some(epoch @ 1..) = holder.epoch {
        text += &format!(", holder {epoch}");
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
