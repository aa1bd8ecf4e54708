//! What the table of hosts tells of a measurement, found in the JSON that the measurement wrote.

use serde_json::Value;

/// A label and a figure.
type Figure = (String, String);

/// The host that a report is of, as the table calls it: what does not change with a new kernel.
pub(crate) fn host(report: &Value) -> Option<String> {
    let machine = report.get("machine")?;
    let number = |key: &str| machine.get(key).and_then(Value::as_u64);
    let mut name = machine.get("cpu")?.as_str()?.to_owned();
    if let (Some(family), Some(model)) = (number("family"), number("model")) {
        name.push_str(&format!(", family {family}, model {model}"));
    }
    for (cache, key) in [("L1d", "l1d_kib"), ("L2", "l2_kib")] {
        if let Some(kib) = number(key) {
            name.push_str(&format!(", {cache} {kib} KiB"));
        }
    }
    name.push_str(&format!(", {} cores", number("cores")?));
    if machine.get("is_virtual").and_then(Value::as_bool) == Some(true) {
        name.push_str(", virtual");
    }
    Some(name)
}

/// Of `shm bench`.
pub(crate) fn of_waiting(report: &Value) -> Vec<Figure> {
    let mut figures = of_machine(report);
    for wait in ["spin", "adaptive", "block"] {
        let Some(row) = named(&report["rows"], wait) else {
            continue;
        };
        let idle = &row["idle"];
        let percent = ["receiver", "sender"].map(|role| idle[role]["cpu_percent"].as_f64());
        figures.extend(
            [
                figure(
                    format!("one way, {wait}"),
                    &row["sparse"]["one_way"]["p50_ns"],
                    time,
                ),
                percent[0].zip(percent[1]).map(|(one, other)| {
                    (
                        format!("idle, {wait}"),
                        format!("{:.2}% of a core", f64::midpoint(one, other)),
                    )
                }),
            ]
            .into_iter()
            .flatten(),
        );
    }
    figures
}

/// Of the benchmark `ratios`.
pub(crate) fn of_ratios(report: &Value) -> Vec<Figure> {
    let mut figures = of_machine(report);
    let apart = |name: &str| {
        let rows = report["rows"].as_array().into_iter().flatten();
        rows.into_iter()
            .find(|row| row["name"] == *name && row["placement"] == "two cores")
    };
    for length in [8, 64, 1024] {
        let Some(row) = apart(&format!("round_trip/spin/{length}B/16-slots")) else {
            continue;
        };
        let label = format!("round trip, {length} bytes");
        figures.extend(own_time(row).map(|text| (label.clone(), text)));
        figures.extend(
            ratio(row, "one-slot copy").map(|text| (format!("{label}, × one-slot copy"), text)),
        );
    }
    for (length, slots) in [(64, 16), (64, 256), (1024, 16), (1024, 256)] {
        let Some(row) = apart(&format!("stream/spin/{length}B/{slots}-slots")) else {
            continue;
        };
        let label = format!("stream, {length} bytes, {slots} slots");
        figures.extend(own_time(row).map(|text| (label.clone(), text)));
        if length == 1024 {
            let best = row["comparisons"][0]["value"]["median"].as_f64();
            figures.extend(
                best.map(|value| (format!("{label}, × ideal ring of 4 or 8"), times(value))),
            );
        }
        if slots == 256 {
            let same = ratio(row, "ideal ring, 256 slots");
            figures.extend(same.map(|text| (format!("{label}, × ideal ring of 256"), text)));
        }
    }
    figures
}

/// Of the benchmark `scaling`: what the slowest number of slots takes beside 16.
pub(crate) fn of_scaling(report: &Value) -> Vec<Figure> {
    let mut figures = of_machine(report);
    for (index, length) in [64, 1024].into_iter().enumerate() {
        let row = &report["by_slots"][index]["contenders"];
        let median = |index: usize| row[index]["nanoseconds"]["median"].as_f64();
        // The first is the line, the second the mailbox of 16 slots.
        let count = row.as_array().map_or(0, Vec::len);
        let worst = (2..count).filter_map(median).reduce(f64::max);
        if let Some((few, worst)) = median(1).zip(worst) {
            let label =
                format!("stream, {length} bytes, the slowest of 64 to 65,536 slots, × 16 slots");
            figures.push((label, times(worst / few)));
        }
    }
    figures
}

/// Of the comparison with the peers.
pub(crate) fn of_peers(report: &Value) -> Vec<Figure> {
    let mut figures = of_machine(report);
    let rows = report["rows"].as_array().into_iter().flatten();
    for row in rows {
        let (Some(quantity), Some(peer)) = (row["quantity"].as_str(), row["peer"].as_str()) else {
            continue;
        };
        let told = match quantity {
            "round_trip/spin/1024B" => "round trip, 1024 bytes, its time × that of",
            "stream/spin/1024B/16-slots" => "stream, 1024 bytes, 16 slots, its rate × that of",
            "stream/spin/1024B/256-slots" => "stream, 1024 bytes, 256 slots, its rate × that of",
            _ => continue,
        };
        figures.extend(figure(
            format!("{told} {peer}"),
            &row["measured"]["ratio"]["median"],
            times,
        ));
    }
    figures
}

