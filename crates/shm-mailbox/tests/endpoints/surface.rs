//! What a program needs of the public interface without a second crate: each type that a signature
//! names has a name here.

use std::io;

use shm_mailbox::{
    AttachError, BatchError, CloseError, FileKind, Limit, MailboxId, MapError, Messages, NameError,
    Object, ObjectId, OpenError, Peer, Receiver, RecvError, Removal, RemoveError, ResizeError,
    SendError, Sender, ShmName, Status, SystemError, Unlink, ViewError, classic, observe, remove,
};

#[test]
fn each_type_in_a_signature_can_be_named() {
    let _: fn(&ShmName, Option<ObjectId>, Removal) -> Result<Unlink, RemoveError> = remove;
    let _: fn(&ShmName) -> Result<Object, OpenError> = observe::open;
    let _: fn(&Object) -> Result<observe::Content, SystemError> = observe::look;
    let _: fn(&Object) -> Result<Status, SystemError> = Object::status;
    let _: fn(&Sender) -> Result<Peer, SystemError> = Sender::peer;
    let _: fn(&Receiver) -> Result<Peer, SystemError> = Receiver::peer;
    let _: fn(&Receiver) -> MailboxId = Receiver::id;
    let _: fn(Receiver) -> Messages<Receiver> = Receiver::into_iter;
    let _: fn(&mut Sender, Limit) -> Result<(), SendError> = |sender, limit| sender.drain(limit);
    let _: fn(&str) -> Result<ShmName, NameError> = ShmName::new;
    let _: fn(NameError) -> AttachError = AttachError::Name;
    let _: fn(OpenError) -> AttachError = AttachError::Open;
    let _: fn(ResizeError) -> AttachError = AttachError::Reserve;
    let _: fn(MapError) -> AttachError = AttachError::Map;
    let _: fn(ViewError) -> AttachError = AttachError::View;
    let _: fn(&OpenError) -> Option<FileKind> = |error| match error {
        OpenError::NotRegular { found, .. } => Some(*found),
        _ => None,
    };
}

/// Fails to compile for what a thread could not hand on, or a program not return as `io::Error`.
fn is_an_error<E: std::error::Error + PartialEq + Send + Sync + 'static>()
where
    io::Error: From<E>,
{
}

#[test]
fn each_error_compares_crosses_threads_and_becomes_an_io_error() {
    is_an_error::<AttachError>();
    is_an_error::<SendError>();
    is_an_error::<RecvError>();
    is_an_error::<BatchError>();
    is_an_error::<CloseError>();
    is_an_error::<RemoveError>();
    is_an_error::<NameError>();
    is_an_error::<OpenError>();
    is_an_error::<ResizeError>();
    is_an_error::<MapError>();
    is_an_error::<ViewError>();
    is_an_error::<SystemError>();
    is_an_error::<classic::AttachError>();
    is_an_error::<classic::SendError>();
    is_an_error::<classic::RecvError>();
    is_an_error::<classic::CloseError>();
}
