//! The table of hosts: a row for each figure, a column for each host, which a run adds or replaces.

use anyhow::{Context, ensure};

use crate::figures::Figure;

/// The cells of a table in Markdown. The first column has the labels, the first row the hosts.
pub(crate) struct Hosts(Vec<Vec<String>>);

impl Hosts {
    /// Reads what [`to_markdown`](Self::to_markdown) has written; nothing is a table without a
    /// host.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let mut rows: Vec<Vec<String>> = Vec::new();
        for line in text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("|---"))
        {
            let inner = line
                .strip_prefix('|')
                .and_then(|line| line.strip_suffix('|'));
            let inner = inner.with_context(|| format!("a row of hosts without bars: {line}"))?;
            let row: Vec<_> = inner
                .split('|')
                .map(|cell| cell.trim().to_owned())
                .collect();
            let width = rows.first().unwrap_or(&row).len();
            ensure!(
                row.len() == width,
                "a row of hosts of another length: {line}"
            );
            rows.push(row);
        }
        if rows.is_empty() {
            rows.push(vec![String::new()]);
        }
        Ok(Self(rows))
    }

    /// Sets the figures of a host, which is added if it is not there; its others stay.
    pub(crate) fn set(&mut self, host: &str, figures: &[Figure]) {
        let Self(rows) = self;
        let column = rows[0]
            .iter()
            .position(|name| name == host)
            .unwrap_or(rows[0].len());
        let width = rows[0].len().max(column + 1);
        for (label, _) in figures {
            if !rows.iter().any(|row| row[0] == *label) {
                rows.push(vec![label.clone()]);
            }
        }
        for row in &mut *rows {
            row.resize(width, String::new());
            if let Some((_, figure)) = figures.iter().find(|(label, _)| *label == row[0]) {
                row[column].clone_from(figure);
            }
        }
        host.clone_into(&mut rows[0][column]);
    }

    /// The rows with these labels, in this order.
    pub(crate) fn only(&self, labels: &[&str]) -> Self {
        let Self(rows) = self;
        let chosen = labels
            .iter()
            .filter_map(|label| rows.iter().find(|row| row[0] == *label));
        Self(rows.first().into_iter().chain(chosen).cloned().collect())
    }

    /// The table.
    pub(crate) fn to_markdown(&self) -> String {
        let rows = self.0.iter().map(|row| format!("| {} |", row.join(" | ")));
        let mut lines: Vec<String> = rows.collect();
        lines.insert(1, format!("|---|{}", "---:|".repeat(self.0[0].len() - 1)));
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(of: &[(&str, &str)]) -> Vec<Figure> {
        of.iter()
            .map(|(label, figure)| ((*label).to_owned(), (*figure).to_owned()))
            .collect()
    }

    #[test]
    fn a_host_gets_a_column_or_new_figures_and_the_others_stay() {
        let mut hosts = Hosts::parse("\n").expect("it may be empty");
        hosts.set("one", &figures(&[("kernel", "6.1"), ("line", "90 ns")]));
        hosts.set("two", &figures(&[("kernel", "6.2"), ("peers", "3 ×")]));
        let mut read = Hosts::parse(&hosts.to_markdown()).expect("it was written by us");
        read.set("one", &figures(&[("kernel", "6.3")]));
        let expected = "\
|  | one | two |
|---|---:|---:|
| kernel | 6.3 | 6.2 |
| line | 90 ns |  |
| peers |  | 3 × |";
        assert_eq!(read.to_markdown(), expected);
        let short = read.only(&["line", "nothing", "kernel"]);
        let expected = "\
|  | one | two |
|---|---:|---:|
| line | 90 ns |  |
| kernel | 6.3 | 6.2 |";
        assert_eq!(short.to_markdown(), expected);
    }

    #[test]
    fn half_a_table_is_an_error() {
        assert!(Hosts::parse("| | one |\n|---|---|\n| kernel |").is_err());
        assert!(Hosts::parse("prose").is_err());
    }
}
