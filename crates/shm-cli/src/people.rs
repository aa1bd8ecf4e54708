//! The names of the system's users.

use std::fs;

/// The name of a user, if the system's list has one (`passwd(5)`).
pub(crate) fn name(uid: u32) -> Option<String> {
    // Real names stand there, too, in whatever encoding.
    let users = fs::read("/etc/passwd").ok()?;
    find(&String::from_utf8_lossy(&users), uid)
}

fn find(users: &str, uid: u32) -> Option<String> {
    users.lines().find_map(|line| {
        // `name:password:number:…`
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
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
}
