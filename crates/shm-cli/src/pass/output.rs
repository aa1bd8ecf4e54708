//! Standard output of the reader: messages are gathered, written together, and it is known which of
//! them went out.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::io::Errno;
use serde::Serialize;
use shm_mailbox::MailboxId;

use crate::terminal::signals::{Signals, Woken};
use crate::terminal::{escape, stdio};

/// What `pipe(7)` writes without blocking to a pipe that `poll` calls writable: PIPE_BUF.
const PIECE: usize = 4096;

/// Gathered bytes that make it worth while to write.
const ENOUGH: usize = 64 * 1024;

/// What is written for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Its bytes.
    Bytes,
    /// Its length, an unsigned 32-bit number with the most significant byte first, and its bytes.
    LengthDelimited,
    /// A line with a JSON object.
    Json,
}

/// Why not everything was written.
#[derive(Debug)]
pub(crate) enum Stop {
    /// No process reads the output any more.
    Closed,
    /// A signal came.
    Signal,
    Failed(io::Error),
}

/// Where a message comes from, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Origin {
    pub(crate) id: Option<MailboxId>,
    /// Of a bus.
    pub(crate) lane: Option<u32>,
    /// How many messages passed unseen before it.
    pub(crate) missed: Option<u64>,
}

/// A message as JSON, in the order in which it is printed.
#[derive(Serialize)]
struct Record<'a> {
    /// Raised when the meaning of a field changes.
    schema: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<u32>,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    missed: Option<u64>,
    len: usize,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Data<'a> {
    Text(&'a str),
    /// In base64.
    Bytes(String),
}

/// Gathers messages for standard output.
#[derive(Debug)]
pub(crate) struct Output {
    fd: OwnedFd,
    form: Form,
    /// A message is not to change the terminal on which a person reads it.
    is_terminal: bool,
    /// A regular file takes any number of bytes without waiting for anyone.
    is_regular: bool,
    buffer: Vec<u8>,
    /// Where in `buffer` each message ends.
    ends: Vec<usize>,
}

impl Output {
    /// Writes to standard output, if there is one.
    pub(crate) fn standard(form: Form) -> io::Result<Self> {
        Self::new(stdio::output()?.as_fd(), form)
    }

    pub(super) fn new(fd: BorrowedFd<'_>, form: Form) -> io::Result<Self> {
        let file = File::from(fd.try_clone_to_owned()?);
        let is_regular = file.metadata()?.is_file();
        Ok(Self {
            fd: file.into(),
            form,
            is_terminal: fd.is_terminal(),
            is_regular,
            buffer: Vec::with_capacity(ENOUGH + 4096),
            ends: Vec::new(),
        })
    }

    /// Adds a text as it is, whole.
    pub(crate) fn push_text(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
        self.ends.push(self.buffer.len());
    }

    /// Adds a message, to be written with the next [`flush`](Self::flush).
    pub(crate) fn push(&mut self, origin: Origin, seq: u64, bytes: &[u8]) {
        match self.form {
            Form::Bytes => self.put(bytes),
            Form::LengthDelimited => {
                let length = u32::try_from(bytes.len()).expect("a message is at most 1 KiB");
                self.put(&length.to_be_bytes());
                self.put(bytes);
            }
            Form::Json => {
                let record = Record {
                    schema: 1,
                    id: origin.id.map(|id| id.to_string()),
                    lane: origin.lane,
                    seq,
                    missed: origin.missed,
                    len: bytes.len(),
                    data: match str::from_utf8(bytes) {
                        Ok(text) => Data::Text(text),
                        Err(_) => Data::Bytes(STANDARD.encode(bytes)),
                    },
                };
                let line = serde_json::to_string(&record).expect("strings and whole numbers");
                if self.is_terminal {
                    escape::json(&line, &mut self.buffer);
                } else {
                    self.buffer.extend_from_slice(line.as_bytes());
                }
                self.buffer.push(b'\n');
            }
        }
        self.ends.push(self.buffer.len());
    }

