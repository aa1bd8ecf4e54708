//! A peer that rewrites any shared word between any two instructions: every call ends in time, with
//! a usual result or an error that stays, and writes nowhere but where its role may.

use std::time::{Duration, Instant};

use crate::stepping::console::{Console, Phase};
use crate::stepping::object;
use crate::stepping::path::Path;
use crate::stepping::scenario::Bench;
use crate::stepping::tracee::{self, Tracee};
use crate::stepping::victim::{self, Call, Outcome};
use crate::stepping::word::{self, Word};
use crate::support::{Raw, is_torture};

const SLOTS: u32 = 2;
/// Calls have time-outs of less than a millisecond. One that is late by this much, again and again,
/// overstays.
const LATE: Duration = Duration::from_secs(1);
/// About so many combinations of gap, word and value for each call. Each gap takes its turn in
/// either form; with all combinations, a call with a long message alone would take half an hour.
const SHORT: usize = 1500;
const LONG: usize = 40_000;

/// The results of the attacks on one call, or on several.
#[derive(Default)]
pub(crate) struct Count {
    points: u64,
    corrupt: u64,
    slowest: Duration,
}

impl Count {
    /// Adds and prints those of one call.
    pub(crate) fn add(&mut self, what: &str, one: Self) {
        let Self {
            points,
            corrupt,
            slowest,
        } = one;
        println!(
            "{what}: {points} combinations, {corrupt} found corrupt, 0 signals, \
             the slowest took {slowest:?}"
        );
        self.points += points;
        self.corrupt += corrupt;
    }

    /// Fails unless there were enough attacks, with different results.
    pub(crate) fn conclude(&self) {
        assert!(self.points >= 1000);
        assert!(self.corrupt > 0 && self.corrupt < self.points);
    }
}

/// Where the bytes before and after a call first differ in a place that the call must not touch.
pub(crate) type Trespass<'a> = dyn Fn(&[u8], &[u8]) -> Option<usize> + 'a;

/// What is attacked, and how.
pub(crate) struct Target<'a> {
    /// The object, as the calls find it.
    pub(crate) view: &'a Raw,
    pub(crate) attacks: Vec<(Word, u64)>,
    /// The first byte that differs and that the call must not have touched.
    pub(crate) trespass: &'a Trespass<'a>,
}

#[test]
fn a_peer_that_rewrites_any_word_in_any_gap_of_a_send_does_no_harm() {
    attack_all(
        "send",
        &[Call::Send, Call::Draft, Call::Batch, Call::SendWhenFull],
    );
}

#[test]
fn a_peer_that_rewrites_any_word_in_any_gap_of_a_receive_does_no_harm() {
    attack_all(
        "receive",
        &[Call::Peek, Call::Ack, Call::Recv, Call::RecvWhenEmpty],
    );
}

fn attack_all(what: &str, calls: &[Call]) {
    if !tracee::can_step() {
        return;
    }
    let mut all = Count::default();
    for &call in calls {
        match attack_mailbox(call) {
            Ok(count) => all.add(&format!("{what}, {call:?}"), count),
            Err(reason) => panic!("{call:?}: {reason}"),
        }
    }
    all.conclude();
}

fn attack_mailbox(call: Call) -> Result<Count, String> {
    let mut bench = Bench::new(SLOTS, &[(2, 2), (call.queued(SLOTS.into()), 0)]);
    bench.detach(call.role());
    bench.detach(call.role().peer());
    let words = word::all(SLOTS).into_iter();
    let target = Target {
        view: &bench.view,
        attacks: words
            .flat_map(|word| word.values(&bench).map(move |value| (word, value)))
            .collect(),
        trespass: &|before, after| object::trespass(call.role(), before, after),
    };
    let options = bench.name.options();
    let wanted = if is_torture() { LONG } else { SHORT };
    attack(&target, wanted, |console| {
        victim::live(call, &options, console)
    })
}

