//! Wait strategies: how an endpoint passes the time until its peer has done something.
//!
//! With `adaptive` below it, the only file that spins, and that decides when to check the peer and
//! when a wait is over. A strategy is a value; what is waited for is a [`Condition`], which knows
//! how to poll, how to check the peer and the object, and how to sleep until it is woken.
//!
//! Two clocks run in every wait, whatever the strategy: the caller's time-out, and the *slice*.
//! Whenever a slice has passed since the last check (also across calls: a caller who loops over
//! short time-outs gets the result as well), the condition checks its peer and its object. A wait
//! that is ended again and again, by signals or by a peer that keeps waking us, therefore cannot
//! starve the check.

mod adaptive;
pub(crate) mod limit;
mod strategy;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use adaptive::Manner;
use crossbeam_utils::Backoff;
use shm_core::Moment;

use crate::protocol::Slept;
use crate::wait::limit::Limit;

pub use strategy::Wait;

pub(crate) use strategy::ASLEEP_SLICE;

/// Why a wait ended without what it waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The caller's time-out has passed.
    TimedOut,
    /// The caller's interrupt flag is set.
    Interrupted,
}

/// Something to wait for.
pub(crate) trait Condition {
    /// What there is when the condition holds.
    type Output;
    /// What can go wrong, a stopped wait included.
    type Error: From<Stop>;

    /// One look at the shared memory; without a system call, except in the classic layout.
    fn look(&mut self) -> Result<Option<Self::Output>, Self::Error>;

    /// As [`look`](Self::look), which is inlined where it comes first in a call, and here for all
    /// the others.
    #[inline(never)]
    fn look_again(&mut self) -> Result<Option<Self::Output>, Self::Error> {
        self.look()
    }

    /// Whether something has happened that calls for a check before the slice is over.
    fn has_news(&self) -> bool {
        false
    }

    /// Checks the peer and the object; before it fails, once more at the condition.
    fn check(&mut self) -> Result<Option<Self::Output>, Self::Error>;

    /// Announces the sleep, looks again, and sleeps: until woken, and looks once more, or until the
    /// `deadline`.
    fn park(&mut self, deadline: Moment) -> Result<Slept<Self::Output>, Self::Error>;

    /// Takes back the announcement of a sleep that has expired; after a check.
    fn withdraw(&self) {}
}

/// When to check the peer and the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    /// Once a slice has passed since the last check, or there is news.
    AfterSlice,
    /// At once: a sleep has expired, and nothing may be touched before.
    Now,
}

/// Looks between two readings of the clock while spinning: a few microseconds.
const LOOKS_PER_CLOCK: u32 = 128;
/// System calls between two readings of the clock while yielding.
const YIELDS_PER_CLOCK: u32 = 4;

/// An endpoint's way of waiting, and what it remembers between waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    wait: Wait,
    interrupt: Option<Arc<AtomicBool>>,
    /// When the slice is over.
    next_check: Moment,
    /// When the last wait that came to it was to be over.
    deadline: Moment,
    manner: Manner,
}

impl Waiter {
    pub(crate) fn new(wait: Wait, interrupt: Option<Arc<AtomicBool>>) -> Self {
        Self {
            wait,
            interrupt,
            next_check: Moment::now().after(wait.slice()),
            deadline: Moment::NEVER,
            manner: Manner::new(),
        }
    }

    /// Waits until `condition` holds, or `limit` is over; what that is matters only if there is a
    /// wait.
    #[inline]
    pub(crate) fn wait<C: Condition>(
        &mut self,
        mut condition: C,
        limit: impl Into<Limit>,
    ) -> Result<C::Output, C::Error> {
        match condition.look()? {
            Some(output) => Ok(output),
            None => self.wait_slowly(condition, limit),
        }
    }

    /// One look, for the calls that never wait; checks when a slice has passed.
    #[inline]
    pub(crate) fn try_once<C: Condition>(
        &mut self,
        mut condition: C,
    ) -> Result<Option<C::Output>, C::Error> {
        match condition.look()? {
            Some(output) => Ok(Some(output)),
            None => self.check_instead(condition),
        }
    }

    #[cold]
    fn check_instead<C: Condition>(
        &mut self,
        mut condition: C,
    ) -> Result<Option<C::Output>, C::Error> {
        self.check_if_due(&mut condition, Moment::now(), Check::AfterSlice)
    }

    #[cold]
    fn wait_slowly<C: Condition>(
        &mut self,
        condition: C,
        limit: impl Into<Limit>,
    ) -> Result<C::Output, C::Error> {
        self.deadline = limit.into().deadline();
        self.go_on(condition)
    }

    /// Goes on with the wait that has just ended, until its own deadline, for another condition.
    pub(crate) fn go_on<C: Condition>(&mut self, mut condition: C) -> Result<C::Output, C::Error> {
        let condition = &mut condition;
        let deadline = self.deadline;
        if deadline != Moment::NEVER || condition.has_news() {
            let now = Moment::now();
            if let Some(output) = self.tick(condition, deadline, now, Check::AfterSlice)? {
                return Ok(output);
            }
        } else {
            // Reading the clock would be a good part of a short sleep, which ends with the slice
            // anyhow.
            self.ensure_uninterrupted()?;
        }
        let backoff = Backoff::new();
        let mut spins = self.wait == Wait::Adaptive;
        loop {
            let mut check = Check::AfterSlice;
            let found = match self.wait {
                Wait::Spin => look_often(condition, LOOKS_PER_CLOCK)?,
                Wait::Yield => yield_often(condition)?,
                Wait::Poll(interval) => self.sleep(condition, deadline, interval)?,
                Wait::Backoff => {
                    backoff.snooze();
                    condition.look_again()?
                }
                Wait::Adaptive if spins => {
                    spins = false;
                    self.manner.spin_a_while(condition)?
                }
                Wait::Block | Wait::Bell | Wait::Adaptive => {
                    match condition.park(deadline.min(self.next_check))? {
                        Slept::Found(output) => Some(output),
                        Slept::InVain => None,
                        Slept::Expired => {
                            check = Check::Now;
                            None
                        }
                    }
                }
            };
            if let Some(output) = found {
                return Ok(output);
            }
            if let Some(output) = self.tick(condition, deadline, Moment::now(), check)? {
                return Ok(output);
            }
        }
    }

