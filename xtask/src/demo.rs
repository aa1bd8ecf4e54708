//! `cargo xtask demo`: random lines through a real writer and a real reader, compared at the end.

use std::fs;
use std::iter;
use std::process::Command;
use std::time::Duration;

use fastrand::Rng;

use crate::Verdict;
use crate::run::{self, Private};

/// Pass random lines from a real writer to a real reader, and compare them at the end
///
/// Builds the shm program, starts `shm reader` and `shm writer` on an object of their own, passes
/// random lines of 0 to 1000 bytes from one to the other, shows a few, and compares what arrived
/// with what was sent.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// How many lines
    #[arg(long, value_name = "N", default_value_t = 5000)]
    lines: usize,
    /// The lines of an earlier run again
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// In the layout of the original C programs
    #[arg(long)]
    classic: bool,
    /// This one is the program for 64-bit Arm, emulated; `cargo xtask test aarch64` has built it
    #[arg(long, value_name = "ROLE", value_parser = ["writer", "reader"])]
    aarch64: Option<String>,
}

/// The longest line, in bytes, without its newline.
const LONGEST: usize = 1000;

/// How many lines are shown, and how many characters of each.
const SHOWN: (usize, usize) = (5, 60);

/// How long the two may take, many times what they need.
const LIMIT: Duration = Duration::from_secs(70);

/// Runs the command; true if what arrived is what was sent.
pub(crate) fn run(options: &Options) -> Verdict {
    run::build("cargo build --quiet --package shm-cli")?;
    let Options { lines, .. } = *options;
    // Short enough to be typed again.
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let sent = text(lines, seed);
    let folder = run::target()
        .join("xtask")
        .join(format!("demo-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("sent"), &sent)?;

    let program = |role| match &options.aarch64 {
        Some(emulated) if emulated == role => {
            let shm = run::target().join("aarch64-unknown-linux-gnu/debug/shm");
            format!("qemu-aarch64 -L /usr/aarch64-linux-gnu '{}'", shm.display())
        }
        _ => format!("'{}'", run::shm().display()),
    };
    let (reader, writer) = (program("reader"), program("writer"));
    let object = format!("xtask-demo-{}", std::process::id());
    let classic = if options.classic { "--classic" } else { "" };
    let script = format!(
        r#"{reader} reader {object} {classic} > received & reader=$!
        {writer} writer {object} {classic} < sent & writer=$!
        echo "shm writer (process $writer) sends {lines} lines, {} bytes, to shm reader ($reader)"
        wait $writer || {{ echo "the writer ended with $?"; failed=1; }}
        wait $reader || {{ echo "the reader ended with $?"; failed=1; }}
        exit $failed"#,
        sent.len()
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(&folder);
    let finished = run::run(&shell, LIMIT, Private::AsRoot)?;
    print!("{}", finished.output);

    let received = fs::read(folder.join("received"))?;
    fs::remove_dir_all(folder)?;
    show(&received, lines);
    let difference = difference(sent.as_bytes(), &received);
    let fine = finished.succeeded && difference.is_none();
    if let Some(difference) = difference {
        println!("{difference}");
    }
    if fine {
        let milliseconds = finished.elapsed.as_millis();
        println!("all {lines} lines arrived, unchanged and in order, in {milliseconds} ms");
    } else {
        println!("the same lines again: cargo xtask demo --lines {lines} --seed {seed}");
    }
    Ok(fine)
}

/// `lines` random lines of 0 to 1000 bytes, of characters of one to four bytes each.
fn text(lines: usize, seed: u64) -> String {
    const LETTERS: [char; 16] = [
        'a', 'e', 'n', 's', 't', ' ', ' ', '7', '"', '\\', '\t', 'ß', 'é', 'Ж', '漢', '🦀',
    ];
    let mut random = Rng::with_seed(seed);
    let mut text = String::new();
    for _ in 0..lines {
        let end = text.len() + random.usize(..=LONGEST);
        let letters = iter::repeat_with(|| random.choice(LETTERS).unwrap_or_default());
        for letter in letters {
            if text.len() + letter.len_utf8() > end {
                break;
            }
            text.push(letter);
        }
        text.push('\n');
    }
    text
}

/// Prints a few of the lines that arrived, spread over all.
fn show(received: &[u8], lines: usize) {
    let (count, width) = SHOWN;
    let received = String::from_utf8_lossy(received);
    for (index, line) in received.lines().enumerate().step_by((lines / count).max(1)) {
        let start: String = line.chars().take(width).collect();
        let more = if start.len() < line.len() { "…" } else { "" };
        // Escaped, since a line may hold anything.
        println!("{:>6}: {start:?}{more}, {} bytes", index + 1, line.len());
    }
}

/// Where the two differ first, in words.
fn difference(sent: &[u8], received: &[u8]) -> Option<String> {
    if sent == received {
        return None;
    }
    let pairs = sent.iter().zip(received);
    let same = pairs.take_while(|(ours, theirs)| ours == theirs).count();
    let line = sent[..same].iter().filter(|byte| **byte == b'\n').count() + 1;
    let (sent, received) = (sent.len(), received.len());
    Some(format!(
        "sent {sent} bytes, received {received}; the first difference is at byte {same}, in line \
         {line}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_0_to_1000_bytes_long_and_come_back_with_their_seed() {
        let sent = text(2000, 7);
        assert_eq!(sent.lines().count(), 2000);
        assert!(sent.lines().all(|line| line.len() <= LONGEST));
        assert!(sent.lines().any(str::is_empty) && sent.lines().any(|line| line.len() > 990));
        assert!(!sent.is_ascii() && sent == text(2000, 7) && sent != text(2000, 8));
    }

    #[test]
    fn a_changed_byte_is_found_in_its_line_and_a_missing_end_is_a_difference() {
        let found = difference(b"one\ntwo\n", b"one\ntwi\n").expect("they differ");
        assert!(found.contains("at byte 6, in line 2"), "{found}");
        let found = difference(b"one\ntwo\n", b"one\n").expect("they differ");
        assert!(found.contains("sent 8 bytes, received 4"), "{found}");
    }
}
