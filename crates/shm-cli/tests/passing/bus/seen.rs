//! A bus as `shm stat` shows it, and endpoints that have attached to it.

use serde_json::Value;
use test_support::shm::{printed, reader, writer};
use test_support::{Name, Process, until};

/// The bus in the JSON of `shm stat`.
#[track_caller]
pub(super) fn bus(name: &Name) -> Value {
    let text = printed(["stat", "--json", name.as_str()]);
    let seen: Value = serde_json::from_str(&text).expect("it is JSON");
    seen["bus"].clone()
}

/// How many seats of the array `lanes` or `places` a living process has.
fn alive(name: &Name, seats: &str, holder: &str) -> usize {
    if !name.exists() {
        return 0;
    }
    let bus = bus(name);
    let all = bus[seats].as_array().into_iter().flatten();
    all.filter(|seat| seat[holder]["state"] == "alive").count()
}

/// Starts a reader, and waits until it has a place beside `others` others.
#[track_caller]
pub(super) fn attached_reader(name: &Name, others: usize, args: &[&str]) -> Process {
    let reader = reader(name, args);
    until("the reader has a place", || {
        alive(name, "places", "reader") > others
    });
    reader
}

/// Starts a writer, and waits until it has a lane beside `others` others.
#[track_caller]
pub(super) fn attached_writer(name: &Name, others: usize, args: &[&str]) -> Process {
    let writer = writer(name, args);
    until("the writer has a lane", || {
        alive(name, "lanes", "writer") > others
    });
    writer
}

/// Waits until every lane has this many messages sent, and queued.
#[track_caller]
pub(super) fn wait_for_lane(name: &Name, lane: usize, sent: u64, queued: u64) {
    until("the lane has these messages", || {
        let lane = &bus(name)["lanes"][lane];
        lane["sent"] == sent && lane["queued"] == queued
    });
}
