//! Carries the messages of a mailbox to a mailbox on another machine: every message once, in order.
//!
//! Two programs do it over Zenoh. `shm bridge out` is the receiver of the *near* mailbox, `shm
//! bridge in` the sender of the *far* one. Nothing else keeps a state: no file, no broker.
//!
//! 1. `out` peeks at up to 32 messages, and asks: a *question* has their numbers and bytes.
//! 2. `in` sends those that it does not have yet, and *answers* with the number it expects next.
//! 3. `out` acknowledges the messages below that number, and peeks again.
//!
//! One question is under way at any time, and `out` repeats a question that is not answered. If the
//! far mailbox is full, `in` answers after a second with what it had room for. So the near mailbox
//! fills up too, and its writer waits.
//!
//! # Why a kill at any instruction loses and repeats no message
//!
//! These numbers are in shared memory, so they outlive a kill of the program:
//!
//! * *a*, how many messages of the near mailbox are acknowledged: its `received`.
//! * *c*, how many messages the far mailbox has got: its `sent`, which a new sender corrects.
//! * *(s, d)* in the note of the far mailbox: message *n* of stream *s* is its message *n* + *d*.
//!   The stream is the `id` of the near mailbox.
//!
//! So *e* = *c* − *d* is the number of the message that `in` expects. It rises by one at the
//! instruction that commits a message. So a message is never in the mailbox and not counted, or
//! counted and not in the mailbox. All follows from *a* ≤ *e* ≤ *a* + 32.
//!
//! * **No message is lost.** `out` acknowledges up to a number that `in` has answered, and *e*
//!   never falls, so *a* ≤ *e*. What `out` has acknowledged, `in` has committed. The near mailbox
//!   keeps the rest.
//! * **No message is repeated or reordered.** `in` skips what is below *e*, takes what comes next,
//!   and refuses a question whose first message is above *e*. So message *n* is committed when *e*
//!   is *n*, and at no other time, however often and however late the question comes.
//! * **`out` is killed.** The next `out` begins at *a*. It sends messages again that were answered
//!   and not acknowledged, and `in` skips them.
//! * **`in` is killed**, perhaps in the middle of a batch. The next `in` reads *c* and the note.
//! * **The connection is cut.** The question or its answer is lost, and `out` asks again. It makes
//!   no difference whether the question had arrived.
//! * **The writer or the reader is killed.** The mailbox handles that: the next process continues
//!   with the next number.
//!
//! A stream begins with the note: `in` writes it before the first message of the stream, with *d* =
//! *c* − *a*. A kill while `in` writes the note leaves no note, and no message of the stream. Then
//! the stream begins with the next question, with the same *a*.
//!
//! A stream must not begin twice, and a question may be late, because it can wait in a connection
//! that is cut. So `in` accepts only questions with the token of its last *hello*. The token is new
//! for each hello, and no earlier question has it. A late hello changes only the token, and `in`
//! answers the next question with a request for another hello.
//!
//! When the near mailbox has been empty for a second, or its writer has closed, `out` tells the
//! *end*: all is acknowledged so far. Then *a* = *e*, which `in` checks; it marks the note, and
//! forgets the token. Any stream may begin, also the same one again, with another hello, at its
//! *a*. That doubles nothing, because *a* never falls and no question from before has the new
//! token. If the mark is torn, there is no note, which means the same. If no bridge hears the end,
//! the stream has not ended, and another needs `--new-stream`. `incoming::search` goes through all
//! of this.
//!
//! What it takes: the far mailbox is not removed while a stream has not ended, and no other program
//! sends to it between two runs of `in`. `in` looks for the name after each commit and before the
//! answer, so it acknowledges nothing in a mailbox that was removed. It notices others' messages if
//! they are more than 32.

mod address;
mod args;
mod failure;
mod incoming;
mod log;
mod network;
mod outgoing;
mod ports;
mod signals;
mod stats;
pub mod wire;

use std::process::ExitCode;

use clap::Parser;
use shm_core::guard;

use crate::args::{Cli, Command};
use crate::failure::{Ending, Failure, Status};
use crate::log::Log;

/// Runs the program `shm-bridge` with the arguments of this process.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let common = match &command {
        Command::Out(args) => &args.common,
        Command::In(args) => &args.common,
    };
    let log = Log::new(common.json);
    // Zenoh says nothing unless RUST_LOG asks for it.
    if std::env::var_os("RUST_LOG").is_some() {
        zenoh::init_log_from_env_or("error");
    }
    // Report a truncated object as an error instead of dying by SIGBUS.
    let ready = guard::install().map_err(|error| Failure::new(Status::Failure, error));
    let ended = ready.and_then(|()| match command {
        Command::Out(args) => outgoing::run(&args, log),
        Command::In(args) => incoming::run(&args, log),
    });
    match ended {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::Signal(signal)) => signals::die_of(signal),
        Err(failure) => log.fail(&failure).into(),
    }
}
