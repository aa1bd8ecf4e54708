//! Where the figures go: standard output, and the files that were asked for.

use std::fs;
use std::path::Path;

use super::args::BenchArgs;
use super::report::Report;
use super::{csv, svg, table};
use crate::failure::Failure;
use crate::{console, errors};

/// Writes what was asked for; the table, unless a format takes its place.
pub(super) fn write(args: &BenchArgs, report: &Report) -> Result<(), Failure> {
    let mut shown = None;
    if let Some(path) = &args.json {
        let mut json = serde_json::to_string_pretty(report).expect("strings and finite numbers");
        json.push('\n');
        put(path, json, &mut shown)?;
    }
    if let Some(path) = &args.csv {
        put(path, csv::csv(report), &mut shown)?;
    }
    if let Some(path) = &args.svg {
        save(path, &svg::picture(report))?;
    }
    console::print(shown.unwrap_or_else(|| table::table(report)))
}

/// To the file, or, if that is `-`, to be shown instead of the table.
fn put(path: &Path, text: String, shown: &mut Option<String>) -> Result<(), Failure> {
    if path == "-" {
        *shown = Some(text);
        return Ok(());
    }
    save(path, &text)
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| {
        errors::file(path, &error).next("a file in a directory that you may write to")
    })
}
