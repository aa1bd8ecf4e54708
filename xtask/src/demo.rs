//! `cargo xtask demo`: random lines through a real writer and a real reader, compared at the end.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::Verdict;
use crate::aarch64;
use crate::process;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask demo [--lines N] [--seed N] [--classic] [--aarch64 writer|reader]

Builds the shm program, starts `shm reader` and `shm writer` on an object of their own, passes
random lines of 0 to 1000 bytes from one to the other, shows a few, and compares what arrived with
what was sent.

  --lines N       how many lines (5000)
  --seed N        the lines of an earlier run again
  --classic       in the layout of the lesson's C programs
  --aarch64 ROLE  the writer or the reader is the program for 64-bit Arm, emulated; `cargo xtask test aarch64`
                  has built it
";

/// The longest line, in bytes, without its newline.
const LONGEST: usize = 1000;

/// How many lines are shown.
const SHOWN: usize = 5;

/// How long the writer may take, many times what it needs.
const WRITER_LIMIT: Duration = Duration::from_secs(60);

/// How long the reader may go on when the writer has ended.
const READER_LIMIT: Duration = Duration::from_secs(10);

/// Runs the command; true if what arrived is what was sent.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut lines = 5000;
    // Short enough to be typed again.
    let mut seed = fastrand::u64(..1_000_000);
    let mut kind = Kind::default();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let text = arguments.next().map_or("", String::as_str);
            text.parse::<u64>()
                .map_err(|_| format!("{argument} needs a number, not \"{text}\""))
        };
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            "--lines" => {
                lines = usize::try_from(number()?).map_err(|error| error.to_string())?;
            }
            "--seed" => seed = number()?,
            "--classic" => kind.classic = true,
            "--aarch64" => {
                let role = arguments.next().map_or("", String::as_str);
                let known = ["writer", "reader"]
                    .into_iter()
                    .find(|known| role == *known);
                let none = || format!("--aarch64 needs writer or reader, not \"{role}\"");
                kind.emulated = Some(known.ok_or_else(none)?);
            }
            other => return Err(format!("demo knows no {other}; see --help")),
        }
    }

    let program = workspace::build_shm()?;
    let sent = text(lines, seed);
    let mut pair = Pair::start(&program, kind)?;
    println!(
        "shm writer (process {}) sends {lines} lines, {} bytes, to shm reader (process {})",
        pair.writer.id(),
        sent.len(),
        pair.reader.id(),
    );
    let begun = Instant::now();
    let (received, ends) = pair.pass(&sent)?;
    let elapsed = begun.elapsed();

    show(&received, lines);
    let mut fine = true;
    for (role, end) in ["writer", "reader"].into_iter().zip(ends) {
        match end {
            Some(status) if status.success() => {}
            Some(status) => {
                println!("the {role} ended with {status}");
                fine = false;
            }
            None => {
                println!("the {role} did not come to its end, and was killed");
                fine = false;
            }
        }
    }
    if let Some(difference) = difference(sent.as_bytes(), &received) {
        println!("{difference}");
        fine = false;
    }
    if pair.object().exists() {
        println!("{} is still there", pair.object().display());
        fine = false;
    }
    if fine {
        let milliseconds = elapsed.as_millis();
        println!("all {lines} lines arrived, unchanged and in order, in {milliseconds} ms");
    } else {
        println!("the same lines again: cargo xtask demo --lines {lines} --seed {seed}");
    }
    Ok(fine)
}

/// What kind of processes.
#[derive(Clone, Copy, Default)]
struct Kind {
    /// In the layout of the lesson's C programs.
    classic: bool,
    /// The role whose program is for 64-bit Arm.
    emulated: Option<&'static str>,
}

/// The two processes, and the object between them; whatever is left of them ends with this value.
struct Pair {
    name: String,
    writer: Child,
    reader: Child,
}

