//! `shm peek`: what is queued in a mailbox, without taking it.

use shm_mailbox::Message;
use shm_mailbox::observe::{self, Content};
use shm_mailbox::peek::{self, PeekError};

use super::objects;
use crate::args::PeekArgs;
use crate::failure::{Ending, Failure, Status, errors};
use crate::pass::output::{Form, Origin, Output, Stop};
use crate::terminal::signals::Signals;

/// Runs the command: what is queued now is written, oldest first.
pub(crate) fn run(args: &PeekArgs) -> Result<Ending, Failure> {
    let signals = Signals::catch().map_err(|error| errors::signals(&error))?;
    let form = if args.json { Form::Json } else { Form::Bytes };
    let mut output = Output::standard(form).map_err(|error| errors::output(&error))?;
    let object = observe::open(args.name()).map_err(|error| objects::unreadable(&error))?;
    let queue = peek::queued(&object).map_err(|error| failure(&error))?;
    let count = args.count.and_then(|count| usize::try_from(count).ok());
    let id = Some(queue.id());
    let is_bus = matches!(observe::look(&object)?, Content::Bus(_));
    let origin = |message: &Message| Origin {
        id,
        lane: is_bus.then(|| message.lane()),
        missed: None,
    };
    let mut ended = Ok(());
    for message in queue.take(count.unwrap_or(usize::MAX)) {
        match message {
            Ok(message) => output.push(origin(&message), message.sequence(), &message),
            // What came before it is shown.
            Err(error) => ended = Err(failure(&error)),
        }
        if output.is_full()
            && let (_, Some(stop)) = output.flush(&signals)
        {
            return stopped(stop, &signals);
        }
    }
    match output.flush(&signals) {
        (_, None) => ended.map(|()| Ending::Done),
        (_, Some(stop)) => stopped(stop, &signals),
    }
}

/// The output takes no more.
pub(super) fn stopped(stop: Stop, signals: &Signals) -> Result<Ending, Failure> {
    match stop {
        Stop::Closed => Ok(Ending::Done),
        Stop::Signal => Ok(signals.ending()),
        Stop::Failed(error) => Err(errors::output(&error)),
    }
}

fn failure(error: &PeekError) -> Failure {
    match error {
        PeekError::NotAMailbox { name } => {
            let what = format_args!("object {name:?} is no mailbox, and nothing is queued in it");
            Failure::new(Status::OtherLayout, what).next(format_args!("shm stat {name}"))
        }
        PeekError::System(error) => errors::system(error),
        _ => Failure::new(Status::OtherLayout, error),
    }
}
