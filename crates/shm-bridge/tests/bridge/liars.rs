//! Another program on the other side, which speaks Zenoh and breaks the rules: a typed error, and
//! no message taken.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver as Channel, sync_channel};
use std::thread;
use std::time::Duration;

use shm_bridge::wire::{Answer, Kind, Question, Verdict, pack};
use shm_mailbox::MailboxId;
use test_support::{Scratch, until};
use zenoh::query::{ConsolidationMode, Query, QueryTarget, Queryable, Reply};
use zenoh::{Config, Session, Wait};

use super::pair::{Pair, content};

/// A Zenoh session with nothing but this endpoint.
pub(crate) fn session(mode: &str, which: &str, port: u16) -> Session {
    let mut config = Config::default();
    let endpoint = format!("[\"tcp/127.0.0.1:{port}\"]");
    for (key, value) in [
        ("mode", mode),
        ("listen/endpoints", "[]"),
        ("connect/endpoints", "[]"),
        (which, &endpoint),
        ("scouting/multicast/enabled", "false"),
        ("scouting/gossip/enabled", "false"),
    ] {
        config.insert_json5(key, value).expect("a setting of Zenoh");
    }
    zenoh::open(config).wait().expect("a session")
}

/// Answers as `shm bridge in` would, but for what `lie` makes of it.
pub(crate) struct FalseIn {
    pub(crate) port: u16,
    _queryable: Queryable<()>,
    _session: Session,
}

pub(crate) fn answer(question: &Question, verdict: Verdict, expected: u64) -> Answer {
    Answer {
        verdict,
        stream: question.stream,
        token: 77,
        first: question.first,
        expected,
    }
}

/// `lie` gets each question with its number of messages, and says which payloads to reply with.
pub(crate) fn false_in(
    key: &str,
    lie: impl Fn(&Question, usize) -> Vec<Vec<u8>> + Send + Sync + 'static,
) -> FalseIn {
    false_in_with(key, move |query| {
        let header = query.attachment().expect("it has a header").to_bytes();
        let (question, count) = Question::parse(&header).expect("a question");
        for payload in lie(&question, count) {
            let reply = query.reply(query.key_expr().clone(), payload);
            reply.wait().expect("it is there");
        }
    })
}

/// `reply` gets each query.
fn false_in_with(key: &str, reply: impl Fn(Query) + Send + Sync + 'static) -> FalseIn {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("it has one").port();
    drop(free);
    let session = session("\"peer\"", "listen/endpoints", port);
    let queryable = session.declare_queryable(key.to_owned()).callback(reply);
    let queryable = queryable.wait().expect("a queryable");
    FalseIn {
        port,
        _queryable: queryable,
        _session: session,
    }
}

/// `shm bridge out` exits with a status and a text, and has taken nothing.
#[track_caller]
fn expect_refused(
    status: i32,
    text: &str,
    lie: impl Fn(&Question, usize) -> Vec<Vec<u8>> + Send + Sync + 'static,
) {
    expect_refused_within("20s", status, text, lie);
}

#[track_caller]
fn expect_refused_within(
    limit: &str,
    status: i32,
    text: &str,
    lie: impl Fn(&Question, usize) -> Vec<Vec<u8>> + Send + Sync + 'static,
) {
    let pair = Pair::new();
    let mut sender = pair.sender();
    for number in 0..5 {
        sender.send(content(number)).expect("there is room");
    }
    let far = false_in(pair.far.as_str(), lie);
    let mut near = pair.start_out(far.port, &["--timeout", limit]);
    near.wait_for_failure(status, &[text]);
    assert_eq!(pair.near.received(), 0, "{text}: something was taken");
    assert_eq!(sender.queued(), 5);
}

/// A hello is answered well, and data in this way.
fn to_data(
    lie: impl Fn(&Question) -> Answer + Send + Sync + 'static,
) -> impl Fn(&Question, usize) -> Vec<Vec<u8>> + Send + Sync + 'static {
    move |question, _| {
        let answer = match question.kind {
            Kind::Hello => answer(question, Verdict::Taken, question.first),
            _ => lie(question),
        };
        vec![answer.to_bytes().to_vec()]
    }
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    for expected in [6, 1 << 40, u64::MAX] {
        expect_refused(
            7,
            "are possible",
            to_data(move |question| answer(question, Verdict::Taken, expected)),
        );
    }
    for expected in [33, u64::MAX] {
        expect_refused(7, "are possible", move |question, _| {
            vec![
                answer(question, Verdict::Taken, expected)
                    .to_bytes()
                    .to_vec(),
            ]
        });
    }
}

