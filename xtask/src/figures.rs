//! What the table of hosts shows of a measurement, found in the JSON that the measurement wrote.
//!
//! What a report lacks, as a quick one does, is left out.

use serde_json::Value;

/// A label and a figure.
pub(crate) type Figure = (String, String);

/// Where there is nothing.
static NONE: Value = Value::Null;

/// The host that a report is of, as the table calls it: what does not change with a new kernel.
pub(crate) fn host(report: &Value) -> Option<String> {
    let machine = &report["machine"];
    let number = |key: &str| machine[key].as_u64();
    let mut name = machine["cpu"].as_str()?.to_owned();
    if let (Some(family), Some(model)) = (number("family"), number("model")) {
        name.push_str(&format!(", family {family}, model {model}"));
    }
    for (cache, key) in [("L1d", "l1d_kib"), ("L2", "l2_kib")] {
        if let Some(kib) = number(key) {
            name.push_str(&format!(", {cache} {kib} KiB"));
        }
    }
    name.push_str(&format!(", {} cores", number("cores")?));
    if machine["is_virtual"] == true {
        name.push_str(", virtual");
    }
    Some(name)
}

/// Of `shm bench`.
pub(crate) fn of_waiting(report: &Value) -> Vec<Figure> {
    let mut figures = Figures::new(report);
    for wait in ["spin", "adaptive", "block"] {
        let row = find(&report["rows"], "name", wait);
        figures.add(
            format!("one-way latency, {wait}"),
            &row["sparse"]["one_way"]["p50_ns"],
            time,
        );
        let percent = |role| row["idle"][role]["cpu_percent"].as_f64();
        let idle = percent("receiver").zip(percent("sender"));
        let idle = Value::from(idle.map(|(one, other)| f64::midpoint(one, other)));
        figures.add(format!("idle CPU, {wait}"), &idle, |it| {
            format!("{it:.2}% of one core")
        });
    }
    figures.0
}

/// Of the benchmark `ratios`.
pub(crate) fn of_ratios(report: &Value) -> Vec<Figure> {
    let mut figures = Figures::new(report);
    let apart = |name: &str| {
        let rows = report["rows"].as_array().into_iter().flatten();
        let mut rows = rows.filter(|row| row["placement"] == "two cores");
        rows.find(|row| row["name"] == *name).unwrap_or(&NONE)
    };
    for length in [8, 64, 1024] {
        let row = apart(&format!("round_trip/spin/{length}B/16-slots"));
        let label = format!("round trip, {length} bytes");
        figures.add(label.clone(), own(row), time);
        figures.add(
            format!("{label}, time / one-slot copy"),
            beside(row, "one-slot copy"),
            times,
        );
    }
    for (length, slots) in [(64, 16), (64, 256), (1024, 16), (1024, 256)] {
        let row = apart(&format!("stream/spin/{length}B/{slots}-slots"));
        let label = format!("stream, {length} bytes, {slots} slots");
        figures.add(label.clone(), own(row), time);
        if length == 1024 {
            let best = &row["comparisons"][0]["value"]["median"];
            figures.add(format!("{label}, rate / ideal ring of 4 or 8"), best, times);
        }
        if slots == 256 {
            let same = beside(row, "ideal ring, 256 slots");
            figures.add(format!("{label}, rate / ideal ring of 256"), same, times);
        }
    }
    figures.0
}

/// Of the benchmark `scaling`: what the slowest number of slots takes beside 16.
pub(crate) fn of_scaling(report: &Value) -> Vec<Figure> {
    let mut figures = Figures::new(report);
    for (index, length) in [64, 1024].into_iter().enumerate() {
        let row = report["by_slots"][index]["contenders"]
            .as_array()
            .into_iter()
            .flatten();
        let medians = row.filter_map(|one| one["nanoseconds"]["median"].as_f64());
        // The first is the line, the second the mailbox of 16 slots.
        let mut medians = medians.skip(1);
        let few = medians.next();
        let ratio = few
            .zip(medians.reduce(f64::max))
            .map(|(few, worst)| worst / few);
        let label = "the slowest of 64 to 65,536 slots / 16 slots";
        figures.add(
            format!("stream, {length} bytes, {label}"),
            &Value::from(ratio),
            times,
        );
    }
    figures.0
}

/// Of the comparison with the peers.
pub(crate) fn of_peers(report: &Value) -> Vec<Figure> {
    let mut figures = Figures::new(report);
    for row in report["rows"].as_array().into_iter().flatten() {
        let told = match row["quantity"].as_str() {
            Some("round_trip/spin/1024B") => "round trip, 1024 bytes, time /",
            Some("stream/spin/1024B/16-slots") => "stream, 1024 bytes, 16 slots, rate /",
            Some("stream/spin/1024B/256-slots") => "stream, 1024 bytes, 256 slots, rate /",
            _ => continue,
        };
        let peer = row["peer"].as_str().unwrap_or_default();
        figures.add(
            format!("{told} {peer}"),
            &row["measured"]["ratio"]["median"],
            times,
        );
    }
    figures.0
}

