//! One tokio program that waits for 100 mailboxes and 100 Unix sockets: what it costs while nothing
//! comes, how late it runs when something does, and when it hears of a death.
//!
//! ```text
//! cargo bench -p benches --bench tasks -- [--mailboxes N] [--messages N] [--deaths N] [--idle S]
//! ```
//!
//! Mailbox and socket take turns, in one thread and beside the same peers. The peers are other
//! processes: this program, started again.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};
use std::{env, fs};

use clap::Parser;
use shm_cli::measure::clock::{monotonic, processor};
use shm_cli::measure::machine::Machine;
use shm_mailbox::{Mailbox, Message, RecvError, Sender};
use shm_tokio::AsyncReceiver;
use tokio::io::AsyncReadExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Measures a tokio program with many mailboxes.
#[derive(Debug, Parser)]
#[command(about, bin_name = "cargo bench -p benches --bench tasks --")]
struct Options {
    /// How many mailboxes and sockets the program waits for
    #[arg(long, value_name = "N", default_value_t = 100)]
    mailboxes: usize,
    /// How many messages each way of sending passes
    #[arg(long, value_name = "N", default_value_t = 5_000)]
    messages: u32,
    /// How often each peer is killed
    #[arg(long, value_name = "N", default_value_t = 10)]
    deaths: u32,
    /// How many seconds the program waits for nothing
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    idle: f64,
    /// As little as can be, to see that everything works
    #[arg(long)]
    test: bool,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
    /// Be a peer: the folder, the first of its mailboxes, and how many there are.
    #[arg(long, hide = true, num_args = 3)]
    peer: Vec<String>,
}

/// The bytes of a message; the first eight are when it was sent.
const LENGTH: usize = 64;

fn main() -> Result<(), Box<dyn Error>> {
    let mut options = Options::parse();
    if let [folder, first, count] = &options.peer[..] {
        return be_peer(folder, first.parse()?, count.parse()?);
    }
    if options.test {
        (options.mailboxes, options.messages) = (5, 50);
        (options.deaths, options.idle) = (1, 0.1);
    }
    let machine = Machine::here();
    let place = Place::new()?;
    let wakes = measure_wakes(&options, &place)?;
    let deaths = measure_deaths(&options, &place)?;
    if options.test {
        println!("Testing tasks: success");
        return Ok(());
    }
    println!("{machine}\n");
    if let Some(objection) = machine.objection() {
        println!("{objection}\n");
    }
    println!(
        "{} mailboxes and as many sockets, {wakes}",
        options.mailboxes
    );
    let title = "from a kill to the notice";
    println!(
        "{title}, mailbox: {}\n{title}, socket:  {}",
        deaths.mailbox, deaths.socket
    );
    Ok(())
}

/// Times in nanoseconds.
#[derive(Default)]
struct Times(Vec<u64>);

impl Times {
    fn percentile(&self, percent: usize) -> f64 {
        let mut times = self.0.clone();
        times.sort_unstable();
        let last = times.len() - 1;
        let time = times[(times.len() * percent / 100).min(last)];
        Duration::from_nanos(time).as_secs_f64() * 1e6
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p90, p99, most] = [50, 90, 99, 100].map(|percent| self.percentile(percent));
        let count = self.0.len();
        write!(
            f,
            "p50 {p50:.0} µs, p90 {p90:.0}, p99 {p99:.0}, most {most:.0} ({count} times)"
        )
    }
}

/// The same thing, by mailbox and by socket.
#[derive(Default)]
struct Pair {
    mailbox: Times,
    socket: Times,
}

impl Pair {
    fn add(&mut self, source: Source, time: u64) {
        match source {
            Source::Mailbox => self.mailbox.0.push(time),
            Source::Socket => self.socket.0.push(time),
        }
    }
}

#[derive(Clone, Copy)]
enum Source {
    Mailbox,
    Socket,
}

/// What was measured while no peer died.
struct Wakes {
    /// The part of a core.
    idle: f64,
    /// How many of the mailboxes wait in threads, since the system had no bell for them.
    threads: usize,
    times: Pair,
}

impl fmt::Display for Wakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Pair { mailbox, socket } = &self.times;
        writeln!(f, "{} without a bell", self.threads)?;
        writeln!(f, "idle: {:.4}% of a core", self.idle * 100.0)?;
        writeln!(f, "from sending to running, mailbox: {mailbox}")?;
        writeln!(f, "from sending to running, socket:  {socket}")?;
        let ratio = mailbox.percentile(50) / socket.percentile(50);
        write!(f, "ratio of the p50: {ratio:.2}")
    }
}

/// A folder for the socket, and a name for the mailboxes; both go with this.
struct Place(PathBuf);

impl Place {
    fn new() -> io::Result<Self> {
        let folder = env::temp_dir().join(format!("shm-bench-tasks-{}", std::process::id()));
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("socket")
    }

