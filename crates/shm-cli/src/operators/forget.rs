//! `shm forget`: gives up a label of a bus, with the messages kept for it.

use shm_mailbox::AttachError;
use shm_mailbox::bus::{Bus, ForgetError};

use crate::args::ForgetArgs;
use crate::failure::{Ending, Failure, errors};

/// Runs the command.
pub(crate) fn run(args: &ForgetArgs) -> Result<Ending, Failure> {
    let options = Bus::options(args.name.as_str()).label(&args.label);
    let options = options.any_owner(args.any_owner);
    match options.forget() {
        Ok(_) => Ok(Ending::Done),
        Err(ForgetError::Attach(error)) => {
            let failure = errors::attach(&error);
            Err(match error {
                AttachError::OtherKind { .. } => failure.next("another name; shm ls shows all"),
                AttachError::LabelTaken { .. } => failure.next("end it first"),
                _ => failure,
            })
        }
        Err(ForgetError::Close(error)) => Err(errors::close(&error)),
        Err(error) => Err(errors::other(&error)),
    }
}