#[test]
fn an_answer_to_another_question_is_refused() {
    expect_refused(
        7,
        "another question",
        to_data(|question| Answer {
            stream: MailboxId::from_bytes([9; 16]).expect("an id"),
            ..answer(question, Verdict::Taken, 5)
        }),
    );
    expect_refused(
        7,
        "another question",
        to_data(|question| Answer {
            token: 78,
            ..answer(question, Verdict::Taken, 5)
        }),
    );
    expect_refused(
        7,
        "another question",
        to_data(|question| Answer {
            first: 1,
            ..answer(question, Verdict::Taken, 5)
        }),
    );
}

#[test]
fn bytes_that_are_no_answer_are_refused() {
    for payload in [vec![], vec![0; 48], vec![7; 60_000], b"shmB".to_vec()] {
        expect_refused(7, "not from a bridge", move |_, _| vec![payload.clone()]);
    }
    expect_refused(7, "version 2", |question, _| {
        let mut bytes = answer(question, Verdict::Taken, 0).to_bytes();
        bytes[4] = 2;
        vec![bytes.to_vec()]
    });
}

#[test]
fn several_answers_to_one_question_are_refused() {
    expect_refused(7, "several bridges", |question, _| {
        let good = answer(question, Verdict::Taken, question.first).to_bytes();
        vec![good.to_vec(), good.to_vec()]
    });
}

#[test]
fn endless_answers_to_one_question_are_refused_and_take_no_memory() {
    /// In KiB. A bridge has 15 MiB in a release; in one second of replies come hundreds.
    const MOST: u64 = 100 << 10;
    let pair = Pair::new();
    let _sender = pair.sender();
    let done = Arc::new(AtomicBool::new(false));
    let is_done = Arc::clone(&done);
    let far = false_in_with(pair.far.as_str(), move |query| {
        while !is_done.load(Ordering::Relaxed) {
            let reply = query.reply(query.key_expr().clone(), vec![7; 60_000]);
            // An error once the bridge has gone.
            if reply.wait().is_err() {
                break;
            }
        }
    });
    let mut near = pair.start_out(far.port, &[]);
    let status = format!("/proc/{}/status", near.pid());
    let mut peak = 0;
    while near.is_running() {
        let status = fs::read_to_string(&status).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let found = line.and_then(|line| line.trim().strip_suffix(" kB"));
        peak = peak.max(found.map_or(0, |found| found.parse().expect("a number")));
        thread::sleep(Duration::from_millis(1));
    }
    done.store(true, Ordering::Relaxed);
    near.wait_for_failure(7, &["several bridges"]);
    assert!((1..MOST).contains(&peak), "it had {peak} KiB");
}

#[test]
fn a_gap_is_an_error_and_an_unknown_hello_too() {
    expect_refused(
        4,
        "expects message",
        to_data(|question| answer(question, Verdict::Gap, 0)),
    );
    expect_refused(7, "did not accept", |question, _| {
        vec![answer(question, Verdict::NotGreeted, 0).to_bytes().to_vec()]
    });
}

#[test]
fn silence_takes_nothing() {
    expect_refused_within("1s", 124, "nothing was taken", |_, _| vec![]);
}

/// What a client of Zenoh hears when it asks a real `shm bridge in`.
pub(crate) fn ask(session: &Session, key: &str, header: &[u8], payload: Vec<u8>) -> Vec<Reply> {
    let (told, replies): (_, Channel<Reply>) = sync_channel(16);
    let asked = session.get(key).attachment(header).payload(payload);
    let asked = asked
        .target(QueryTarget::All)
        .timeout(Duration::from_secs(60));
    let asked = asked.consolidation(ConsolidationMode::None);
    let asked = asked.callback(move |reply| told.send(reply).expect("it is heard"));
    asked.wait().expect("it is sent");
    replies.iter().collect()
}

