//! Bells: a peer acts between any two instructions of arming, or is killed after any instruction of
//! a call while the other side waits for its bell. The bell rings.

use std::thread;
use std::time::Duration;

use shm_mailbox::{
    Armed, Bell, Message, Options, Receiver, RecvError, Role, SendError, Sender, Wait,
};

use crate::stepping::console::{Console, Phase};
use crate::stepping::path::Path;
use crate::stepping::tracee::{self, Tracee};
use crate::support::process::sleep_for_ever;
use crate::support::{Name, fork, is_rung, is_torture};

/// How long a ring may take. A test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// In the short form one gap of so many.
const SHORT: usize = 7;
const MESSAGE: [u8; 8] = *b"a bell's";

/// What the peer does in a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    /// Sends the message that is waited for, or takes one, which makes room.
    Pass,
    /// Closes.
    Close,
}

/// How a wait ended.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Passed,
    Gone,
}

#[test]
fn whatever_a_peer_does_between_any_two_instructions_of_arming_is_told() {
    if !tracee::can_step() {
        return;
    }
    let cases = [Role::Sender, Role::Receiver].map(|role| [(role, Act::Pass), (role, Act::Close)]);
    let points: usize = thread::scope(|scope| {
        let cases = cases.iter().flatten();
        let running: Vec<_> = cases
            .map(|&(role, act)| {
                scope.spawn(move || {
                    act_in_every_gap(role, act)
                        .unwrap_or_else(|reason| panic!("{act:?} while a {role} arms: {reason}"))
                })
            })
            .collect();
        let points = running.into_iter().map(|case| case.join());
        points.map(Result::unwrap).sum()
    });
    println!("a peer in the gaps of arming: {points} points, 0 not told");
    assert!(points >= 200);
}

#[test]
fn whoever_waits_for_its_bell_is_told_of_a_peer_killed_at_any_instruction_of_a_call() {
    if !tracee::can_step() {
        return;
    }
    let mut points = 0;
    let mut passed = 0;
    for role in [Role::Sender, Role::Receiver] {
        let (kills, done) = kill_at_every_instruction(role)
            .unwrap_or_else(|reason| panic!("a {role} is killed: {reason}"));
        points += kills;
        passed += done;
    }
    println!("kills beside a bell: {points}, {passed} after the commit, 0 not told");
    assert!(passed > 0 && passed < points);
}

/// The child arms as `role`, and the peer, in this process, acts in each gap in turn.
fn act_in_every_gap(role: Role, act: Act) -> Result<usize, String> {
    let name = Name::new();
    let console = Console::new();
    let options = name.options().slots(1).wait(Wait::Block);
    let mut peer = End::attach(role.peer(), &options)?;
    let body = || arm_again_and_again(role, act, &options, &console);
    let mut tracee = Tracee::spawn(&console, body)?;
    begin(&mut tracee)?;
    let path = Path::record(&mut tracee)?;
    tracee.run_to(Phase::End)?;
    // Not in a gap, but before the wait.
    act_as(&mut peer, act)?;
    tracee.run_to(Phase::Ended)?;
    let step = if is_torture() { 1 } else { SHORT };
    let mut points = 0;
    let mut keepers = Vec::new();
    for gap in (0..path.points()).step_by(step) {
        let at = |reason| format!("in gap {gap}: {reason}");
        peer.attach_again(role.peer(), &options)?;
        // It has copies of the peer's descriptors: so the kernel does not ring for their close, in
        // no round.
        keepers.extend((act == Act::Close).then(|| fork(|| sleep_for_ever())));
        begin(&mut tracee).map_err(at)?;
        let acts_here = path.follow(&mut tracee, gap)?;
        act_as(&mut peer, act).map_err(at)?;
        if acts_here {
            tracee.run_to(Phase::End).map_err(at)?;
        }
        tracee.run_to(Phase::Ended).map_err(at)?;
        points += 1;
    }
    console.quit();
    tracee.run_to(Phase::Ready)?;
    tracee.finish()?;
    Ok(points)
}

/// The child has nothing to do, and is about to arm once more.
fn begin(tracee: &mut Tracee) -> Result<(), String> {
    tracee.run_to(Phase::Ready)?;
    tracee.run_to(Phase::Begin)
}

