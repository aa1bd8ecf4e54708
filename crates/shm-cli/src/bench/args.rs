//! What the command line of `shm bench` asks for.

use std::time::Duration;

use clap::ValueEnum;

use super::way::{Layout, Way};
use crate::args::{BenchArgs, PeerArgs, WaitArg};

impl BenchArgs {
    /// Every way of waiting that was asked for, each once, with the original loop last.
    pub(super) fn ways(&self) -> Vec<Way> {
        let mut ways = Vec::new();
        let mut add = |layout, wait| {
            let way = Way { layout, wait };
            if way.exists() && !ways.contains(&way) {
                ways.push(way);
            }
        };
        let layouts = [Layout::Mailbox, Layout::Classic];
        for layout in layouts.into_iter().take(1 + usize::from(self.classic)) {
            for wait in &self.wait {
                if *wait == WaitArg::Poll {
                    for interval in &self.interval {
                        add(layout, wait.with(*interval));
                    }
                } else {
                    add(layout, wait.with(Duration::ZERO));
                }
            }
        }
        if !self.no_original {
            add(Way::ORIGINAL.layout, Way::ORIGINAL.wait);
        }
        ways
    }
}

impl PeerArgs {
    pub(super) fn way(&self) -> Way {
        Way {
            layout: self.layout,
            wait: self.wait.with(self.interval.unwrap_or_default()),
        }
    }
}

/// The name of a value on the command line.
pub(super) fn word(value: impl ValueEnum) -> String {
    let value = value.to_possible_value().expect("none is skipped");
    value.get_name().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        bench: BenchArgs,
    }

    fn ways(arguments: &[&str]) -> Vec<String> {
        let line = ["bench"].iter().chain(arguments);
        let line = Line::try_parse_from(line).expect("a good command line");
        line.bench.ways().iter().map(Way::to_string).collect()
    }

    #[test]
    fn by_default_every_way_is_measured_and_the_original_last() {
        let ways = ways(&[]);
        assert_eq!(ways.len(), 13, "{ways:?}");
        assert_eq!(ways[0], "spin");
        assert_eq!(ways[12], "classic/poll/100ms");
    }

    #[test]
    fn each_way_is_measured_once() {
        let ways = ways(&[
            "--wait",
            "spin,spin,poll",
            "--interval",
            "1ms,1ms",
            "--no-original",
        ]);
        assert_eq!(ways, ["spin", "poll/1ms"]);
    }

    #[test]
    fn the_classic_layout_has_four_ways_of_waiting() {
        let ways = ways(&["--classic", "--interval", "1ms"]);
        let classic = ways.iter().filter(|way| way.starts_with("classic/"));
        assert_eq!(classic.count(), 5, "{ways:?}");
    }
}
