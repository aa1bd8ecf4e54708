//! The command `shm` by itself: what one types, what it says, what comes with it.
//!
//! | module | shows |
//! |---|---|
//! | `usage` | the command line: names, exit statuses, help, prompts |
//! | `expectations` | a wrong argument is answered with what is expected |
//! | `messages` | every message, with the situation that causes it |
//! | `manual` | completions and manual pages are those of the program, and work |
//! | `terminals` | what a person at a terminal sees and nobody else |
//! | `typing` | what somebody sees who types messages |
//! | `escapes` | no character that turns or ends a line reaches a terminal |
//! | `bench` | `shm bench` measures, says so in every format, and leaves nothing |
//! | `packaging` | what is packaged of each crate, and for Debian |

mod bench;
mod escapes;
mod expectations;
mod manual;
mod messages;
mod packaging;
mod terminals;
mod typing;
mod usage;
