//! The names of the system's users and groups.

use std::fs;

/// The name of a user, if the system's list has one (`passwd(5)`).
pub(crate) fn name(uid: u32) -> Option<String> {
    // Real names stand there, too, in whatever encoding.
    let users = fs::read("/etc/passwd").ok()?;
    find(&String::from_utf8_lossy(&users), uid)
}

/// The name of a group, if the system's list has one (`group(5)`).
pub(crate) fn group_name(gid: u32) -> Option<String> {
    let groups = fs::read("/etc/group").ok()?;
    find(&String::from_utf8_lossy(&groups), gid)
}

/// As [`group_name`]; its number, if it has no name.
pub(crate) fn group_name_or_number(gid: u32) -> String {
    group_name(gid).unwrap_or_else(|| gid.to_string())
}

/// Both lists begin alike.
fn find(list: &str, number: u32) -> Option<String> {
    list.lines().find_map(|line| {
        // `name:password:number:…`
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number_and_a_line_that_is_none_is_passed_over() {
        let users = "root:x:0:0:root:/root:/bin/sh\n\nnonsense\nann:x:1000:1000::/:\n";
        assert_eq!(find(users, 1000).as_deref(), Some("ann"));
        assert_eq!(find(users, 0).as_deref(), Some("root"));
        assert_eq!(find(users, 7), None);
    }

    #[test]
    fn a_group_is_found_as_a_user_is() {
        let groups = "root:x:0:\nkitchen:x:1000:ann,bob\n";
        assert_eq!(find(groups, 1000).as_deref(), Some("kitchen"));
    }
}
