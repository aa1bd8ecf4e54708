//! A breadth-first search through every state that a small model can reach.
//!
//! It stops at the first state or step that breaks a promise and tells the shortest way there. The
//! memory of the models is sequentially consistent: which orderings the code needs to behave like
//! them is loom's business.

use std::collections::HashMap;
use std::fmt::{Debug, Write};
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// What the search walks through: a start, the steps out of a state, and the promises.
pub(crate) trait Model {
    /// Shared memory, what each process keeps to itself, and an observer's notes.
    type State: Copy + Eq + Hash + Debug;
    /// A broken promise.
    type Fault: Copy + Eq + Debug;

    /// The one state it all begins with.
    fn start(&self) -> Self::State;

    /// Every step that some process can take; each makes at most one access to what is shared.
    fn steps(&self, state: &Self::State, steps: &mut Vec<Step<Self::State, Self::Fault>>);

    /// The promise that this state breaks by merely existing.
    fn fault(&self, state: &Self::State) -> Option<Self::Fault>;
}

/// Who does what, and what comes of it.
pub(crate) struct Step<State, Fault> {
    pub(crate) who: &'static str,
    pub(crate) what: &'static str,
    pub(crate) then: Result<State, Fault>,
}

/// What a search found.
pub(crate) struct Outcome<Fault> {
    pub(crate) states: usize,
    pub(crate) steps: usize,
    /// The first broken promise, and the steps that lead to it.
    pub(crate) fault: Option<(Fault, String)>,
}

impl<Fault: PartialEq + Debug> Outcome<Fault> {
    /// Fails if the search of this model has found a broken promise.
    pub(crate) fn must_hold(self, model: &impl Debug) {
        println!("{model:?}: {} states, {} steps", self.states, self.steps);
        if let Some((fault, story)) = self.fault {
            panic!("{model:?} breaks a promise, {fault:?}:\n{story}");
        }
    }

    /// Fails unless the search of a model with this near miss has found that this promise is
    /// broken.
    pub(crate) fn must_fail(self, miss: impl Debug, expected: Fault) {
        let (fault, story) = self
            .fault
            .unwrap_or_else(|| panic!("{miss:?} was not noticed"));
        println!("{miss:?}: {fault:?} after {} states\n{story}", self.states);
        assert_eq!(fault, expected, "{miss:?}:\n{story}");
    }
}

/// Visits every reachable state of `model` once, or ends at the first fault.
pub(crate) fn search<M: Model>(model: &M, mut visit: impl FnMut(&M::State)) -> Outcome<M::Fault> {
    let start = model.start();
    let mut known: HashMap<M::State, usize, BuildHasherDefault<Mix>> = HashMap::default();
    let mut reached = vec![Reached {
        state: start,
        from: 0,
        who: "",
        what: "",
    }];
    known.insert(start, 0);
    let mut steps = Vec::new();
    let mut taken = 0;
    let mut from = 0;
    let mut found = None;
    while found.is_none() && from < reached.len() {
        let state = reached[from].state;
        visit(&state);
        found = model
            .fault(&state)
            .map(|fault| (fault, story(&reached, from)));
        model.steps(&state, &mut steps);
        for Step { who, what, then } in steps.drain(..) {
            taken += 1;
            match then {
                Ok(state) => {
                    let next = reached.len();
                    if *known.entry(state).or_insert(next) == next {
                        reached.push(Reached {
                            state,
                            from,
                            who,
                            what,
                        });
                    }
                }
                Err(fault) if found.is_none() => {
                    found = Some((fault, format!("{}{who} {what}\n", story(&reached, from))));
                }
                Err(_) => {}
            }
        }
        from += 1;
    }
    Outcome {
        states: reached.len(),
        steps: taken,
        fault: found,
    }
}

struct Reached<State> {
    state: State,
    from: usize,
    who: &'static str,
    what: &'static str,
}

/// The steps from the start to the state at `index`, one a line, and that state.
fn story<State: Debug>(reached: &[Reached<State>], index: usize) -> String {
    let mut path = Vec::new();
    let mut at = index;
    while at != 0 {
        path.push(&reached[at]);
        at = reached[at].from;
    }
    let mut text = String::new();
    for (number, step) in path.iter().rev().enumerate() {
        let _ = writeln!(text, "{:3}  {} {}", number + 1, step.who, step.what);
    }
    let _ = writeln!(text, "     {:?}", reached[index].state);
    text
}

/// A quick hash of a few dozen bytes: nobody chooses them to collide.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.write_u64(u64::from(byte));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    // The discriminant of an enum.
    fn write_isize(&mut self, word: isize) {
        self.write_u64(word.cast_unsigned() as u64);
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}
