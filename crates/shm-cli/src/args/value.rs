//! What an argument may be, and what is said if it is something else.

use std::time::Duration;

use shm_core::ShmName;

/// Longest duration that is taken for meant.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

pub(crate) fn name(text: &str) -> Result<ShmName, String> {
    ShmName::new(text).map_err(|error| error.to_string())
}

/// `50us`, `100ms`, `2s`: more than nothing, at most a year.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .map_err(|error| format!("{error} (write it like 50us, 100ms or 2s)"))?;
    if duration.is_zero() {
        Err("it must be longer than 0".to_owned())
    } else if duration > LONGEST {
        Err("it must be at most a year".to_owned())
    } else {
        Ok(duration)
    }
}

pub(crate) fn slots(text: &str) -> Result<u32, String> {
    match text.parse::<u32>() {
        Ok(slots) if slots <= 65_536 && slots.is_power_of_two() => Ok(slots),
        _ => Err("it must be a power of two from 1 to 65536".to_owned()),
    }
}

/// A number, or a name that the system's list has. (Other lists, such as a directory service's, take the number.)
pub(super) fn group(text: &str) -> Result<u32, String> {
    match text.parse() {
        // -1 as `gid_t`, which means no group to the system.
        Ok(u32::MAX) => return Err("no group has this number".to_owned()),
        Ok(number) => return Ok(number),
        Err(_) => {}
    }
    let groups = std::fs::read_to_string("/etc/group").map_err(|error| error.to_string())?;
    // `name:password:number:members`, see group(5).
    let mut numbers = groups.lines().filter_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(text)).then(|| fields.nth(1)?.parse().ok())?
    });
    numbers
        .next()
        .ok_or_else(|| "there is no such group in /etc/group; give its number".to_owned())
}

pub(super) fn mode(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    match u32::from_str_radix(digits, 8) {
        // Without both, not even the owner's other side could attach.
        Ok(mode) if mode <= 0o777 && mode & 0o600 == 0o600 => Ok(mode),
        Ok(mode) if mode <= 0o777 => {
            Err("it must let the owner read and write, like 0600".to_owned())
        }
        _ => Err("it must be an octal number from 0600 to 0777".to_owned()),
    }
}
