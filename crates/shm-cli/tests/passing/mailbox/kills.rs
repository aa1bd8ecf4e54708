//! `kill -9` of either program at random moments, again and again: nothing is lost, nothing comes
//! out of order, and what comes twice comes with the same number.

use std::io::Write as _;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use test_support::shm::{reader, writer};
use test_support::{Name, Process, Signal, until};

const KILLS: usize = 300;

/// Everything that readers printed so far, by sequence number.
#[derive(Default)]
struct Log {
    texts: Vec<String>,
    redelivered: usize,
}

impl Log {
    /// Adds what one reader printed until it was killed, and checks it against the rest.
    fn add(&mut self, output: &[u8]) {
        let output = String::from_utf8_lossy(output);
        let mut previous = None;
        // A line without its end was being written when the reader was killed.
        for line in output
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            let (seq, text) = parse(line);
            assert!(
                previous.is_none_or(|previous| seq == previous + 1),
                "{seq} after {previous:?}"
            );
            previous = Some(seq);
            if let Some(first) = self.texts.get(seq) {
                assert_eq!(first, text, "message {seq} was another one the first time");
                self.redelivered += 1;
            } else {
                assert_eq!(seq, self.texts.len(), "messages between are lost");
                self.texts.push(text.to_owned());
            }
        }
    }
}

/// `{"schema":1,"seq":7,"len":6,"data":{"text":"hello\n"}}` → 7, `hello`.
fn parse(line: &str) -> (usize, &str) {
    let between = |start: &str, end: &str| {
        let rest = line
            .split_once(start)
            .unwrap_or_else(|| panic!("no {start} in {line:?}"))
            .1;
        rest.split_once(end)
            .unwrap_or_else(|| panic!("no {end} in {line:?}"))
            .0
    };
    (
        between("\"seq\":", ",").parse().expect("a number"),
        between("\"text\":\"", "\\n\"}}"),
    )
}

fn new_reader(name: &Name) -> Process {
    reader(name, &["--json", "--follow"])
}

/// A writer that has attached, and how many messages were committed before.
fn new_writer(name: &Name) -> (Process, usize) {
    let writer = writer(name, &[]);
    // Attaching counts the message whose writer was killed before it could.
    name.wait_for_sender();
    let sent = usize::try_from(name.sent()).expect("64 bits");
    (writer, sent)
}

/// Feeds a writer numbered lines from `first` on, until it is killed.
fn feed_from(writer: &mut Process, first: usize) {
    let mut input = writer.take_input();
    thread::spawn(move || {
        let mut next = first;
        loop {
            let text: String = (next..next + 50).map(|n| format!("line {n}\n")).collect();
            next += 50;
            if input.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    });
}

#[test]
fn nothing_is_lost_or_reordered_whoever_is_killed() {
    let name = Name::new();
    let mut random = Rng::with_seed(12);
    let mut log = Log::default();
    let (mut writer, _) = new_writer(&name);
    feed_from(&mut writer, 0);
    let mut reader = new_reader(&name);
    for _ in 0..KILLS {
        // Most of the time a reader has begun, or nothing would ever move; else it may be
        // attaching.
        if random.usize(..4) != 0 {
            reader.wait_for_output("a message", |output| !output.is_empty());
        }
        thread::sleep(Duration::from_micros(random.u64(..) % 4000));
        assert!(writer.is_running(), "{}", writer.wait().errors);
        assert!(reader.is_running(), "{}", reader.wait().errors);
        if random.usize(..2) == 0 {
            reader.kill();
            log.add(&reader.wait().output);
            reader = new_reader(&name);
        } else {
            writer.kill();
            let sent;
            (writer, sent) = new_writer(&name);
            feed_from(&mut writer, sent);
        }
    }
    writer.kill();
    let (mut writer, sent) = new_writer(&name);
    writer.send("end\n");
    writer.finish().expect_code(0);
    reader.signal(Signal::SIGTERM);
    log.add(&reader.wait().output);

    assert_eq!(log.texts.len(), sent + 1, "messages at the end are lost");
    assert_eq!(log.texts.pop().as_deref(), Some("end"));
    for (number, text) in log.texts.iter().enumerate() {
        assert_eq!(*text, format!("line {number}"));
    }
    println!(
        "{sent} messages, {} delivered again, {KILLS} kills",
        log.redelivered
    );
    until("nothing is left", || !name.exists());
}

#[test]
fn a_writer_that_comes_before_the_death_of_the_last_is_noticed_begins_a_line() {
    let name = Name::new();
    let (mut killed, _) = new_writer(&name);
    let mut reader = reader(&name, &[]);
    name.wait_for_receiver();
    reader.signal(Signal::SIGSTOP);
    until("it stands still", || reader.state() == Some('T'));
    killed.send("x".repeat(3000));
    until("two pieces are sent", || name.sent() == 2);
    killed.kill();
    let (mut next, _) = new_writer(&name);
    next.send("hello\n");
    until("it is sent", || name.contains("hello"));
    reader.signal(Signal::SIGCONT);
    next.finish().expect_code(0);
    let output = "x".repeat(2048) + "\nhello\n";
    reader.wait_for_success(output.as_bytes());
}
