//! What an observer sees of an object.

use shm_mailbox::observe::{self, Content, Snapshot};

use super::Name;

/// What an observer of the mailbox sees.
#[track_caller]
pub(crate) fn seen(name: &Name) -> Snapshot {
    match looked_at(name) {
        Content::Mailbox(snapshot) => snapshot,
        other => panic!("no mailbox but {other:?}"),
    }
}

/// What kind of object it is, and what is in it.
pub(crate) fn looked_at(name: &Name) -> Content {
    let object = observe::open(&name.shm_name()).expect("the object is there");
    observe::look(&object).expect("it can be looked at")
}
