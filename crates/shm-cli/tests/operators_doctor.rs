//! `shm doctor`: each thing that can be wrong is made wrong, is found, and comes with what to do.

mod support;

use std::process::Command;

use support::{Process, SHM, has_mount_namespaces};

/// What `shm doctor` says after `script`, in a mount namespace of its own, and its exit code.
fn doctor(script: &str) -> Option<(String, Option<i32>)> {
    if !has_mount_namespaces() {
        return None;
    }
    let mut command = Command::new("unshare");
    let script = format!("{script}; exec \"$0\" doctor");
    command
        .args(["-m", "sh", "-c", &script, SHM])
        .env_remove("SHM_NAME");
    let ended = Process::spawn(&mut command).finish();
    let text = String::from_utf8_lossy(&ended.output).into_owned();
    Some((text, ended.status.code()))
}

/// The lines about a topic: the finding, and the next step if there is one.
fn about<'a>(page: &'a str, topic: &str) -> Vec<&'a str> {
    let mut lines = page
        .lines()
        .skip_while(|line| !line[9..].trim_start().starts_with(topic));
    let first = lines.next().into_iter();
    first
        .chain(lines.take_while(|line| line.trim_start().starts_with("next: ")))
        .collect()
}

const OWN: &str = "mount -t tmpfs tmpfs /dev/shm -o size=8m,nr_inodes=1000";

#[test]
fn a_machine_without_faults_is_fine_in_every_respect() {
    let Some((page, code)) = doctor(&format!("ulimit -f unlimited; {OWN}")) else {
        return;
    };
    assert_eq!(code, Some(0), "{page}");
    assert!(page.lines().all(|line| line.starts_with("ok ")), "{page}");
    for topic in [
        "/dev/shm",
        "permission",
        "space",
        "inodes",
        "open files",
        "RemoveIPC",
        "stale",
    ] {
        assert_eq!(about(&page, topic).len(), 1, "{topic}: {page}");
    }
}

#[test]
fn each_fault_is_found_and_has_a_next_step() {
    let problem = ("PROBLEM", Some(1));
    let warning = ("warning", Some(0));
    let cases = [
        (
            "mount -t tmpfs tmpfs /dev; true",
            "/dev/shm",
            "does not exist",
            problem,
        ),
        (
            "mount -t tmpfs -o size=64k tmpfs /dev/shm; head -c 60000 /dev/zero > /dev/shm/x",
            "space",
            "full",
            problem,
        ),
        (
            "mount -t tmpfs -o size=1m tmpfs /dev/shm",
            "space",
            "nearly full",
            warning,
        ),
        (
            "mount -t tmpfs -o size=64m tmpfs /dev/shm",
            "space",
            "--shm-size",
            warning,
        ),
        (
            "mount -t tmpfs -o size=8m,nr_inodes=2 tmpfs /dev/shm; : > /dev/shm/x",
            "inodes",
            "no name is left",
            problem,
        ),
        (
            "mount -t tmpfs -o ro tmpfs /dev/shm",
            "permission",
            "read-only",
            problem,
        ),
        (
            &format!("{OWN}; chmod 0777 /dev/shm"),
            "permission",
            "others may remove this user's objects: mode 0777",
            warning,
        ),
        (
            &format!("{OWN}; chmod 0755 /dev/shm"),
            "permission",
            "other users may not create objects: mode 0755",
            problem,
        ),
        (
            &format!("{OWN}; ulimit -n 12"),
            "open files",
            "at most 12, shm takes up to 13",
            problem,
        ),
        (
            &format!("{OWN}; ulimit -n 20"),
            "open files",
            "ulimit -n",
            warning,
        ),
        (
            &format!("{OWN}; ulimit -f 1"),
            "file size",
            "LimitFSIZE=",
            problem,
        ),
        (
            &format!("{OWN}; \"$0\" writer --keep old </dev/null"),
            "stale",
            "old",
            warning,
        ),
        (
            &format!("{OWN}; \"$0\" writer --keep --mode 0666 open </dev/null"),
            "permissions",
            "every user may write to open",
            warning,
        ),
        (
            &format!("{OWN}; \"$0\" writer --keep --mode 0644 open </dev/null"),
            "permissions",
            "every user may read open",
            warning,
        ),
    ];
    for (script, topic, expected, (verdict, exit)) in cases {
        let Some((page, code)) = doctor(script) else {
            return;
        };
        let lines = about(&page, topic);
        assert_eq!(lines.len(), 2, "{script}: {page}");
        assert!(lines[0].starts_with(verdict), "{script}: {page}");
        assert!(lines.concat().contains(expected), "{script}: {page}");
        assert_eq!(code, exit, "{script}: {page}");
    }
}