impl Pair {
    fn start(program: &Path, kind: Kind) -> Result<Self, String> {
        let name = format!("xtask-demo-{}", std::process::id());
        let command = |role: &str| {
            let mut command = match kind.emulated {
                Some(emulated) if emulated == role => aarch64::shm(),
                _ => Command::new(program),
            };
            command.arg(role).arg(&name);
            if kind.classic {
                command.arg("--classic");
            }
            command
        };
        let fail = |error: std::io::Error| format!("{} does not start: {error}", program.display());
        let mut reader = command("reader")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(fail)?;
        let writer = command("writer")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| {
                let _ = reader.kill();
                let _ = reader.wait();
                fail(error)
            })?;
        Ok(Self {
            name,
            writer,
            reader,
        })
    }

    /// Gives `text` to the writer; returns what the reader printed and how both ended, writer first.
    fn pass(&mut self, text: &str) -> Result<(Vec<u8>, [Option<ExitStatus>; 2]), String> {
        let mut input = self.writer.stdin.take().ok_or("the writer has no input")?;
        let mut output = self
            .reader
            .stdout
            .take()
            .ok_or("the reader has no output")?;
        let received = thread::scope(|scope| {
            // A writer that ended early closes its input: the comparison will tell.
            scope.spawn(move || drop(input.write_all(text.as_bytes())));
            let collect = scope.spawn(move || {
                let mut received = Vec::with_capacity(text.len());
                let _ = output.read_to_end(&mut received);
                received
            });
            let ends = [
                process::wait(&mut self.writer, WRITER_LIMIT),
                process::wait(&mut self.reader, READER_LIMIT),
            ];
            // Closes both pipes, so that the two threads come to an end.
            self.stop();
            let received = collect.join().map_err(|_| "reading the output panicked")?;
            Ok::<_, &str>((received, ends))
        })?;
        Ok(received)
    }

    fn stop(&mut self) {
        for child in [&mut self.writer, &mut self.reader] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn object(&self) -> PathBuf {
        Path::new("/dev/shm").join(&self.name)
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_file(self.object());
    }
}

/// `lines` random lines.
fn text(lines: usize, seed: u64) -> String {
    let mut random = Rng::with_seed(seed);
    let mut text = String::new();
    for _ in 0..lines {
        line(&mut random, &mut text);
        text.push('\n');
    }
    text
}

/// Adds 0 to 1000 bytes of random characters of one to four bytes each.
fn line(random: &mut Rng, text: &mut String) {
    const LETTERS: [char; 16] = [
        'a', 'e', 'n', 's', 't', ' ', ' ', '7', '"', '\\', '\t', 'ß', 'é', 'Ж', '漢', '🦀',
    ];
    let end = text.len() + random.usize(..=LONGEST);
    while text.len() < end {
        let letter = LETTERS[random.usize(..LETTERS.len())];
        if text.len() + letter.len_utf8() <= end {
            text.push(letter);
        }
    }
}

/// Prints a few of the lines that arrived, spread over all, shortened to the width of a terminal.
fn show(received: &[u8], lines: usize) {
    const WIDTH: usize = 60;
    let received = String::from_utf8_lossy(received);
    for (index, line) in received.lines().enumerate() {
        if index % (lines / SHOWN).max(1) == 0 {
            let mut start: String = line.chars().take(WIDTH).collect();
            if start.len() < line.len() {
                start.push('…');
            }
            // Escaped, since a line may hold anything.
            println!("{:>6}: {start:?}, {} bytes", index + 1, line.len());
        }
    }
}

/// Where the two differ first, in words.
fn difference(sent: &[u8], received: &[u8]) -> Option<String> {
    if sent == received {
        return None;
    }
    let same = sent
        .iter()
        .zip(received)
        .take_while(|(ours, theirs)| ours == theirs)
        .count();
    let line = sent[..same].iter().filter(|byte| **byte == b'\n').count() + 1;
    Some(format!(
        "sent {} bytes, received {}; the first difference is at byte {same}, in line {line}",
        sent.len(),
        received.len(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_0_to_1000_bytes_long_and_not_only_ascii() {
        let text = text(2000, 7);
        assert_eq!(text.lines().count(), 2000);
        assert!(text.lines().all(|line| line.len() <= LONGEST));
        assert!(text.lines().any(str::is_empty));
        assert!(text.lines().any(|line| line.len() > 990));
        assert!(!text.is_ascii());
    }

    #[test]
    fn a_seed_brings_the_same_lines_back() {
        assert_eq!(text(50, 3), text(50, 3));
        assert_ne!(text(50, 3), text(50, 4));
    }

    #[test]
    fn a_changed_byte_is_found_in_its_line() {
        let found = difference(b"one\ntwo\n", b"one\ntwi\n").expect("they differ");
        assert!(found.contains("at byte 6, in line 2"), "{found}");
    }

    #[test]
    fn a_missing_end_is_a_difference() {
        assert_eq!(difference(b"one\n", b"one\n"), None);
        let found = difference(b"one\ntwo\n", b"one\n").expect("they differ");
        assert!(found.contains("sent 8 bytes, received 4"), "{found}");
    }
}
