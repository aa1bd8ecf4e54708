#!/usr/bin/env python3
"""`cargo xtask bench`: measures this machine, and writes what came of it to the pages."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import figures
from tables import LAB_BOOK, MEASUREMENTS, README, ROOT, Hosts
from tables import front, part_of, summaries, write_part

# How the comparison with the peers is called.
PEERS = "cargo xtask bench --peers"


@dataclass
class Measurement:
    """One command, and what becomes of what it prints."""

    page: Path
    # Of the marks around its table in the page.
    part: str
    # What runs, as the page shows it.
    call: str
    # More arguments, which the page does not show.
    hidden: str = ""
    # The file below the target directory that it writes, and what the table of hosts tells of it.
    report: str = ""
    pick: Callable = None

    def run(self):
        """Runs it and writes its part; whether it is right, as far as it can tell.

        Its standard output is what counts, the other goes to ours.
        """
        if "--quick" not in self.call:
            wait_for_calm()
        print(self.call, flush=True)
        hidden = self.hidden
        if self.report:
            hidden += f' --json="$CARGO_TARGET_DIR/{self.report}"'
        if self.call.startswith("cargo bench") and " -- " not in self.call:
            hidden = f"-- {hidden}"
        path = "$CARGO_TARGET_DIR/release:$CARGO_TARGET_DIR/peers/release:$PATH"
        line = f"PATH={path}; {self.call.replace(PEERS, 'peers')} {hidden}"
        finished = subprocess.run(line, shell=True, cwd=ROOT, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, text=True)
        output = finished.stdout.rstrip()
        # What measured something that cannot be right has printed it, and says so with status 1.
        if not output or finished.returncode not in (0, 1):
            sys.exit(f"{self.call} ended with status {finished.returncode}")
        print(output, flush=True)
        # Not marked `console`: nobody is to replay it.
        write_part(self.page, self.part, f"```text\n$ {self.call}\n{output}\n```")
        if self.report:
            report = json.loads((Path(os.environ["CARGO_TARGET_DIR"]) / self.report).read_text())
            hosts = Hosts(part_of(MEASUREMENTS.read_text(), "hosts"))
            hosts.set(figures.host(report), figures.figures(report, self.pick))
            write_part(MEASUREMENTS, "hosts", hosts.markdown())
        return finished.returncode == 0


def measurements(options):
    """What runs, after it was built."""
    quick = " --quick" if "--quick" in options else ""
    if "--peers" in options:
        # Has a workspace, a lock file and a place in the target directory of its own.
        print("building benches/peers; its README.md says what it takes", flush=True)
        build("CARGO_TARGET_DIR=$CARGO_TARGET_DIR/peers cargo build --quiet --release --locked"
              " --manifest-path benches/peers/Cargo.toml")
        call = f"{PEERS}{quick}"
        return [Measurement(LAB_BOOK, "peers", call, "", "peers.json", figures.of_peers)]

    def bench(name, hidden, pick):
        call = f"cargo bench -p benches --bench {name}{' --' if quick else ''}{quick}"
        part = "baselines" if name == "ratios" else name
        return Measurement(LAB_BOOK, part, call, hidden, f"{name}.json", pick)

    # A benchmark runs in its package's folder.
    scaling = bench("scaling", "--pictures=../docs", figures.of_scaling)
    build("cargo bench --quiet --package benches --no-run")
    if "--scaling" in options:
        return [scaling]
    build("cargo build --quiet --release --package shm-cli")
    # The quick form measures only the original loop in the classic layout.
    call = f"shm bench{'' if quick else ' --classic'}{quick}"
    # Those that have no interval; two seconds each are enough where nothing polls.
    brief = "shm bench --wait spin,yield,backoff,adaptive,block,bell --no-original"
    brief += "" if quick else " --duration 2s"
    return [
        Measurement(MEASUREMENTS, "two cores", call, "--svg docs/measurements.svg",
                    "measurements.json", figures.of_waiting),
        Measurement(MEASUREMENTS, "one core", f"{brief} --pin same{quick}"),
        Measurement(MEASUREMENTS, "unpinned", f"{brief} --pin none{quick}"),
        bench("ratios", "", figures.of_ratios),
        scaling,
    ]


def wait_for_calm():
    """Waits up to three minutes for the load of a build or of the last measurement to fall."""
    for _ in range(36):
        if os.getloadavg()[0] < 0.4:
            return
        time.sleep(5)


def build(line):
    if subprocess.run(line, shell=True, cwd=ROOT).returncode:
        sys.exit(f"{line} failed")


def main(options):
    begun = time.monotonic()
    wanted = [] if "--front" in options else measurements(options)
    is_right = all([measurement.run() for measurement in wanted])
    if wanted:
        for page, name, text in summaries():
            write_part(page, name, text)
        minutes = -(-(time.monotonic() - begun) // 60)
        pictures = "" if "--peers" in options else " and pictures"
        pages = f"{MEASUREMENTS.relative_to(ROOT)} and {LAB_BOOK.relative_to(ROOT)}"
        print(f"wrote {pages}{pictures} after {minutes:.0f} min")
    write_part(README, "peers", front())
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
