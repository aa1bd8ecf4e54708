//! `shm top`: the traffic of all mailboxes, again and again.
//!
//! Here lives what changes between two looks, and how it is shown. What one look sees of an object
//! is [`entry`](super::entry)'s.

mod history;
mod table;

use std::collections::HashMap;
use std::io::{self, IsTerminal};
use std::time::Instant;

use shm_core::ObjectId;

use super::entry::{Entry, Kind};
use super::holder::State;
use super::{objects, peek};
use crate::args::TopArgs;
use crate::console;
use crate::failure::{Ending, Failure, errors};
use crate::pass::output::{Form, Output};
use crate::system::procfs::{self, Uses};
use crate::terminal::screen::{Event, Screen};
use crate::terminal::signals::{Signals, Woken};

use history::{Figures, History, Row};

/// Runs the command: on a terminal full-screen until q or a signal. Otherwise, or for a number of
/// refreshes, it prints one table after the other.
pub(crate) fn run(args: &TopArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::signals(&error))?;
    let top = Top::new(args);
    let is_terminal = io::stdout().is_terminal();
    if is_terminal && !args.json && args.count.is_none() {
        top.live(&signals)
    } else {
        top.print(&signals, is_terminal)
    }
}

/// What is remembered from look to look.
struct Top<'a> {
    args: &'a TopArgs,
    history: History,
    users: HashMap<ObjectId, (Holders, Uses)>,
    next: Instant,
}

/// For each role, how many holders there have been, and whether the last of them lives.
type Holders = Vec<(Option<u64>, bool)>;

impl<'a> Top<'a> {
    fn new(args: &'a TopArgs) -> Self {
        Self {
            args,
            history: History::default(),
            users: HashMap::new(),
            next: Instant::now(),
        }
    }

    /// Keeps a page up to date.
    fn live(mut self, signals: &Signals) -> Result<Ending, Failure> {
        let screen = Screen::open(signals).map_err(|error| errors::output(&error));
        let mut screen = screen?;
        loop {
            let rows = self.look()?;
            loop {
                let page = table::page(&rows, self.args.interval, screen.size());
                if let Err(error) = screen.draw(&page) {
                    return gone(&error, signals);
                }
                match screen.wait(self.next) {
                    Ok(Event::TimedOut) => break,
                    Ok(Event::Signal) => return Ok(signals.ending()),
                    Ok(Event::Key(b'q' | b'Q')) => return Ok(Ending::Done),
                    Ok(Event::Key(_) | Event::Resized) => {}
                    Err(error) => return gone(&error, signals),
                }
            }
        }
    }

    /// Prints as many looks as were asked for.
    fn print(mut self, signals: &Signals, is_terminal: bool) -> Result<Ending, Failure> {
        let mut output = Output::standard(Form::Bytes).map_err(|error| errors::output(&error))?;
        let mut left = self.args.count;
        let mut gap = "";
        loop {
            let rows = self.look()?;
            let text = if self.args.json {
                table::json(&rows, self.args.interval, is_terminal)
            } else {
                let lines = table::lines(&rows, console::width(), is_terminal);
                format!("{gap}{}\n", lines.join("\n"))
            };
            output.push_text(&text);
            if let (_, Some(stop)) = output.flush(signals) {
                return peek::stopped(stop, signals);
            }
            left = left.map(|left| left - 1);
            if left == Some(0) {
                return Ok(Ending::Done);
            }
            gap = "\n";
            let pause = self.next.saturating_duration_since(Instant::now());
            match signals.sleep(pause) {
                Ok(Woken::Signal) => return Ok(signals.ending()),
                Ok(Woken::Ready | Woken::TimedOut) => {}
                Err(error) => return Err(errors::signals(&error)),
            }
        }
    }

    /// Looks at all mailboxes; the busiest comes first.
    fn look(&mut self) -> Result<Vec<Row>, Failure> {
        let globs = &self.args.globs;
        let wanted = |name: &str| globs.is_empty() || globs.iter().any(|glob| glob.matches(name));
        let now = Instant::now();
        // A look that took longer than the interval does not make the next ones come at once.
        self.next = (self.next + self.args.interval).max(now + self.args.interval / 2);
        let mut entries = objects::list_without_users(false, wanted)?;
        entries.retain(|entry| matches!(entry.kind, Kind::Mailbox | Kind::Bus));
        self.add_users(&mut entries);
        let mut rows: Vec<_> = entries
            .into_iter()
            .map(|entry| {
                let figures = self.figures(&entry, now);
                Row { entry, figures }
            })
            .collect();
        self.history.end_look();
        let rate = |row: &Row| row.figures.sent_per_second.unwrap_or(0.0);
        // They come sorted by name.
        rows.sort_by(|a, b| rate(b).total_cmp(&rate(a)));
        Ok(rows)
    }

    /// The history of a mailbox, or of all lanes of a bus.
    fn figures(&mut self, entry: &Entry, now: Instant) -> Figures {
        let mut figures = Figures::default();
        for (ring, id, traffic) in entry.rings() {
            let more = self.history.add((entry.id, ring), id, traffic, now);
            figures = figures.and(more);
        }
        figures
    }

    /// Adds who holds the roles. All processes are looked at only if one has come or gone.
    fn add_users(&mut self, entries: &mut [Entry]) {
        let known = |entry: &Entry| {
            let users = self.users.get(&entry.id);
            users.is_some_and(|(holders, _)| *holders == holders_of(entry))
        };
        let unknown: Vec<_> = entries.iter().filter(|entry| !known(entry)).collect();
        let mut found = procfs::users(unknown.iter().map(|entry| entry.id));
        let mut users = HashMap::new();
        for entry in entries {
            let old = self.users.remove(&entry.id).map(|(_, uses)| uses);
            let Some(uses) = found.remove(&entry.id).or(old) else {
                continue;
            };
            entry.add_users(&uses);
            users.insert(entry.id, (holders_of(entry), uses));
        }
        self.users = users;
    }
}

fn holders_of(entry: &Entry) -> Holders {
    let holders = entry.all_holders().into_iter();
    holders
        .map(|(_, holder)| (holder.epoch, holder.state == State::Alive))
        .collect()
}

/// The terminal takes no more: it is gone, or the output is in order and something else is not.
fn gone(error: &io::Error, signals: &Signals) -> Result<Ending, Failure> {
    match signals.caught() {
        Some(_) => Ok(signals.ending()),
        None if error.kind() == io::ErrorKind::BrokenPipe => Ok(Ending::Done),
        None => Err(errors::output(error)),
    }
}
