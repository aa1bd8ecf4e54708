//! Zenoh as the bridges use it: its settings, and one question with its answers.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use thiserror::Error;
use zenoh::bytes::ZBytes;
use zenoh::qos::CongestionControl;
use zenoh::query::{ConsolidationMode, Query, QueryTarget, Queryable, Reply};
use zenoh::{Config, Session, Wait};

use crate::address::{Address, Key};
use crate::signals::Signals;
use crate::wire;

/// How long a question may take. Longer than the second that the far bridge waits for room.
const QUESTION_LIMIT: Duration = Duration::from_secs(5);
/// How long one attempt to connect may take.
const CONNECT_LIMIT: &str = "2000";
/// How soon Zenoh connects again.
const RETRY: &str = "{ period_init_ms: 50, period_max_ms: 1000, period_increase_factor: 2 }";
/// How long without a sign of life before Zenoh connects again. Nothing else depends on it.
const LEASE: &str = "3000";
/// Zenoh's limit is a gigabyte; the longest question has 33 KiB.
const LARGEST: &str = "65536";
/// How many connections a bridge accepts: that of the other bridge, and remains of earlier ones.
const SESSIONS: &str = "16";
/// So many replies are heard: more than one is too many, however many there are.
const MOST_REPLIES: usize = 2;
/// How often a wait looks at the signals.
const GLANCE: Duration = Duration::from_millis(100);
/// Questions that wait for the far bridge. One is under way, and the others have timed out.
const QUEUED: usize = 4;

/// What Zenoh could not do.
#[derive(Debug, Error)]
pub(crate) enum NetworkError {
    #[error("configuration {path:?}: {reason}")]
    File { path: String, reason: String },
    #[error("Zenoh does not take the setting {key}: {reason}")]
    Setting { key: String, reason: String },
    #[error("{0}")]
    Session(String),
}

/// A bridge's side of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Asks,
    Answers,
}

/// The settings of the bridge that asks.
pub(crate) fn asking(file: Option<&Path>, to: &Address, key: &Key) -> Result<Config, NetworkError> {
    settings(file, Side::Asks, to, key)
}

/// The settings of the bridge that answers.
pub(crate) fn answering(
    file: Option<&Path>,
    at: &Address,
    key: &Key,
) -> Result<Config, NetworkError> {
    settings(file, Side::Answers, at, key)
}

/// The settings of the file, overridden by those that limit Zenoh to two bridges.
fn settings(
    file: Option<&Path>,
    side: Side,
    address: &Address,
    key: &Key,
) -> Result<Config, NetworkError> {
    let mut config = match file {
        None => Config::default(),
        Some(path) => {
            let wrong = |reason| NetworkError::File {
                path: path.display().to_string(),
                reason,
            };
            let config = Config::from_file(path).map_err(|error| wrong(said(&error)))?;
            ensure_files(&config).map_err(wrong)?;
            config
        }
    };
    let endpoint = format!("[{:?}]", address.as_str());
    let (mode, connect, listen) = match side {
        Side::Asks => ("\"client\"", endpoint.as_str(), "[]"),
        Side::Answers => ("\"peer\"", "[]", endpoint.as_str()),
    };
    let protocol = format!("[{:?}]", address.protocol());
    for (name, value) in [
        ("mode", mode),
        ("connect/endpoints", connect),
        ("connect/timeout_ms", CONNECT_LIMIT),
        ("connect/retry", RETRY),
        ("listen/endpoints", listen),
        ("listen/timeout_ms", "0"),
        ("listen/exit_on_failure", "true"),
        ("transport/link/protocols", protocol.as_str()),
        ("scouting/multicast/enabled", "false"),
        ("scouting/gossip/enabled", "false"),
        ("adminspace/enabled", "false"),
    ] {
        insert(&mut config, name, value)?;
    }
    // Defaults that the file may override.
    let defaults = Config::default();
    for (name, value) in [
        ("transport/link/tx/lease", LEASE),
        ("transport/link/rx/max_message_size", LARGEST),
        ("transport/unicast/max_sessions", SESSIONS),
        ("access_control", &rights(side, key)),
    ] {
        let is_default = config.get_json(name).ok() == defaults.get_json(name).ok();
        if is_default {
            insert(&mut config, name, value)?;
        }
    }
    Ok(config)
}

