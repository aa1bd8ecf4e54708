//! The tokio program: its tasks, and what they measure.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use shm_cli::measure::clock::{monotonic, processor};
use shm_mailbox::{Mailbox, Message, RecvError};
use shm_tokio::AsyncReceiver;
use tokio::io::AsyncReadExt;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::Options;
use crate::peer::{LENGTH, Peer, Place};
use crate::times::{Pair, Source, Wakes};

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

pub(crate) fn wakes(options: &Options, place: &Place) -> Result<Wakes, Box<dyn Error>> {
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

pub(crate) fn deaths(options: &Options, place: &Place) -> Result<Pair, Box<dyn Error>> {
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
                    let notice = (Source::Mailbox, monotonic());
                    notices.send(notice).expect("it is asked for");
                    Some(receiver)
                });
            }
            for socket in sockets.into_values() {
                let notices = notices.clone();
                let mut socket = tokio::net::UnixStream::from_std(socket)?;
                tasks.spawn(async move {
                    // The end, or a reset.
                    let _ = socket.read(&mut [0; LENGTH]).await;
                    let notice = (Source::Socket, monotonic());
                    notices.send(notice).expect("it is asked for");
                    None
                });
            }
            // To close so many bells takes the kernel milliseconds for each, after the last death.
            let mut closed_later = Vec::new();
            while let Some(done) = tasks.join_next().await {
                closed_later.push(done?);
            }
            Ok::<_, Box<dyn Error>>(())
        })?;
        times.append(killer.join().map_err(|_| "the killer has failed")?);
    }
    Ok(times)
}
