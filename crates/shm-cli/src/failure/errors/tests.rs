use super::*;

fn status(halt: Halt) -> Status {
    match halt {
        Halt::Failed(failure) => failure.status(),
        Halt::Signal | Halt::TimedOut => unreachable!("{halt:?} is no failure"),
    }
}

fn shm_name() -> ShmName {
    ShmName::new("orders").unwrap()
}

#[test]
fn what_cannot_be_attached_to_has_a_status_for_its_reason() {
    let taken = AttachError::RoleTaken {
        name: shm_name(),
        role: Role::Sender,
        pid: Some(7),
    };
    assert_eq!(attach(&taken).status(), Status::RoleTaken);
    let version = AttachError::Version {
        name: shm_name(),
        found: 2,
        expected: 1,
    };
    assert_eq!(attach(&version).status(), Status::OtherLayout);
    let owner = OpenError::ForeignOwner {
        name: shm_name(),
        owner: 0,
        euid: 1,
    };
    assert_eq!(
        attach(&AttachError::Open(owner)).status(),
        Status::Permission
    );
    let absent = classic::AttachError::NotFound { name: shm_name() };
    assert_eq!(attach_classic(&absent).status(), Status::NoObject);
    let foreign = classic::AttachError::Foreign {
        name: shm_name(),
        expected: 1028,
        found: 5,
    };
    assert_eq!(attach_classic(&foreign).status(), Status::OtherLayout);
}

#[test]
fn the_system_s_reason_decides_where_there_is_no_better_one() {
    let failed = |kind: io::ErrorKind| {
        system(&SystemError::new("shm_unlink", &shm_name(), kind.into())).status()
    };
    assert_eq!(failed(io::ErrorKind::PermissionDenied), Status::Permission);
    assert_eq!(failed(io::ErrorKind::NotFound), Status::NoObject);
    assert_eq!(failed(io::ErrorKind::OutOfMemory), Status::Failure);
}

#[test]
fn a_message_that_cannot_be_carried_is_bad_whatever_the_layout() {
    let long = SendError::TooLong {
        length: 1025,
        excess: 1,
    };
    assert_eq!(status(send("orders", &long)), Status::BadMessage);
    let nul = classic::SendError::Nul { at: 3 };
    assert_eq!(status(send_classic("orders", &nul)), Status::BadMessage);
}

#[test]
fn a_dead_writer_has_its_own_status_and_a_signal_is_no_failure() {
    let died = RecvError::PeerDied { name: shm_name() };
    assert_eq!(status(recv(&died)), Status::Abandoned);
    assert!(matches!(recv(&RecvError::Interrupted), Halt::Signal));
    let interrupted = classic::RecvError::Interrupted;
    assert!(matches!(recv_classic(&interrupted), Halt::Signal));
}
