//! `shm bridge out`: carries the messages of a mailbox here to the other bridge.
//!
//! What the near bridge does with its mailbox, and how long it keeps asking, belongs here. How it
//! asks a question belongs in `network`.

mod near;
mod retry;

use std::time::Duration;

use shm_core::ShmName;
use shm_mailbox::bus::Bus;
use shm_mailbox::{Kind as ObjectKind, Mailbox, MailboxId};
use zenoh::Config;

use crate::address::{Address, Key};
use crate::args::OutArgs;
use crate::failure::{Ending, Failure, Halt, Status};
use crate::log::Log;
use crate::network::{self, Asker, Heard};
use crate::signals::Signals;
use crate::stats::Stats;
use crate::wire::{Answer, Kind, MAX_BATCH, Question, Verdict, pack};

use near::{Near, Peeked};
use retry::Retry;

/// A pause after an answer that took nothing: the other mailbox is full, and has waited already.
const FULL_PAUSE: Duration = Duration::from_millis(10);
/// How many unanswered questions in a row before the bridge connects again.
const MOST_UNANSWERED: u32 = 8;
/// After so long without a message, `out` tells the other bridge that it has all of them so far.
const IDLE: Duration = Duration::from_secs(1);
/// How often `out` says that before it ends. It only saves a `--new-stream` over there.
const ENDS: u32 = 6;

/// Runs until the writer has closed and all is carried, or forever with `--follow`.
pub(crate) fn run(args: &OutArgs, log: Log) -> Result<Ending, Failure> {
    args.common.check(&args.connect)?;
    let (name, key) = args.common.names()?;
    let config = network::asking(args.common.config.as_deref(), &args.connect, &key)?;
    let signals = Signals::catch().map_err(|error| Failure::new(Status::Failure, error))?;
    let far = Far {
        address: args.connect.clone(),
        config,
        key,
        asker: None,
        token: None,
        ended: false,
        greeted: None,
        retry: Retry::new(log, args.timeout),
        signals: signals.clone(),
        log,
    };
    match &args.label {
        None => {
            let options = args.common.options(Mailbox::options(name.as_str()));
            let near = Near::of_mailbox(options.interrupt(signals.interrupt()))?;
            carry_all(near, far, &name, args)
        }
        Some(label) => {
            let options = args.common.options(Bus::options(name.as_str()));
            let options = options.label(label).interrupt(signals.interrupt());
            carry_all(Near::of_bus(options, &name)?, far, &name, args)
        }
    }
}

/// Carries all messages from `near`, the object of this name.
fn carry_all<K: ObjectKind>(
    mut near: Near<K>,
    mut far: Far,
    name: &ShmName,
    args: &OutArgs,
) -> Result<Ending, Failure> {
    let log = far.log;
    log.say(
        "carrying",
        format_args!(
            "object {name:?} is carried to {}, key {}",
            far.address.as_str(),
            far.key
        ),
    );
    let stats = Stats::new();
    if args.common.progress {
        stats.show();
    }
    let halt = loop {
        match carry(&mut near, &mut far, &stats) {
            Ok(Peeked::Died) if !args.follow => {
                let what = format!("the writer of object {name:?} died; all it sent was carried");
                let failure = Failure::new(Status::Abandoned, what);
                break Some(failure.next("--follow waits for the next writer").into());
            }
            Ok(Peeked::Closed) if !args.follow => {
                break match far.end(&near, ENDS) {
                    // All is carried, which is what the program is for.
                    Err(Halt::Failed(failure)) if failure.status == Status::TimedOut => None,
                    ended => ended.err(),
                };
            }
            // Without it the next stream would need a word from a person.
            Ok(Peeked::Closed) => {
                if let Err(halt) = far.end(&near, u32::MAX) {
                    break Some(halt);
                }
            }
            Ok(_) => {}
            Err(halt) => break Some(halt),
        }
        near = near.attach_again()?;
        far.token = None;
        far.ended = false;
    };
    if args.common.stats {
        stats.print(log);
    }
    let closed = near.close();
    match halt {
        None => closed.map(|()| Ending::Done),
        Some(Halt::Signal) => closed.map(|()| Ending::Signal(far.signals.number())),
        Some(Halt::Failed(failure)) => Err(failure),
    }
}

