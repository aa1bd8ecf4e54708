//! The lesson's C programs, acted out on a raw mapping, and the object as they make it.

use std::fs::{File, OpenOptions};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use shm_core::{Mapping, ObjectOptions};
use shm_mailbox::Message;
use shm_mailbox::classic::{Reader, RecvError, Writer};

use super::{Name, PATIENCE, assert_matches, until};

impl Name {
    /// The object as a file, made with this size if it is not there.
    pub(crate) fn sized(&self, size: u64) -> File {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path())
            .expect("open the object");
        file.set_len(size).expect("set the size");
        file
    }
}

/// One of the lesson's programs, by hand: plain loads and stores, no locks, no wake-ups.
pub(crate) struct CPeer(Mapping);

impl CPeer {
    /// The C writer up to its loop: `O_CREAT | O_TRUNC`, `ftruncate`, `clr2send = 0`.
    pub(crate) fn writer(name: &Name) -> Self {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(name.path())
            .expect("shm_open");
        file.set_len(1028).expect("ftruncate");
        let peer = Self::reader(name);
        peer.set_flag(0);
        peer
    }

    /// The C reader up to its loop: it opens what is there.
    pub(crate) fn reader(name: &Name) -> Self {
        let object = ObjectOptions::new()
            .any_mode(true)
            .open(&name.shm_name())
            .expect("shm_open");
        Self(Mapping::shared(&object).expect("mmap"))
    }

    fn clr2send(&self) -> &AtomicI32 {
        self.0.view(0).expect("within the object")
    }

    pub(crate) fn flag(&self) -> i32 {
        self.clr2send().load(Ordering::Relaxed)
    }

    pub(crate) fn set_flag(&self, flag: i32) {
        self.clr2send().store(flag, Ordering::Relaxed);
    }

    pub(crate) fn text(&self) -> Vec<u8> {
        let mut text = vec![0; 1024];
        self.0.read(4, &mut text).expect("within the object");
        let end = text.iter().position(|&byte| byte == 0);
        text.truncate(end.unwrap_or(1024));
        text
    }

    /// `strncpy(mbuf, line, K)`.
    pub(crate) fn set_text(&self, line: &[u8]) {
        let mut text = [0; 1024];
        text[..line.len()].copy_from_slice(line);
        self.0.write(4, &text).expect("within the object");
    }

    /// `clr2send++`.
    pub(crate) fn ask(&self) {
        self.set_flag(self.flag().wrapping_add(1));
    }

    /// One round of the C writer.
    pub(crate) fn write(&self, line: &[u8]) {
        until("there is a request", || self.flag() != 0);
        self.set_text(line);
        self.set_flag(0);
    }

    /// One round of the C reader.
    pub(crate) fn read(&self) -> Vec<u8> {
        self.ask();
        until("there is an answer", || self.flag() <= 0);
        self.text()
    }
}

/// One of our writers sends a line.
#[track_caller]
pub(crate) fn send(writer: &mut Writer, line: impl AsRef<[u8]>) {
    writer.send_timeout(line, PATIENCE).expect("send");
}

/// One of our readers receives a line.
#[track_caller]
pub(crate) fn recv(reader: &mut Reader) -> Vec<u8> {
    let mut message = Message::new();
    let received = reader.recv_timeout(&mut message, PATIENCE);
    received.expect("receive");
    message.as_bytes().to_vec()
}

/// One of our readers asks for a line, which is not there.
#[track_caller]
pub(crate) fn ask(reader: &mut Reader) {
    let received = reader.recv_timeout(&mut Message::new(), Duration::ZERO);
    assert_matches!(received, Err(RecvError::TimedOut));
}
