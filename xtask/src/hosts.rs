//! The table of hosts: a row for each figure, a column for each host, which a run adds or replaces.

/// Figures of several hosts, as a table in Markdown has them.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Hosts {
    names: Vec<String>,
    /// What is told, and the figure of each host; empty where there is none.
    rows: Vec<(String, Vec<String>)>,
}

impl Hosts {
    /// Reads what [`to_markdown`](Self::to_markdown) has written; nothing is a table without a host.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        let Some(header) = lines.next() else {
            return Ok(Self::default());
        };
        let mut hosts = Self {
            names: cells(header)?.split_off(1),
            rows: Vec::new(),
        };
        // Beneath the header is a line of dashes.
        for line in lines.skip(1) {
            let mut row = cells(line)?;
            let figures = row.split_off(1);
            if figures.len() != hosts.names.len() {
                return Err(format!(
                    "the table of hosts has a row of another length: {line}"
                ));
            }
            hosts.rows.push((row.remove(0), figures));
        }
        Ok(hosts)
    }

    /// Sets the figures of a host, which is added if it is not there; its others stay.
    pub(crate) fn set(&mut self, host: &str, figures: &[(String, String)]) {
        let column = match self.names.iter().position(|name| name == host) {
            Some(column) => column,
            None => {
                self.names.push(host.to_owned());
                for (_, row) in &mut self.rows {
                    row.push(String::new());
                }
                self.names.len() - 1
            }
        };
        for (label, figure) in figures {
            let row = match self.rows.iter().position(|(known, _)| known == label) {
                Some(row) => row,
                None => {
                    let empty = vec![String::new(); self.names.len()];
                    self.rows.push((label.clone(), empty));
                    self.rows.len() - 1
                }
            };
            self.rows[row].1[column].clone_from(figure);
        }
    }

    /// The table.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |first: &str, others: &[String]| format!("| {first} | {} |", others.join(" | "));
        let mut lines = vec![
            line("", &self.names),
            format!("|---|{}", "---:|".repeat(self.names.len())),
        ];
        lines.extend(self.rows.iter().map(|(label, row)| line(label, row)));
        lines.join("\n")
    }
}

/// What stands between the bars of a line.
fn cells(line: &str) -> Result<Vec<String>, String> {
    let inner = line.trim().strip_prefix('|');
    let inner = inner.and_then(|inner| inner.strip_suffix('|'));
    let inner =
        inner.ok_or_else(|| format!("the table of hosts has a line without bars: {line}"))?;
    Ok(inner
        .split('|')
        .map(|cell| cell.trim().to_owned())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(of: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |text: &str| text.to_owned();
        of.iter()
            .map(|(label, value)| (own(label), own(value)))
            .collect()
    }

    fn two() -> Hosts {
        let mut hosts = Hosts::default();
        hosts.set("one", &figures(&[("kernel", "6.1"), ("line", "90 ns")]));
        hosts.set("two", &figures(&[("kernel", "6.2"), ("peers", "3 ×")]));
        hosts
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let markdown = two().to_markdown();
        let expected = "\
|  | one | two |
|---|---:|---:|
| kernel | 6.1 | 6.2 |
| line | 90 ns |  |
| peers |  | 3 × |";
        assert_eq!(markdown, expected);
        assert_eq!(Hosts::parse(&markdown), Ok(two()));
    }

    #[test]
    fn a_host_that_is_there_gets_new_figures_and_keeps_the_others() {
        let mut hosts = two();
        hosts.set("one", &figures(&[("kernel", "6.3")]));
        let markdown = hosts.to_markdown();
        assert!(markdown.contains("| kernel | 6.3 | 6.2 |"), "{markdown}");
        assert!(markdown.contains("| line | 90 ns |  |"), "{markdown}");
    }

    #[test]
    fn nothing_is_a_table_without_a_host_and_half_a_table_is_an_error() {
        assert_eq!(Hosts::parse("\n"), Ok(Hosts::default()));
        assert!(Hosts::parse("| | one |\n|---|---|\n| kernel |").is_err());
        assert!(Hosts::parse("prose").is_err());
    }
}
