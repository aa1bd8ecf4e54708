//! `shm doctor`: each thing that can be wrong is made wrong, is found, and comes with what to do.

use test_support::shm::in_namespace;
use test_support::{Process, has_mount_namespaces, skip};

/// What `shm doctor` says after `script`, in a mount namespace of its own, and its exit code.
fn doctor(script: &str) -> Option<(String, Option<i32>)> {
    if !has_mount_namespaces() {
        return None;
    }
    let script = format!("{script}; exec \"$0\" doctor");
    let ended = Process::spawn(&mut in_namespace(&script, &[])).finish();
    let code = ended.status.code();
    Some((ended.text(), code))
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
    let topics = "/dev/shm,permission,space,inodes,open files,RemoveIPC,stale";
    for topic in topics.split(',') {
        assert_eq!(about(&page, topic).len(), 1, "{topic}: {page}");
    }
}

/// What is wrong, after [`OWN`] where nothing is mounted; its verdict and topic; and what is said.
const FAULTS: &str = r#"
mount -t tmpfs tmpfs /dev; true
    PROBLEM /dev/shm | does not exist
mount -t tmpfs -o size=64k tmpfs /dev/shm; head -c 60000 /dev/zero > /dev/shm/x
    PROBLEM space | full
mount -t tmpfs -o size=1m tmpfs /dev/shm
    warning space | nearly full
mount -t tmpfs -o size=64m tmpfs /dev/shm
    warning space | --shm-size
mount -t tmpfs -o size=8m,nr_inodes=2 tmpfs /dev/shm; : > /dev/shm/x
    PROBLEM inodes | no name is left
mount -t tmpfs -o ro tmpfs /dev/shm
    PROBLEM permission | read-only
chmod 0777 /dev/shm
    warning permission | others may remove this user's objects: mode 0777
chmod 0755 /dev/shm
    PROBLEM permission | other users may not create objects: mode 0755
ulimit -n 12
    PROBLEM open files | at most 12, shm takes up to 13
ulimit -n 20
    warning open files | ulimit -n
ulimit -f 1
    PROBLEM file size | LimitFSIZE=
"$0" writer --keep old </dev/null
    warning stale | old
"$0" writer --keep --mode 0666 open </dev/null
    warning permissions | every user may write to open
"$0" writer --keep --mode 0644 open </dev/null
    warning permissions | every user may read open
"#;

#[test]
fn each_fault_is_found_and_has_a_next_step() {
    let lines: Vec<_> = FAULTS.trim_matches('\n').lines().collect();
    for fault in lines.chunks(2) {
        let (fault, found) = (fault[0], fault[1].trim_start());
        let (finding, expected) = found.split_once(" | ").expect("both");
        let (verdict, topic) = finding.split_once(' ').expect("both");
        let script = match fault.starts_with("mount") {
            true => fault.to_owned(),
            false => format!("{OWN}; {fault}"),
        };
        let exit = Some(i32::from(verdict == "PROBLEM"));
        let Some((page, code)) = doctor(&script) else {
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
        r#"{OWN},mode=1733; mount -t tmpfs tmpfs /run
        cp "$0" /run/shm-program; chmod 755 /run/shm-program
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

/// What is said of `RemoveIPC` to a user on a machine with systemd that a script has changed.
fn remove_ipc(script: &str, variables: &str, uid: u32) -> Option<String> {
    let script = format!(
        r#"{OWN}; chmod 1777 /dev/shm; mount -t tmpfs tmpfs /run
        mount -t tmpfs tmpfs /etc/systemd || exit 77
        mkdir -p /run/systemd/seats; cp "$0" /run/shm-program; chmod 755 /run/shm-program; {script}
        {variables} exec setpriv --reuid={uid} --clear-groups /run/shm-program doctor"#
    );
    let (page, code) = doctor(&script)?;
    if code == Some(77) {
        skip("/etc/systemd, to mount over");
        return None;
    }
    Some(about(&page, "RemoveIPC").concat())
}

#[test]
fn objects_go_with_the_session_of_a_person_and_of_no_one_else() {
    let setting = "echo RemoveIPC=no > /etc/systemd/logind.conf";
    for (script, uid, verdict) in [
        ("", 61001, "warning"),
        ("", 998, "ok"),
        (setting, 61001, "ok"),
    ] {
        let Some(told) = remove_ipc(script, "", uid) else {
            return;
        };
        assert!(told.starts_with(verdict), "{uid} {script}: {told}");
    }
}

/// Who says `USER=` in a service, or nothing at all, is the same user.
#[test]
fn who_lingers_is_told_by_the_number_of_the_user() {
    let script = "mount -t tmpfs tmpfs /var/lib; mkdir -p /var/lib/systemd/linger
        : > /var/lib/systemd/linger/ann
        echo ann:x:61001:61001::/:/bin/sh > /run/users
        echo bob:x:61002:61002::/:/bin/sh >> /run/users
        mount --bind /run/users /etc/passwd";
    for (uid, user, verdict) in [(61001, "USER=bob", "ok"), (61002, "USER=ann", "warning")] {
        let Some(told) = remove_ipc(script, user, uid) else {
            return;
        };
        assert!(told.starts_with(verdict), "{uid}: {told}");
    }
}
