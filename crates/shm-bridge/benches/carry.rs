//! What a bridge costs beside the connection alone: a hand-over, and a stream of 64 bytes, through
//! the two programs, by a put of Zenoh, and over plain TCP. In one run, in turns.
//!
//! `cargo bench --bench carry`; with `-- --test` each row runs a moment. The rows of a hand-over
//! are from one process of the test back to it: from before the send to after the receive.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver as Channel, channel};
use std::thread;
use std::time::{Duration, Instant};

use shm_mailbox::{Mailbox, Message, Receiver, Sender};
use zenoh::qos::CongestionControl;
use zenoh::{Config, Session, Wait};

const SIZE: usize = 64;
const PORT: u16 = 17_451;

/// A way from here to here, over the loopback.
trait Way {
    /// Sends one message, and receives it.
    fn hand_over(&mut self);
    /// Sends so many, and receives them.
    fn stream(&mut self, count: usize);
}

/// Two mailboxes and two bridges.
struct Bridges {
    /// Before the programs, which it ends with its drop.
    near: Option<Sender>,
    far: Receiver,
    message: Message,
    programs: Vec<Child>,
}

impl Bridges {
    fn new() -> Self {
        let [near, far] =
            ["near", "far"].map(|it| format!("shm-bench-{it}-{}", std::process::id()));
        let open = |name: &str| Mailbox::options(name).slots(256).await_peer(true);
        let address = format!("tcp/127.0.0.1:{PORT}");
        let start = |side: &str, name: &str, flag: &str, ready: &str| {
            let mut command = Command::new(env!("CARGO_BIN_EXE_shm-bridge"));
            command.args([side, name, "--key", "bench", flag, &address]);
            let mut child = command.stderr(Stdio::piped()).spawn().expect("it starts");
            let errors = child.stderr.take().expect("it is piped");
            let mut lines = BufReader::new(errors).lines();
            assert!(
                lines.any(|line| line.is_ok_and(|line| line.contains(ready))),
                "{ready}"
            );
            thread::spawn(move || lines.for_each(drop));
            child
        };
        let far_end = open(&far).receiver().expect("the role");
        let near_end = open(&near).sender().expect("the role");
        let programs = vec![
            start("in", &far, "--listen", "takes messages"),
            start("out", &near, "--connect", "the other bridge takes"),
        ];
        Self {
            near: Some(near_end),
            far: far_end,
            message: Message::new(),
            programs,
        }
    }
}

impl Way for Bridges {
    fn hand_over(&mut self) {
        let near = self.near.as_mut().expect("it is open");
        near.send([1; SIZE]).expect("there is room");
        self.far.recv(&mut self.message).expect("it comes");
    }

    fn stream(&mut self, count: usize) {
        let mut near = self.near.take().expect("it is open");
        let sending = thread::spawn(move || {
            for _ in 0..count {
                near.send([1; SIZE]).expect("it waits for room");
            }
            near
        });
        for _ in 0..count {
            self.far.recv(&mut self.message).expect("it comes");
        }
        self.near = Some(sending.join().expect("it was sent"));
    }
}

impl Drop for Bridges {
    fn drop(&mut self) {
        let far = self.far.name().to_owned();
        for program in &mut self.programs {
            drop(program.kill());
            drop(program.wait());
        }
        for name in [
            Some(far),
            self.near.as_ref().map(|near| near.name().to_owned()),
        ] {
            drop(std::fs::remove_file(format!(
                "/dev/shm/{}",
                name.unwrap_or_default()
            )));
        }
    }
}

/// A put of Zenoh, which waits for room in its queues, but for no reader.
struct Put {
    put: Session,
    _heard: Session,
    messages: Channel<usize>,
}

