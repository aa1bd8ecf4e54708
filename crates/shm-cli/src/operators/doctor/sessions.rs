//! Does somebody remove this user's objects when the last session ends? `RemoveIPC` of logind.conf(5).

use std::fs;
use std::path::{Path, PathBuf};

use super::Finding;
use crate::system::people;

/// Where the settings are; of two files of one name the first counts, and the main file comes before all others.
const MAIN: [&str; 3] = [
    "/etc/systemd/logind.conf",
    "/run/systemd/logind.conf",
    "/usr/lib/systemd/logind.conf",
];
const DIRECTORIES: [&str; 3] = [
    "/etc/systemd/logind.conf.d",
    "/run/systemd/logind.conf.d",
    "/usr/lib/systemd/logind.conf.d",
];
/// The highest number of a system user, unless the distribution has another (`SYS_UID_MAX` of login.defs(5)).
const SYSTEM_USERS: u32 = 999;

/// About this user.
pub(super) fn finding() -> Finding {
    let uid = rustix::process::getuid().as_raw();
    judge(&Facts {
        has_logind: Path::new("/run/systemd/seats").exists(),
        uid,
        settings: &settings(),
        lingers: lingers(uid),
    })
}

/// What the judgement rests on.
struct Facts<'a> {
    has_logind: bool,
    uid: u32,
    /// All files that count, in order.
    settings: &'a str,
    lingers: bool,
}

fn judge(facts: &Facts<'_>) -> Finding {
    let fine = |what| Finding::ok("RemoveIPC", what);
    if !facts.has_logind {
        fine("no logind is running that could remove objects")
    } else if facts.uid <= SYSTEM_USERS {
        fine("objects of root and of system users stay when their sessions end")
    } else if !removes(facts.settings) {
        fine("is off: objects stay when sessions end")
    } else if facts.lingers {
        fine("this user lingers: objects stay when sessions end")
    } else {
        Finding::warning(
            "RemoveIPC",
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

fn settings() -> String {
    let mut settings = MAIN
        .iter()
        .find_map(|path| fs::read_to_string(path).ok())
        .unwrap_or_default();
    let mut pieces: Vec<PathBuf> = Vec::new();
    for directory in DIRECTORIES {
        let files = fs::read_dir(directory).into_iter().flatten().flatten();
        for path in files.map(|file| file.path()) {
            let is_new = pieces
                .iter()
                .all(|piece| piece.file_name() != path.file_name());
            if is_new
                && path
                    .extension()
                    .is_some_and(|extension| extension == "conf")
            {
                pieces.push(path);
            }
        }
    }
    pieces.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
    for piece in pieces {
        settings.push('\n');
        settings.push_str(&fs::read_to_string(piece).unwrap_or_default());
    }
    settings
}

/// `loginctl enable-linger` makes an empty file of the user's name.
fn lingers(uid: u32) -> bool {
    let file = |user| Path::new("/var/lib/systemd/linger").join(user);
    people::user_name(uid).is_some_and(|user| file(user).exists())
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
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
        let verdict = |has_logind, uid, settings, lingers| {
            let facts = Facts {
                has_logind,
                uid,
                settings,
                lingers,
            };
            judge(&facts).verdict
        };
        assert_eq!(verdict(true, 1000, "", false), Verdict::Warning);
        assert_eq!(verdict(false, 1000, "", false), Verdict::Ok);
        assert_eq!(verdict(true, 0, "", false), Verdict::Ok);
        assert_eq!(verdict(true, 1000, "RemoveIPC=no", false), Verdict::Ok);
        assert_eq!(verdict(true, 1000, "", true), Verdict::Ok);
    }
}
