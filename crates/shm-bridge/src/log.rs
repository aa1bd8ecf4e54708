//! What the program says on standard error: lines for people, or JSON for programs.

use std::fmt;
use std::io::{self, Write};

use serde_json::json;

use crate::failure::{Failure, Status};

/// The way to standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log {
    json: bool,
}

impl Log {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Reports an event. Its name is the same in every version.
    pub(crate) fn say(self, event: &str, text: impl fmt::Display) {
        let text = text.to_string();
        match self.json {
            true => print(&json!({ "schema": 1, "event": event, "text": text }).to_string()),
            false => print(&format!("shm: {}", harmless(&text))),
        }
    }

    /// Tells why the program ends, and gives the status to end with.
    pub(crate) fn fail(self, failure: &Failure) -> Status {
        let Failure { status, what, next } = failure;
        if self.json {
            let line = json!({
                "schema": 1, "event": "error", "text": what, "next": next,
                "status": *status as u8,
            });
            print(&line.to_string());
        } else {
            let next = next
                .as_ref()
                .map(|next| format!("\n  next: {}", harmless(next)));
            print(&format!(
                "shm: {}{}",
                harmless(what),
                next.unwrap_or_default()
            ));
        }
        *status
    }
}

/// Writes a line at once, so that another process's line does not get in between.
fn print(line: &str) {
    // If that fails, there is no way to report it.
    drop(io::stderr().write_all(format!("{line}\n").as_bytes()));
}

/// Without characters that control terminals: a part of the text may come from the other bridge.
fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character.is_control() {
            true => shown.extend(character.escape_default()),
            false => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_controls_terminals_is_shown_escaped() {
        assert_eq!(harmless("a\x1b[2Jb\nc"), "a\\u{1b}[2Jb\\nc");
        assert_eq!(harmless("Grüße"), "Grüße");
    }
}
