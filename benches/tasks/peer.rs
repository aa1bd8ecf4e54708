//! The peers: other processes, which are this program, started again.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::mem::ManuallyDrop;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;
use std::{env, fs};

use shm_cli::measure::clock::monotonic;
use shm_mailbox::{Mailbox, Sender};

/// The bytes of a message; the first eight are when it was sent.
pub(crate) const LENGTH: usize = 64;

/// A folder for the socket, and a name for the mailboxes; both go with this.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("shm-bench-tasks-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    pub(crate) fn mailbox(&self, number: usize) -> String {
        let folder = self.0.file_name().expect("it was given one");
        format!("{}-{number}", folder.to_string_lossy())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
        // Those of killed senders are left.
        for number in 0.. {
            let name = format!("/dev/shm/{}", self.mailbox(number));
            if fs::remove_file(name).is_err() {
                break;
            }
        }
    }
}

/// A peer in another process; killed when dropped.
pub(crate) struct Peer {
    pub(crate) process: Child,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a peer for these mailboxes.
    pub(crate) fn start(place: &Place, first: usize, count: usize) -> io::Result<Self> {
        let mut command = Command::new(env::current_exe()?);
        command
            .arg("--peer")
            .arg(&place.0)
            .args([first, count].map(|n| n.to_string()));
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().expect("it has a pipe");
        Ok(Self {
            process,
            output: BufReader::new(output),
        })
    }

    pub(crate) fn say(&mut self, line: &str) -> io::Result<()> {
        let input = self.process.stdin.as_mut().expect("it has a pipe");
        writeln!(input, "{line}")
    }

    /// Waits for its next word.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        match self.output.read_line(&mut String::new())? {
            0 => Err(io::Error::other("a peer has failed")),
            _ => Ok(()),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The other process: attaches and connects, says so, and sends as many messages as it is told to.
pub(crate) fn be_peer(folder: &str, first: usize, count: usize) -> Result<(), Box<dyn Error>> {
    let place = ManuallyDrop::new(Place(PathBuf::from(folder)));
    let mut ends = Vec::new();
    for number in first..first + count {
        let sender = Mailbox::options(place.mailbox(number))
            .create(false)
            .sender()?;
        let mut socket = UnixStream::connect(place.socket())?;
        socket.write_all(&u64::try_from(number)?.to_le_bytes())?;
        ends.push((sender, socket));
    }
    println!("ready");
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let count: u32 = line.trim().parse().unwrap_or(0);
    for _ in 0..count {
        let number = fastrand::usize(..ends.len());
        let (sender, socket): &mut (Sender, UnixStream) = &mut ends[number];
        pause();
        sender.send(stamped())?;
        pause();
        socket.write_all(&stamped())?;
    }
    pause();
    Ok(())
}

/// Until the program sleeps again.
fn pause() {
    thread::sleep(Duration::from_micros(fastrand::u64(500..1500)));
}

fn stamped() -> [u8; LENGTH] {
    let mut message = [0; LENGTH];
    message[..8].copy_from_slice(&monotonic().to_le_bytes());
    message
}
