//! A writer and a reader, as real processes: what goes in at one comes out at the other, or an
//! error.
//!
//! | module | shows |
//! |---|---|
//! | `mailbox::pairs` | every wait strategy, framing and order of starting, byte for byte |
//! | `mailbox::ends` | how a channel ends, and what is still there afterwards |
//! | `mailbox::now` | taking what is there, and sending only while there is room |
//! | `mailbox::waiting` | waiting costs nothing; a killed peer is noticed, a stopped one is alive |
//! | `mailbox::signals` | signals that end a program leave the channel clean |
//! | `mailbox::kills` | `kill -9` at random moments: nothing is lost, nothing out of order |
//! | `mailbox::faults` | taken roles, truncated and vanished objects, what does not fit |
//! | `bus::kinds` | which command makes a bus, or uses an existing object; each option |
//! | `bus::lines` | lines of several writers are never mixed, whichever process is killed |
//! | `bus::corrupt` | a corrupt lane is reported, and the reader continues with the others |
//! | `bus::demo` | a killed, a stopped and a restarted reader beside one another |
//! | `classic::pairs` | the classic layout, every pairing of C and Rust |
//! | `classic::signals` | its signals that end a program |
//! | `classic::faults` | its processes killed and replaced, its objects cut |
//! | `faults::objects` | objects of others, of the other layout, or without room, in both layouts |
//! | `faults::memory` | an object that is cut off is an error, and never SIGBUS |
//! | `faults::errnos` | system calls that fail, by strace |
//! | `faults::identity` | other clocks, other process numbers, other namespaces |
//! | `faults::people` | two users who share through a group, and one who does not |
//! | `faults::place` | without `/dev/shm` every command says so |

mod mailbox {
    mod ends;
    mod faults;
    mod kills;
    mod now;
    mod pairs;
    mod signals;
    mod waiting;
}
mod bus {
    mod corrupt;
    mod demo;
    mod kinds;
    mod lines;
    mod seen;
}
mod classic {
    mod faults;
    mod pairs;
    mod signals;
}
mod faults {
    /// The options that ask for a layout.
    const LAYOUTS: [&[&str]; 2] = [&[], &["--classic"]];

    mod errnos;
    mod identity;
    mod memory;
    mod objects;
    mod people;
    mod place;
}
