//! What a process left, and what a test expects of it.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use nix::sys::signal::Signal;

/// What a process left: its status and all it said.
pub struct Ended {
    /// Its status.
    pub status: ExitStatus,
    /// All of its standard output.
    pub output: Vec<u8>,
    /// All of its standard error.
    pub errors: String,
    pub(crate) command: String,
}

impl Ended {
    /// Fails the test unless the process exited with this status.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        let status = self.status;
        assert!(
            status.code() == Some(code),
            "{}: expected exit code {code}, found {status}; output: {}; errors: {}",
            self.command,
            excerpt(&self.output),
            self.errors
        );
        self
    }

    /// Fails the test unless the process exited with this status and each of these on standard
    /// error.
    #[track_caller]
    pub fn expect_failure(self, code: i32, texts: &[&str]) -> Self {
        self.expect_code(code).expect_errors(texts)
    }

    /// Fails the test unless the process died by this signal, as its parent sees it.
    #[track_caller]
    pub fn expect_signal(self, signal: Signal) -> Self {
        let status = self.status;
        assert!(
            status.signal() == Some(signal as i32),
            "{}: expected death by {signal:?}, found {status}; errors: {}",
            self.command,
            self.errors
        );
        self
    }

    /// Fails the test unless standard error contains each of these.
    #[track_caller]
    pub fn expect_errors(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(
                self.errors.contains(text),
                "{}: no {text:?} in: {}",
                self.command,
                self.errors
            );
        }
        self
    }

    /// Fails the test if anything is on standard error.
    #[track_caller]
    pub fn expect_quiet(self) -> Self {
        assert!(
            self.errors.is_empty(),
            "{}: expected no errors: {}",
            self.command,
            self.errors
        );
        self
    }

    /// Its standard output as text, which it has to be.
    #[track_caller]
    pub fn text(self) -> String {
        String::from_utf8(self.output).expect("the output is UTF-8")
    }

    /// Fails the test unless standard output is this.
    #[track_caller]
    pub fn expect_output(self, expected: &[u8]) -> Self {
        assert_same(&self.output, expected);
        self
    }
}

/// Compares two byte strings and tells where they differ, in less than a page.
#[track_caller]
pub fn assert_same(found: &[u8], expected: &[u8]) {
    if found == expected {
        return;
    }
    let at = found
        .iter()
        .zip(expected)
        .take_while(|(a, b)| a == b)
        .count();
    panic!(
        "{} bytes instead of {}; from byte {at} on {} instead of {}",
        found.len(),
        expected.len(),
        excerpt(&found[at..]),
        excerpt(&expected[at..])
    );
}

pub(crate) fn excerpt(bytes: &[u8]) -> String {
    let shown = bytes.len().min(200);
    let more = if shown < bytes.len() { " …" } else { "" };
    format!(
        "\"{}\"{more} ({} bytes)",
        bytes[..shown].escape_ascii(),
        bytes.len()
    )
}