/// An error if a file that the configuration names cannot be read, which Zenoh would not say: it
/// would try to connect again and again. Another if there is a list of users without one: then it
/// would ask for no password.
fn ensure_files(config: &Config) -> Result<(), String> {
    let file = |key: &str| {
        let file = config.get_json(key).ok();
        file.and_then(|text| serde_json::from_str::<Option<String>>(&text).ok()?)
    };
    for key in [
        "root_ca_certificate",
        "listen_certificate",
        "listen_private_key",
        "connect_certificate",
        "connect_private_key",
    ] {
        if let Some(file) = file(&format!("transport/link/tls/{key}")) {
            fs::File::open(&file).map_err(|error| format!("{file:?}: {error}"))?;
        }
    }
    let Some(list) = file("transport/auth/usrpwd/dictionary_file") else {
        return Ok(());
    };
    let users = fs::read_to_string(&list).map_err(|error| format!("{list:?}: {error}"))?;
    match users.trim().is_empty() {
        true => Err(format!("{list:?} has no user, so everyone could connect")),
        false => Ok(()),
    }
}

/// Questions in one direction and answers in the other, under one key; nothing else passes.
fn rights(side: Side, key: &Key) -> String {
    let (questions, answers) = match side {
        Side::Asks => ("egress", "ingress"),
        Side::Answers => ("ingress", "egress"),
    };
    let rule = |id: &str, messages: &str, flow: &str| {
        format!(
            r#"{{ id: "{id}", permission: "allow", flows: ["{flow}"], messages: [{messages}],
                key_exprs: [{:?}] }}"#,
            key.as_str()
        )
    };
    format!(
        r#"{{ enabled: true, default_permission: "deny", rules: [{}, {}],
            subjects: [{{ id: "all" }}],
            policies: [{{ rules: ["ask", "answer"], subjects: ["all"] }}] }}"#,
        rule("ask", r#""query""#, questions),
        rule("answer", r#""reply", "declare_queryable""#, answers),
    )
}

fn insert(config: &mut Config, key: &str, value: &str) -> Result<(), NetworkError> {
    config
        .insert_json5(key, value)
        .map_err(|error| NetworkError::Setting {
            key: key.to_owned(),
            reason: said(&error),
        })
}

/// An error of Zenoh, without the place in its source, and without a whole configuration, in which
/// there may be a password.
fn said(error: &zenoh::Error) -> String {
    let text = error.to_string();
    let ends = [" at /", ": {"].map(|end| text.find(end).unwrap_or(text.len()));
    text[..ends[0].min(ends[1])].to_owned()
}

fn open(config: &Config) -> Result<Session, NetworkError> {
    let session = zenoh::open(config.clone()).wait();
    session.map_err(|error| NetworkError::Session(said(&error)))
}

/// The replies to a question.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// These payloads of replies, at most [`MOST_REPLIES`]. More than one is an error; none is what
    /// an absent bridge says.
    Replies(Vec<Vec<u8>>),
    /// The other bridge does not understand the question.
    Refused(String),
    /// A signal came.
    Signal,
}

/// The side that asks, connected.
pub(crate) struct Asker {
    session: Session,
    key: Key,
}

impl Asker {
    /// Connects. An error is temporary, because the other bridge may not have started yet.
    pub(crate) fn connect(config: &Config, key: &Key) -> Result<Self, NetworkError> {
        let session = open(config)?;
        let key = key.clone();
        Ok(Self { session, key })
    }