    fn mailbox(&self, number: usize) -> String {
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
struct Peer {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts a peer for these mailboxes.
    fn start(place: &Place, first: usize, count: usize) -> io::Result<Self> {
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

    fn say(&mut self, line: &str) -> io::Result<()> {
        let input = self.process.stdin.as_mut().expect("it has a pipe");
        writeln!(input, "{line}")
    }

    /// Waits for its next word.
    fn wait(&mut self) -> io::Result<()> {
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

/// Both ends of the program: all its mailboxes, and the sockets of its peers, by their numbers.
type Ends = (Vec<AsyncReceiver>, BTreeMap<usize, UnixStream>);

/// Attaches to all mailboxes, and starts the peers.
fn connect(
    runtime: &Runtime,
    place: &Place,
    mailboxes: usize,
    start: impl FnOnce() -> io::Result<Vec<Peer>>,
) -> Result<(Ends, Vec<Peer>), Box<dyn Error>> {
    let _context = runtime.enter();
    let receivers = (0..mailboxes).map(|number| {
        let receiver = Mailbox::options(place.mailbox(number)).receiver();
        receiver.map(AsyncReceiver::new)
    });
    let receivers = receivers.collect::<Result<_, _>>()?;
    let listener = UnixListener::bind(place.socket())?;
    let mut peers = start()?;
    let mut sockets = BTreeMap::new();
    for _ in 0..mailboxes {
        let (mut socket, _) = listener.accept()?;
        let mut number = [0; 8];
        socket.read_exact(&mut number)?;
        socket.set_nonblocking(true)?;
        sockets.insert(usize::try_from(u64::from_le_bytes(number))?, socket);
    }
    fs::remove_file(place.socket())?;
    for peer in &mut peers {
        peer.wait()?;
    }
    Ok(((receivers, sockets), peers))
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn measure_wakes(options: &Options, place: &Place) -> Result<Wakes, Box<dyn Error>> {
    let runtime = runtime()?;
    let count = options.mailboxes;
    let start = || Ok(vec![Peer::start(place, 0, count)?]);
    let ((receivers, sockets), mut peers) = connect(&runtime, place, count, start)?;
    let without_bell = |receiver: &&AsyncReceiver| receiver.bell_error().is_some();
    let threads = receivers.iter().filter(without_bell).count();
    let (times, measured) = mpsc::channel();
    let idle = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for mut receiver in receivers {
            let times = times.clone();
            tasks.spawn(async move {
                let mut message = Message::new();
                while receiver.recv(&mut message).await.is_ok() {
                    let sent = *message.first_chunk().expect("64 bytes");
                    let time = monotonic() - u64::from_le_bytes(sent);
                    times
                        .send((Source::Mailbox, time))
                        .expect("the program goes on");
                }
            });
        }
        for socket in sockets.into_values() {
            let times = times.clone();
            let mut socket = tokio::net::UnixStream::from_std(socket)?;
            tasks.spawn(async move {
                let mut message = [0; LENGTH];
                while matches!(socket.read(&mut message).await, Ok(LENGTH)) {
                    let sent = *message.first_chunk().expect("64 bytes");
                    let time = monotonic() - u64::from_le_bytes(sent);
                    times
                        .send((Source::Socket, time))
                        .expect("the program goes on");
                }
            });
        }
        drop(times);
        // Each task has come to its first wait by then.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let (start, used) = (Instant::now(), processor());
        tokio::time::sleep(Duration::from_secs_f64(options.idle)).await;
        let used = Duration::from_nanos(processor() - used);
        let idle = used.as_secs_f64() / start.elapsed().as_secs_f64();
        peers[0].say(&options.messages.to_string())?;
        // The peer closes all ends when it has sent.
        while let Some(done) = tasks.join_next().await {
            done?;
        }
        Ok::<_, Box<dyn Error>>(idle)
    })?;
    let mut times = Pair::default();
    measured
        .iter()
        .for_each(|(source, time)| times.add(source, time));
    Ok(Wakes {
        idle,
        threads,
        times,
    })
}

fn measure_deaths(options: &Options, place: &Place) -> Result<Pair, Box<dyn Error>> {
    let mut times = Pair::default();
    for _ in 0..options.deaths {
        let runtime = runtime()?;
        let count = options.mailboxes;
        let start = || {
            (0..count)
                .map(|number| Peer::start(place, number, 1))
                .collect()
        };
        let ((receivers, sockets), mut peers) = connect(&runtime, place, count, start)?;
        let (notices, notice) = mpsc::channel();
        // From another thread: the program itself waits.
        let killer = thread::spawn(move || {
            let mut times = Pair::default();
            while !peers.is_empty() {
                thread::sleep(Duration::from_millis(5));
                let mut peer = peers.swap_remove(fastrand::usize(..peers.len()));
                let killed = monotonic();
                peer.process.kill().expect("it is there");
                for _ in 0..2 {
                    let (source, noticed) = notice.recv().expect("a notice");
                    times.add(source, noticed - killed);
                }
            }
            times
        });
        runtime.block_on(async {
            let mut tasks = JoinSet::new();
            for mut receiver in receivers {
                let notices = notices.clone();
                tasks.spawn(async move {
                    let end = receiver.recv(&mut Message::new()).await;
                    assert!(matches!(end, Err(RecvError::PeerDied { .. })), "{end:?}");
                    notices
                        .send((Source::Mailbox, monotonic()))
                        .expect("it is asked for");
                });
            }
            for socket in sockets.into_values() {
                let notices = notices.clone();
                let mut socket = tokio::net::UnixStream::from_std(socket)?;
                tasks.spawn(async move {
                    // The end, or a reset.
                    let _ = socket.read(&mut [0; LENGTH]).await;
                    notices
                        .send((Source::Socket, monotonic()))
                        .expect("it is asked for");
                });
            }
            while let Some(done) = tasks.join_next().await {
                done?;
            }
            Ok::<_, Box<dyn Error>>(())
        })?;
        let Pair { mailbox, socket } = killer.join().map_err(|_| "the killer has failed")?;
        times.mailbox.0.extend(mailbox.0);
        times.socket.0.extend(socket.0);
    }
    Ok(times)
}

/// The other process: attaches and connects, says so, and sends as many messages as it is told to.
fn be_peer(folder: &str, first: usize, count: usize) -> Result<(), Box<dyn Error>> {
    let place = std::mem::ManuallyDrop::new(Place(PathBuf::from(folder)));
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
