//! What an argument may be, and what is said if it is something else.

use std::env;
use std::time::Duration;

use clap::ValueHint;
use glob::Pattern;
use shm_core::{NameError, ShmName};
use shm_mailbox::bus::Label;

use crate::system::people;

/// Marks an argument that takes the name of an object. This command uses the hint for no other
/// argument, so the completions can recognise it.
pub(crate) const OBJECT: ValueHint = ValueHint::Hostname;

/// Where the name of the object may stand instead of on the command line.
const NAME_VARIABLE: &str = "SHM_NAME";

/// Name of the object when neither the command line nor the environment gives one.
pub(super) const DEFAULT_NAME: &str = "shm-mailbox";

/// Longest duration that is taken for meant.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The shortest measurement from which figures can come.
const SHORTEST_MEASUREMENT: Duration = Duration::from_millis(1);

pub(super) fn name(text: &str) -> Result<ShmName, String> {
    ShmName::new(text).map_err(|error| match error {
        // Programs count from 0, people from 1.
        NameError::Slash { name, at } => {
            let byte = at + 1;
            format!("byte {byte} of name {name:?} is a slash; only the first may be one")
        }
        NameError::Nul { name, at } => format!("byte {} of name {name:?} is a NUL", at + 1),
        error => error.to_string(),
    })
}

/// The name that the environment gives, if it does.
pub(super) fn name_of_environment() -> Result<Option<ShmName>, String> {
    // An empty variable is one that is not set, as everywhere in the shell.
    let Some(value) = env::var_os(NAME_VARIABLE).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let named = match value.to_str() {
        Some(text) => name(text),
        None => Err(format!("name {value:?} is not UTF-8; choose another")),
    };
    named
        .map(Some)
        .map_err(|error| format!("${NAME_VARIABLE}: {error}"))
}

/// A pattern for names. As with [`name`], a slash in front means nothing.
pub(super) fn pattern(text: &str) -> Result<Pattern, String> {
    let pattern = text.strip_prefix('/').unwrap_or(text);
    Pattern::new(pattern).map_err(|error| {
        let at = text.len() - pattern.len() + error.pos + 1;
        format!("character {at} of the pattern is wrong: {}", error.msg)
    })
}

/// `50us`, `100ms`, `2s`: at most a year; `0s` means now.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = match humantime::parse_duration(text) {
        // A month to those who parse it, and minutes to most who write it.
        _ if text.contains('M') => "M is no unit of time here; minutes are written like 1m",
        Ok(duration) if duration <= LONGEST => return Ok(duration),
        Ok(_) => "expected at most a year",
        // This one comes without a unit, and means the same in each.
        Err(_) if text == "0" => return Ok(Duration::ZERO),
        Err(_) => "expected a duration like 50us, 100ms or 2s",
    };
    Err(wrong.to_owned())
}

/// As [`duration`], longer than nothing.
pub(super) fn interval(text: &str) -> Result<Duration, String> {
    let expected = "expected an interval longer than 0";
    if_fine(duration(text)?, expected, |interval| !interval.is_zero())
}

/// As [`duration`], of a measurement.
pub(super) fn measurement(text: &str) -> Result<Duration, String> {
    let expected = "expected at least 1ms";
    if_fine(duration(text)?, expected, |duration| {
        *duration >= SHORTEST_MEASUREMENT
    })
}

/// How many messages.
pub(super) fn count(text: &str) -> Result<u64, String> {
    let expected = "expected a number of messages, 1 or more";
    if_fine(text.parse().unwrap_or(0), expected, |count| *count > 0)
}

/// How often something is done.
pub(super) fn times(text: &str) -> Result<u64, String> {
    let expected = "expected a number, 1 or more";
    if_fine(text.parse().unwrap_or(0), expected, |count| *count > 0)
}

pub(super) fn slots(text: &str) -> Result<u32, String> {
    let expected = "expected a power of two from 1 to 65536";
    let is_fine = |slots: &u32| *slots <= 65_536 && slots.is_power_of_two();
    if_fine(text.parse().unwrap_or(0), expected, is_fine)
}

/// How many writers or readers a bus has room for.
pub(super) fn seats(text: &str) -> Result<u32, String> {
    let expected = "expected a number from 1 to 32";
    let is_fine = |seats: &u32| (1..=32).contains(seats);
    if_fine(text.parse().unwrap_or(0), expected, is_fine)
}

/// The label of a writer or a reader on a bus.
pub(super) fn label(text: &str) -> Result<String, String> {
    match Label::new(text) {
        Some(label) => Ok(label.as_str().to_owned()),
        None => Err("expected 1 to 31 bytes".to_owned()),
    }
}

fn if_fine<T>(value: T, expected: &str, is_fine: impl Fn(&T) -> bool) -> Result<T, String> {
    Some(value)
        .filter(is_fine)
        .ok_or_else(|| expected.to_owned())
}

/// A number, or a name that the system's list has. (Other lists, such as a directory service's,
/// take the number.)
pub(super) fn group(text: &str) -> Result<u32, String> {
    match text.parse() {
        // -1 as `gid_t`, which means no group to the system.
        Ok(u32::MAX) => Err("no group has this number, expected 0 to 4294967294".to_owned()),
        Ok(number) => Ok(number),
        Err(_) => {
            let listed = people::group(text).map_err(|error| error.to_string())?;
            let expected = "expected a name of /etc/group, or a number from 0 to 4294967294";
            listed.ok_or_else(|| expected.to_owned())
        }
    }
}

pub(super) fn mode(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    match u32::from_str_radix(digits, 8) {
        // Without both, not even the owner's other side could attach.
        Ok(mode @ ..=0o777) => {
            let expected = "expected a mode that lets the owner read and write, like 0600";
            if_fine(mode, expected, |mode| mode & 0o600 == 0o600)
        }
        _ => Err("expected an octal number from 0600 to 0777".to_owned()),
    }
}
