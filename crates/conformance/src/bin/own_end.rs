//! `own-end`: this library behind the command line of the conformance kit, for its own test, and as
//! an example of that command line.

use std::io::{self, BufRead as _, Write as _};
use std::process::exit;

use clap::{Parser, ValueEnum};
use conformance::{Status, hex};
use shm_core::{OpenError, ResizeError, guard};
use shm_mailbox::bus::{self, Bus, Join};
use shm_mailbox::{
    AttachError, CloseError, Closed, Kind, Mailbox, Message, Options, Receiver, RecvError,
    SendError, Sender, Wait,
};

/// An endpoint of a mailbox or a bus, by commands on standard input
#[derive(Parser)]
struct Arguments {
    /// The role of the endpoint
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
    /// How many senders a new bus has room for; makes the object a bus
    #[arg(long, requires = "receivers")]
    senders: Option<u32>,
    /// How many receivers a new bus has room for
    #[arg(long, requires = "senders")]
    receivers: Option<u32>,
    /// The label of its lane or place
    #[arg(long, requires = "senders")]
    label: Option<String>,
    /// Where a receiver of a bus begins
    #[arg(long, default_value = "next", requires = "senders")]
    join: From,
}

#[derive(Clone, Copy, ValueEnum)]
enum From {
    Next,
    Oldest,
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
    // Makes truncated memory an error instead of a SIGBUS.
    if let Err(error) = guard::install() {
        end(Status::Failed, &error);
    }
    let wait = match arguments.wait {
        How::Block => Wait::Block,
        How::Spin => Wait::Spin,
        How::Bell => Wait::Bell,
    };
    match arguments.senders.zip(arguments.receivers) {
        None => play(Mailbox::options(&arguments.name).wait(wait), &arguments),
        Some((senders, receivers)) => {
            let options = Bus::options(&arguments.name).wait(wait);
            let options = options.senders(senders).receivers(receivers);
            let options = options.join(match arguments.join {
                From::Next => Join::Next,
                From::Oldest => Join::Oldest,
            });
            let options = match &arguments.label {
                Some(label) => options.label(label),
                None => options,
            };
            play(options, &arguments);
        }
    }
}

/// What differs between the endpoints of a mailbox and of a bus.
trait Spoken: Kind {
    /// What a receiver prints before the number of a message.
    fn lane_of(message: &Message) -> String;

    /// The corrupt lane, if the receiver continues with others.
    fn left_out(receiver: &Receiver<Self>, error: &RecvError) -> Option<u32>;

    /// Closes, and forgets the label, if there is such a command.
    fn forget_sender(sender: Sender<Self>) -> Option<Result<Closed, CloseError>>;

    /// As `forget_sender`, for a receiver.
    fn forget_receiver(receiver: Receiver<Self>) -> Option<Result<Closed, CloseError>>;
}

impl Spoken for Mailbox {
    fn lane_of(_: &Message) -> String {
        String::new()
    }

    fn left_out(_: &Receiver, _: &RecvError) -> Option<u32> {
        None
    }

    fn forget_sender(_: Sender) -> Option<Result<Closed, CloseError>> {
        None
    }

    fn forget_receiver(_: Receiver) -> Option<Result<Closed, CloseError>> {
        None
    }
}

impl Spoken for Bus {
    fn lane_of(message: &Message) -> String {
        format!("{} ", message.lane())
    }

    fn left_out(receiver: &bus::Receiver, error: &RecvError) -> Option<u32> {
        let RecvError::Corrupt { corrupt, .. } = error else {
            return None;
        };
        let lanes = receiver.lanes().unwrap_or_default();
        let is_any_left = lanes.iter().any(|lane| !lane.corrupt);
        corrupt.lane().filter(|_| is_any_left)
    }

    fn forget_sender(sender: bus::Sender) -> Option<Result<Closed, CloseError>> {
        Some(sender.forget())
    }

    fn forget_receiver(receiver: bus::Receiver) -> Option<Result<Closed, CloseError>> {
        Some(receiver.forget())
    }
}

fn play<K: Spoken>(options: Options<K>, arguments: &Arguments) {
    // An existing object keeps its slots and seats.
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

fn send<K: Spoken>(options: Options<K>) {
    let mut sender = options.sender().unwrap_or_else(|error| refuse(&error));
    say(&format!("attached {}", sender.committed()));
    for line in commands() {
        match line.as_str() {
            "keep" => left(sender.keep()),
            "abort" => left(sender.abort()),
            "forget" => match K::forget_sender(sender) {
                Some(closed) => left(closed),
                None => end(Status::Usage, &"no such command"),
            },
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

fn receive<K: Spoken>(options: Options<K>) {
    let mut receiver = options.receiver().unwrap_or_else(|error| refuse(&error));
    let mut message = Message::new();
    let mut shown = 0;
    say(&format!("attached {}", receiver.acknowledged()));
    for line in commands() {
        match line.as_str() {
            "show" => {
                if let Err(error) = receiver.peek(&mut message) {
                    let Some(lane) = K::left_out(&receiver, &error) else {
                        stop_receiving(receiver, &error);
                    };
                    say(&format!("corrupt {lane}"));
                    continue;
                }
                shown += 1;
                say(&format!(
                    "message {}{} {}",
                    K::lane_of(&message),
                    message.sequence(),
                    hex::encode(message.as_bytes())
                ));
            }
            "forget" => match K::forget_receiver(receiver) {
                Some(closed) => left(closed),
                None => end(Status::Usage, &"no such command"),
            },
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

/// Exits at once, as a process that died.
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
        AttachError::Slots { .. }
        | AttachError::HotSlots { .. }
        | AttachError::Seats { .. }
        | AttachError::Label { .. }
        | AttachError::Name(_) => Status::Usage,
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
        | AttachError::OtherKind { .. }
        | AttachError::Geometry { .. } => Status::Refused,
        AttachError::RoleTaken { .. }
        | AttachError::LabelTaken { .. }
        | AttachError::NoPlace { .. } => Status::Taken,
        AttachError::InitBusy { .. } => Status::Busy,
        AttachError::Corrupt { .. } => Status::Corrupt,
        AttachError::Truncated { .. } => Status::Truncated,
        _ => Status::Failed,
    };
    end(status, error)
}

/// Closes if the peer has left, and dies otherwise.
fn stop_sending<K: Kind>(sender: Sender<K>, error: &SendError) -> ! {
    let status = match error {
        SendError::Closed { .. } => Status::Closed,
        SendError::PeerDied { .. } => Status::Died,
        SendError::Unlinked { .. } => Status::Unlinked,
        SendError::HeldBack { .. } => Status::HeldBack,
        SendError::Truncated { .. } => end(Status::Truncated, error),
        SendError::Corrupt { .. } => end(Status::Corrupt, error),
        SendError::Exhausted { .. } => end(Status::UsedUp, error),
        SendError::TooLong { .. } => end(Status::Usage, error),
        _ => end(Status::Failed, error),
    };
    drop(sender);
    end(status, error)
}

fn stop_receiving<K: Kind>(receiver: Receiver<K>, error: &RecvError) -> ! {
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