fn act_as(peer: &mut End, act: Act) -> Result<(), String> {
    match act {
        Act::Pass if peer.pass()? == Some(Told::Passed) => Ok(()),
        Act::Pass => Err("the peer found nothing to do".to_owned()),
        Act::Close => peer.close(),
    }
}

/// The child: arms in each round, waits for the bell, and compares what it finds with what was
/// done.
fn arm_again_and_again(
    role: Role,
    act: Act,
    options: &Options,
    console: &Console,
) -> Result<(), String> {
    let mut end = End::attach(role, options)?;
    let bell = end.bell()?;
    let mut is_settled = false;
    loop {
        tracee::rearm_alarm();
        if let End::Sender(sender) = &mut end
            && sender.queued() == 0
        {
            sender.try_send(MESSAGE).map_err(|e| e.to_string())?;
        }
        // It looks by itself for a while, and would find whatever it was not told.
        while !is_settled {
            match end.arm()? {
                Some(Armed::Wait {
                    at_most: Some(pause),
                }) => _ = is_rung(&bell, pause),
                armed => is_settled = armed != Some(Armed::Now),
            }
        }
        // What happened before is not for the call under test, nor is what was announced.
        while end.arm()? == Some(Armed::Now) {}
        end.withdraw();
        console.mark(Phase::Ready);
        if console.is_over() {
            return Ok(());
        }
        console.mark(Phase::Begin);
        let armed = end.arm();
        console.mark(Phase::End);
        let told = wait(&mut end, &bell, armed?)?;
        let expected = match act {
            Act::Pass => Told::Passed,
            Act::Close => Told::Gone,
        };
        if told != expected {
            return Err(format!("told {told:?}, expected {expected:?}"));
        }
        console.mark(Phase::Ended);
    }
}

/// Goes on from `armed`, by the bell alone, until there is something to tell.
fn wait(end: &mut End, bell: &Bell, mut armed: Option<Armed>) -> Result<Told, String> {
    loop {
        match armed {
            None => return Ok(Told::Gone),
            Some(Armed::Now) => {
                if let Some(told) = end.pass()? {
                    return Ok(told);
                }
            }
            Some(Armed::Wait { at_most }) => {
                let pause = at_most.unwrap_or(PATIENCE);
                if !is_rung(bell, pause) && at_most.is_none() {
                    return Err("the bell did not ring".to_owned());
                }
            }
        }
        armed = end.arm()?;
    }
}

/// Children of `role` make a call each, and are killed at one point of it after the other, while
/// the peer, in this process, waits for its bell. How many, and how many had made their call.
fn kill_at_every_instruction(role: Role) -> Result<(usize, usize), String> {
    let name = Name::new();
    let options = name.options().slots(1);
    let mut peer = End::attach(role.peer(), &options)?;
    let bell = peer.bell()?;
    // A sender waits for room.
    if peer.role() == Role::Sender {
        peer.pass()?;
    }
    let path = with_child(role, &options, &mut peer, Path::record)?;
    wait_for_the_end(&mut peer, &bell)?;
    let step = if is_torture() { 1 } else { SHORT };
    let (mut kills, mut passed) = (0, 0);
    for instructions in (0..path.points()).step_by(step) {
        let at = |reason| format!("killed after instruction {instructions}: {reason}");
        let stop = |tracee: &mut Tracee| path.follow(tracee, instructions);
        with_child(role, &options, &mut peer, stop).map_err(at)?;
        kills += 1;
        passed += usize::from(wait_for_the_end(&mut peer, &bell).map_err(at)?);
    }
    Ok((kills, passed))
}

/// A child takes the role, and makes its call, while the peer is armed, until `stop` has what it
/// wants. Then it is killed.
fn with_child<T>(
    role: Role,
    options: &Options,
    peer: &mut End,
    stop: impl FnOnce(&mut Tracee) -> Result<T, String>,
) -> Result<T, String> {
    let console = Console::new();
    let body = || {
        let mut end = End::attach(role, options)?;
        console.mark(Phase::Ready);
        console.mark(Phase::Begin);
        let passed = end.pass();
        console.mark(Phase::End);
        passed.map(|_| ())
    };
    let mut tracee = Tracee::spawn(&console, body)?;
    tracee.run_to(Phase::Ready)?;
    while peer.arm()? == Some(Armed::Now) {}
    tracee.run_to(Phase::Begin)?;
    stop(&mut tracee)
}

