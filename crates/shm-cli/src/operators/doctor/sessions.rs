//! Does the system remove this user's objects when the last session ends? `RemoveIPC` of
//! logind.conf(5).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::finding::{Finding, Topic};
use crate::system::people;

/// Where the settings are; of two files of one name the first counts, and the main file comes
/// before all others.
const MAIN: [&str; 3] = [
    "/etc/systemd/logind.conf",
    "/run/systemd/logind.conf",
    "/usr/lib/systemd/logind.conf",
];

/// The highest number of a system user, unless the distribution has another (`SYS_UID_MAX` of
/// login.defs(5)).
const SYSTEM_USERS: u32 = 999;

/// About this user.
pub(super) fn finding() -> Finding {
    let uid = rustix::process::getuid().as_raw();
    let has_logind = Path::new("/run/systemd/seats").exists();
    judge(uid, has_logind, &settings(), lingers(uid))
}

/// `settings` are all files that count, in order.
fn judge(uid: u32, has_logind: bool, settings: &str, lingers: bool) -> Finding {
    let topic = Topic("RemoveIPC");
    if !has_logind {
        topic.ok("no logind is running that could remove objects")
    } else if uid <= SYSTEM_USERS {
        topic.ok("objects of root and of system users stay when their sessions end")
    } else if !removes(settings) {
        topic.ok("is off: objects stay when sessions end")
    } else if lingers {
        topic.ok("this user lingers: objects stay when sessions end")
    } else {
        topic.warning(
            "is on: this user's objects go when the last session of the user ends",
            "RemoveIPC=no in logind.conf, or loginctl enable-linger, or a system user for services",
        )
    }
}

/// The last setting counts; the default is on.
fn removes(settings: &str) -> bool {
    let mut values = settings.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "RemoveIPC").then(|| value.trim())
    });
    let last = values.next_back().unwrap_or("yes").to_ascii_lowercase();
    !matches!(last.as_str(), "no" | "n" | "false" | "f" | "off" | "0")
}

/// The main file and, by name, the pieces beside it.
fn settings() -> String {
    let read = |path| fs::read_to_string(path).ok();
    let main = MAIN.iter().find_map(read).unwrap_or_default();
    let mut pieces = BTreeMap::new();
    for main in MAIN {
        let files = fs::read_dir(format!("{main}.d"))
            .into_iter()
            .flatten()
            .flatten();
        for path in files.map(|file| file.path()) {
            if path
                .extension()
                .is_some_and(|extension| extension == "conf")
            {
                pieces
                    .entry(path.file_name().map(ToOwned::to_owned))
                    .or_insert(path);
            }
        }
    }
    let pieces = pieces
        .values()
        .filter_map(|path| fs::read_to_string(path).ok());
    std::iter::once(main)
        .chain(pieces)
        .map(|file| file + "\n")
        .collect()
}

/// `loginctl enable-linger` makes an empty file of the user's name.
fn lingers(uid: u32) -> bool {
    let file = |user| Path::new("/var/lib/systemd/linger").join(user);
    people::user_name(uid).is_some_and(|user| file(user).exists())
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict;
    use super::*;

    #[test]
    fn objects_are_removed_unless_it_is_set_otherwise() {
        for on in [
            "",
            "#RemoveIPC=no\n",
            "[Login]\nRemoveIPC=yes\n",
            "RemoveIPC=no\nRemoveIPC = 1\n",
        ] {
            assert!(removes(on), "{on}");
        }
        for off in [
            "[Login]\nRemoveIPC=no\n",
            "RemoveIPC=yes\nRemoveIPC = False \n",
        ] {
            assert!(!removes(off), "{off}");
        }
    }

    #[test]
    fn only_a_person_who_does_not_linger_is_warned() {
        let verdict =
            |has_logind, uid, settings, lingers| judge(uid, has_logind, settings, lingers).verdict;
        assert_eq!(verdict(true, 1000, "", false), Verdict::Warning);
        assert_eq!(verdict(false, 1000, "", false), Verdict::Ok);
        assert_eq!(verdict(true, 0, "", false), Verdict::Ok);
        assert_eq!(verdict(true, 1000, "RemoveIPC=no", false), Verdict::Ok);
        assert_eq!(verdict(true, 1000, "", true), Verdict::Ok);
    }
}
