//! `cargo xtask mutants`: breaks a copy of the tree on purpose, and requires a test to notice.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};

use crate::Verdict;
use crate::run::{self, Finished, Private};
use crate::tally::Tally;

/// Break a copy of the tree on purpose, and require a test to notice
///
/// Applies each patch of xtask/mutants (those with one of the NAMEs in theirs), one at a time, to a
/// git worktree of what is committed or known to git, and runs the test that is named there, which
/// must fail. The same test must first pass on the unchanged tree. Exit status 0 if every mutant
/// was caught.
///
/// A mutant is what `git diff` prints, after two lines: what no longer holds, and `Fails:` with the
/// call of `cargo test` that must fail.
#[derive(Default, clap::Args)]
pub(crate) struct Options {
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Those of xtask/planted instead: mistakes that a sanitizer has to report
    #[arg(long)]
    planted: bool,
    /// List the mutants and what they break
    #[arg(long)]
    list: bool,
}

/// The longest that building may take.
const BUILD_LIMIT: Duration = Duration::from_secs(480);

/// The longest that a test may take on an unchanged tree.
const TEST_LIMIT: Duration = Duration::from_secs(300);

/// A change for the worse.
struct Mutant {
    name: String,
    patch: PathBuf,
    /// What no longer holds.
    breaks: String,
    /// The call of `cargo test` that must fail.
    test: String,
}

impl Mutant {
    /// Those of a folder.
    fn all(folder: &str) -> anyhow::Result<Vec<Self>> {
        let folder = run::root().join("xtask").join(folder);
        let patches = run::files_with_extension(&folder, "patch");
        patches.into_iter().map(Self::read).collect()
    }

    fn read(patch: PathBuf) -> anyhow::Result<Self> {
        let name = patch.file_stem().unwrap_or_default().display().to_string();
        let text = fs::read_to_string(&patch)?;
        let breaks = text.lines().next().unwrap_or_default().to_owned();
        let test = text.lines().find_map(|line| line.strip_prefix("Fails: "));
        let test = test.with_context(|| format!("{name} does not say which test fails"))?;
        Ok(Self {
            test: test.to_owned(),
            name,
            patch,
            breaks,
        })
    }
}

/// Runs the command; true if every mutant was caught.
pub(crate) fn run(options: &Options) -> Verdict {
    let folder = if options.planted {
        "planted"
    } else {
        "mutants"
    };
    let mut mutants = Mutant::all(folder)?;
    mutants.retain(|Mutant { name, .. }| {
        options.names.is_empty() || options.names.iter().any(|wanted| name.contains(wanted))
    });
    ensure!(!mutants.is_empty(), "no mutant has such a name; see --list");
    if options.list {
        for Mutant { name, breaks, .. } in mutants {
            writeln!(io::stdout(), "{name}\n    {breaks}")?;
        }
        return Ok(true);
    }
    let tree = Tree::new()?;
    let mut usual = BTreeMap::new();
    let (mut caught, mut survived, mut unusable) = (0, 0, 0);
    for mutant in &mutants {
        let (name, test) = (&mutant.name, &mutant.test);
        let usual = usual.entry(test).or_insert_with(|| tree.usual(test));
        let tried = match usual {
            Ok(usual) => tree.try_out(mutant, *usual),
            Err(reason) => Err(anyhow!("{reason:#}")),
        };
        match tried {
            Ok(Finished {
                succeeded: false,
                elapsed,
                ..
            }) => {
                caught += 1;
                println!("caught    {name} ({:.1} s)", elapsed.as_secs_f64());
            }
            Ok(Finished { output, .. }) => {
                survived += 1;
                println!("SURVIVED  {name}: {}\n{output}", mutant.breaks);
            }
            Err(reason) => {
                unusable += 1;
                println!("UNUSABLE  {name}\n{reason:#}");
            }
        }
    }
    println!("{caught} caught, {survived} survived, {unusable} unusable");
    Ok(survived + unusable == 0)
}

