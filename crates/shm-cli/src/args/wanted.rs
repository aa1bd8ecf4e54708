//! What the operators' commands may be asked to show: a name, a pattern, or bytes that are no
//! text.

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use clap::builder::{OsStringValueParser, TypedValueParser};
use glob::Pattern;
use shm_core::ShmName;

use super::value::{name, pattern};

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Wanted {
    /// The object of this name; if there is none, all whose names match the pattern, if it is one.
    Name(ShmName, Option<Pattern>),
    /// A name that is not UTF-8, which only another program can have made.
    Bytes(OsString),
}

impl Wanted {
    /// Reads one from the command line.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        OsStringValueParser::new().try_map(|given| Self::parse(&given))
    }

    fn parse(given: &OsStr) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if let Some(text) = given.to_str() {
            let pattern = match text.contains(['*', '?', '[']) {
                // One that is no pattern may still be a name.
                true => pattern(text).ok(),
                false => None,
            };
            return Ok(Self::Name(name(text)?, pattern));
        }
        let bytes = given.as_bytes();
        let bare = bytes.strip_prefix(b"/").unwrap_or(bytes);
        if let Some(at) = bare.iter().position(|byte| *byte == b'/') {
            let byte = bytes.len() - bare.len() + at + 1;
            return Err(format!("byte {byte} of name {given:?} is a slash").into());
        }
        Ok(Self::Bytes(OsStr::from_bytes(bare).to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_pattern_only_if_it_has_wildcards() {
        let parse = |text: &str| Wanted::parse(OsStr::new(text)).unwrap();
        for name in ["orders", "/orders", "a[b"] {
            assert!(matches!(parse(name), Wanted::Name(_, None)), "{name}");
        }
        for pattern in ["orders*", "/a?", "[ab]"] {
            assert!(
                matches!(parse(pattern), Wanted::Name(_, Some(_))),
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_name_that_is_no_text_has_no_slash_but_the_first() {
        let bytes = |bytes| Wanted::parse(OsStr::from_bytes(bytes));
        for given in [&b"a\xff"[..], b"/a\xff"] {
            let Ok(Wanted::Bytes(name)) = bytes(given) else {
                unreachable!("it is not UTF-8")
            };
            assert_eq!(name.as_bytes(), b"a\xff");
        }
        let error = bytes(b"a/\xff").unwrap_err();
        assert!(error.to_string().starts_with("byte 2 "), "{error}");
    }
}
