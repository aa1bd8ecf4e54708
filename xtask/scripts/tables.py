"""Parts of pages that are written between marks, and tables that sum up others."""

import re
from pathlib import Path
from textwrap import fill

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
# What helps to choose a way of waiting.
MEASUREMENTS = ROOT / "docs/measurements.md"
# What helps to make the mailbox quicker.
LAB_BOOK = ROOT / "docs/labbook.md"

# Where the pages show some rows of the table of hosts, and which.
SUMMARIES = [
    (MEASUREMENTS, "summary", [
        "one-way latency, spin",
        "one-way latency, adaptive",
        "one-way latency, block",
        "idle CPU, spin",
        "idle CPU, adaptive",
        "idle CPU, block",
        "round trip, 64 bytes",
        "stream, 64 bytes, 256 slots",
    ]),
    (LAB_BOOK, "summary of peers", [
        "round trip, 1024 bytes, time / iceoryx2",
        "round trip, 1024 bytes, time / raw_sync BusyEvent",
        "round trip, 1024 bytes, time / pipe",
        "round trip, 1024 bytes, time / rtrb",
        "stream, 1024 bytes, 256 slots, rate / iceoryx2",
        "stream, 1024 bytes, 256 slots, rate / pipe",
        "stream, 1024 bytes, 256 slots, rate / Unix stream",
        "stream, 1024 bytes, 256 slots, rate / rtrb",
    ]),
]

# The columns of README.md's table: a title, the quantity in the lab book, and whether a peer is
# polled in it.
COLUMNS = [
    ("Round trip, spinning, 64 B", "round_trip/spin/64B", True),
    ("Round trip, sleeping, 1 KiB", "round_trip/block/1024B", False),
    ("Stream, 64 B", "stream/spin/64B/256-slots", False),
]
# The peers there: as README.md and as the lab book call them.
PEERS = [
    ("iceoryx2", "iceoryx2"),
    ("pipe", "pipe"),
    ("Unix socket", "Unix stream"),
    ("ZeroMQ (ipc)", "ZeroMQ ipc"),
]


def marked(name):
    """The pattern of a part with its marks; what it is is the second group."""
    begin, end = f"<!-- generated: {name} -->\n", f"<!-- end: {name} -->"
    return re.compile(f"({re.escape(begin)})(.*?)({re.escape(end)})", re.DOTALL)


def part_of(page, name):
    """What stands between the marks of a part in the text of a page."""
    found = marked(name).search(page)
    if not found:
        raise ValueError(f'the page has no marks of the part "{name}"')
    return found[2].rstrip("\n")


def with_part(page, name, text):
    """The page with another text between the marks of a part; what is around them stays."""
    part_of(page, name)
    return marked(name).sub(lambda found: f"{found[1]}{text}\n{found[3]}", page, count=1)


def write_part(path, name, text):
    path.write_text(with_part(path.read_text(), name, text))


class Hosts:
    """The table of hosts: a row for each label, a column for each host."""

    def __init__(self, text):
        """Reads what `markdown` has written; nothing is a table without a host."""
        lines = [line for line in text.splitlines() if line and not line.startswith("|---")]
        rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in lines] or [[""]]
        for line, row in zip(lines, rows):
            if not (line.startswith("|") and line.endswith("|") and len(row) == len(rows[0])):
                raise ValueError(f"not a row of the table of hosts: {line}")
        self.hosts = rows[0][1:]
        self.rows = {row[0]: dict(zip(self.hosts, row[1:])) for row in rows[1:]}

    def set(self, host, figures):
        """Sets the figures of a host, which is added if it is not there; its others stay."""
        if host not in self.hosts:
            self.hosts.append(host)
        for label, figure in figures.items():
            self.rows.setdefault(label, {})[host] = figure

    def markdown(self, labels=None):
        """The table, or its rows with these labels."""
        rows = [(label, self.rows[label]) for label in labels or self.rows]
        lines = [["", *self.hosts]]
        lines += [[label, *(row.get(host, "") for host in self.hosts)] for label, row in rows]
        lines = [f"| {' | '.join(line)} |" for line in lines]
        return "\n".join([lines[0], "|---|" + "---:|" * len(self.hosts), *lines[1:]])


def summaries():
    """The pages' summaries of the table of hosts: page, part and text."""
    hosts = Hosts(part_of(MEASUREMENTS.read_text(), "hosts"))
    return [(page, name, hosts.markdown(labels)) for page, name, labels in SUMMARIES]


def front():
    """README.md's table: some rows of the comparison with the peers in the lab book."""
    part = part_of(LAB_BOOK.read_text(), "peers")
    rows = comparison(part)
    titles = [title for title, _, _ in COLUMNS]
    lines = [f"| | {' | '.join(titles)} |", "|---|---:|---:|---:|"]
    own = [beside(rows[quantity], "mailbox") for _, quantity, _ in COLUMNS]
    lines.append(f"| **shm-mailbox** | {' | '.join(own)} |")
    for name, peer in PEERS:
        cells = []
        for _, quantity, polled in COLUMNS:
            names = [f"{peer}, polled", peer] if polled else [peer]
            times = [rows[quantity][it]["peer"] for it in names if it in rows[quantity]]
            cells.append(times[0] if times else "–")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    cores = [beside(rows[quantity], "line") for _, quantity, _ in COLUMNS]
    lines.append(f"| *one cache line* | {' | '.join(cores)} |")
    # After the mark of the block and the command.
    machine = part.splitlines()[2].partition(", cache line")[0]
    return "\n".join(lines) + "\n\n" + fill(f"Machine: {machine}.", 100, break_on_hyphens=False)


def comparison(text):
    """The times of a cache line, the mailbox and the peer, as written, by quantity and by peer."""
    rows = {}
    for line in text.splitlines():
        cells = re.split("  +", line.strip())
        # The quantity stands in the first of its lines.
        if line.startswith(" ") and not line.startswith("  "):
            quantity = rows.setdefault(cells.pop(0), {})
        if line.startswith(" ") and len(cells) > 3:
            peer, *times = cells[:4]
            quantity[peer] = dict(zip(("line", "mailbox", "peer"), times, strict=True))
    return rows


def beside(row, what):
    """What the mailbox or a line took beside the peers of README.md: the least and the most."""
    names = tuple(name for _, name in PEERS)
    times = sorted((times[what] for peer, times in row.items() if peer.startswith(names)),
                   key=nanoseconds)
    if times[0] == times[-1]:
        return times[0]
    unit = times[-1].split(" ")[1]
    return f"{times[0].removesuffix(' ' + unit)}–{times[-1]}"


def nanoseconds(time):
    number, unit = time.split(" ")
    return float(number) * {"ns": 1, "µs": 1e3, "ms": 1e6}[unit]