/// A git worktree below the target directory, gone when this value goes; what was built there
/// stays.
struct Tree {
    path: PathBuf,
    target: PathBuf,
}

impl Tree {
    /// Checks out what the last commit has, and what has changed since in files that git knows.
    fn new() -> anyhow::Result<Self> {
        let folder = run::target().join("mutants");
        let [path, target] = ["tree", "target"].map(|name| folder.join(name));
        let tree = Self { path, target };
        tree.remove();
        // A commit of what has changed, which nothing refers to; none if nothing has.
        let stash = "git -c user.name=xtask -c user.email=xtask@localhost stash create";
        let changed = run::command(stash).output()?.stdout;
        let changed = String::from_utf8_lossy(&changed);
        let commit = changed.lines().next().unwrap_or("HEAD");
        let path = tree.path.display();
        let add = format!("git worktree add --quiet --detach '{path}' {commit}");
        succeed(&mut run::command(&add))?;
        Ok(tree)
    }

    /// A command in this tree, which builds apart from the usual one.
    fn command(&self, line: &str) -> Command {
        let mut command = run::command(line);
        command
            .current_dir(&self.path)
            .env("CARGO_TARGET_DIR", &self.target);
        command
    }

    /// How long a test takes on the unchanged tree, where it must pass.
    fn usual(&self, test: &str) -> anyhow::Result<Duration> {
        let finished = self.test(test, TEST_LIMIT)?;
        let output = &finished.output;
        let mut tally = Tally::default();
        tally.add(output, finished.succeeded, true);
        ensure!(
            tally.failed == 0,
            "the test does not pass on the unchanged tree:\n{output}"
        );
        ensure!(tally.skipped == 0, "the test is skipped here:\n{output}");
        ensure!(tally.passed > 0, "no test of that name runs:\n{output}");
        Ok(finished.elapsed)
    }

    /// What a mutant's test, which takes so long as usual, comes to with it.
    fn try_out(&self, mutant: &Mutant, usual: Duration) -> anyhow::Result<Finished> {
        let patch = mutant.patch.display();
        let apply = |how| succeed(&mut self.command(&format!("git apply {how} '{patch}'")));
        apply("")?;
        // It may make its test hang: that is noticed too.
        let finished = self.test(&mutant.test, usual * 5 + Duration::from_secs(20));
        apply("--reverse")?;
        finished
    }

    /// Runs a test. What does not build shows nothing about it.
    fn test(&self, test: &str, limit: Duration) -> anyhow::Result<Finished> {
        let building = self.command(&format!("{test} --no-run"));
        let built = run::run(&building, BUILD_LIMIT, Private::AsRoot)?;
        ensure!(built.succeeded, "it does not build:\n{}", built.output);
        // A mutant's test may be killed, and leaves its objects in a room of its own.
        let testing = self.command(&format!("{test} -- --show-output"));
        run::run(&testing, limit, Private::AsRoot)
    }

    fn remove(&self) {
        let remove = format!("git worktree remove --force '{}'", self.path.display());
        // There is nothing to remove before it was added, unless an earlier run was killed.
        let _ = run::command(&remove).output();
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        self.remove();
    }
}

fn succeed(git: &mut Command) -> anyhow::Result<()> {
    let output = git.output()?;
    let reason = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{reason}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mutant that no longer fits is found here, not weeks later when it is tried.
    #[test]
    fn every_mutant_fits_the_tree() {
        let mut mutants = Mutant::all("mutants").expect("they can be read");
        assert!(mutants.len() > 50, "only {}", mutants.len());
        mutants.extend(Mutant::all("planted").expect("they can be read"));
        for Mutant { patch, .. } in mutants {
            let apply = format!("git apply --check '{}'", patch.display());
            succeed(&mut run::command(&apply)).expect(&apply);
        }
    }
}
