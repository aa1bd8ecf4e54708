//! Who has a role of an object, as `shm ls` and `shm stat` show it; the fields are those of the
//! JSON.

use serde::Serialize;
use shm_mailbox::observe::Side;
use shm_mailbox::{Peer, Role};

/// The writer's, and the reader's.
pub(super) const ROLES: [Role; 2] = [Role::Sender, Role::Receiver];

/// Who has a role.
#[derive(Debug, Serialize)]
pub(super) struct Holder {
    /// The lock decides whether it lives.
    pub(super) state: State,
    /// The holder, or the last one.
    pub(super) pid: Option<u32>,
    /// Whether the system says that this very process has the lock.
    pub(super) confirmed: bool,
    /// How many holders there have been.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) epoch: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fences: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Alive,
    Dead,
    Closed,
    None,
}

impl Holder {
    pub(super) fn of_mailbox(side: &Side) -> Self {
        let state = match side.state {
            Peer::Attached => State::Alive,
            Peer::Died => State::Dead,
            Peer::Closed => State::Closed,
            // Never seen, and whatever a later library may add.
            _ => State::None,
        };
        Self {
            pid: (side.pid != 0).then_some(side.pid),
            epoch: Some(side.epoch),
            parked: Some(side.parked),
            fences: Some(side.fences),
            ..Self::new(state)
        }
    }

    /// The classic layout has no room for more.
    pub(super) fn new(state: State) -> Self {
        Self {
            state,
            pid: None,
            confirmed: false,
            epoch: None,
            parked: None,
            fences: None,
        }
    }

    /// In a column: a question mark follows a number that only the process itself has reported.
    pub(super) fn short(&self) -> String {
        match (self.state, self.pid) {
            (State::None, _) => "-".to_owned(),
            (State::Closed, _) => "closed".to_owned(),
            (State::Dead, _) => "dead".to_owned(),
            (State::Alive, Some(pid)) if self.confirmed => format!("alive {pid}"),
            (State::Alive, Some(pid)) => format!("alive {pid}?"),
            (State::Alive, None) => "alive".to_owned(),
        }
    }
}
