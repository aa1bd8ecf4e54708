//! Two hosts on one machine: two network namespaces joined by a cable, each with its own
//! `/dev/shm`. A writer on one, a reader on the other; killed bridges, and a cable that is cut.
//!
//! With `SHM_TORTURE=1`: a million messages, 100 kills and 20 cuts.

mod hosts {
    mod cable; // two namespaces, and what joins them
    mod carrying; // every message once, in order
}
