//! How a writer leaves: with everything taken, with messages left, or with the reason why it could
//! not go on.

use std::time::Duration;

use super::Writer;
use crate::args::WriterArgs;
use crate::failure::{Ending, Failure, Halt, Status, note};

/// How long a writer that failed lets its reader take what was sent, so that no object is left
/// behind.
const GRACE: Duration = Duration::from_secs(1);

impl Writer<'_> {
    /// Leaves the channel as the end of the work, a signal or a failure asks for.
    pub(super) fn leave(mut self, worked: Result<(), Halt>) -> Result<Ending, Failure> {
        let keep = self.args.keep;
        match worked {
            Ok(()) => self.sink.leave(keep).map(|_| Ending::Done),
            Err(Halt::TimedOut) => self.give_up(),
            Err(Halt::Signal) => {
                match self.sink.abort(keep) {
                    Ok(left) if self.explains => tell_leftovers(self.args, left, self.unsent),
                    Ok(_) => {}
                    // The signal decides how the process ends.
                    Err(failure) => {
                        failure.report();
                    }
                }
                Ok(self.signals.ending())
            }
            Err(Halt::Failed(failure)) => {
                // With `--timeout` nobody is to be waited for.
                let may_wait = failure.status() != Status::TimedOut;
                if !keep && may_wait && self.sink.has_reader() {
                    // Whatever comes of it, the command reports the failure.
                    let _ = self.sink.drain(Some(GRACE));
                }
                let _ = self.sink.abort(keep);
                Err(failure)
            }
        }
    }

    /// Leaves when the time of `--drain` is up: the object stays, with the messages in it.
    fn give_up(self) -> Result<Ending, Failure> {
        let name = self.args.channel.name();
        let classic = self.args.channel.classic;
        let (held, remedy) = (self.held_by(), self.remedy());
        // A mailbox that was emptied after the last check is unlinked; the classic layout cannot
        // show it.
        let queued = self.sink.leave(classic)?;
        let left = match classic {
            true => u64::from(!self.unsent),
            false => queued,
        };
        if left == 0 && !self.unsent {
            return Ok(Ending::Done);
        }
        let drain = humantime::format_duration(self.args.drain.unwrap_or_default());
        let untaken = match left {
            0 => format!("no reader took a message from object {name:?} within {drain}"),
            _ => format!("messages are left in object {name:?} after {drain}: {left}"),
        };
        let unsent = self
            .unsent
            .then_some("; the rest of the input was not sent");
        let what = untaken + unsent.unwrap_or_default() + &held;
        Err(Failure::new(Status::Abandoned, what).next(remedy))
    }
}

/// Tells a person what is left after a signal.
fn tell_leftovers(args: &WriterArgs, left: u64, unsent: bool) {
    let name = args.channel.name();
    if left > 0 {
        note(format_args!(
            "messages are left in object {name:?}: {left}; shm reader {name} takes them"
        ));
    }
    if unsent {
        note("a message was not sent: it waited for a reader to take one");
    }
}
