//! Errors that only a bus has, with its lanes, places and labels.

use shm_mailbox::bus::Label;
use shm_mailbox::{AttachError, Peer};

use super::program;
use crate::failure::{Failure, Status};

/// Attaching to a bus failed, or to something that is not a bus.
pub(super) fn attach(error: &AttachError) -> Failure {
    use AttachError as E;
    match error {
        E::OtherKind { name, found, .. } if *found == "mailbox" => {
            let what = format_args!(
                "object {name:?} is a mailbox, which has one writer and one reader, and no bus"
            );
            Failure::new(Status::OtherLayout, what)
                .next("another name, or leave out --receivers, --senders, --as and --from")
        }
        E::OtherKind { .. } => Failure::new(Status::OtherLayout, error),
        E::NoPlace { name, role } => {
            let program = program(*role);
            let what = format_args!("object {name:?} has no room for another {program}");
            Failure::new(Status::RoleTaken, what).next(format_args!(
                "end one, or shm forget {name} LABEL; shm stat {name} shows all"
            ))
        }
        E::LabelTaken { name, label, pid } => {
            let holder = match pid {
                Some(pid) => format!("process {pid}"),
                None => "a process that this one may not see".to_owned(),
            };
            let what = format_args!("label {label:?} of object {name:?} belongs to {holder}");
            Failure::new(Status::RoleTaken, what).next("end it first, or use another label")
        }
        E::NoLabel { name, label, .. } => {
            let what = format_args!("object {name:?} has nothing with the label {label:?}");
            Failure::new(Status::NoObject, what)
                .next(format_args!("shm stat {name} shows the labels"))
        }
        _ => Failure::new(Status::Failure, error),
    }
}

/// The bus keeps the messages for an absent reader.
pub(super) fn held_back(name: &str, label: &Label, state: Peer) -> Failure {
    let how = match state {
        Peer::Died => "died",
        _ => "has closed",
    };
    let what = format_args!(
        "object {name:?} keeps its messages for reader {:?}, which {how}",
        label.as_str()
    );
    Failure::new(Status::Abandoned, what).next(format_args!(
        "shm reader --as {label:?} {name}, or shm forget {name} {label:?}",
        label = label.as_str()
    ))
}
