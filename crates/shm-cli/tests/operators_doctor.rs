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

const OWN: &str = "mount -t tmpfs -o size=8m,nr_inodes=1000 tmpfs /dev/shm";

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
            "not there",
            problem,
        ),
        (
            "mount -t tmpfs -o size=64k tmpfs /dev/shm; head -c 60000 /dev/zero > /dev/shm/x",
            "space",
            "full",
            problem,
        ),
        (
            "mount -t tmpfs -o size=200k tmpfs /dev/shm",
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
            "everybody may write to open",
            warning,
        ),
        (
            &format!("{OWN}; \"$0\" writer --keep --mode 0644 open </dev/null"),
            "permissions",
            "everybody may read open",
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
