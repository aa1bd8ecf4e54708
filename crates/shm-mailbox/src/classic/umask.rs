//! The process's umask, read without touching it.
//!
//! `umask(2)` can only be read by setting it, which another thread that creates a file at that
//! moment would feel. Linux shows it in `/proc/self/status` (since 4.7).

use std::fs;

/// What is assumed where `/proc` is not mounted: the usual one, which lets no other user write.
const USUAL: u32 = 0o022;

/// The mode that `shm_open(name, O_CREAT, mode)` gives a new object in this process.
pub(super) fn masked(mode: u32) -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    mode & !parse(&status).unwrap_or(USUAL)
}

fn parse(status: &str) -> Option<u32> {
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("Umask:"))?;
    u32::from_str_radix(mask.trim(), 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_umask_is_found_among_the_other_lines() {
        assert_eq!(parse("Name:\tshm\nUmask:\t0027\nState:\tR\n"), Some(0o027));
    }

    #[test]
    fn a_status_without_a_umask_has_none() {
        assert_eq!(parse("Name:\tshm\n"), None);
        assert_eq!(parse("Umask:\tworld\n"), None);
    }

    #[test]
    fn this_process_has_one() {
        let status = fs::read_to_string("/proc/self/status").expect("read /proc/self/status");
        let mask = parse(&status).expect("a umask");
        assert_eq!(masked(0o777), 0o777 & !mask);
    }
}