impl Put {
    fn new() -> Self {
        let session = |mode: &str, which: &str| {
            let mut config = Config::default();
            let endpoint = format!("[\"tcp/127.0.0.1:{}\"]", PORT + 1);
            for (key, value) in [
                ("mode", mode),
                ("listen/endpoints", "[]"),
                ("connect/endpoints", "[]"),
                (which, &endpoint),
                ("scouting/multicast/enabled", "false"),
                ("scouting/gossip/enabled", "false"),
            ] {
                config.insert_json5(key, value).expect("a setting");
            }
            zenoh::open(config).wait().expect("a session")
        };
        let heard = session("\"peer\"", "listen/endpoints");
        let (told, messages) = channel();
        let subscriber = heard.declare_subscriber("bench");
        let subscriber = subscriber.callback(move |sample| {
            // At the end no process listens any more.
            told.send(sample.payload().len()).unwrap_or(());
        });
        subscriber.background().wait().expect("a subscriber");
        let put = session("\"client\"", "connect/endpoints");
        let way = Self {
            put,
            _heard: heard,
            messages,
        };
        // What is put before the subscriber is known over there is dropped.
        loop {
            put_one(&way.put);
            if way
                .messages
                .recv_timeout(Duration::from_millis(100))
                .is_ok()
            {
                break way;
            }
        }
    }
}

/// One put that may be sent with others.
fn put_one(session: &Session) {
    let put = session.put("bench", vec![1; SIZE]);
    let put = put.congestion_control(CongestionControl::Block);
    put.express(false).wait().expect("it is sent");
}

impl Way for Put {
    fn hand_over(&mut self) {
        let put = self.put.put("bench", vec![1; SIZE]);
        put.express(true).wait().expect("it is sent");
        assert_eq!(self.messages.recv(), Ok(SIZE));
    }

    fn stream(&mut self, count: usize) {
        let session = &self.put;
        thread::scope(|scope| {
            scope.spawn(|| (0..count).for_each(|_| put_one(session)));
            // A drop would be a wait without an end.
            let limit = Duration::from_secs(60);
            let heard = (0..count).map_while(|_| self.messages.recv_timeout(limit).ok());
            assert_eq!(heard.count(), count, "some were dropped");
        });
    }
}

/// Bytes over a connection, without an acknowledgement.
struct Tcp {
    near: TcpStream,
    far: BufReader<TcpStream>,
}

impl Tcp {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let near = TcpStream::connect(listener.local_addr().expect("it has one"));
        let near = near.expect("it listens");
        near.set_nodelay(true).expect("an option of TCP");
        let (far, _) = listener.accept().expect("it came");
        let far = BufReader::with_capacity(65_536, far);
        Self { near, far }
    }
}

impl Way for Tcp {
    fn hand_over(&mut self) {
        self.near.write_all(&[1; SIZE]).expect("it is sent");
        self.far.read_exact(&mut [0; SIZE]).expect("it comes");
    }

    fn stream(&mut self, count: usize) {
        let near = &mut self.near;
        thread::scope(|scope| {
            scope.spawn(|| {
                for _ in 0..count {
                    near.write_all(&[1; SIZE]).expect("it is sent");
                }
            });
            for _ in 0..count {
                self.far.read_exact(&mut [0; SIZE]).expect("it comes");
            }
        });
    }
}

fn main() {
    let is_test = std::env::args().any(|arg| arg == "--test");
    let (rounds, hand_overs, messages) = if is_test {
        (1, 20, 200)
    } else {
        (10, 2000, 100_000)
    };
    let mut ways: [(&str, Box<dyn Way>); 3] = [
        ("two mailboxes and two bridges", Box::new(Bridges::new())),
        ("a put of Zenoh", Box::new(Put::new())),
        ("TCP", Box::new(Tcp::new())),
    ];
    let mut times: [Vec<Duration>; 3] = Default::default();
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..rounds {
        for ((_, way), (times, rates)) in ways.iter_mut().zip(times.iter_mut().zip(&mut rates)) {
            for _ in 0..hand_overs {
                let begun = Instant::now();
                way.hand_over();
                times.push(begun.elapsed());
            }
            let begun = Instant::now();
            way.stream(messages);
            rates.push(messages as f64 / begun.elapsed().as_secs_f64());
        }
    }
    println!("{SIZE} bytes over the loopback    hand-over p50     p99   messages/s (median, best)");
    for ((name, _), (times, rates)) in ways.iter().zip(times.iter_mut().zip(&mut rates)) {
        times.sort_unstable();
        rates.sort_unstable_by(f64::total_cmp);
        let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e6;
        let (p50, p99) = (at(50), at(99));
        let (median, best) = (rates[rates.len() / 2], rates[rates.len() - 1]);
        println!("{name:<30} {p50:>9.0} µs {p99:>9.0} µs {median:>12.0} {best:>10.0}");
    }
}