/// Carries messages until there is no writer and no message is left. Returns how the writer ended.
fn carry(near: &mut Near<impl ObjectKind>, far: &mut Far, stats: &Stats) -> Result<Peeked, Halt> {
    // Early, so that a bridge that cannot carry says so before there is anything to carry.
    far.retry.begin();
    far.greet(near)?;
    loop {
        let limit = (!far.ended).then_some(IDLE);
        match near.peek(limit)? {
            Peeked::Messages => {}
            Peeked::Nothing => {
                far.retry.rest();
                far.tell_end(near)?;
                continue;
            }
            other => return Ok(other),
        }
        far.retry.begin();
        far.ended = false;
        loop {
            far.greet(near)?;
            let first = near.first();
            let messages = near.messages();
            let end = first + messages.len() as u64;
            let Some(answer) = far.ask(near, Kind::Data)? else {
                continue;
            };
            let expected = within(&answer, first, end)?;
            if expected == first {
                far.retry.full()?;
                far.signals.sleep(FULL_PAUSE)?;
                continue;
            }
            let taken = messages.iter().zip(first..expected);
            let bytes: usize = taken.map(|(message, _)| message.as_bytes().len()).sum();
            near.acknowledge(expected)?;
            stats.count(expected - first, bytes as u64);
            far.retry.progress();
            break;
        }
    }
}

/// The expected number in an answer, which must not be below what was acknowledged or above what
/// was sent.
fn within(answer: &Answer, first: u64, end: u64) -> Result<u64, Failure> {
    let Answer { expected, .. } = *answer;
    if (first..=end).contains(&expected) {
        return Ok(expected);
    }
    let what = format!(
        "the other bridge expects message {expected}, but only {first} to {end} are possible"
    );
    Err(liar(what))
}

fn liar(what: impl std::fmt::Display) -> Failure {
    Failure::new(Status::OtherLayout, what).next("find the program that answers at that address")
}

/// What is known of the other bridge.
struct Far {
    address: Address,
    config: Config,
    key: Key,
    /// The connection, once there was one.
    asker: Option<Asker>,
    /// Of the last hello that was answered.
    token: Option<u64>,
    /// The other bridge knows that it has all messages there are.
    ended: bool,
    /// The stream of which it was said that the other bridge takes it.
    greeted: Option<MailboxId>,
    retry: Retry,
    signals: Signals,
    log: Log,
}

impl Far {
    /// Says hello until the other bridge answers, unless there is a token already.
    fn greet(&mut self, near: &Near<impl ObjectKind>) -> Result<(), Halt> {
        while self.token.is_none() {
            self.hello(near)?;
        }
        Ok(())
    }

    /// Says hello once. If it was answered, there is a token.
    fn hello(&mut self, near: &Near<impl ObjectKind>) -> Result<(), Halt> {
        let Some(answer) = self.ask(near, Kind::Hello)? else {
            return Ok(());
        };
        let (stream, first) = (near.stream(), near.first());
        let expected = within(&answer, first, first + MAX_BATCH as u64)?;
        self.token = Some(answer.token);
        // Once for each stream: a stream that is now and then idle greets each time.
        if self.greeted.replace(stream) != Some(stream) {
            self.log.say(
                "connected",
                format_args!("the other bridge takes stream {stream} from message {expected}"),
            );
        }
        Ok(())
    }

    /// Tells that the other side has all messages, until that was heard, or so many times. If it
    /// was not, the next stream needs a word from a person.
    fn end(&mut self, near: &Near<impl ObjectKind>, times: u32) -> Result<(), Halt> {
        self.retry.begin();
        let mut told = Ok(());
        for _ in 0..times {
            if self.ended || told.is_err() {
                break;
            }
            told = self.tell_end(near);
        }
        if !self.ended {
            self.log.say(
                "no-end",
                format_args!(
                    "the other bridge did not hear that stream {} has ended; \
                    it may need --new-stream for the next",
                    near.stream()
                ),
            );
        }
        told
    }

    /// Tells once that the other side has all messages there are. More of this stream may follow,
    /// or another stream: both begin with a hello.
    fn tell_end(&mut self, near: &Near<impl ObjectKind>) -> Result<(), Halt> {
        if self.token.is_none() {
            self.hello(near)?;
        }
        if self.token.is_some() && self.ask(near, Kind::End)?.is_some() {
            self.token = None;
            self.ended = true;
        }
        Ok(())
    }