    /// Adds bytes as they are, or as a terminal may have them.
    fn put(&mut self, bytes: &[u8]) {
        if self.is_terminal {
            escape::bytes(bytes, &mut self.buffer);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// Have enough bytes been gathered to write them?
    pub(crate) fn is_full(&self) -> bool {
        self.buffer.len() >= ENOUGH
    }

    /// Writes everything, and forgets it: how many messages were written whole, and why that is not
    /// everything. The rest is forgotten, too.
    pub(crate) fn flush(&mut self, signals: &Signals) -> (usize, Option<Stop>) {
        let mut written = 0;
        let mut stop = None;
        while stop.is_none() && written < self.buffer.len() {
            match self.write(written, signals) {
                Ok(count) => written += count,
                Err(reason) => stop = Some(reason),
            }
        }
        let messages = self.ends.partition_point(|end| *end <= written);
        self.buffer.clear();
        self.ends.clear();
        (messages, stop)
    }

    /// Writes some of what stands behind the first `written` bytes, as soon as that is possible
    /// without blocking.
    fn write(&self, written: usize, signals: &Signals) -> Result<usize, Stop> {
        let piece = if self.is_regular {
            &self.buffer[written..]
        } else {
            match signals.wait_writable(self.fd.as_fd()) {
                Ok(Woken::Signal) => return Err(Stop::Signal),
                Ok(Woken::Ready | Woken::TimedOut) => self.piece(written),
                Err(error) => return Err(Stop::Failed(error)),
            }
        };
        match rustix::io::write(&self.fd, piece) {
            Ok(count) => Ok(count),
            // Someone else made the descriptor non-blocking, or filled the pipe first.
            Err(Errno::AGAIN | Errno::INTR) => Ok(0),
            Err(Errno::PIPE) => Err(Stop::Closed),
            Err(error) => Err(Stop::Failed(error.into())),
        }
    }

    /// What to write next to a pipe: whole messages if that is possible, so that none is cut by a
    /// signal.
    fn piece(&self, written: usize) -> &[u8] {
        let most = self.buffer.len().min(written + PIECE);
        let fitting = self.ends.partition_point(|end| *end <= most);
        let end = match self.ends[..fitting].last() {
            Some(end) if *end > written => *end,
            _ => most,
        };
        &self.buffer[written..end]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn output(form: Form) -> Output {
        let (_, writer) = io::pipe().unwrap();
        Output::new(writer.as_fd(), form).unwrap()
    }

    #[test]
    fn a_message_is_written_as_it_came() {
        let mut output = output(Form::Bytes);
        output.push(Origin::default(), 0, b"one\n");
        output.push(Origin::default(), 1, b"\0two");
        assert_eq!(output.buffer, b"one\n\0two");
        assert_eq!(output.ends, [4, 8]);
    }

    #[test]
    fn a_length_goes_before_the_message() {
        let mut output = output(Form::LengthDelimited);
        output.push(Origin::default(), 0, b"abc");
        output.push(Origin::default(), 1, b"");
        assert_eq!(output.buffer, b"\0\0\0\x03abc\0\0\0\0");
    }

    #[test]
    fn text_is_a_json_string_and_other_bytes_are_base64() {
        let mut output = output(Form::Json);
        let id = MailboxId::from_bytes(*b"0123456789abcdef");
        let origin = Origin {
            id,
            lane: Some(3),
            missed: None,
        };
        output.push(origin, 7, b"hello\n");
        output.push(Origin::default(), 8, b"\xff\0");
        output.push(Origin::default(), 9, b"");
        let lines = str::from_utf8(&output.buffer).unwrap();
        assert_eq!(
            lines,
            "{\"schema\":1,\"id\":\"30313233343536373839616263646566\",\"lane\":3,\"seq\":7,\"len\":6,\"data\":{\"text\":\"hello\\n\"}}\n\
             {\"schema\":1,\"seq\":8,\"len\":2,\"data\":{\"bytes\":\"/wA=\"}}\n\
             {\"schema\":1,\"seq\":9,\"len\":0,\"data\":{\"text\":\"\"}}\n"
        );
    }

    #[test]
    fn a_piece_ends_with_a_message_unless_one_message_is_larger() {
        let mut output = output(Form::Bytes);
        for sequence in 0..5 {
            output.push(Origin::default(), sequence, &[b'x'; 1000]);
        }
        output.push(Origin::default(), 5, &[b'y'; 5000]);
        assert_eq!(output.piece(0).len(), 4000);
        assert_eq!(output.piece(4000).len(), 1000);
        assert_eq!(output.piece(5000).len(), PIECE);
        assert_eq!(output.piece(5000 + PIECE).len(), 5000 - PIECE);
    }

    #[test]
    fn an_output_that_nobody_reads_is_closed_and_nothing_of_it_was_written() {
        let signals = Signals::none();
        let mut output = output(Form::Bytes);
        output.push(Origin::default(), 0, b"one\n");
        let (messages, stop) = output.flush(&signals);
        assert_eq!(messages, 0);
        assert!(matches!(stop, Some(Stop::Closed)), "{stop:?}");
    }

    #[test]
    fn messages_that_went_out_whole_before_the_output_closed_are_counted() {
        let signals = Signals::none();
        let (mut reader, writer) = io::pipe().unwrap();
        rustix::pipe::fcntl_setpipe_size(&writer, PIECE).unwrap();
        let mut output = Output::new(writer.as_fd(), Form::Bytes).unwrap();
        drop(writer);
        for sequence in 0..10 {
            output.push(Origin::default(), sequence, &[b'x'; 1000]);
        }
        // The first piece is read, and then the pipe closed; the second fits before that, or not.
        let reading = std::thread::spawn(move || reader.read_exact(&mut [0; 4000]));
        let (messages, stop) = output.flush(&signals);
        reading.join().unwrap().unwrap();
        assert!(messages == 4 || messages == 8, "{messages}");
        assert!(matches!(stop, Some(Stop::Closed)), "{stop:?}");
    }
}
