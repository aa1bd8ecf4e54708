//! `cargo xtask soak`: verified traffic for minutes or days, one end killed every 10 ms.

use std::time::Duration;

use crate::Verdict;
use crate::private::{self, Who};
use crate::process;
use crate::tally;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask soak [--minutes M]

Passes verified messages between two processes, kills one of them every 10 ms, and starts it again. Wait
strategies, numbers of slots and the end that is killed take turns; every other round passes messages in
batches, and every fifth begins just below the last message number. Memory, descriptors and names in /dev/shm
must stay as they are after the first rounds. Prints how many messages passed: some 300 million in a minute
on two cores with nothing else to do.

  --minutes M   how long (10)
";

/// How long building and the last round may take.
const MARGIN: Duration = Duration::from_secs(900);

/// Runs the command; true if nothing was lost and nothing grew.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut minutes = 10;
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            "--minutes" => {
                let number = words.next().map_or("", String::as_str);
                minutes = number
                    .parse::<u32>()
                    .map_err(|_| format!("--minutes needs a number, not \"{number}\""))?;
            }
            other => return Err(format!("soak knows no {other}; see --help")),
        }
    }
    if let Some(verdict) = private::rerun("soak", arguments, Who::Everyone) {
        return verdict;
    }
    let time = Duration::from_secs(60) * minutes;
    let mut command = workspace::cargo();
    command
        .args(["test", "--release", "--package", "shm-mailbox"])
        .args(["--test", "soak", "--", "--show-output"])
        .env("SHM_SOAK_SECONDS", time.as_secs().to_string());
    println!("{}, for {minutes} minutes", process::describe(&command));
    let finished = process::run(&mut command, time + MARGIN)?;
    if finished.succeeded() {
        for line in tally::printed(&finished.output) {
            println!("{line}");
        }
    } else {
        print!("{}", finished.report());
    }
    Ok(finished.succeeded())
}
