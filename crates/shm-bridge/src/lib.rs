//! Carries the messages of a mailbox to a mailbox on another machine: every message once, in order.
//!
//! Two programs do it over Zenoh. `shm bridge out` is the receiver of the *near* mailbox, `shm
//! bridge in` the sender of the *far* one. Nothing else keeps a state: no file, no broker.
//!
//! 1. `out` peeks at up to 32 messages, and asks: a *question* has their numbers and bytes.
//! 2. `in` sends those that it does not have yet, and *answers* with the number it expects next.
//! 3. `out` acknowledges the messages below that number, and peeks again.
//!
//! One question is under way at any time. A question that is not answered is asked again. If the
//! far mailbox is full, `in` answers after a second with what there was room for, so the near
//! mailbox fills up too, and its writer waits.
//!
//! # Why a kill at any instruction loses nothing and doubles nothing
//!
//! These are kept in shared memory, and so outlive a kill of the program:
//!
//! * *a*, how many messages of the near mailbox are acknowledged: its `received`.
//! * *c*, how many messages the far mailbox has got: its `sent`, which a new sender puts right.
//! * *(s, d)* in the note of the far mailbox: message *n* of stream *s* is its message *n* + *d*.
//!   The stream is the `id` of the near mailbox.
//!
//! So *e* = *c* − *d* is the number of the message that `in` expects. It rises by one with each
//! message, at the instruction that commits it: there is no moment at which a message is in the
//! mailbox and not counted, nor the other way round. All follows from *a* ≤ *e* ≤ *a* + 32.
//!
//! * **Nothing is lost.** `out` acknowledges up to a number that `in` has answered, and *e* never
//!   falls, so *a* ≤ *e*: what is acknowledged here is committed there. The mailbox keeps the rest.
//! * **Nothing is doubled or reordered.** `in` leaves out what is below *e*, takes what comes next,
//!   and refuses a question whose first message is above *e*. So message *n* is committed when *e*
//!   is *n*, and at no other time, however often and however late the question comes.
//! * **`out` is killed.** The next one begins at *a*. What was answered and not acknowledged is
//!   asked again, and left out.
//! * **`in` is killed**, perhaps in the middle of a batch. The next one reads *c* and the note.
//! * **The connection is cut.** A question or its answer is gone, and is asked again. It makes no
//!   difference whether the question had arrived.
//! * **The writer or the reader is killed.** That is the mailbox's own promise: the next one goes
//!   on with the next number.
//!
//! A stream begins with the note: `in` writes it before the first message of the stream, with *d* =
//! *c* − *a*. A kill while it is written leaves no note, and no message of the stream: it has not
//! begun, and begins with the next question, with the same *a*.
//!
//! A beginning must not be repeated, and a question may be late: it can wait in a connection that
//! is cut. So `in` hears only questions with the token of its last *hello*, which is new for each
//! hello and known to no question before it. A late hello changes nothing but the token, and the
//! next question is told to say hello again.
//!
//! When the near mailbox has been empty for a second, or its writer has closed, `out` tells the
//! *end*: all is acknowledged so far. Then *a* = *e*, which `in` checks; it marks the note, and
//! forgets the token. Any stream may begin, also the same one again, with another hello, at its
//! *a*. That doubles nothing, because *a* never falls and no question from before has the new
//! token. If the mark is torn, there is no note, which means the same. If nobody hears the end, the
//! stream has not ended, and another needs `--new-stream`. `incoming::search` goes through all of
//! this.
//!
//! What it takes: the far mailbox is not removed while a stream has not ended, and nobody else
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
    // A truncated object is an error to report, and no reason to die by a signal.
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