    /// Asks, and waits until no more replies can come, or a signal comes.
    pub(crate) fn ask(
        &self,
        header: &[u8],
        payload: Vec<u8>,
        signals: &Signals,
    ) -> Result<Heard, NetworkError> {
        let (told, replies) = sync_channel(MOST_REPLIES);
        let asked = self
            .session
            .get(self.key.as_str())
            .target(QueryTarget::All)
            .consolidation(ConsolidationMode::None)
            .congestion_control(CongestionControl::Block)
            .express(true)
            .timeout(QUESTION_LIMIT)
            .payload(payload)
            .attachment(header)
            // Zenoh drops it, which closes the channel, when no more replies can come.
            .callback(move |reply| drop(told.try_send(reply)))
            .wait();
        asked.map_err(|error| NetworkError::Session(said(&error)))?;
        Ok(hear(&replies, signals))
    }
}

fn hear(replies: &Receiver<Reply>, signals: &Signals) -> Heard {
    let mut heard = Vec::new();
    loop {
        if heard.len() == MOST_REPLIES {
            return Heard::Replies(heard);
        }
        match replies.recv_timeout(GLANCE) {
            Ok(reply) => match reply.result() {
                Ok(sample) => heard.push(sample.payload().to_bytes().into_owned()),
                Err(error) => {
                    if let Some(why) = wire::refused(&error.payload().to_bytes()) {
                        return Heard::Refused(why);
                    }
                }
            },
            Err(RecvTimeoutError::Disconnected) => return Heard::Replies(heard),
            Err(RecvTimeoutError::Timeout) if signals.caught().is_some() => return Heard::Signal,
            Err(RecvTimeoutError::Timeout) => {}
        }
    }
}

/// The side that answers, listening.
pub(crate) struct Answerer {
    /// Dropped before the session that it belongs to.
    _queryable: Queryable<()>,
    _session: Session,
    questions: Receiver<Query>,
    key: Key,
}

impl Answerer {
    /// Listens. An error is permanent: the address cannot be used.
    pub(crate) fn listen(config: &Config, key: &Key) -> Result<Self, NetworkError> {
        let session = open(config)?;
        let (told, questions): (SyncSender<Query>, _) = sync_channel(QUEUED);
        let queryable = session
            .declare_queryable(key.as_str().to_owned())
            .complete(true)
            // A question without room is dropped and not answered, so the other bridge asks again.
            .callback(move |query| drop(told.try_send(query)))
            .wait()
            .map_err(|error| NetworkError::Session(said(&error)))?;
        Ok(Self {
            _queryable: queryable,
            _session: session,
            questions,
            key: key.clone(),
        })
    }

    /// The next question, if one arrives within the poll interval.
    pub(crate) fn next(&self) -> Option<Asked> {
        let query = self.questions.recv_timeout(GLANCE).ok()?;
        Some(Asked(query))
    }

    /// Answers. It is not an error if the other bridge has disconnected, because it will ask again.
    pub(crate) fn answer(&self, asked: &Asked, payload: &[u8]) {
        // Like a question, it waits for room in the connection, and is never dropped.
        let reply = asked.0.reply(self.key.as_str(), payload);
        drop(reply.express(true).wait());
    }

    /// Answers a query that is not a question.
    pub(crate) fn refuse(&self, asked: &Asked, payload: &[u8]) {
        drop(asked.0.reply_err(payload).wait());
    }
}

/// A received question.
pub(crate) struct Asked(Query);

impl Asked {
    pub(crate) fn header(&self) -> Vec<u8> {
        bytes(self.0.attachment())
    }

    pub(crate) fn payload(&self) -> Vec<u8> {
        bytes(self.0.payload())
    }
}

fn bytes(bytes: Option<&ZBytes>) -> Vec<u8> {
    bytes.map_or_else(Vec::new, |bytes| bytes.to_bytes().into_owned())
}
