//! Bells in processes that the system lets have none, and in forked children.

use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::prctl::set_no_new_privs;
use nix::sys::resource::{Resource, setrlimit};
use shm_mailbox::{
    Armed, AttachError, BellError, Message, Options, RecvError, Select, SelectError, Wait,
};

use crate::support::{LIMIT, Name, Shared, assert_matches, fork, is_rung, take, until};

/// A process without a descriptor for a bell.
fn without_descriptors() {
    setrlimit(Resource::RLIMIT_NOFILE, 3, 3).unwrap();
}

/// A process that may not use inotify.
fn without_inotify() {
    let errno = libc::EPERM.unsigned_abs();
    let call = u32::try_from(libc::SYS_inotify_init1).unwrap();
    let statement = |code, jf, k| libc::sock_filter {
        code: u16::try_from(code).unwrap(),
        jt: 0,
        jf,
        k,
    };
    let mut program = [
        // The number of the call is the first word of what a filter sees.
        statement(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 1, call),
        statement(
            libc::BPF_RET | libc::BPF_K,
            0,
            libc::SECCOMP_RET_ERRNO | errno,
        ),
        statement(libc::BPF_RET | libc::BPF_K, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: 4,
        filter: program.as_mut_ptr(),
    };
    set_no_new_privs().unwrap();
    // SAFETY: the program has four statements, and outlives the call.
    let result = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        )
    };
    assert_eq!(result, 0);
}

#[test]
fn a_process_that_can_have_no_bell_is_told_why_and_goes_on_without() {
    let cases: [(fn(), BellError); 2] = [
        (without_descriptors, BellError::Instances),
        (without_inotify, BellError::Denied { errno: libc::EPERM }),
    ];
    for (restrict, expected) in cases {
        let name = Name::new();
        fork(|| {
            let (mut sender, mut receiver) = name.pair(4);
            restrict();
            for _ in 0..2 {
                assert_eq!(receiver.bell().unwrap_err(), expected);
                assert_eq!(sender.bell().unwrap_err(), expected);
                assert_matches!(receiver.arm(), Err(RecvError::Bell(error)) if error == expected);
                let result = Select::new().wait(&mut [&mut receiver], LIMIT);
                assert_matches!(result, Err(SelectError::Bell { place: 0, .. }));
            }
            sender.send(b"all the same").unwrap();
            assert_eq!(take(&mut receiver).1, b"all the same");
        })
        .join();
    }
}

#[test]
fn an_end_that_is_to_sleep_on_a_bell_and_can_have_none_does_not_attach() {
    let prompt: [fn(Options) -> Options; 2] = [
        |options| options.wait(Wait::Bell),
        |options| options.prompt(true),
    ];
    for options in prompt {
        let name = Name::new();
        let _sender = name.sender();
        fork(|| {
            without_inotify();
            let result = options(name.options()).receiver();
            assert_matches!(result, Err(AttachError::Bell(BellError::Denied { .. })));
            // The role is free, and it can do without.
            name.receiver();
        })
        .join();
    }
}

#[test]
fn a_child_that_drops_its_copies_does_not_silence_its_parents_bells() {
    let name = Name::new();
    let (mut sender, receiver) = name.pair(4);
    let mut receiver = Some(receiver);
    let mut bells = vec![receiver.as_mut().unwrap().bell().unwrap()];
    fork(|| {
        let mut receiver = receiver.take().unwrap();
        assert_matches!(receiver.arm(), Err(RecvError::Forked { .. }));
        drop(receiver);
        bells.clear();
        // Nor does one that has bells of its own, and gives them back.
        let own = Name::new();
        for _ in 0..20 {
            own.receiver().bell().unwrap();
        }
    })
    .join();
    let mut receiver = receiver.unwrap();
    while receiver.arm().unwrap() == Armed::Now {}
    sender.send(b"still heard").unwrap();
    assert!(is_rung(&bells[0], Duration::ZERO));
    assert_eq!(receiver.arm(), Ok(Armed::Now));
    assert_eq!(take(&mut receiver).1, b"still heard");
}

#[test]
fn a_bell_rings_across_processes() {
    let name = Name::new();
    let shared = Shared::new();
    let gate = shared.number(0);
    let mut receiver = name.receiver();
    let bell = receiver.bell().unwrap();
    let child = fork(|| {
        let mut sender = name.options().slots(1).sender().unwrap();
        let bell = sender.bell().unwrap();
        for number in 0..100_u64 {
            while let Armed::Wait { .. } = sender.arm().unwrap() {
                assert!(is_rung(&bell, LIMIT));
            }
            sender.try_send(number.to_le_bytes()).unwrap();
        }
        gate.store(1, Ordering::SeqCst);
        while let Armed::Wait { .. } = sender.arm_drain().unwrap() {
            assert!(is_rung(&bell, LIMIT));
        }
    });
    let mut message = Message::new();
    for number in 0..100_u64 {
        while let Armed::Wait { .. } = receiver.arm().unwrap() {
            assert!(is_rung(&bell, LIMIT));
        }
        receiver.try_recv(&mut message).unwrap();
        assert_eq!(message.as_bytes(), number.to_le_bytes());
    }
    until("all were sent", || gate.load(Ordering::SeqCst) == 1);
    child.join();
    // Its death, or its close, has rung.
    loop {
        match receiver.arm() {
            Ok(Armed::Wait { at_most }) => {
                assert!(is_rung(&bell, at_most.unwrap_or(LIMIT)) || at_most.is_some());
            }
            Ok(Armed::Now) => {}
            Err(RecvError::Closed { .. }) => break,
            Err(error) => panic!("{error}"),
        }
    }
}
