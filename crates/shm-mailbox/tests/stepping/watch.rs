//! Judges every state that the shared memory passes through during a call.

use std::collections::HashMap;

use shm_mailbox::Role;

use crate::stepping::object;
use crate::stepping::queue::Queue;
use crate::stepping::restart::Copy;
use crate::support::Raw;

/// Judges the states of one call, each once.
pub(crate) struct Watch {
    role: Role,
    copy: Copy,
    /// The states allowed, in order.
    states: Vec<Queue>,
    /// The last one found; a call never goes back.
    state: usize,
    judged: HashMap<Vec<u8>, usize>,
    last: Vec<u8>,
    now: Vec<u8>,
}

impl Watch {
    pub(crate) fn new(role: Role, slots: u32, states: Vec<Queue>, view: &Raw) -> Self {
        Self {
            role,
            copy: Copy::new(slots),
            states,
            state: 0,
            judged: HashMap::new(),
            last: Vec::new(),
            now: view.bytes(),
        }
    }

    /// Judges what is there now, if it is not what was there last.
    pub(crate) fn look(&mut self, view: &Raw) -> Result<(), String> {
        view.read(&mut self.now);
        if self.now == self.last {
            return Ok(());
        }
        if let Some(offset) = object::trespass(self.role, &self.last, &self.now) {
            return Err(format!("byte {offset} is not the {}'s to write", self.role));
        }
        let state = match self.judged.get(&self.now) {
            Some(&state) => state,
            None => self.copy.judge(Some(&self.now), &self.states)?,
        };
        if state < self.state {
            return Err(format!("went back from state {} to {state}", self.state));
        }
        self.state = state;
        self.judged.insert(self.now.clone(), state);
        self.last.clone_from(&self.now);
        Ok(())
    }

    /// The call is over: it must have done what it was to do.
    pub(crate) fn finish(&self) -> Result<(), String> {
        if self.state + 1 == self.states.len() {
            Ok(())
        } else {
            Err(format!("left state {} behind", self.state))
        }
    }

    /// How many different states there were.
    pub(crate) fn distinct(&self) -> u64 {
        self.judged.len() as u64
    }
}
