//! The names of the system's users and groups.

use std::fs;
use std::io;

/// The name of a user, if the system's list has one (`passwd(5)`).
pub(crate) fn user_name(uid: u32) -> Option<String> {
    name_of(&read("/etc/passwd").ok()?, uid)
}

/// The name of a group, or its number if the system's list has no name for it (`group(5)`).
pub(crate) fn group_name_or_number(gid: u32) -> String {
    let name = read("/etc/group")
        .ok()
        .and_then(|groups| name_of(&groups, gid));
    name.unwrap_or_else(|| gid.to_string())
}

/// The number of a group, if the system's list has it.
pub(crate) fn group(name: &str) -> io::Result<Option<u32>> {
    let groups = read("/etc/group")?;
    let number = entries(&groups).find(|(found, _)| *found == name);
    Ok(number.map(|(_, number)| number))
}

/// Real names stand in the list of users, too, in whatever encoding.
fn read(list: &str) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&fs::read(list)?).into_owned())
}

fn name_of(list: &str, number: u32) -> Option<String> {
    let name = entries(list).find(|(_, found)| *found == number);
    name.map(|(name, _)| name.to_owned())
}

/// Both lists begin alike: `name:password:number:…`.
fn entries(list: &str) -> impl Iterator<Item = (&str, u32)> {
    list.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((fields.next()?, fields.nth(1)?.parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_or_group_is_found_by_number_and_a_line_that_is_none_is_passed_over() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nnonsense\nann:x:1000:1000::/:\n";
        assert_eq!(name_of(users, 1000).as_deref(), Some("ann"));
        assert_eq!(name_of(users, 0).as_deref(), Some("root"));
        assert_eq!(name_of(users, 7), None);
        let groups = "root:x:0:\nkitchen:x:1000:ann,bob\n";
        assert_eq!(name_of(groups, 1000).as_deref(), Some("kitchen"));
    }
}