fn of_machine(report: &Value) -> Vec<Figure> {
    let machine = &report["machine"];
    let kernel = machine["kernel"].as_str();
    let kernel = kernel.map(|kernel| ("kernel".to_owned(), kernel.to_owned()));
    let line = &machine["line"];
    let line = line["near_ns"].as_f64().zip(line["far_ns"].as_f64());
    let line = line.map(|(near, far)| {
        (
            "line, near and far".to_owned(),
            format!("{near:.0} and {far:.0} ns"),
        )
    });
    kernel.into_iter().chain(line).collect()
}

fn named<'a>(rows: &'a Value, name: &str) -> Option<&'a Value> {
    rows.as_array()?.iter().find(|row| row["name"] == *name)
}

/// What the mailbox of a row takes.
fn own_time(row: &Value) -> Option<String> {
    let subject = row["comparisons"][0]["subject"].as_str()?;
    let own = named(&row["contenders"], subject)?;
    own["nanoseconds"]["median"].as_f64().map(time)
}

fn ratio(row: &Value, against: &str) -> Option<String> {
    let comparisons = row["comparisons"].as_array()?;
    let found = comparisons.iter().find(|one| one["against"] == *against)?;
    found["value"]["median"].as_f64().map(times)
}

fn figure(label: String, value: &Value, text: impl Fn(f64) -> String) -> Option<Figure> {
    Some((label, text(value.as_f64()?)))
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        ..99.5 => format!("{nanoseconds:.1} ns"),
        ..9_999.5 => format!("{nanoseconds:.0} ns"),
        _ => format!("{:.1} µs", nanoseconds / 1e3),
    }
}

fn times(ratio: f64) -> String {
    format!("{ratio:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn machine() -> Value {
        json!({"cpu": "Fast CPU", "family": 25, "model": 17, "l1d_kib": 32, "l2_kib": 1024, "cores": 2,
            "kernel": "6.18", "is_virtual": true, "line": {"near_ns": 99.4, "far_ns": 380.0}})
    }

    fn texts(figures: Vec<Figure>) -> Vec<String> {
        let joined = |(label, figure): Figure| format!("{label}: {figure}");
        figures.into_iter().map(joined).collect()
    }

    #[test]
    fn a_host_is_named_by_what_stays() {
        let report = json!({"machine": machine()});
        let expected = "Fast CPU, family 25, model 17, L1d 32 KiB, L2 1024 KiB, 2 cores, virtual";
        assert_eq!(host(&report).as_deref(), Some(expected));
        assert_eq!(host(&json!({})), None);
    }

    #[test]
    fn a_round_trip_is_told_with_its_ratio_and_the_line() {
        let report = json!({"machine": machine(), "rows": [{
            "name": "round_trip/spin/1024B/16-slots", "placement": "two cores",
            "contenders": [{"name": "mailbox spin", "nanoseconds": {"median": 216.4}}],
            "comparisons": [
                {"subject": "mailbox spin", "against": "line", "value": {"median": 2.0}},
                {"subject": "mailbox spin", "against": "one-slot copy", "value": {"median": 1.247}},
            ],
        }]});
        let expected = [
            "kernel: 6.18",
            "line, near and far: 99 and 380 ns",
            "round trip, 1024 bytes: 216 ns",
            "round trip, 1024 bytes, × one-slot copy: 1.25",
        ];
        assert_eq!(texts(of_ratios(&report)), expected);
    }

    #[test]
    fn the_slowest_number_of_slots_is_told_beside_16() {
        let contenders = json!(
            [100.0, 20.0, 21.0, 50.0, 22.0]
                .map(|median| json!({"nanoseconds": {"median": median}}))
        );
        let report = json!({"by_slots": [{"contenders": contenders}]});
        let expected = ["stream, 64 bytes, the slowest of 64 to 65,536 slots, × 16 slots: 2.50"];
        assert_eq!(texts(of_scaling(&report)), expected);
    }

    #[test]
    fn waiting_and_peers_are_told() {
        let waiting = json!({"rows": [{"name": "block", "sparse": {"one_way": {"p50_ns": 59_800}},
            "idle": {"receiver": {"cpu_percent": 0.1}, "sender": {"cpu_percent": 0.12}}}]});
        let expected = ["one way, block: 59.8 µs", "idle, block: 0.11% of a core"];
        assert_eq!(texts(of_waiting(&waiting)), expected);
        let peers = json!({"rows": [{"quantity": "round_trip/spin/1024B", "peer": "iceoryx2",
            "measured": {"ratio": {"median": 0.29}}}, {"quantity": "round_trip/spin/1024B", "peer": "broken"}]});
        let expected = ["round trip, 1024 bytes, its time × that of iceoryx2: 0.29"];
        assert_eq!(texts(of_peers(&peers)), expected);
    }
}
