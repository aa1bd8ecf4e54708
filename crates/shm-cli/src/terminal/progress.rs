//! The line that `--progress` keeps up to date on standard error.

use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::OnceLock;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// How often it is drawn.
const TICK: Duration = Duration::from_millis(100);

/// The line, once there is one. There is one standard error.
static LINE: OnceLock<ProgressBar> = OnceLock::new();

/// Shows what `figures` says from now on, if standard error is a terminal.
pub(crate) fn show(figures: impl Fn() -> String + Clone + Send + Sync + 'static) {
    if !io::stderr().is_terminal() {
        return;
    }
    let key = move |_: &ProgressState, line: &mut dyn fmt::Write| {
        // What cannot be drawn now is drawn the next time.
        let _ = line.write_str(&figures());
    };
    let style = ProgressStyle::with_template("{figures}").expect("the template has one key");
    LINE.get_or_init(|| {
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        line.set_style(style.with_key("figures", key));
        line.enable_steady_tick(TICK);
        line
    });
}

/// Removes the line permanently.
pub(crate) fn end() {
    if let Some(line) = LINE.get() {
        line.finish_and_clear();
    }
}

/// Takes the line away while `say` writes to standard error.
pub(crate) fn around<T>(say: impl FnOnce() -> T) -> T {
    match LINE.get() {
        Some(line) if !line.is_finished() => line.suspend(say),
        _ => say(),
    }
}
