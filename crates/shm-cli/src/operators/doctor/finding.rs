//! What was found about one thing.

use serde::Serialize;

/// What a mailbox takes that the command makes, in bytes: with 256 slots, and with 65,536.
pub(super) const MAILBOX: u64 = 282_624;
pub(super) const LARGEST: u64 = 71_585_792;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    /// Works, but may surprise the user.
    Warning,
    /// Does not work.
    Problem,
}

/// What was found about one thing; its fields are those of the JSON.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// Raised when the meaning of a field changes.
    schema: u32,
    pub(super) verdict: Verdict,
    pub(super) topic: &'static str,
    pub(super) what: String,
    /// What to do about it.
    pub(super) next: Option<String>,
}

/// What was looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Topic(pub(super) &'static str);

impl Topic {
    pub(super) fn ok(self, what: impl Into<String>) -> Finding {
        Finding {
            schema: 1,
            verdict: Verdict::Ok,
            topic: self.0,
            what: what.into(),
            next: None,
        }
    }

    pub(super) fn warning(self, what: impl Into<String>, next: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Warning,
            next: Some(next.into()),
            ..self.ok(what)
        }
    }

    pub(super) fn problem(self, what: impl Into<String>, next: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Problem,
            ..self.warning(what, next)
        }
    }
}

/// `72 KiB`, `7.83 GiB`: in binary units, with two decimal places where they say something.
pub(super) fn bytes(count: u64) -> String {
    let text = indicatif::BinaryBytes(count).to_string();
    text.replace(".00 ", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_has_decimal_places_only_if_they_say_something() {
        assert_eq!(bytes(MAILBOX), "276 KiB");
        assert_eq!(bytes(LARGEST), "68.27 MiB");
        assert_eq!(bytes(1000), "1000 B");
        assert_eq!(bytes(100 << 20), "100 MiB");
        assert_eq!(bytes(3 << 29), "1.50 GiB");
    }
}
