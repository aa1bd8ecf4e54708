//! Where the figures go: standard output, and the files that were asked for.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::report::Report;
use super::{csv, plot, table};
use crate::args::BenchArgs;
use crate::console;
use crate::failure::{Failure, errors};

/// What was asked for, opened before anything is measured: after minutes of work it would be late
/// to find out that a file cannot be written.
#[derive(Debug)]
pub(super) struct Outputs {
    json: Option<Target>,
    csv: Option<Target>,
    svg: Option<Target>,
}

/// Where one form of the figures goes.
#[derive(Debug)]
enum Target {
    /// To standard output, instead of the table.
    Shown,
    File(Figures),
}

/// A file for figures.
#[derive(Debug)]
struct Figures {
    path: PathBuf,
    file: File,
    /// Was it made here, and not written yet? Then it goes if no figures come.
    is_blank: bool,
}

impl Outputs {
    /// Opens the files; what is in them stays until [`write`](Self::write).
    pub(super) fn open(args: &BenchArgs) -> Result<Self, Failure> {
        let target = |path: &Option<PathBuf>| match path {
            None => Ok(None),
            Some(path) if path == "-" => Ok(Some(Target::Shown)),
            Some(path) => Figures::open(path).map(|figures| Some(Target::File(figures))),
        };
        Ok(Self {
            json: target(&args.json)?,
            csv: target(&args.csv)?,
            svg: match &args.svg {
                None => None,
                Some(path) => Some(Target::File(Figures::open(path)?)),
            },
        })
    }

    /// Writes what was asked for; the table, unless a format takes its place.
    pub(super) fn write(self, report: &Report) -> Result<(), Failure> {
        let mut shown = None;
        if let Some(target) = self.json {
            let mut json =
                serde_json::to_string_pretty(report).expect("strings and finite numbers");
            json.push('\n');
            target.put(json, &mut shown)?;
        }
        if let Some(target) = self.csv {
            target.put(csv::csv(report), &mut shown)?;
        }
        if let Some(target) = self.svg {
            target.put(plot::picture(report), &mut shown)?;
        }
        console::print(shown.unwrap_or_else(|| table::table(report)))
    }
}

impl Target {
    fn put(self, text: String, shown: &mut Option<String>) -> Result<(), Failure> {
        match self {
            Self::Shown => {
                *shown = Some(text);
                Ok(())
            }
            Self::File(figures) => figures.write(&text),
        }
    }
}

impl Figures {
    fn open(path: &Path) -> Result<Self, Failure> {
        let mut options = File::options();
        options.write(true);
        let (opened, is_blank) = match options.clone().create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                (options.create(true).truncate(false).open(path), false)
            }
            opened => (opened, true),
        };
        let file = opened.map_err(|error| failure(path, &error))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            is_blank,
        })
    }

    fn write(mut self, text: &str) -> Result<(), Failure> {
        self.is_blank = false;
        let is_file = self
            .file
            .metadata()
            .is_ok_and(|metadata| metadata.is_file());
        // A pipe or a terminal has no length.
        let emptied = if is_file {
            self.file.set_len(0)
        } else {
            Ok(())
        };
        emptied
            .and_then(|()| self.file.write_all(text.as_bytes()))
            .map_err(|error| failure(&self.path, &error))
    }
}

impl Drop for Figures {
    fn drop(&mut self) {
        if self.is_blank {
            // If it cannot be removed, an empty file stays.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    errors::file(path, error).next("a file in a directory that you may write to")
}
