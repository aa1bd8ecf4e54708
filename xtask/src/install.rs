//! `cargo xtask install`: the C library as it is installed.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::Verdict;
use crate::run;

/// Build the C library and install it
///
/// Lays out DIR/lib, DIR/include, DIR/lib/pkgconfig and DIR/share/man/man3. With DESTDIR in the
/// environment, the files go below that folder. xtask/install.sh does the work.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Where to install
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
}

/// Runs the command; true if all is installed.
pub(crate) fn run(options: &Options) -> Verdict {
    let mut script = Command::new(run::root().join("xtask/install.sh"));
    // A relative folder counts from where cargo was called.
    script.arg(env::current_dir()?.join(&options.prefix));
    script.env("CARGO_TARGET_DIR", run::target());
    Ok(script.status()?.success())
}
