//! All of these tests once more, in a place where the system has no bell: a user namespace that is
//! allowed no inotify instance.

use std::env;
use std::process::Command;

use shm_mailbox::{BellError, Mailbox};
use shm_tokio::AsyncReceiver;
use test_support::{Process, assert_matches, has};

use crate::support::{NO_BELLS, has_bells};

/// Runs `"$0" "$@"` where nobody may have an inotify instance.
const SCRIPT: &str = r#"echo 0 >/proc/sys/user/max_inotify_instances && exec "$0" "$@""#;

#[test]
fn all_this_holds_where_the_system_has_no_bell() {
    if !has_bells() {
        return;
    }
    let namespace = ["--user", "--map-root-user", "sh", "-c", SCRIPT];
    let what = "user namespaces with limits of their own";
    if !has(what, "unshare", &[&namespace[..], &["true"]].concat()) {
        return;
    }
    let program = env::current_exe().expect("a test program");
    let mut tests = Command::new("unshare");
    tests.args(namespace).arg(program).env(NO_BELLS, "1");
    let ended = Process::spawn(&mut tests).finish();
    let has_succeeded = ended.status.success();
    let text = ended.text();
    let one_of_them = "a_recv_dropped_at_each_await_takes_nothing ... ok";
    assert!(has_succeeded && text.contains(one_of_them), "{text}");
}

#[test]
fn an_endpoint_says_why_it_has_no_bell() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build();
    let (_sender, receiver) = Mailbox::pair().expect("a mailbox");
    runtime.expect("a runtime").block_on(async {
        let receiver = AsyncReceiver::new(receiver);
        match receiver.bell_error() {
            None => assert!(has_bells()),
            Some(why) => {
                assert!(!has_bells());
                assert_matches!(why, BellError::Instances);
            }
        }
    });
}
