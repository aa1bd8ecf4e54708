//! What needs a child: to be killed, to be another user, to have limits and a `/dev/shm` of its
//! own.
//!
//! | module | shows |
//! |---|---|
//! | `memory` | mappings that children share, and memory that is cut off or was never there |
//! | `limits` | the umask, limits of a process, and a `/dev/shm` with little in it |
//! | `locks` | locks across processes that are stopped and killed, and across `fork` |
//! | `guard` | with the guard our mappings survive what would be SIGBUS |
//! | `faults` | every other fault, and every signal, does what it did before the guard |
//! | `people` | who can do what with an object, for each mode, as security.md says |
//! | `permissions` | what another user is told |

mod faults;
mod guard;
mod limits;
mod locks;
mod memory;
mod people;
mod permissions;
