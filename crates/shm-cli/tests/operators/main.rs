//! What operators type: `shm ls`, `stat`, `peek`, `tap`, `top`, `rm` and `doctor`.
//!
//! | module | shows |
//! |---|---|
//! | `list` | what is there, who holds it, how far it is; nobody notices the look |
//! | `peek` | what is queued is shown, and stays |
//! | `tap` | what passes is shown, and goes its way; what is missed is counted |
//! | `top` | rates, ages and holders, on a terminal or not, which gets back what it had |
//! | `remove` | what nobody uses goes, what somebody uses stays unless it is forced |
//! | `doctor` | each thing that can be wrong is found, and comes with what to do |
//! | `scripts` | plain columns, names, patterns, JSON that tells everything apart |
//! | `strangers` | names that others choose neither hide who uses an object nor get in the way |
//! | `sparse` | large objects of strangers that hold nothing cost nothing |

mod bus;
mod doctor;
mod list;
mod peek;
mod remove;
mod scripts;
mod sparse;
mod strangers;
mod tap;
mod top;

use serde_json::Value;
use test_support::Terminal;
use test_support::shm::shm;

/// The values of a text, one a line.
#[track_caller]
fn json(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect()
}

/// What `shm ls ARGS` shows on a terminal of this width, in this locale.
#[track_caller]
fn on_terminal(columns: u16, locale: &str, args: &[&str]) -> String {
    let terminal = Terminal::of_width(columns);
    let mut command = shm([&["ls"], args].concat());
    let mut list = terminal.with_output_of(command.env("LC_ALL", locale));
    list.wait().expect_code(0);
    terminal.finish()
}