    /// Lets a slice pass for which there is nothing to look at.
    pub(crate) fn pass(&mut self) -> Result<(), Stop> {
        self.ensure_uninterrupted()?;
        let now = Moment::now();
        if now >= self.deadline {
            return Err(Stop::TimedOut);
        }
        pause(self.deadline.min(now.after(self.wait.slice())).since(now));
        Ok(())
    }

    /// What has to happen between two looks: interrupt, slice, time-out, in this order.
    fn tick<C: Condition>(
        &mut self,
        condition: &mut C,
        deadline: Moment,
        now: Moment,
        check: Check,
    ) -> Result<Option<C::Output>, C::Error> {
        self.ensure_uninterrupted()?;
        let mut found = self.check_if_due(condition, now, check)?;
        let is_over = now >= deadline;
        if check == Check::Now && (found.is_some() || is_over) {
            condition.withdraw();
        }
        if found.is_none() && is_over {
            // The message may have come while the clock was read.
            found = condition.look_again()?;
            if found.is_none() {
                return Err(Stop::TimedOut.into());
            }
        }
        Ok(found)
    }

    /// The caller's interrupt flag, if there is one.
    pub(crate) fn interrupt(&self) -> Option<bool> {
        let flag = self.interrupt.as_ref()?;
        Some(flag.load(Ordering::Relaxed))
    }

    fn ensure_uninterrupted(&self) -> Result<(), Stop> {
        match &self.interrupt {
            Some(flag) if flag.load(Ordering::Relaxed) => Err(Stop::Interrupted),
            _ => Ok(()),
        }
    }

    fn check_if_due<C: Condition>(
        &mut self,
        condition: &mut C,
        now: Moment,
        check: Check,
    ) -> Result<Option<C::Output>, C::Error> {
        if check == Check::AfterSlice && now < self.next_check && !condition.has_news() {
            return Ok(None);
        }
        self.next_check = now.after(self.wait.slice());
        condition.check()
    }

    /// Sleeps for `interval`, checking whenever a slice has passed, and looks once at the end.
    fn sleep<C: Condition>(
        &mut self,
        condition: &mut C,
        deadline: Moment,
        interval: Duration,
    ) -> Result<Option<C::Output>, C::Error> {
        let mut now = Moment::now();
        let end = now.after(interval);
        loop {
            if now >= end {
                return condition.look_again();
            }
            pause(end.min(deadline).min(self.next_check).since(now));
            now = Moment::now();
            if let Some(output) = self.tick(condition, deadline, now, Check::AfterSlice)? {
                return Ok(Some(output));
            }
        }
    }
}

/// How often a sender looks for a hot slot before it enters the cold ones: some microseconds, in
/// which a receiver that is at it frees one. Going through the cold slots costs more than waiting
/// does.
const LOOKS_FOR_A_HOT_SLOT: u32 = 200;

/// Pauses, and tells whether to look once more for a hot slot.
pub(crate) fn patience() -> impl FnMut() -> bool {
    let mut left = LOOKS_FOR_A_HOT_SLOT;
    move || {
        std::hint::spin_loop();
        left = left.saturating_sub(1);
        left > 0
    }
}

/// For a sender that is not to wait.
pub(crate) fn no_patience() -> bool {
    false
}

/// Tries again, with growing pauses, until there is an output, or `limit` has passed (`None`).
pub(crate) fn retry<T, E>(
    limit: Duration,
    mut attempt: impl FnMut() -> Result<Option<T>, E>,
) -> Result<Option<T>, E> {
    let end = Moment::now().after(limit);
    let mut step = Duration::from_micros(50);
    loop {
        if let Some(output) = attempt()? {
            return Ok(Some(output));
        }
        if Moment::now() >= end {
            return Ok(None);
        }
        pause(step);
        step = (step * 2).min(Duration::from_millis(1));
    }
}

fn look_often<C: Condition>(condition: &mut C, times: u32) -> Result<Option<C::Output>, C::Error> {
    for _ in 0..times {
        if let Some(output) = condition.look_again()? {
            return Ok(Some(output));
        }
        std::hint::spin_loop();
    }
    Ok(None)
}

fn yield_often<C: Condition>(condition: &mut C) -> Result<Option<C::Output>, C::Error> {
    for _ in 0..YIELDS_PER_CLOCK {
        thread::yield_now();
        if let Some(output) = condition.look_again()? {
            return Ok(Some(output));
        }
    }
    Ok(None)
}

/// Sleeps for `duration`, or until a signal is handled.
fn pause(duration: Duration) {
    // The only error besides a signal is a duration out of range, which a slice never is.
    let _ = shm_core::futex::pause(duration);
}

#[cfg(test)]
mod tests;