#[test]
fn what_nobody_may_list_is_found_where_ls_fails() {
    let script = format!(
        r#"{OWN},mode=1733; mount -t tmpfs tmpfs /run; cp "$0" /run/shm-program; chmod 755 /run/shm-program
        nobody() {{ setpriv --reuid=65534 --clear-groups /run/shm-program "$@"; }}
        nobody ls > /dev/null && exit 78; nobody doctor; exit"#
    );
    let Some((page, code)) = doctor(&script) else {
        return;
    };
    assert_eq!(code, Some(0), "{page}");
    for topic in ["permission", "stale"] {
        let lines = about(&page, topic);
        assert_eq!(lines.len(), 2, "{topic}: {page}");
        assert!(lines[0].starts_with("warning"), "{page}");
        assert!(lines[0].contains("Permission denied"), "{page}");
    }
}

#[test]
fn a_dev_shm_that_leads_nowhere_is_one_problem() {
    let Some((page, code)) = doctor("mount -t tmpfs tmpfs /dev; ln -s nowhere /dev/shm") else {
        return;
    };
    assert_eq!(code, Some(1), "{page}");
    assert!(
        about(&page, "/dev/shm")[0].contains("does not exist"),
        "{page}"
    );
    let told = page.lines().filter(|line| !line.starts_with("ok "));
    assert_eq!(told.count(), 2, "the problem and its next step: {page}");
}

#[test]
fn objects_go_with_the_session_of_a_person_and_of_no_one_else() {
    let setup = format!(
        "{OWN}; chmod 1777 /dev/shm; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /etc/systemd || exit 77
         mkdir -p /run/systemd/seats; cp \"$0\" /run/shm-program; chmod 755 /run/shm-program"
    );
    let exec =
        |uid: &str| format!("exec setpriv --reuid={uid} --clear-groups /run/shm-program doctor");
    let cases = [
        (String::new(), "61001", "warning"),
        (String::new(), "998", "ok"),
        (
            "echo RemoveIPC=no > /etc/systemd/logind.conf;".to_owned(),
            "61001",
            "ok",
        ),
    ];
    for (setting, uid, verdict) in cases {
        let Some((page, code)) = doctor(&format!("{setup}; {setting} {}", exec(uid))) else {
            return;
        };
        if code == Some(77) {
            support::skip("/etc/systemd, to mount over");
            return;
        }
        let line = about(&page, "RemoveIPC");
        assert!(line[0].starts_with(verdict), "{uid} {setting}: {page}");
    }
}

/// Who says `USER=` in a service, or nothing at all, is the same user.
#[test]
fn who_lingers_is_told_by_the_number_of_the_user() {
    let setup = format!(
        r#"{OWN}; chmod 1777 /dev/shm; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /etc/systemd || exit 77
        mount -t tmpfs tmpfs /var/lib; mkdir -p /run/systemd/seats /var/lib/systemd/linger
        cp "$0" /run/shm-program; chmod 755 /run/shm-program; : > /var/lib/systemd/linger/ann
        echo ann:x:61001:61001::/:/bin/sh > /run/users; echo bob:x:61002:61002::/:/bin/sh >> /run/users
        mount --bind /run/users /etc/passwd"#
    );
    for (uid, user, verdict) in [("61001", "bob", "ok"), ("61002", "ann", "warning")] {
        let exec = format!(
            "USER={user} exec setpriv --reuid={uid} --clear-groups /run/shm-program doctor"
        );
        let Some((page, code)) = doctor(&format!("{setup}; {exec}")) else {
            return;
        };
        if code == Some(77) {
            support::skip("/etc/systemd, to mount over");
            return;
        }
        let line = about(&page, "RemoveIPC");
        assert!(line[0].starts_with(verdict), "{uid}: {page}");
    }
}
