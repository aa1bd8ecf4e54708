//! A POSIX message queue. Its name is removed before its first use: the descriptors are inherited.
//!
//! Without privileges a queue holds at most `/proc/sys/fs/mqueue/msg_max` messages, 10 by default.

use std::fs;
use std::os::fd::{AsRawFd, FromRawFd};

use nix::errno::Errno;
use nix::mqueue::{MQ_OFlag, MqAttr, MqdT, mq_open, mq_receive, mq_send, mq_unlink};
use nix::sys::stat::Mode;

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
        let queue = open(slots, L).or_else(|error| match error {
            Errno::EINVAL => open(allowed.unwrap_or(10).min(slots), L),
            error => Err(error),
        });
        let queue = queue.unwrap_or_else(|error| panic!("mq_open: {error}"));
        // SAFETY: a descriptor of the same queue, which neither end closes.
        let same = unsafe { MqdT::from_raw_fd(queue.as_raw_fd()) };
        Channel::new(move || Queue(queue), move || Queue(same))
    }
}

fn open(slots: usize, length: usize) -> Result<MqdT, Errno> {
    let name = format!("/{}", scratch::unique_name());
    let [slots, length] = [slots, length].map(|count| count.try_into().expect("a few"));
    let attributes = MqAttr::new(0, slots, length, 0);
    let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL | MQ_OFlag::O_RDWR;
    let queue = mq_open(
        name.as_str(),
        flags,
        Mode::S_IRUSR | Mode::S_IWUSR,
        Some(&attributes),
    )?;
    // It needs no name any more.
    let _ = mq_unlink(name.as_str());
    Ok(queue)
}

/// The sender or the receiver.
pub(crate) struct Queue(MqdT);

impl<const L: usize> Outgoing<L> for Queue {
    fn send(&mut self, message: &[u8; L]) {
        mq_send(&self.0, message, 0).expect("mq_send");
    }
}

impl<const L: usize> Incoming<L> for Queue {
    fn receive(&mut self, message: &mut [u8; L]) {
        let length = mq_receive(&self.0, message, &mut 0);
        assert_eq!(length, Ok(L), "mq_receive");
    }
}