    /// Asks once. `None`: there was no answer, or the other bridge was restarted. The call has
    /// paused, and the caller asks again.
    fn ask(&mut self, near: &Near<impl ObjectKind>, kind: Kind) -> Result<Option<Answer>, Halt> {
        let messages = match kind {
            Kind::Data => near.messages(),
            _ => &[],
        };
        let question = Question {
            kind,
            stream: near.stream(),
            token: match kind {
                Kind::Hello => 0,
                _ => self.token.unwrap_or(0),
            },
            first: near.first(),
        };
        let replies = match self.hear(&question, messages)? {
            None => return Ok(None),
            Some(replies) => replies,
        };
        let reply = match replies.as_slice() {
            [] => {
                self.unanswered("no answer")?;
                return Ok(None);
            }
            [reply] => reply,
            _ => return Err(liar(format!("several bridges answer under key {}", self.key)).into()),
        };
        let answer = Answer::parse(reply)
            .map_err(|error| liar(format!("an answer that is not from a bridge: {error}")))?;
        if (answer.stream, answer.first) != (question.stream, question.first)
            || kind != Kind::Hello && answer.token != question.token
        {
            return Err(liar("an answer to another question").into());
        }
        match answer.verdict {
            Verdict::Taken => {
                self.retry.answered();
                Ok(Some(answer))
            }
            Verdict::NotGreeted if kind == Kind::Hello => {
                Err(liar("the other bridge did not accept a hello").into())
            }
            Verdict::NotGreeted => {
                // The other bridge was restarted, or got another hello.
                self.token = None;
                self.retry.again(&self.signals)?;
                Ok(None)
            }
            verdict => Err(refusal(verdict, &question, answer.expected).into()),
        }
    }

    /// Asks, and connects first if necessary. `None`: it could not connect.
    fn hear(
        &mut self,
        question: &Question,
        messages: &[shm_mailbox::Message],
    ) -> Result<Option<Vec<Vec<u8>>>, Halt> {
        let asker = match self.asker.take() {
            Some(asker) => asker,
            None => match Asker::connect(&self.config, &self.key) {
                Ok(asker) => asker,
                // Zenoh gives no reason, and prints it at most: nobody may listen, or with another
                // password.
                Err(_) => {
                    self.unanswered(format!("cannot connect to {}", self.address.as_str()))?;
                    return Ok(None);
                }
            },
        };
        let header = question.header(messages.len());
        let heard = asker.ask(&header, pack(messages), &self.signals);
        self.asker = Some(asker);
        match heard {
            Ok(Heard::Replies(replies)) => Ok(Some(replies)),
            Ok(Heard::Refused(why)) => Err(liar(format!("the other bridge says: {why}")).into()),
            Ok(Heard::Signal) => Err(Halt::Signal),
            Err(error) => {
                self.unanswered(error)?;
                Ok(None)
            }
        }
    }

    /// Waits before the next attempt.
    fn unanswered(&mut self, why: impl std::fmt::Display) -> Result<(), Halt> {
        let times = self.retry.unanswered(why, &self.signals)?;
        if times.is_multiple_of(MOST_UNANSWERED) {
            // Zenoh reconnects by itself. This is for the case that it fails to.
            self.asker = None;
        }
        Ok(())
    }
}

/// What a refusal means.
fn refusal(verdict: Verdict, question: &Question, expected: u64) -> Failure {
    let Question { stream, first, .. } = question;
    match verdict {
        Verdict::OtherStream => Failure::new(
            Status::Taken,
            format_args!("the other mailbox carries another stream than {stream}"),
        )
        .next("another --key and mailbox, or start the other bridge with --new-stream"),
        Verdict::Strangers => Failure::new(
            Status::Taken,
            format_args!(
                "the other mailbox got messages of other programs since stream {stream} began"
            ),
        )
        .next("send to that mailbox with the bridge only, or start it with --new-stream"),
        _ => Failure::new(
            Status::Taken,
            format_args!("the other bridge expects message {expected}, but {first} is the first"),
        )
        .next(
            "find out who took messages here without carrying them, \
            or start the other bridge with --new-stream",
        ),
    }
}
