//! A real SIGKILL at the entry and at the end of every system call of creating, attaching and
//! closing.

use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use nix::unistd::{getegid, geteuid};
use shm_mailbox::{AttachError, Role};

use crate::stepping::console::{Console, Phase};
use crate::stepping::lifecycle::{Case, End, SLOTS, Step};
use crate::stepping::tracee::{self, Stop, Tracee};
use crate::support::Name;

/// The next attach succeeds within this time.
const SOON: Duration = Duration::from_secs(1);

#[test]
fn a_kill_at_any_system_call_is_made_good_by_the_next_attach() {
    if !tracee::can_trace() {
        return;
    }
    let mut kills = 0;
    let mut slowest = Duration::ZERO;
    for case in Case::all() {
        for stops in 1.. {
            match kill(case, stops) {
                Ok(Some(elapsed)) => {
                    kills += 1;
                    slowest = slowest.max(elapsed);
                }
                Ok(None) => break,
                Err(reason) => panic!("{case:?}, killed at stop {stops}: {reason}"),
            }
        }
    }
    println!(
        "{kills} kills at system calls, the slowest next attach took {slowest:?}, nothing left"
    );
    assert!(kills >= 300);
}

#[test]
fn a_mailbox_whose_creator_was_killed_has_its_group_and_mode_or_is_not_there() {
    if !tracee::can_trace() {
        return;
    }
    // Root may give it to any group.
    let group = match geteuid().is_root() {
        true => 65_534,
        false => getegid().as_raw(),
    };
    let (mut kills, mut made) = (0, 0);
    for role in [Role::Sender, Role::Receiver] {
        let case = Case {
            role,
            step: Step::Create,
            queued: 0,
            peer: false,
        };
        for stops in 1.. {
            let name = Name::new();
            let options = name.options().slots(SLOTS).group(group).mode(0o640);
            let console = Console::new();
            let body = || case.run(options.clone(), &console);
            let mut tracee = Tracee::spawn(&console, body).unwrap();
            tracee.run_to(Phase::Begin).unwrap();
            if (0..stops).any(|_| tracee.run_to_system_call().unwrap() == Stop::Trap) {
                tracee.finish().unwrap();
                break;
            }
            tracee.kill();
            drop(tracee);
            kills += 1;
            let Ok(found) = std::fs::metadata(name.path()) else {
                continue;
            };
            made += 1;
            assert_eq!(
                found.mode() & 0o777,
                0o640,
                "{role}, killed at stop {stops}"
            );
            assert_eq!(found.gid(), group, "{role}, killed at stop {stops}");
            let next = options.clone().receiver().unwrap();
            assert_eq!(next.capacity(), SLOTS);
        }
    }
    println!("{kills} creators killed, {made} mailboxes made, all with their group and mode");
    assert!(kills >= 50 && made >= 2);
}

/// Kills the step when it stops for the n-th time, at the entry or the end of a system call. Then
/// both roles attach, find what was there, and leave nothing. `None` if the step was over before.
fn kill(case: Case, stops: u64) -> Result<Option<Duration>, String> {
    let (mut bench, queue, name) = case.prepare();
    let options = name.options().slots(SLOTS);

    let console = Console::new();
    let body = || case.run(options.clone(), &console);
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Begin)?;
    for _ in 0..stops {
        match tracee.run_to_system_call()? {
            Stop::SystemCall => {}
            Stop::Trap => {
                // At the mark after the call.
                tracee.finish()?;
                return Ok(None);
            }
        }
    }
    tracee.kill();

    // The role that was killed comes first. Its old holder was not waited for, and may still be
    // about to die.
    let start = Instant::now();
    let (first, elapsed) = loop {
        match End::attach(case.role, options.clone()) {
            Ok(end) => break (end, start.elapsed()),
            Err(AttachError::RoleTaken { .. }) if start.elapsed() < SOON => {}
            Err(error) => return Err(format!("the next attach: {error}")),
        }
    };
    if elapsed > SOON {
        return Err(format!("the next attach took {elapsed:?}"));
    }
    drop(tracee);
    if let Some(bench) = &mut bench {
        // If the name went with the last message, the peer sits on an object that nobody finds
        // again.
        bench.detach(case.role.peer());
    }
    let told = |error: AttachError| format!("the attach after it: {error}");
    let (sender, receiver) = match first {
        End::Sender(sender) => (sender, options.receiver().map_err(told)?),
        End::Receiver(receiver) => (options.sender().map_err(told)?, receiver),
    };
    case.conclude(sender, receiver, queue, &name)?;
    Ok(Some(elapsed))
}
