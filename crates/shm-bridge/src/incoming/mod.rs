//! `shm bridge in`: answers the other bridge, and sends what it brings to a mailbox here.
//!
//! What the far bridge does with its mailbox belongs here. How questions arrive belongs in
//! `network`.

mod ledger;
mod position;
#[cfg(test)]
mod search;

use std::time::{Duration, Instant};

use shm_core::ShmName;
use shm_mailbox::observe::{self, Content};
use shm_mailbox::{BatchError, SendError, Sender};

use crate::args::InArgs;
use crate::failure::{Ending, Failure, Halt, Status};
use crate::log::Log;
use crate::network::{self, Answerer, Asked};
use crate::ports;
use crate::signals::Signals;
use crate::stats::Stats;
use crate::wire::{self, Answer, Kind, Question, Verdict, WireError};

use ledger::Ledger;
use position::Position;

/// How long a question waits for room. Then the bridge answers with what it had room for, so that
/// the other bridge can distinguish a full mailbox from an absent bridge.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often to check that the mailbox still has its name.
const NAME_INTERVAL: Duration = Duration::from_secs(1);

/// Runs until a signal comes, or the mailbox cannot be used any more.
pub(crate) fn run(args: &InArgs, log: Log) -> Result<Ending, Failure> {
    args.common.check(&args.listen)?;
    let (name, key) = args.common.names()?;
    let config = network::answering(args.common.config.as_deref(), &args.listen, &key)?;
    let signals = Signals::catch().map_err(|error| Failure::new(Status::Failure, error))?;
    let options = args.options(&name);
    let sender = options
        .await_peer(true)
        .interrupt(signals.interrupt())
        .sender()?;
    let position = position(&sender, args.new_stream)?;
    let answerer = Answerer::listen(&config, &key)?;
    let port = match args.listen.port() {
        0 => ports::listening().unwrap_or(0),
        port => port,
    };
    let at = args.listen.with_port(port);
    log.say(
        "listening",
        format_args!("object {name:?} takes messages at {at}, key {key}"),
    );
    let stats = Stats::new();
    if args.common.progress {
        stats.show();
    }
    let mut far = Far {
        ledger: Ledger::new(position, args.new_stream),
        name,
        sender,
        stats,
        log,
        refused: 0,
        checked: Instant::now(),
    };
    let halt = far.serve(&answerer, &signals);
    if args.common.stats {
        far.stats.print(log);
    }
    // Kept in any case, because the next run needs its note.
    let kept = far.sender.keep();
    match halt {
        Halt::Failed(failure) => Err(failure),
        Halt::Signal => {
            kept.map_err(|error| Failure::new(Status::Failure, error))?;
            Ok(Ending::Signal(signals.number()))
        }
    }
}

/// Where the last run stopped.
fn position(sender: &Sender, new_stream: bool) -> Result<Option<Position>, Failure> {
    let Some(words) = sender.note() else {
        return Ok(None);
    };
    let position = Position::from_words(words);
    if position.is_none() && !new_stream {
        let what = format!("object {:?} has a note of another program", sender.name());
        let next = "another name, or --new-stream if no program needs that note";
        return Err(Failure::new(Status::OtherLayout, what).next(next));
    }
    Ok(position)
}

/// The far mailbox and the state of its streams.
struct Far {
    ledger: Ledger,
    name: ShmName,
    sender: Sender,
    stats: Stats,
    log: Log,
    /// How many queries were not questions.
    refused: u64,
    /// When the name of the mailbox was last checked.
    checked: Instant,
}

impl Far {
    /// Answers until a signal comes or something fails.
    fn serve(&mut self, answerer: &Answerer, signals: &Signals) -> Halt {
        loop {
            if signals.caught().is_some() {
                return Halt::Signal;
            }
            if let Err(halt) = self.check_name() {
                return halt;
            }
            let Some(asked) = answerer.next() else {
                continue;
            };
            match self.handle(&asked) {
                Ok(Ok(answer)) => answerer.answer(&asked, &answer.to_bytes()),
                Ok(Err(error)) => {
                    self.complain(error);
                    answerer.refuse(&asked, &wire::refusal(&error));
                }
                // Not answered, so the other bridge asks again.
                Err(halt) => return halt,
            }
        }
    }

