#!/usr/bin/env python3
"""`cargo xtask instructions`: counts the instructions of a send and of a receive, and compares them
with the record."""

import os
import re
import subprocess
import sys

from tables import LAB_BOOK, ROOT, part_of, write_part

# Functions of benches/instructions, as the record calls them, with their program and as callgrind
# calls them.
OPERATIONS = {"send": ("instructions", "*one_send*"),
              "receive": ("instructions", "*one_receive*"),
              "send on a bus": ("instructions-bus", "*bus_send*"),
              "receive on a bus": ("instructions-bus", "*bus_receive*")}
# Bytes in a message.
LENGTHS = [64, 1024]
# How far a count may be from its record, in percent.
TOLERANCE = 5.0
# The longest that one run may take, in seconds; it takes less than one.
LIMIT = 120


def output_of(line):
    """What a command prints, which has to succeed."""
    return subprocess.run(line, shell=True, check=True, cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, text=True, timeout=LIMIT).stdout


def count(program, function, length):
    """The instructions of one call of `function`, everything below it included, with messages of
    `length` bytes."""
    output = output_of(
        "valgrind --quiet --tool=callgrind --callgrind-out-file=/dev/stdout"
        f' --toggle-collect=\'{function}\' "$CARGO_TARGET_DIR/release/{program}" {length}'
    )
    calls = re.search(r"^(\d+) calls$", output, re.MULTILINE)
    total = re.search(r"^totals: (\d+)$", output, re.MULTILINE)
    if not (calls and total and int(total[1])):
        sys.exit(f"callgrind has counted nothing in {function}:\n{output}")
    return int(total[1]) / int(calls[1])


def to_markdown(compiler, counts):
    """The record: the compiler, and a table of counts by length and by operation."""
    rows = [f"| a message of | {' | '.join(OPERATIONS)} |", "|---" + "|---:" * len(OPERATIONS) + "|"]
    for length in LENGTHS:
        cells = [f"{counts[operation, length]:.1f}" for operation in OPERATIONS]
        rows.append(f"| {length} bytes | {' | '.join(cells)} |")
    return f"Counted with {compiler}, on x86-64.\n\n" + "\n".join(rows)


def from_markdown(text):
    """The compiler and the counts of a record."""
    compiler = re.search("Counted with (.*), on x86-64.", text)
    cells = re.findall(r"\| *([0-9.]+) *(?=\|)", text)
    if not compiler or len(cells) != len(OPERATIONS) * len(LENGTHS):
        raise ValueError("the record of instructions is not whole")
    keys = [(operation, length) for length in LENGTHS for operation in OPERATIONS]
    return compiler[1], dict(zip(keys, map(float, cells)))


def objection(now, then, is_same_compiler):
    """What speaks against a count, beside the one that was recorded; nothing if it is as it was."""
    change = 100 * (now - then) / then
    if change > TOLERANCE:
        return ": the path has grown; if that buys something, say what, and --record it"
    # Unrecorded, it could be lost again without anybody noticing.
    if change < -TOLERANCE and is_same_compiler:
        return ": the path has become shorter; --record it"
    return ""


def compare(compiler, counts, record):
    """Prints all counts in libtest's manner; 0 if nothing has changed by much."""
    recorded_by, recorded = from_markdown(record)
    print(f"counted with {compiler}")
    failed = 0
    for (operation, length), now in counts.items():
        then = recorded[operation, length]
        against = objection(now, then, compiler == recorded_by)
        failed += bool(against)
        print(f"test {operation}/{length}B ... {'FAILED' if against else 'ok'}")
        change = 100 * (now - then) / then
        print(f"{now:.1f} instructions, {then:.1f} recorded, {change:+.1f} %{against}")
    verdict = "FAILED" if failed else "ok"
    print(f"test result: {verdict}. {len(counts) - failed} passed; {failed} failed; 0 ignored;")
    return 1 if failed else 0


def main(options):
    subprocess.run("cargo build --quiet --release --package instructions", shell=True, check=True,
                   cwd=ROOT)
    compiler = output_of(f"{os.environ.get('RUSTC', 'rustc')} --version").strip()
    counts = {(operation, length): count(program, function, length)
              for length in LENGTHS for operation, (program, function) in OPERATIONS.items()}
    if "--record" not in options:
        return compare(compiler, counts, part_of(LAB_BOOK.read_text(), "instructions"))
    record = to_markdown(compiler, counts)
    write_part(LAB_BOOK, "instructions", record)
    print(f"{record}\nrecorded in {LAB_BOOK.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
