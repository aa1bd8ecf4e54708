//! `own-end`: this library behind the command line of the conformance kit, for its own test, and as
//! an example of that command line.

use std::io::{self, BufRead as _, Write as _};
use std::process::exit;

use clap::{Parser, ValueEnum};
use conformance::{Status, hex};
use shm_core::{OpenError, ResizeError, guard};
use shm_mailbox::{
    AttachError, CloseError, Closed, Mailbox, Message, Options, Receiver, RecvError, SendError,
    Sender, Wait,
};

/// One end of a mailbox, by commands on standard input
#[derive(Parser)]
struct Arguments {
    /// Which end
    role: Role,
    /// The name of the object
    name: String,
    /// How many slots a new mailbox has
    #[arg(long, default_value_t = 64)]
    slots: u32,
    /// How many of its slots are hot
    #[arg(long)]
    hot: Option<u32>,
    /// How to wait
    #[arg(long, default_value = "block")]
    wait: How,
}

#[derive(Clone, Copy, ValueEnum)]
enum Role {
    Send,
    Receive,
}

#[derive(Clone, Copy, ValueEnum)]
enum How {
    Block,
    Spin,
    Bell,
}

fn main() {
    let arguments = Arguments::parse();
    // Truncated memory is then an error, and no SIGBUS.
    if let Err(error) = guard::install() {
        end(Status::Failed, &error);
    }
    let wait = match arguments.wait {
        How::Block => Wait::Block,
        How::Spin => Wait::Spin,
        How::Bell => Wait::Bell,
    };
    // An object that exists keeps its own slots.
    let options = Mailbox::options(&arguments.name).wait(wait);
    let options = options.slots(arguments.slots).exact(false);
    let options = match arguments.hot {
        Some(hot) => options.hot_slots(hot),
        None => options,
    };
    match arguments.role {
        Role::Send => send(options),
        Role::Receive => receive(options),
    }
}

fn send(options: Options) {
    let mut sender = options.sender().unwrap_or_else(|error| refuse(&error));
    say(&format!("attached {}", sender.committed()));
    for line in commands() {
        match line.as_str() {
            "keep" => left(sender.keep()),
            "abort" => left(sender.abort()),
            line => match line.strip_prefix("send ").and_then(hex::decode) {
                Some(message) => {
                    let number = sender.committed();
                    if let Err(error) = sender.send(message) {
                        stop_sending(sender, &error);
                    }
                    say(&format!("sent {number}"));
                }
                None => end(Status::Usage, &"no such command"),
            },
        }
    }
    left(sender.close());
}

fn receive(options: Options) {
    let mut receiver = options.receiver().unwrap_or_else(|error| refuse(&error));
    let mut message = Message::new();
    let mut shown = 0;
    say(&format!("attached {}", receiver.acknowledged()));
    for line in commands() {
        match line.as_str() {
            "show" => {
                if let Err(error) = receiver.peek(&mut message) {
                    stop_receiving(receiver, &error);
                }
                shown += 1;
                say(&format!(
                    "message {} {}",
                    message.sequence(),
                    hex::encode(message.as_bytes())
                ));
            }
            "ack" => {
                for _ in 0..std::mem::take(&mut shown) {
                    if let Err(error) = receiver.ack() {
                        stop_receiving(receiver, &error);
                    }
                }
                say(&format!("acknowledged {}", receiver.acknowledged()));
            }
            _ => end(Status::Usage, &"no such command"),
        }
    }
    left(receiver.close());
}

/// The lines of standard input.
fn commands() -> impl Iterator<Item = String> {
    io::stdin().lock().lines().map_while(Result::ok)
}

fn say(answer: &str) {
    if writeln!(io::stdout(), "{answer}").is_err() {
        end(Status::Failed, &"nobody reads the answers");
    }
}

/// Ends at once, as one that died.
fn end(status: Status, why: &dyn std::fmt::Display) -> ! {
    eprintln!("{why}");
    exit(status as i32)
}

/// Ends when the endpoint has left.
fn left(closed: Result<Closed, CloseError>) -> ! {
    match closed {
        Ok(_) | Err(CloseError::InitBusy { .. }) => exit(Status::Left as i32),
        Err(error @ CloseError::Truncated { .. }) => end(Status::Truncated, &error),
        Err(error) => end(Status::Failed, &error),
    }
}

fn refuse(error: &AttachError) -> ! {
    let status = match error {
        AttachError::Slots { .. } | AttachError::HotSlots { .. } | AttachError::Name(_) => {
            Status::Usage
        }
        AttachError::Reserve(ResizeError::NoSpace { .. })
        | AttachError::Open(OpenError::NoInodes { .. }) => Status::NoRoom,
        AttachError::Open(
            OpenError::NotRegular { .. }
            | OpenError::ForeignOwner { .. }
            | OpenError::OpenToOthers { .. },
        )
        | AttachError::NotAMailbox { .. }
        | AttachError::Classic { .. }
        | AttachError::Version { .. }
        | AttachError::Geometry { .. } => Status::Refused,
        AttachError::RoleTaken { .. } => Status::Taken,
        AttachError::InitBusy { .. } => Status::Busy,
        AttachError::Corrupt { .. } => Status::Corrupt,
        AttachError::Truncated { .. } => Status::Truncated,
        _ => Status::Failed,
    };
    end(status, error)
}

/// Leaves as an end does whose peer has left, and dies otherwise.
fn stop_sending(sender: Sender, error: &SendError) -> ! {
    let status = match error {
        SendError::Closed { .. } => Status::Closed,
        SendError::PeerDied { .. } => Status::Died,
        SendError::Unlinked { .. } => Status::Unlinked,
        SendError::Truncated { .. } => end(Status::Truncated, error),
        SendError::Corrupt { .. } => end(Status::Corrupt, error),
        SendError::Exhausted { .. } => end(Status::UsedUp, error),
        SendError::TooLong { .. } => end(Status::Usage, error),
        _ => end(Status::Failed, error),
    };
    drop(sender);
    end(status, error)
}

fn stop_receiving(receiver: Receiver, error: &RecvError) -> ! {
    let status = match error {
        RecvError::Closed { .. } => Status::Closed,
        RecvError::PeerDied { .. } => Status::Died,
        RecvError::Unlinked { .. } => Status::Unlinked,
        RecvError::Truncated { .. } => end(Status::Truncated, error),
        RecvError::Corrupt { .. } => end(Status::Corrupt, error),
        _ => end(Status::Failed, error),
    };
    drop(receiver);
    end(status, error)
}
