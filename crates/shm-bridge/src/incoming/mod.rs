//! `shm bridge in`: answers the other bridge, and sends what it brings to a mailbox here.
//!
//! What the far bridge does with its mailbox belongs here. How questions arrive belongs in
//! `network`.

mod ledger;
mod position;
#[cfg(test)]
mod search;

use std::fmt;
use std::time::Duration;

use shm_core::{Object, ShmName};
use shm_mailbox::observe::{self, Content};
use shm_mailbox::{BatchError, MailboxId, SendError, Sender};

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
    let start = || {
        let position = position(&sender, args.new_stream)?;
        let object = object(&name, &sender)?;
        Ok((position, object, Answerer::listen(&config, &key)?))
    };
    let (position, object, answerer) = match start() {
        Ok(started) => started,
        Err(failure) => {
            // Closing it would remove an empty mailbox, and the note with it.
            if !sender.created() {
                drop(sender.keep());
            }
            return Err(failure);
        }
    };
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
        object,
        sender,
        stats,
        log,
        refused: 0,
        begun: None,
        ended: None,
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

/// The object of the far mailbox, to see later whether it has its name.
fn object(name: &ShmName, sender: &Sender) -> Result<Object, Failure> {
    let object = observe::open(name).ok();
    let is_own = |object: &Object| match observe::look(object) {
        Ok(Content::Mailbox(seen)) => seen.id == sender.id(),
        _ => false,
    };
    object.filter(is_own).ok_or_else(|| removed(name))
}

fn removed(name: &ShmName) -> Failure {
    let what = format!("object {name:?} was removed, or is another one");
    Failure::new(Status::NoObject, what)
}

/// The far mailbox and what is known of its streams.
struct Far {
    ledger: Ledger,
    name: ShmName,
    object: Object,
    sender: Sender,
    stats: Stats,
    log: Log,
    /// How often something came that was refused.
    refused: u64,
    /// The stream that was said to go on, and the one that was said to have ended.
    begun: Option<MailboxId>,
    ended: Option<MailboxId>,
}

impl Far {
    /// Answers until a signal comes or something fails.
    fn serve(&mut self, answerer: &Answerer, signals: &Signals) -> Halt {
        loop {
            if let Err(halt) = self.step(answerer, signals) {
                return halt;
            }
        }
    }

    /// Answers a question, if one comes within a moment.
    fn step(&mut self, answerer: &Answerer, signals: &Signals) -> Result<(), Halt> {
        if signals.caught().is_some() {
            return Err(Halt::Signal);
        }
        let Some(asked) = answerer.next() else {
            return self.ensure_name();
        };
        // After an error there is no answer: it will be asked again.
        let handled = self.handle(&asked)?;
        // After the messages were sent, and before they are acknowledged over there: in an object
        // without a name nobody finds them.
        self.ensure_name()?;
        match handled {
            Ok(answer) => answerer.answer(&asked, &answer.to_bytes()),
            Err(error) => {
                self.complain(format_args!(
                    "what came is no question of a bridge: {error}"
                ));
                answerer.refuse(&asked, &wire::refusal(&error));
            }
        }
        Ok(())
    }

    fn ensure_name(&self) -> Result<(), Halt> {
        match self.object.has_name() {
            Ok(true) => Ok(()),
            _ => Err(removed(&self.name).into()),
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
        if answer.verdict != Verdict::Taken {
            let stream = question.stream;
            self.complain(format_args!(
                "stream {stream} was refused: {:?}",
                answer.verdict
            ));
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
        // Once for each stream: one that is now and then idle begins each time.
        if self.begun.replace(question.stream) != Some(question.stream) {
            let first = question.first + admitted.skip as u64;
            let stream = question.stream;
            self.log.say(
                "stream",
                format_args!("stream {stream} goes on with message {first}"),
            );
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
                let stream = question.stream;
                if self.ended.replace(stream) != Some(stream) {
                    self.log.say(
                        "end",
                        format_args!("stream {stream} has ended for now; it or another may follow"),
                    );
                }
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

    /// Tells what was refused: the first time, and then as often as the number doubles, so that
    /// no peer can fill the log.
    fn complain(&mut self, what: impl fmt::Display) {
        self.refused += 1;
        if self.refused.is_power_of_two() {
            let count = self.refused;
            self.log
                .say("refused", format_args!("{what} ({count} so far)"));
        }
    }
}
