//! The options of writer and reader for a bus, which has several writers or readers.

use clap::Args;

use super::value::{label, seats};

/// The options that make the object a bus, and that a mailbox refuses.
#[derive(Debug, Args)]
pub(crate) struct BusArgs {
    /// A bus with room for R readers [default: 8]
    ///
    /// Each reader gets every message of every writer. R is 1 to 32. It applies when the bus is
    /// created. An existing bus keeps its number.
    #[arg(long, value_name = "R", value_parser = seats, allow_negative_numbers = true)]
    #[arg(conflicts_with = "classic")]
    pub(crate) receivers: Option<u32>,

    /// A bus with room for S writers [default: 1]
    ///
    /// Each writer has a lane with its own slots. S is 1 to 32, and all lanes together have at most
    /// 65536 slots. It applies when the bus is created. An existing bus keeps its number.
    #[arg(long, value_name = "S", value_parser = seats, allow_negative_numbers = true)]
    #[arg(conflicts_with = "classic")]
    pub(crate) senders: Option<u32>,

    /// Have a label on a bus, to resume after a restart
    ///
    /// The bus keeps the messages of a reader with a label while that reader is away, and a writer
    /// with a label gets the same lane again. shm forget ends that. A label has 1 to 31 bytes.
    #[arg(long = "as", value_name = "LABEL", value_parser = label)]
    #[arg(conflicts_with = "classic")]
    pub(crate) label: Option<String>,
}

impl BusArgs {
    /// Whether the object must be a bus.
    pub(crate) fn are_given(&self) -> bool {
        self.receivers.is_some() || self.senders.is_some() || self.label.is_some()
    }
}
