//! A page on standard output, whose reader may leave before its end.

use std::io::{self, Write};

use crate::Verdict;

/// Prints `text`; that nobody reads on is no failure.
pub(crate) fn print(text: &str) -> Verdict {
    write(io::stdout().lock(), text)
}

fn write(mut output: impl Write, text: &str) -> Verdict {
    match output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
    {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        _ => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_reader_that_has_gone_is_no_failure() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        assert_eq!(write(writer, "one\ntwo\n"), Ok(true));
    }

    #[test]
    fn an_output_that_is_full_is_a_failure() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let reason = write(full, "one\n").unwrap_err();
        assert!(reason.contains("No space left"), "{reason}");
    }
}
