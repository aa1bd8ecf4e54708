//! A thread that waits for an endpoint where the system has no bell for it.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::end::End;

/// The longest time until the thread notices that its endpoint is wanted back, or that another goal
/// was set. It costs the thread some 50 wake-ups a second.
const SLICE: Duration = Duration::from_millis(20);

/// The thread. An endpoint can be used by one thread at a time, so it is lent to this one for each
/// wait, and comes back with the result.
#[derive(Debug)]
pub(crate) struct Helper<E: End> {
    shared: Arc<Shared<E>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared<E: End> {
    desk: Mutex<Desk<E>>,
    changed: Condvar,
}

/// Where the endpoint changes hands.
#[derive(Debug)]
struct Desk<E: End> {
    place: Place<E>,
    /// The task that waits for the endpoint to come back.
    waker: Option<Waker>,
    /// What to wait for.
    goal: Option<E::Goal>,
    /// The endpoint is to come back whether or not there is a result.
    recalled: bool,
}

#[derive(Debug)]
enum Place<E: End> {
    /// Not here, and not with the thread.
    Empty,
    /// For the thread.
    Lent(E),
    /// With the thread.
    Waiting,
    /// For the task, with what came of the wait for this goal.
    Back(E, E::Goal, Result<(), E::Error>),
    /// The thread is to end.
    Closed,
}

impl<E: End> Helper<E> {
    pub(crate) fn start() -> io::Result<Self> {
        let shared = Arc::new(Shared {
            desk: Mutex::new(Desk {
                place: Place::Empty,
                waker: None,
                goal: None,
                recalled: false,
            }),
            changed: Condvar::new(),
        });
        let work = {
            let shared = Arc::clone(&shared);
            move || shared.wait_for_others()
        };
        let builder = thread::Builder::new().name("shm-tokio".to_owned());
        Ok(Self {
            shared,
            thread: Some(builder.spawn(work)?),
        })
    }

    /// Ready when to try again, with the endpoint in its place. It is lent to the thread until
    /// then; a caller that does not come back leaves it there.
    pub(crate) fn poll(
        &self,
        cx: &mut Context<'_>,
        end: &mut Option<E>,
        goal: E::Goal,
    ) -> Poll<Result<(), E::Error>> {
        let mut desk = self.shared.desk();
        desk.goal = Some(goal);
        desk.place = match (std::mem::replace(&mut desk.place, Place::Empty), end.take()) {
            (Place::Back(back, of, outcome), _) => {
                *end = Some(back);
                // What ended another wait need not end this one.
                return Poll::Ready(if of == goal { outcome } else { Ok(()) });
            }
            (Place::Empty, Some(end)) => {
                self.shared.changed.notify_all();
                Place::Lent(end)
            }
            (place, _) => place,
        };
        desk.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Takes the endpoint back if the thread has it, for which this may have to wait.
    pub(crate) fn recall(&self) -> Option<E> {
        let mut desk = self.shared.desk();
        desk.recalled = true;
        desk.waker = None;
        while matches!(desk.place, Place::Waiting) {
            desk = wait(&self.shared.changed, desk);
        }
        desk.recalled = false;
        match std::mem::replace(&mut desk.place, Place::Empty) {
            // An error that nobody has seen comes again in the next call.
            Place::Back(end, ..) | Place::Lent(end) => Some(end),
            _ => None,
        }
    }
}

impl<E: End> Drop for Helper<E> {
    fn drop(&mut self) {
        // Here the endpoint is closed, not in a thread that may not get so far before the process
        // ends, which would look like a death.
        drop(self.recall());
        self.shared.desk().place = Place::Closed;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does not panic.
            let _: thread::Result<()> = thread.join();
        }
    }
}

impl<E: End> Shared<E> {
    fn desk(&self) -> MutexGuard<'_, Desk<E>> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the thread does.
    fn wait_for_others(&self) {
        while let Some(mut end) = self.take_lent() {
            let (goal, outcome) = self.wait_for(&mut end);
            let mut desk = self.desk();
            desk.place = Place::Back(end, goal, outcome);
            self.changed.notify_all();
            let waker = desk.waker.take();
            drop(desk);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    /// The next endpoint to wait for; none if the thread is to end.
    fn take_lent(&self) -> Option<E> {
        let mut desk = self.desk();
        loop {
            match std::mem::replace(&mut desk.place, Place::Waiting) {
                Place::Lent(end) => return Some(end),
                Place::Closed => return None,
                other => desk.place = other,
            }
            desk = wait(&self.changed, desk);
        }
    }

    /// Waits in slices, until there is a result, or the endpoint is wanted back. Returns what it
    /// waited for last.
    fn wait_for(&self, end: &mut E) -> (E::Goal, Result<(), E::Error>) {
        loop {
            let (goal, recalled) = {
                let desk = self.desk();
                (desk.goal, desk.recalled)
            };
            let goal = goal.expect("set before the endpoint was lent");
            if recalled {
                return (goal, Ok(()));
            }
            match end.wait(goal, SLICE) {
                Ok(true) => return (goal, Ok(())),
                Ok(false) => {}
                Err(error) => return (goal, Err(error)),
            }
        }
    }
}

fn wait<'a, T>(changed: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    let waited = changed.wait(guard);
    waited.unwrap_or_else(PoisonError::into_inner)
}
