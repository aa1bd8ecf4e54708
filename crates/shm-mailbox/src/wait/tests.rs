//! When a wait checks, and until when it sleeps; how long patience lasts.

use super::*;

/// Nothing ever comes; writes down when it was checked, and until when it was to sleep.
struct Nothing<'a> {
    has_news: bool,
    events: &'a mut Vec<Event>,
}

#[derive(Debug, PartialEq)]
enum Event {
    Checked,
    Slept(Moment),
}

impl Condition for Nothing<'_> {
    type Output = ();
    type Error = Stop;

    fn look(&mut self) -> Result<Option<()>, Stop> {
        Ok(None)
    }

    fn has_news(&self) -> bool {
        self.has_news
    }

    fn check(&mut self) -> Result<Option<()>, Stop> {
        self.has_news = false;
        self.events.push(Event::Checked);
        Ok(None)
    }

    /// Ends the wait, since nothing else does.
    fn park(&mut self, deadline: Moment) -> Result<Slept<()>, Stop> {
        self.events.push(Event::Slept(deadline));
        Err(Stop::Interrupted)
    }
}

/// What a blocking endpoint does with nothing to wait for, up to its first sleep.
fn up_to_the_first_sleep(has_news: bool, timeout: Option<Duration>) -> Vec<Event> {
    let mut events = Vec::new();
    let condition = Nothing {
        has_news,
        events: &mut events,
    };
    let waited = Waiter::new(Wait::Block, None).wait(condition, timeout);
    assert_eq!(waited, Err(Stop::Interrupted));
    events
}

/// Until when it is to sleep. (A process that was kept from running for a slice checks first.)
fn first_sleep(timeout: Option<Duration>) -> Moment {
    let mut events = up_to_the_first_sleep(false, timeout);
    match events.pop() {
        Some(Event::Slept(deadline)) => deadline,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sleep_ends_with_the_slice_or_with_the_time_out() {
    let start = Moment::now();
    let slice = ASLEEP_SLICE;
    for timeout in [None, Some(slice * 1000), Some(Duration::MAX)] {
        let end = first_sleep(timeout);
        assert!(end >= start.after(slice) && end <= Moment::now().after(slice));
    }
    let short = slice / 2;
    let start = Moment::now();
    let end = first_sleep(Some(short));
    assert!(end >= start.after(short) && end <= Moment::now().after(short));
}

#[test]
fn news_is_looked_after_before_the_first_sleep() {
    for timeout in [None, Some(ASLEEP_SLICE)] {
        let events = up_to_the_first_sleep(true, timeout);
        assert!(matches!(events[..], [Event::Checked, Event::Slept(_)]));
    }
}

#[test]
fn patience_that_has_run_out_does_not_come_back() {
    let mut again = patience();
    let looks = (1..1000).take_while(|_| again()).count();
    assert_eq!(looks, 199);
    assert!((0..1000).all(|_| !again()));
}