struct Figures(Vec<Figure>);

impl Figures {
    /// With those of the machine.
    fn new(report: &Value) -> Self {
        let machine = &report["machine"];
        let mut figures = Self(Vec::new());
        if let Some(kernel) = machine["kernel"].as_str() {
            figures.0.push(("kernel".to_owned(), kernel.to_owned()));
        }
        if let Some(far) = machine["line"]["far_ns"].as_f64() {
            let text = |near| format!("{near:.0} and {far:.0} ns");
            figures.add(
                "line, near and far".to_owned(),
                &machine["line"]["near_ns"],
                text,
            );
        }
        figures
    }

    /// Adds a figure, if there is one.
    fn add(&mut self, label: String, value: &Value, text: impl Fn(f64) -> String) {
        if let Some(value) = value.as_f64() {
            self.0.push((label, text(value)));
        }
    }
}

/// The first of `rows` that is called so.
fn find<'a>(rows: &'a Value, key: &str, name: &str) -> &'a Value {
    let mut rows = rows.as_array().into_iter().flatten();
    rows.find(|row| row[key] == *name).unwrap_or(&NONE)
}

/// What the mailbox of a row takes.
fn own(row: &Value) -> &Value {
    let subject = row["comparisons"][0]["subject"].as_str();
    &find(&row["contenders"], "name", subject.unwrap_or_default())["nanoseconds"]["median"]
}

fn beside<'a>(row: &'a Value, other: &str) -> &'a Value {
    &find(&row["comparisons"], "against", other)["value"]["median"]
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..99.5 => format!("{nanoseconds:.1} ns"),
        ..9_999.5 => format!("{nanoseconds:.0} ns"),
        _ => format!("{:.1} µs", nanoseconds / 1e3),
    }
}

/// A small ratio needs more digits: a hundredth would be all that is left of it.
fn times(ratio: f64) -> String {
    let decimals = if ratio < 0.1 { 4 } else { 2 };
    format!("{ratio:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn texts(figures: Vec<Figure>) -> Vec<String> {
        figures
            .into_iter()
            .map(|(label, figure)| format!("{label}: {figure}"))
            .collect()
    }

    #[test]
    fn a_round_trip_is_told_with_its_ratio_its_host_and_the_line() {
        let report = json!({
            "machine": {"cpu": "Fast CPU", "family": 25, "model": 17, "l1d_kib": 32, "l2_kib": 1024,
                "cores": 2, "kernel": "6.18", "is_virtual": true,
                "line": {"near_ns": 99.4, "far_ns": 380.0}},
            "rows": [{
                "name": "round_trip/spin/1024B/16-slots", "placement": "two cores",
                "contenders": [{"name": "mailbox spin", "nanoseconds": {"median": 216.4}}],
                "comparisons": [
                    {"subject": "mailbox spin", "against": "line", "value": {"median": 2.0}},
                    {"against": "one-slot copy", "value": {"median": 1.247}},
                ],
            }],
        });
        let name = "Fast CPU, family 25, model 17, L1d 32 KiB, L2 1024 KiB, 2 cores, virtual";
        assert_eq!(host(&report).as_deref(), Some(name));
        assert_eq!(host(&json!({})), None);
        let expected = [
            "kernel: 6.18",
            "line, near and far: 99 and 380 ns",
            "round trip, 1024 bytes: 216 ns",
            "round trip, 1024 bytes, time / one-slot copy: 1.25",
        ];
        assert_eq!(texts(of_ratios(&report)), expected);
    }

    #[test]
    fn waiting_scaling_and_peers_are_told() {
        let waiting = json!({"rows": [{"name": "block", "sparse": {"one_way": {"p50_ns": 59_800}},
            "idle": {"receiver": {"cpu_percent": 0.1}, "sender": {"cpu_percent": 0.12}}}]});
        let expected = [
            "one-way latency, block: 59.8 µs",
            "idle CPU, block: 0.11% of one core",
        ];
        assert_eq!(texts(of_waiting(&waiting)), expected);
        let median = |median: f64| json!({"nanoseconds": {"median": median}});
        let contenders = json!([100.0, 20.0, 21.0, 50.0, 22.0].map(median));
        let scaling = json!({"by_slots": [{"contenders": contenders}]});
        let expected = ["stream, 64 bytes, the slowest of 64 to 65,536 slots / 16 slots: 2.50"];
        assert_eq!(texts(of_scaling(&scaling)), expected);
        let peers = json!({"rows": [{"quantity": "round_trip/spin/1024B", "peer": "iceoryx2",
            "measured": {"ratio": {"median": 0.29}}}, {"quantity": "round_trip/spin/1024B",
            "peer": "pipe", "measured": {"ratio": {"median": 0.006_71}}}]});
        let expected = [
            "round trip, 1024 bytes, time / iceoryx2: 0.29",
            "round trip, 1024 bytes, time / pipe: 0.0067",
        ];
        assert_eq!(texts(of_peers(&peers)), expected);
    }
}
