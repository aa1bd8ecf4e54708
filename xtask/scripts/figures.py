"""What the table of hosts tells of a measurement, found in the JSON that the measurement wrote.

A figure is a label and a text. The text is None where the report has nothing, as a quick one.
"""


def host(report):
    """The host that a report is of, as the table calls it: what stays with a new kernel."""
    machine = report["machine"]
    name = machine["cpu"]
    if "family" in machine and "model" in machine:
        name += f", family {machine['family']}, model {machine['model']}"
    for cache, key in ("L1d", "l1d_kib"), ("L2", "l2_kib"):
        if machine.get(key) is not None:
            name += f", {cache} {machine[key]} KiB"
    name += f", {machine['cores']} cores"
    return name + (", virtual" if machine.get("is_virtual") else "")


def figures(report, pick):
    """The figures of the machine and those that `pick` yields, by label."""
    line = [at(report, "machine", "line", key) for key in ("near_ns", "far_ns")]
    told = [("kernel", at(report, "machine", "kernel")),
            ("line, near and far", shown("{:.0f} and {:.0f} ns", *line)), *pick(report)]
    return {label: text for label, text in told if text is not None}


def of_waiting(report):
    """Of `shm bench`."""
    for wait in "spin", "adaptive", "block":
        row = first(report, name=wait)
        yield f"one-way latency, {wait}", time(at(row, "sparse", "one_way", "p50_ns"))
        idle = [at(row, "idle", role, "cpu_percent") for role in ("receiver", "sender")]
        mean = None if None in idle else sum(idle) / 2
        yield f"idle CPU, {wait}", shown("{:.2f}% of one core", mean)


def of_ratios(report):
    """Of the benchmark `ratios`."""
    for length in 8, 64, 1024:
        row = first(report, name=f"round_trip/spin/{length}B/16-slots", placement="two cores")
        label = f"round trip, {length} bytes"
        yield label, time(own(row))
        yield f"{label}, time / one-slot copy", ratio(beside(row, "one-slot copy"))
    for length, slots in (64, 16), (64, 256), (1024, 16), (1024, 256):
        row = first(report, name=f"stream/spin/{length}B/{slots}-slots", placement="two cores")
        label = f"stream, {length} bytes, {slots} slots"
        yield label, time(own(row))
        if length == 1024:
            best = at(row, "comparisons", 0, "value", "median")
            yield f"{label}, rate / ideal ring of 4 or 8", ratio(best)
        if slots == 256:
            same = beside(row, "ideal ring, 256 slots")
            yield f"{label}, rate / ideal ring of 256", ratio(same)


def of_scaling(report):
    """Of the benchmark `scaling`: what the slowest number of slots takes beside 16."""
    for index, length in enumerate((64, 1024)):
        # The first is the line, the second the mailbox of 16 slots.
        mailboxes = (at(report, "by_slots", index, "contenders") or [])[1:]
        medians = [at(one, "nanoseconds", "median") for one in mailboxes]
        worst = max(medians[1:]) / medians[0] if len(medians) > 1 else None
        label = f"stream, {length} bytes, the slowest of 64 to 65,536 slots / 16 slots"
        yield label, ratio(worst)


def of_peers(report):
    """Of the comparison with the peers."""
    quantities = {
        "round_trip/spin/1024B": "round trip, 1024 bytes, time /",
        "stream/spin/1024B/16-slots": "stream, 1024 bytes, 16 slots, rate /",
        "stream/spin/1024B/256-slots": "stream, 1024 bytes, 256 slots, rate /",
    }
    for row in report["rows"]:
        if row["quantity"] in quantities:
            median = at(row, "measured", "ratio", "median")
            yield f"{quantities[row['quantity']]} {row['peer']}", ratio(median)


def at(value, *path):
    """What a report has there; None where there is nothing."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def first(report, **fields):
    """The first row of a report with these fields."""
    rows = report.get("rows", [])
    return next((row for row in rows if fields.items() <= row.items()), None)


def own(row):
    """What the mailbox of a row takes."""
    name = at(row, "comparisons", 0, "subject")
    mailboxes = [one for one in at(row, "contenders") or [] if one["name"] == name]
    return at(mailboxes, 0, "nanoseconds", "median")


def beside(row, other):
    """How the mailbox of a row stands to another contender."""
    against = [one for one in at(row, "comparisons") or [] if one["against"] == other]
    return at(against, 0, "value", "median")


def time(nanoseconds):
    if nanoseconds is None or nanoseconds < 99.5:
        return shown("{:.1f} ns", nanoseconds)
    if nanoseconds < 9_999.5:
        return shown("{:.0f} ns", nanoseconds)
    return shown("{:.1f} µs", nanoseconds / 1e3)


def ratio(value):
    # A small one needs more digits.
    small = value is not None and value < 0.1
    return shown("{:.4f}" if small else "{:.2f}", value)


def shown(form, *values):
    return None if None in values else form.format(*values)
