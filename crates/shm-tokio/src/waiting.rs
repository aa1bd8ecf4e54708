//! An endpoint, and how its tasks wait for it: by its bell, or with the help of a thread.

use std::task::{Context, Poll, ready};

use shm_mailbox::BellError;
use tokio::task::coop;

use crate::end::End;
use crate::helper::Helper;
use crate::ringing::{Over, Ringing};

/// An endpoint that tasks wait for.
#[derive(Debug)]
pub(crate) struct Waiting<E: End> {
    /// Before the endpoint, so that the runtime has done with its bell when that is closed.
    way: Way<E>,
    /// Elsewhere only while a helper has it.
    end: Option<E>,
    /// The last attempt was in vain: the endpoint is to be waited for before the next one, which
    /// touches memory that may have gone by then.
    in_vain: bool,
}

#[derive(Debug)]
enum Way<E: End> {
    Ringing(Ringing<E::Goal>),
    Helped {
        why: BellError,
        /// There once it was needed.
        helper: Option<Helper<E>>,
    },
}

impl<E: End> Way<E> {
    fn helped(why: BellError) -> Self {
        Self::Helped { why, helper: None }
    }
}

impl<E: End> Waiting<E> {
    pub(crate) fn new(mut end: E) -> Self {
        let ringing = Ringing::new(&mut end);
        Self {
            way: ringing.map_or_else(Way::helped, Way::Ringing),
            end: Some(end),
            in_vain: false,
        }
    }

    /// Why there is no bell, if there is none.
    pub(crate) fn bell_error(&self) -> Option<&BellError> {
        match &self.way {
            Way::Ringing(_) => None,
            Way::Helped { why, .. } => Some(why),
        }
    }

    /// The endpoint; if a helper has it, this waits until it has given it back.
    pub(crate) fn end(&mut self) -> &mut E {
        match &mut self.way {
            // Calls that wait withdraw what we have announced.
            Way::Ringing(ringing) => ringing.disarm(),
            Way::Helped { helper, .. } => {
                if let Some(back) = helper.as_ref().and_then(Helper::recall) {
                    self.end = Some(back);
                }
            }
        }
        self.end.as_mut().expect("not with a helper")
    }

    pub(crate) fn into_end(mut self) -> E {
        self.end();
        self.end.take().expect("not with a helper")
    }

    /// Makes attempts until one has a result, and waits for the goal after each that has none.
    ///
    /// Cancel-safe, if nothing is taken by an attempt without a result: no other step takes or
    /// sends anything, and each leaves a state from which any later call goes on.
    pub(crate) fn poll<T>(
        &mut self,
        cx: &mut Context<'_>,
        goal: E::Goal,
        mut attempt: impl FnMut(&mut E) -> Result<Option<T>, E::Error>,
    ) -> Poll<Result<T, E::Error>> {
        loop {
            // An endpoint that is always ready must not keep the runtime's other tasks waiting: the
            // task's budget pays for each attempt.
            let coop = ready!(coop::poll_proceed(cx));
            if self.in_vain {
                ready!(self.poll_goal(cx, goal))?;
                self.in_vain = false;
            }
            coop.made_progress();
            let end = self.end.as_mut().expect("back from the helper, who had it");
            if let Some(result) = attempt(end)? {
                return Poll::Ready(Ok(result));
            }
            self.in_vain = true;
        }
    }

    /// Ready when to try again.
    fn poll_goal(&mut self, cx: &mut Context<'_>, goal: E::Goal) -> Poll<Result<(), E::Error>> {
        if let Way::Ringing(ringing) = &mut self.way {
            let end = self.end.as_mut().expect("there is no helper");
            match ready!(ringing.poll(cx, end, goal)) {
                Ok(()) => return Poll::Ready(Ok(())),
                Err(Over::Failed(error)) => return Poll::Ready(Err(error)),
                Err(Over::NoBell(why)) => self.way = Way::helped(why),
            }
        }
        let Way::Helped { helper, .. } = &mut self.way else {
            unreachable!("it is one or the other");
        };
        if helper.is_none() {
            *helper = Some(Helper::start().map_err(|error| E::error("pthread_create", error))?);
        }
        let helper = helper.as_ref().expect("made just now");
        helper.poll(cx, &mut self.end, goal)
    }
}
