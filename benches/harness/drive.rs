//! The loops that are measured: words go out until the slice is over, and the other side takes part
//! until the last word asks it to stop.

use super::payload::STOP;

/// The half that is timed. It decides when the slice is over.
pub trait Lead {
    /// That many exchanges: round trips, or messages one way, or batches of them.
    fn exchange(&mut self, count: u64);

    /// The last exchange of the slice, which is marked as the last. Returns when the other side has
    /// dealt with everything, with the sum of all words since the last stop.
    fn stop(&mut self) -> u64;
}

/// The half in the other process.
pub trait Follow {
    /// Takes part until the other side stops; the sum of all words it has read.
    fn follow(&mut self) -> u64;
}

/// What the leading side does with each word.
pub trait Ask {
    /// Before the first word of several.
    #[inline(always)]
    fn begin(&mut self) {}

    /// Passes the word on, and waits for the answer if there is one; the sum of the words that the
    /// other side reads.
    fn ask(&mut self, word: u64) -> u64;

    /// Passes the last word of a slice on, with [`STOP`] in it, and returns when the other side has
    /// dealt with everything; the sum as above.
    fn stop(&mut self, word: u64) -> u64 {
        self.ask(word | STOP)
    }
}

/// What the following side does with each word.
pub trait Answer {
    /// Waits for the next word; that word, with [`STOP`] in it if it is the last, and the sum of
    /// what was read.
    fn answer(&mut self) -> (u64, u64);

    /// After the last word of a slice.
    fn finish(&mut self) {}
}

/// The half that leads.
pub fn lead(ask: impl Ask + 'static) -> Box<dyn Lead> {
    Box::new(Leading {
        ask,
        count: 0,
        sum: 0,
    })
}

/// The half that follows.
pub fn follow(answer: impl Answer + 'static) -> Box<dyn Follow> {
    Box::new(Following(answer))
}

struct Leading<A> {
    ask: A,
    /// Words so far.
    count: u64,
    /// Of those since the last stop.
    sum: u64,
}

impl<A: Ask> Lead for Leading<A> {
    fn exchange(&mut self, count: u64) {
        self.ask.begin();
        for _ in 0..count {
            self.count += 1;
            let sum = self.ask.ask(self.count);
            self.sum = self.sum.wrapping_add(sum);
        }
    }

    fn stop(&mut self) -> u64 {
        self.count += 1;
        let sum = self.ask.stop(self.count);
        std::mem::take(&mut self.sum).wrapping_add(sum)
    }
}

struct Following<A>(A);

impl<A: Answer> Follow for Following<A> {
    fn follow(&mut self) -> u64 {
        let mut total = 0_u64;
        loop {
            let (word, sum) = self.0.answer();
            total = total.wrapping_add(sum);
            if word & STOP != 0 {
                self.0.finish();
                return total;
            }
        }
    }
}
