//! A POSIX message queue. Its name is gone before anybody uses it: the descriptors are inherited.
//!
//! Without privileges a queue holds at most `/proc/sys/fs/mqueue/msg_max` messages, 10 by default.

use std::ffi::CString;
use std::fs;
use std::io::{Error, ErrorKind};
use std::mem::MaybeUninit;
use std::ptr;

use super::{Channel, ChannelOf, Incoming, Outgoing, Peer};
use crate::scratch;

pub(crate) struct Mq;

impl Peer for Mq {
    const NAME: &'static str = "POSIX mq";
    const SLEEPS: bool = true;
    type Sender<const L: usize> = Queue;
    type Receiver<const L: usize> = Queue;

    fn channel<const L: usize>(slots: usize) -> ChannelOf<Self, L> {
        let allowed = fs::read_to_string("/proc/sys/fs/mqueue/msg_max")
            .ok()
            .and_then(|text| text.trim().parse().ok());
        let queue = open(slots, L).or_else(|error| {
            let fewer = allowed.unwrap_or(10).min(slots);
            if error.kind() == ErrorKind::InvalidInput {
                open(fewer, L)
            } else {
                Err(error)
            }
        });
        let queue = queue.unwrap_or_else(|error| panic!("mq_open: {error}"));
        Channel::new(move || Queue(queue), move || Queue(queue))
    }
}

fn open(slots: usize, length: usize) -> Result<libc::mqd_t, Error> {
    let name = CString::new(format!("/{}", scratch::unique_name())).expect("no NUL in it");
    let attributes = MaybeUninit::<libc::mq_attr>::zeroed();
    // SAFETY: integers, for which 0 is a value.
    let mut attributes = unsafe { attributes.assume_init() };
    attributes.mq_maxmsg = slots.try_into().expect("a few");
    attributes.mq_msgsize = length.try_into().expect("at most 1 KiB");
    let flags = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
    let mode: libc::mode_t = 0o600;
    // SAFETY: a string, and the mode and the attributes that `O_CREAT` takes.
    let queue = unsafe { libc::mq_open(name.as_ptr(), flags, mode, &raw const attributes) };
    if queue == -1 {
        return Err(Error::last_os_error());
    }
    // SAFETY: a string.
    unsafe { libc::mq_unlink(name.as_ptr()) };
    Ok(queue)
}

/// Either end.
pub(crate) struct Queue(libc::mqd_t);

impl<const L: usize> Outgoing<L> for Queue {
    fn send(&mut self, message: &[u8; L]) {
        // SAFETY: reads `L` bytes.
        let result = unsafe { libc::mq_send(self.0, message.as_ptr().cast(), L, 0) };
        assert_eq!(result, 0, "mq_send: {}", Error::last_os_error());
    }
}

impl<const L: usize> Incoming<L> for Queue {
    fn receive(&mut self, message: &mut [u8; L]) {
        let target = message.as_mut_ptr().cast();
        // SAFETY: writes at most `L` bytes, and no priority.
        let length = unsafe { libc::mq_receive(self.0, target, L, ptr::null_mut()) };
        let length = usize::try_from(length);
        assert_eq!(length, Ok(L), "mq_receive: {}", Error::last_os_error());
    }
}
