//! What holds within one process. Nothing here forks, or changes the state of the whole process.
//!
//! | module | shows |
//! |---|---|
//! | `opening` | what is created and opened, and everything that is refused |
//! | `names` | how objects get names, keep and lose them, and what is listed |
//! | `sizes` | sizes up and down, and mappings that are there meanwhile |
//! | `mappings` | every way to map memory, and everything that is refused |
//! | `copies` | the copies between private and shared memory, at every length |
//! | `locks` | locks between objects |
//! | `bells` | when a bell rings, and for whom |
//! | `barrier` | of two sides that store and then load, one sees the other |

mod barrier;
mod bells;
mod copies;
mod locks;
mod mappings;
mod names;
mod opening;
mod sizes;