/// By the bell alone: whether a message passed before the end was told.
fn wait_for_the_end(peer: &mut End, bell: &Bell) -> Result<bool, String> {
    let mut passed = false;
    loop {
        let armed = peer.arm()?;
        match wait(peer, bell, armed)? {
            Told::Passed => passed = true,
            Told::Gone => return Ok(passed),
        }
    }
}

/// An endpoint of either role.
enum End {
    Sender(Sender),
    Receiver(Receiver),
    Closed,
}

impl End {
    fn role(&self) -> Role {
        match self {
            Self::Sender(_) => Role::Sender,
            Self::Receiver(_) => Role::Receiver,
            Self::Closed => unreachable!("it is attached"),
        }
    }

    fn attach(role: Role, options: &Options) -> Result<Self, String> {
        let told = |error: shm_mailbox::AttachError| error.to_string();
        Ok(match role {
            Role::Sender => Self::Sender(options.clone().sender().map_err(told)?),
            Role::Receiver => Self::Receiver(options.clone().receiver().map_err(told)?),
        })
    }

    fn attach_again(&mut self, role: Role, options: &Options) -> Result<(), String> {
        if let Self::Closed = self {
            *self = Self::attach(role, options)?;
        }
        Ok(())
    }

    /// Leaves the mailbox where it is.
    fn close(&mut self) -> Result<(), String> {
        let closed = match std::mem::replace(self, Self::Closed) {
            Self::Sender(sender) => sender.keep().map(|_| ()),
            Self::Receiver(receiver) => receiver.close().map(|_| ()),
            Self::Closed => Ok(()),
        };
        closed.map_err(|error| error.to_string())
    }

    fn bell(&mut self) -> Result<Bell, String> {
        let bell = match self {
            Self::Sender(sender) => sender.bell(),
            Self::Receiver(receiver) => receiver.bell(),
            Self::Closed => unreachable!("it is attached"),
        };
        bell.map_err(|error| error.to_string())
    }

    /// A wait in vain, after which nothing is announced any more.
    fn withdraw(&mut self) {
        const SHORT: Duration = Duration::from_micros(100);
        match self {
            Self::Sender(sender) => drop(sender.send_timeout(MESSAGE, SHORT)),
            Self::Receiver(receiver) => drop(receiver.recv_timeout(&mut Message::new(), SHORT)),
            Self::Closed => unreachable!("it is attached"),
        }
    }

    /// `None` if the peer is gone.
    fn arm(&mut self) -> Result<Option<Armed>, String> {
        match self {
            Self::Sender(sender) => match sender.arm() {
                Ok(armed) => Ok(Some(armed)),
                Err(SendError::Closed { .. } | SendError::PeerDied { .. }) => Ok(None),
                Err(error) => Err(error.to_string()),
            },
            Self::Receiver(receiver) => match receiver.arm() {
                Ok(armed) => Ok(Some(armed)),
                Err(RecvError::Closed { .. } | RecvError::PeerDied { .. }) => Ok(None),
                Err(error) => Err(error.to_string()),
            },
            Self::Closed => unreachable!("it is attached"),
        }
    }

    /// Sends or receives a message, if there is room, or a message.
    fn pass(&mut self) -> Result<Option<Told>, String> {
        match self {
            Self::Sender(sender) => match sender.try_send(MESSAGE) {
                Ok(()) => Ok(Some(Told::Passed)),
                Err(SendError::Full) => Ok(None),
                Err(SendError::Closed { .. } | SendError::PeerDied { .. }) => Ok(Some(Told::Gone)),
                Err(error) => Err(error.to_string()),
            },
            Self::Receiver(receiver) => {
                let mut message = Message::new();
                match receiver.try_recv(&mut message) {
                    Ok(()) if message == MESSAGE => Ok(Some(Told::Passed)),
                    Ok(()) => Err(format!("message {} came torn", message.sequence())),
                    Err(RecvError::Empty) => Ok(None),
                    Err(RecvError::Closed { .. } | RecvError::PeerDied { .. }) => {
                        Ok(Some(Told::Gone))
                    }
                    Err(error) => Err(error.to_string()),
                }
            }
            Self::Closed => unreachable!("it is attached"),
        }
    }
}
