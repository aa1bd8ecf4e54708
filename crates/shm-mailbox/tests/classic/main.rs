//! The lesson's layout: two ends of ours, the lesson's C programs at either end, and what can happen to the object.

#[path = "../support/mod.rs"]
mod support;

mod c_peer;
mod lesson;
mod object;
mod pair;
mod processes;
mod roles;