    /// An error if the name has another object or none, because no reader would find the messages.
    fn check_name(&mut self) -> Result<(), Halt> {
        if self.checked.elapsed() < NAME_INTERVAL {
            return Ok(());
        }
        self.checked = Instant::now();
        let object = observe::open(&self.name);
        let seen = object.ok().and_then(|object| observe::look(&object).ok());
        match seen {
            Some(Content::Mailbox(seen)) if seen.id == self.sender.id() => Ok(()),
            _ => {
                let what = format!("object {:?} was removed, or is another one", self.name);
                Err(Failure::new(Status::NoObject, what).into())
            }
        }
    }

    fn handle(&mut self, asked: &Asked) -> Result<Result<Answer, WireError>, Halt> {
        let (question, count) = match Question::parse(&asked.header()) {
            Ok(read) => read,
            Err(error) => return Ok(Err(error)),
        };
        let payload = asked.payload();
        let messages = match wire::unpack(&payload, count) {
            Ok(messages) => messages,
            Err(error) => return Ok(Err(error)),
        };
        let answer = match question.kind {
            Kind::Hello => self.hello(&question)?,
            Kind::Data => self.data(&question, &messages)?,
            Kind::End => self.end(&question)?,
        };
        Ok(Ok(answer))
    }

    fn hello(&mut self, question: &Question) -> Result<Answer, Halt> {
        let mut token = [0; 8];
        let drawn = shm_core::random(&mut token);
        drawn.map_err(|error| Failure::new(Status::Failure, error))?;
        let token = u64::from_le_bytes(token);
        let answer = self.ledger.hello(question, token, self.sender.committed());
        let stream = question.stream;
        match answer.verdict {
            Verdict::Taken => self.log.say(
                "stream",
                format_args!("stream {stream} goes on with message {}", answer.expected),
            ),
            _ => self.log.say(
                "refused",
                format_args!("refused stream {stream}: {:?}", answer.verdict),
            ),
        }
        Ok(answer)
    }

    fn data(&mut self, question: &Question, messages: &[&[u8]]) -> Result<Answer, Halt> {
        let committed = self.sender.committed();
        let admitted = match self.ledger.data(question, messages.len(), committed) {
            Ok(admitted) => admitted,
            Err(answer) => return Ok(answer),
        };
        if let Some(position) = admitted.note {
            // Before the first message of the stream, so that a kill in between leaves a stream
            // that has not begun.
            self.note(position)?;
        }
        let left = &messages[admitted.skip..];
        match self.sender.send_batch_timeout(left, PATIENCE) {
            Ok(()) => {}
            // Some were sent, perhaps none. The answer has the number.
            Err(BatchError {
                error: SendError::TimedOut,
                ..
            }) => {}
            Err(BatchError { error, .. }) => return Err(error.into()),
        }
        let sent = self.sender.committed() - committed;
        let taken = usize::try_from(sent).map_or(left, |sent| &left[..sent.min(left.len())]);
        let bytes: usize = taken.iter().map(|message| message.len()).sum();
        self.stats.count(sent, bytes as u64);
        Ok(self.ledger.taken(question, self.sender.committed()))
    }

    fn end(&mut self, question: &Question) -> Result<Answer, Halt> {
        let committed = self.sender.committed();
        match self.ledger.end(question, committed) {
            Ok(Some(position)) => {
                self.note(position)?;
                self.log
                    .say("end", format_args!("stream {} has ended", question.stream));
            }
            Ok(None) => {}
            Err(answer) => return Ok(answer),
        }
        Ok(self.ledger.taken(question, committed))
    }

    fn note(&mut self, position: Position) -> Result<(), Halt> {
        self.sender.set_note(position.to_words())?;
        self.ledger.noted(position);
        Ok(())
    }

    /// Logs a query that is not a question: the first one, and then each time the number has
    /// doubled, so that no peer can fill the log.
    fn complain(&mut self, error: WireError) {
        self.refused += 1;
        if self.refused.is_power_of_two() {
            let count = self.refused;
            self.log.say(
                "refused",
                format_args!(
                    "refused what is not a question of a bridge: {error} ({count} so far)"
                ),
            );
        }
    }
}