#[test]
fn what_is_no_question_is_refused_and_changes_nothing() {
    let pair = Pair::new();
    let _receiver = pair.receiver();
    let mut far = pair.start_in(0, &[]);
    let client = session("\"client\"", "connect/endpoints", far.port);
    let key = pair.far.as_str();
    let stream = MailboxId::from_bytes([5; 16]).expect("an id");
    let question = |kind, token, first| Question {
        kind,
        stream,
        token,
        first,
    };
    let hello = question(Kind::Hello, 0, 0).header(0);
    let data = question(Kind::Data, 1, 0).header(1);
    // The client knows of the queryable as soon as it is answered.
    until("the bridge answers", || {
        !ask(&client, key, &hello, vec![]).is_empty()
    });
    let before = pair.far.bytes();

    let too_many = question(Kind::Data, 1, 0).header(33);
    let last = question(Kind::Hello, 0, u64::MAX).header(0);
    for (header, payload) in [
        (vec![], vec![]),
        (vec![0; 40], vec![]),
        (vec![0xFF; 60_000], vec![]),
        (hello[..39].to_vec(), vec![]),
        (data.to_vec(), vec![]),
        (data.to_vec(), vec![0xFF; 60_000]),
        (data.to_vec(), pack(&[b"one", b"two"])),
        (too_many.to_vec(), pack(&vec![b"x"; 33])),
        (last.to_vec(), vec![]),
    ] {
        let replies = ask(&client, key, &header, payload);
        let [reply] = replies.as_slice() else {
            panic!("{} replies to {header:?}", replies.len());
        };
        assert!(reply.result().is_err(), "it was taken: {header:?}");
    }
    // Well formed, with a token that was never issued; and before the first message.
    for (header, payload) in [
        (data, pack(&[b"one"])),
        (question(Kind::End, 1, 0).header(0), vec![]),
    ] {
        let replies = ask(&client, key, &header, payload);
        let sample = replies[0].result().expect("an answer");
        let answer = Answer::parse(&sample.payload().to_bytes()).expect("an answer");
        assert_eq!(answer.verdict, Verdict::NotGreeted);
    }
    assert!(pair.far.bytes() == before, "the far mailbox was changed");
    assert!(far.process.is_running());
    far.process.wait_for_error("no question of a bridge");
}

#[test]
fn nothing_but_questions_under_the_key_gets_through() {
    // Another client cannot answer in the bridge's place, nor under another key.
    assert_eq!(answers_beside_another_client(&[], 1), 0);
    // It could, but for the rules.
    let folder = Scratch::folder("no-rules");
    let file = folder.path().join("zenoh.json5");
    let rules = "{ access_control: { enabled: false, default_permission: 'allow' } }";
    fs::write(&file, rules).expect("a file");
    let config = ["--config", file.to_str().expect("a path")];
    assert_eq!(answers_beside_another_client(&config, 2), 1);
}

/// What a client hears that asks `shm bridge in` while another client answers, too: until it hears
/// `expected` answers under the key, and then under another key.
fn answers_beside_another_client(args: &[&str], expected: usize) -> usize {
    let pair = Pair::new();
    let far = pair.start_in(0, args);
    let client = session("\"client\"", "connect/endpoints", far.port);
    let other = session("\"client\"", "connect/endpoints", far.port);
    let key = pair.far.as_str();
    let hello = Question {
        kind: Kind::Hello,
        stream: MailboxId::from_bytes([5; 16]).expect("an id"),
        token: 0,
        first: 0,
    }
    .header(0);
    let is_bridge = |reply: &Reply| {
        let sample = reply.result().expect("an answer");
        Answer::parse(&sample.payload().to_bytes()).is_ok()
    };
    let answers = |query: Query| {
        let key = query.key_expr().clone();
        query.reply(key, "a lie").wait().expect("it is sent");
    };
    let same = other.declare_queryable(key).callback(answers).wait();
    let beside = other.declare_queryable("other").callback(answers).wait();
    let _both = (
        same.expect("it is declared"),
        beside.expect("it is declared"),
    );
    // What the other client has declared came before its question.
    until("the bridge answers the other client", || {
        ask(&other, key, &hello, vec![]).iter().any(is_bridge)
    });
    until("as many answer as expected", || {
        ask(&client, key, &hello, vec![]).len() == expected
    });
    assert_eq!(ask(&client, key, &hello, vec![]).len(), expected);
    ask(&client, "other", &hello, vec![]).len()
}
