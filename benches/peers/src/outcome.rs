//! What came of the rows: the form in which it is written, and the table.

use benches::harness::statistics::Summary;
use benches::harness::{Effort, Kind, RowResult, aligned, spread, verdict};
use comfy_table::Table;
use serde::{Deserialize, Serialize};
use shm_cli::measure::machine::{Line, Machine};
use shm_cli::measure::placement::Placement;
use shm_cli::measure::units::fine_time;

/// The figures of one row, as the process that measured it hands them over.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    /// Nanoseconds of a round trip of a raw cache line.
    line: Summary,
    /// Nanoseconds of one message, or of a round trip.
    mailbox: Summary,
    /// The same.
    peer: Summary,
    ratio: Summary,
    target: Option<String>,
    reached: Option<bool>,
}

impl Measured {
    /// Of a row with the line, the mailbox and the peer, in this order.
    pub(crate) fn of(row: &RowResult) -> Self {
        let [line, mailbox, peer] = [0, 1, 2].map(|index| row.contenders[index].nanoseconds);
        let comparison = &row.comparisons[0];
        Self {
            line,
            mailbox,
            peer,
            ratio: comparison.value,
            target: comparison.target.clone(),
            reached: comparison.reached,
        }
    }
}

/// One row: figures, or why there are none.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) quantity: String,
    pub(crate) peer: String,
    #[serde(skip)]
    pub(crate) kind: Kind,
    pub(crate) measured: Option<Measured>,
    pub(crate) failure: Option<String>,
}

/// Everything.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The version of this form: 2.
    schema: u32,
    /// Where it was measured.
    machine: Machine,
    rounds: usize,
    slice_milliseconds: f64,
    placement: String,
    pub(crate) rows: Vec<Outcome>,
}

impl Report {
    pub(crate) fn new(effort: Effort, placement: Placement) -> Self {
        Self {
            schema: 2,
            machine: Machine::here(),
            rounds: effort.rounds,
            slice_milliseconds: effort.slice.as_secs_f64() * 1e3,
            placement: placement.in_short().to_owned(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, outcome: Outcome) {
        self.rows.push(outcome);
        let measured = self.rows.iter().filter_map(|row| row.measured.as_ref());
        self.machine.line = Line::of(measured.map(|measured| measured.line.median));
    }

    /// The tables of round trips and of streams, with what their ratios mean.
    pub(crate) fn tables(&self) -> String {
        let mut text = format!(
            "{}\n{} rounds of {} ms each, {}\n",
            self.machine, self.rounds, self.slice_milliseconds, self.placement
        );
        let parts = [
            (
                Kind::Time,
                "Round trips: mailbox time / peer time, smaller is better",
            ),
            (
                Kind::Rate,
                "Streams: mailbox messages/s / peer messages/s, larger is better; times are those of one message",
            ),
        ];
        for (kind, title) in parts {
            let rows: Vec<_> = self.rows.iter().filter(|row| row.kind == kind).collect();
            if !rows.is_empty() {
                text.push_str(&format!("\n{title}\n{}\n", table(&rows)));
            }
        }
        if let Some(objection) = self.machine.objection() {
            text.push_str(&format!("\nwarning: {objection}\n"));
        }
        text
    }
}

fn table(rows: &[&Outcome]) -> Table {
    let header = "quantity|peer|line|mailbox|peer|ratio (min–max)|target|";
    let mut table = aligned(header.split('|'), &[2, 3, 4, 5, 6]);
    let mut last = "";
    for row in rows {
        // The same quantity still.
        let quantity = if row.quantity == last {
            ""
        } else {
            &row.quantity
        };
        last = &row.quantity;
        let mut cells = vec![quantity.to_owned(), row.peer.clone()];
        match &row.measured {
            Some(measured) => cells.extend(measured.cells()),
            None => {
                cells.resize(7, "-".to_owned());
                cells.push(row.failure.clone().unwrap_or_default());
            }
        }
        table.add_row(cells);
    }
    table
}

impl Measured {
    fn cells(&self) -> [String; 6] {
        [
            fine_time(self.line.median),
            fine_time(self.mailbox.median),
            fine_time(self.peer.median),
            spread(self.ratio, ""),
            self.target.clone().unwrap_or_default(),
            verdict(self.reached).to_owned(),
        ]
    }
}