/// Every gap, every word, every value, as far as about `wanted` combinations go, against a child
/// that makes the call round after round.
pub(crate) fn attack(
    target: &Target,
    wanted: usize,
    live: impl FnOnce(&Console) -> Result<(), String>,
) -> Result<Count, String> {
    let mut count = Count::default();
    let console = Console::new();
    let mut attacked = Attacked {
        target,
        console: &console,
        tracee: Tracee::spawn(&console, || live(&console))?,
        image: target.view.bytes(),
    };
    let path = attacked.record()?;
    let sample = (path.points() * target.attacks.len() / wanted).max(1);
    for gap in 0..path.points() {
        for (index, &(word, value)) in target.attacks.iter().enumerate() {
            // Different words and values for each gap.
            if (gap * 7919 + index) % sample != 0 {
                continue;
            }
            let attack = Attack { gap, word, value };
            let round = attacked.rounds(&path, attack);
            let round = round.map_err(|reason| format!("{attack:x?}: {reason}"))?;
            if let Some((outcome, elapsed)) = round {
                count.points += 1;
                count.corrupt += u64::from(outcome == Outcome::Corrupt);
                count.slowest = count.slowest.max(elapsed);
            }
        }
    }
    console.quit();
    attacked.tracee.run_to(Phase::Ready)?;
    attacked.tracee.finish()?;
    Ok(count)
}

/// What the peer writes, where, and when.
#[derive(Clone, Copy, Debug)]
struct Attack {
    gap: usize,
    word: Word,
    value: u64,
}

struct Attacked<'a> {
    target: &'a Target<'a>,
    console: &'a Console,
    tracee: Tracee<'a>,
    /// The object before the call.
    image: Vec<u8>,
}

impl Attacked<'_> {
    fn begin(&mut self) -> Result<(), String> {
        self.tracee.run_to(Phase::Ready)?;
        self.target.view.write(&self.image);
        self.tracee.run_to(Phase::Begin)
    }

    /// One call that nobody disturbs.
    fn record(&mut self) -> Result<Path, String> {
        self.begin()?;
        let path = Path::record(&mut self.tracee)?;
        self.tracee.run_to(Phase::End)?;
        self.tracee.run_to(Phase::Ended)?;
        Ok(path)
    }

    /// One attack, once more if the call is late: a machine may stand still for a second, but not
    /// three times in the same gap.
    fn rounds(
        &mut self,
        path: &Path,
        attack: Attack,
    ) -> Result<Option<(Outcome, Duration)>, String> {
        for _ in 0..3 {
            match self.round(path, attack)? {
                Some((_, elapsed)) if elapsed > LATE => {}
                round => return Ok(round),
            }
        }
        Err(format!("it returns later than {LATE:?} after it"))
    }

    /// One call under attack: how it ended, and how long it ran on after the attack. `None` if it
    /// was over before it came to the gap.
    fn round(
        &mut self,
        path: &Path,
        attack: Attack,
    ) -> Result<Option<(Outcome, Duration)>, String> {
        let Attack { gap, word, value } = attack;
        let Target { view, trespass, .. } = self.target;
        self.begin()?;
        let mut before = view.bytes();
        if !path.follow(&mut self.tracee, gap)? {
            self.tracee.run_to(Phase::Ended)?;
            return Ok(None);
        }
        let original = word.load(view);
        word.store(view, value);
        let start = Instant::now();
        self.tracee.run_to(Phase::End)?;
        let elapsed = start.elapsed();
        let after = view.bytes();
        // What the attack wrote is not the victim's doing.
        word.copy(&after, &mut before);
        if let Some(offset) = trespass(&before, &after) {
            return Err(format!("it wrote to byte {offset}"));
        }
        // An error that it found is to stay when the word is mended.
        if word.load(view) == word.cut(value) {
            word.store(view, original);
        }
        self.tracee.run_to(Phase::Ended)?;
        let outcome = Outcome::from_code(self.console.outcome())?;
        Ok(Some((outcome, elapsed)))
    }
}
