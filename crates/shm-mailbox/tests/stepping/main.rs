//! Endpoints under `ptrace(2)`: stopped after every machine instruction, killed there, or robbed of a word.
//!
//! Nothing here knows how the next slot is chosen. What a state is worth is asked of the public interface
//! alone: the bytes are copied to another object, a new sender and a new receiver attach to the copy,
//! and the messages they find must be exactly those of before the call, or those of after it.
//!
//! The offsets of the single fields are those of docs/protocol.md. With `SHM_TORTURE=1` the tests take minutes
//! instead of seconds and leave no gap out. Every test prints how many points it looked at.

#[path = "../support/mod.rs"]
mod support;

mod adversary;
mod attaching;
mod console;
mod errnos;
mod gaps;
mod kills;
mod lifecycle;
mod object;
mod operation;
mod path;
mod queue;
mod restart;
mod scenario;
mod snapshots;
mod system_calls;
mod tracee;
mod victim;
mod watch;
mod word;

use std::sync::MutexGuard;

use support::turn;

/// One test at a time, and only where single instructions can be stepped; says so where not.
fn turn_with_stepping() -> Option<MutexGuard<'static, ()>> {
    if !cfg!(target_arch = "x86_64") {
        // A pair of exclusive load and store, as aarch64 has them, never succeeds when it is stepped.
        println!("skipped: needs x86-64");
        return None;
    }
    turn_with_ptrace()
}

/// One test at a time, and only where a child can be traced; says so where not.
fn turn_with_ptrace() -> Option<MutexGuard<'static, ()>> {
    let turn = turn();
    if !tracee::is_permitted() {
        println!("skipped: needs ptrace");
        return None;
    }
    Some(turn)
}
