//! `cargo xtask mutants`: breaks a copy of the tree on purpose, and requires a test to notice.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::Verdict;
use crate::mutant::{Mutant, Test};
use crate::page;
use crate::parts;
use crate::private::{self, Who};
use crate::process::{self, Finished};
use crate::tally::Tally;
use crate::workspace;

const HELP: &str = "\
usage: cargo xtask mutants [NAME…]

Makes each change of xtask/mutants/*.mutant (those with one of the NAMEs in theirs) to a copy of the
tree, one at a time, and runs the test that is named there, which must fail. The same test must
first pass on the unchanged copy. Exit status 0 if every mutant was caught.

  --list   the mutants and what they break
  --help   this text

The form of a mutant is described in xtask/src/mutant.rs.
";

/// The longest that building may take.
const BUILD_LIMIT: Duration = Duration::from_secs(480);

/// The longest that a test may take on an unchanged tree.
const TEST_LIMIT: Duration = Duration::from_secs(300);

/// Runs the command; true if every mutant was caught.
pub(crate) fn run(arguments: &[String]) -> Verdict {
    let mut names = Vec::new();
    let mut list = false;
    for argument in arguments {
        match argument.as_str() {
            "--help" | "-h" => {
                print!("{HELP}");
                return Ok(true);
            }
            "--list" => list = true,
            option if option.starts_with('-') => {
                return Err(format!("mutants knows no {option}; see --help"));
            }
            name => names.push(name),
        }
    }
    let mutants: Vec<(String, Mutant)> = read_all()?
        .into_iter()
        .filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| name.contains(wanted)))
        .collect();
    if mutants.is_empty() {
        return Err("no mutant has such a name; see --list".to_owned());
    }
    if list {
        let lines = mutants
            .iter()
            .map(|(name, mutant)| format!("{name}\n    {}\n", mutant.breaks));
        return page::print(&lines.collect::<String>());
    }
    // A mutant's test may be killed, and then leaves its objects behind.
    if let Some(verdict) = private::rerun("mutants", arguments, Who::Root) {
        return verdict;
    }
    let copy = Copy::new()?;
    let mut baselines = BTreeMap::new();
    let (mut caught, mut survived, mut unusable) = (0, 0, 0);
    for (name, mutant) in &mutants {
        let baseline = baselines
            .entry(mutant.test.clone())
            .or_insert_with(|| baseline(&copy, &mutant.test));
        let fate = match baseline {
            Ok(duration) => try_out(&copy, mutant, *duration),
            Err(report) => Fate::Unusable(report.clone()),
        };
        match fate {
            Fate::Caught(how) => {
                caught += 1;
                println!("caught    {name} ({how})");
            }
            Fate::Survived(report) => {
                survived += 1;
                println!("SURVIVED  {name}: {}\n{report}", mutant.breaks);
            }
            Fate::Unusable(report) => {
                unusable += 1;
                println!("UNUSABLE  {name}\n{report}");
            }
        }
    }
    println!("{caught} caught, {survived} survived, {unusable} unusable");
    Ok(survived + unusable == 0)
}

/// What became of a mutant.
enum Fate {
    /// Its test failed, in the way that is described.
    Caught(String),
    /// Its test passed.
    Survived(String),
    /// Nothing was shown.
    Unusable(String),
}

fn read_all() -> Result<Vec<(String, Mutant)>, String> {
    let folder = workspace::root().join("xtask").join("mutants");
    workspace::files_with_extension(&folder, "mutant")
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path)
                .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
            let mutant =
                Mutant::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
            let name = path.file_stem().unwrap_or_default();
            Ok((name.to_string_lossy().into_owned(), mutant))
        })
        .collect()
}

/// Runs `test` on the unchanged tree, where it must pass; returns how long it took, or a report.
fn baseline(copy: &Copy, test: &Test) -> Result<Duration, String> {
    copy.build(test)?;
    let finished = copy.test(test, TEST_LIMIT)?;
    let tally = Tally::of_libtest(&finished.output).unwrap_or_default();
    let reason = if !finished.succeeded() {
        "the test does not pass on the unchanged tree"
    } else if tally.skipped > 0 {
        "the test is skipped here"
    } else if tally.passed == 0 {
        "no test of that name runs"
    } else {
        return Ok(finished.elapsed);
    };
    Err(format!("{reason}:\n{}", finished.report()))
}

/// Tries `mutant`, whose test takes about `usual` on the unchanged tree.
fn try_out(copy: &Copy, mutant: &Mutant, usual: Duration) -> Fate {
    let _changed = match Changed::new(copy, mutant) {
        Ok(changed) => changed,
        Err(report) => return Fate::Unusable(report),
    };
    // What does not build shows nothing about the test.
    if let Err(report) = copy.build(&mutant.test) {
        return Fate::Unusable(report);
    }
    // A mutant may make its test hang: that is noticed too.
    let limit = usual * 5 + Duration::from_secs(20);
    match copy.test(&mutant.test, limit) {
        Err(reason) => Fate::Unusable(reason),
        Ok(finished) if finished.succeeded() => Fate::Survived(finished.report()),
        Ok(finished) => Fate::Caught(match finished.status {
            None => format!(
                "still running after {:.0} s",
                finished.elapsed.as_secs_f64()
            ),
            Some(_) => format!("{:.1} s", finished.elapsed.as_secs_f64()),
        }),
    }
}

/// A copy of the tree, below the target directory, with a target directory of its own.
struct Copy {
    tree: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Brings the copy up to date; files that did not change keep their time, so that cargo builds
    /// only what did.
    fn new() -> Result<Self, String> {
        let folder = workspace::target().join("mutants");
        let copy = Self {
            tree: folder.join("tree"),
            target: folder.join("target"),
        };
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others"])
            .arg("--exclude-standard")
            .current_dir(workspace::root())
            .output()
            .map_err(|error| format!("git does not start: {error}"))?;
        if !listed.status.success() {
            let reason = String::from_utf8_lossy(&listed.stderr);
            return Err(format!("git cannot list the tree: {reason}"));
        }
        let listed = String::from_utf8_lossy(&listed.stdout);
        let mut wanted: Vec<PathBuf> = Vec::new();
        for name in listed.split_terminator('\0') {
            let path = copy.tree.join(name);
            // A file that was removed and not yet committed is listed, but not there.
            if let Ok(content) = fs::read(workspace::root().join(name)) {
                write(&path, &content)?;
                wanted.push(path);
            }
        }
        remove_others(&copy.tree, &wanted)?;
        Ok(copy)
    }

    fn command(&self, test: &Test) -> Command {
        let mut command = workspace::cargo();
        command
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.target)
            .arg("test")
            .args(&test.arguments);
        if test.loom {
            command.arg("--release");
            parts::with_loom(&mut command, &self.target);
        }
        command
    }

    /// Builds what `test` needs; fails with the compiler's report.
    fn build(&self, test: &Test) -> Result<(), String> {
        let finished = process::run(self.command(test).arg("--no-run"), BUILD_LIMIT)?;
        if finished.succeeded() {
            Ok(())
        } else {
            Err(format!("it does not build:\n{}", finished.report()))
        }
    }

    fn test(&self, test: &Test, limit: Duration) -> Result<Finished, String> {
        let mut command = self.command(test);
        process::run(command.args(["--", "--show-output"]), limit)
    }
}

/// A copy of the tree with one mutant in it, for another kind of test than `cargo test`.
pub(crate) struct Broken {
    copy: Copy,
    /// The copy is as before when this value goes.
    _changed: Changed,
}

impl Broken {
    /// A copy with the mutant of this name.
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let mutants = read_all()?;
        let (_, mutant) = mutants
            .iter()
            .find(|(found, _)| found == name)
            .ok_or_else(|| format!("there is no mutant {name}"))?;
        let copy = Copy::new()?;
        let changed = Changed::new(&copy, mutant)?;
        Ok(Self {
            copy,
            _changed: changed,
        })
    }

    /// Where it is.
    pub(crate) fn tree(&self) -> &Path {
        &self.copy.tree
    }
}

/// A mutant at work in a copy; the copy is as before when this value goes.
struct Changed(Vec<(PathBuf, String)>);

impl Changed {
    fn new(copy: &Copy, mutant: &Mutant) -> Result<Self, String> {
        let mut changed = Self(Vec::new());
        for edit in &mutant.edits {
            let path = copy.tree.join(&edit.file);
            let before = fs::read_to_string(&path)
                .map_err(|error| format!("{} cannot be read: {error}", edit.file))?;
            let after = edit.apply(&before)?;
            changed.0.push((path.clone(), before));
            write(&path, after.as_bytes())?;
        }
        Ok(changed)
    }
}

impl Drop for Changed {
    fn drop(&mut self) {
        // Backwards, since a file may have been changed twice.
        for (path, before) in self.0.iter().rev() {
            if let Err(error) = write(path, before.as_bytes()) {
                eprintln!("error: {error}");
            }
        }
    }
}

/// Writes `content` unless it is there already.
fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    if fs::read(path).is_ok_and(|present| present == content) {
        return Ok(());
    }
    let fail = |error| format!("{} cannot be written: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(fail)?;
    }
    fs::write(path, content).map_err(fail)
}

/// Removes the files below `folder` that are not `wanted`.
fn remove_others(folder: &Path, wanted: &[PathBuf]) -> Result<(), String> {
    let fail = |error| format!("{} cannot be tidied: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let path = entry.path();
        if entry.file_type().map_err(fail)?.is_dir() {
            remove_others(&path, wanted)?;
        } else if !wanted.contains(&path) {
            fs::remove_file(&path).map_err(fail)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mutant that no longer fits is found here, not weeks later by whoever tries it.
    #[test]
    fn every_mutant_fits_the_tree() {
        let mutants = read_all().expect("they can be read");
        assert!(mutants.len() > 50, "only {}", mutants.len());
        for (name, mutant) in mutants {
            // Several pieces may change one file, each after the one before.
            let mut texts = std::collections::BTreeMap::new();
            for edit in &mutant.edits {
                let text = texts.entry(&edit.file).or_insert_with(|| {
                    let path = workspace::root().join(&edit.file);
                    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
                });
                *text = edit
                    .apply(text)
                    .unwrap_or_else(|error| panic!("{name}: {}: {error}", edit.file));
            }
        }
    }
}
