"""Tests of these scripts: `python3 -m unittest discover -s xtask/scripts -p tests.py`."""

import io
import unittest
from contextlib import redirect_stdout

import figures
import instructions
import tables
from book import rewrite


class Figures(unittest.TestCase):
    def test_a_round_trip_is_told_with_its_ratio_its_host_and_the_line(self):
        report = {
            "machine": {"cpu": "Fast CPU", "family": 25, "model": 17, "l1d_kib": 32, "l2_kib": 1024,
                        "cores": 2, "kernel": "6.18", "is_virtual": True,
                        "line": {"near_ns": 99.4, "far_ns": 380.0}},
            "rows": [{
                "name": "round_trip/spin/1024B/16-slots", "placement": "two cores",
                "contenders": [{"name": "mailbox spin", "nanoseconds": {"median": 216.4}}],
                "comparisons": [
                    {"subject": "mailbox spin", "against": "line", "value": {"median": 2.0}},
                    {"against": "one-slot copy", "value": {"median": 1.247}},
                ],
            }],
        }
        name = "Fast CPU, family 25, model 17, L1d 32 KiB, L2 1024 KiB, 2 cores, virtual"
        self.assertEqual(figures.host(report), name)
        self.assertEqual(figures.figures(report, figures.of_ratios), {
            "kernel": "6.18",
            "line, near and far": "99 and 380 ns",
            "round trip, 1024 bytes": "216 ns",
            "round trip, 1024 bytes, time / one-slot copy": "1.25",
        })

    def test_waiting_scaling_and_peers_are_told(self):
        waiting = {"rows": [{"name": "block", "sparse": {"one_way": {"p50_ns": 59_800}},
                             "idle": {"receiver": {"cpu_percent": 0.1},
                                      "sender": {"cpu_percent": 0.12}}}]}
        self.assertEqual(figures.figures(waiting, figures.of_waiting), {
            "one-way latency, block": "59.8 µs",
            "idle CPU, block": "0.11% of one core",
        })
        contenders = [{"nanoseconds": {"median": it}} for it in (100, 20, 21, 50, 22)]
        scaling = {"by_slots": [{"contenders": contenders}]}
        label = "stream, 64 bytes, the slowest of 64 to 65,536 slots / 16 slots"
        self.assertEqual(figures.figures(scaling, figures.of_scaling), {label: "2.50"})
        peers = {"rows": [{"quantity": "round_trip/spin/1024B", "peer": "iceoryx2",
                           "measured": {"ratio": {"median": 0.29}}}]}
        label = "round trip, 1024 bytes, time / iceoryx2"
        self.assertEqual(figures.figures(peers, figures.of_peers), {label: "0.29"})


class Tables(unittest.TestCase):
    def test_a_host_gets_a_column_or_new_figures_and_the_others_stay(self):
        hosts = tables.Hosts("\n")
        hosts.set("one", {"kernel": "6.1", "line": "90 ns"})
        hosts.set("two", {"kernel": "6.2", "peers": "3 ×"})
        read = tables.Hosts(hosts.markdown())
        read.set("one", {"kernel": "6.3"})
        self.assertEqual(read.markdown().splitlines(), [
            "|  | one | two |",
            "|---|---:|---:|",
            "| kernel | 6.3 | 6.2 |",
            "| line | 90 ns |  |",
            "| peers |  | 3 × |",
        ])
        self.assertEqual(read.markdown(["line", "kernel"]).splitlines()[2:], [
            "| line | 90 ns |  |",
            "| kernel | 6.3 | 6.2 |",
        ])

    def test_half_a_table_is_an_error(self):
        for text in "| | one |\n|---|---|\n| kernel |", "prose":
            self.assertRaises(ValueError, tables.Hosts, text)

    def test_only_what_is_between_the_marks_changes(self):
        before = "prose\n<!-- generated: one -->\nold\n<!-- end: one -->\nmore prose\n"
        after = tables.with_part(before, "one", "new\nlines")
        self.assertEqual(after, before.replace("old", "new\nlines"))
        self.assertEqual(tables.part_of(after, "one"), "new\nlines")
        self.assertRaises(ValueError, tables.with_part, before, "two", "new")

    def test_the_pages_have_the_marks_of_every_part(self):
        parts = {
            tables.MEASUREMENTS: ["hosts", "two cores", "one core", "unpinned"],
            tables.LAB_BOOK: ["baselines", "scaling", "peers", "instructions"],
        }
        for page, names in parts.items():
            for name in names:
                self.assertTrue(tables.part_of(page.read_text(), name))

    def test_the_summaries_are_rows_of_the_table_of_hosts(self):
        for page, name, text in tables.summaries():
            self.assertEqual(tables.part_of(page.read_text(), name), text)

    def test_the_readme_has_the_lab_books_figures(self):
        """`cargo xtask bench --front` writes them."""
        self.assertEqual(tables.part_of(tables.README.read_text(), "peers"), tables.front())
        # Each peer, and each quantity, is found; but iceoryx2 does not sleep.
        self.assertEqual(tables.front().count(" – "), 1)


class Instructions(unittest.TestCase):
    COUNTS = {("send", 64): 61.0, ("receive", 64): 58.5,
              ("send on a bus", 64): 90.5, ("receive on a bus", 64): 120.0,
              ("send", 1024): 181.2, ("receive", 1024): 178.0,
              ("send on a bus", 1024): 210.0, ("receive on a bus", 1024): 240.0}

    def test_what_was_recorded_is_what_is_read_and_a_record_without_a_figure_is_none(self):
        compiler = "rustc 1.95.0 (a 2026-04-14)"
        text = instructions.to_markdown(compiler, self.COUNTS)
        self.assertEqual(instructions.from_markdown(text), (compiler, self.COUNTS))
        self.assertRaises(ValueError, instructions.from_markdown, text.replace("58.5", ""))

    def test_growth_fails_with_any_compiler_and_a_fall_is_recorded_unless_that_changed(self):
        record = instructions.to_markdown("same", self.COUNTS)

        def holds(factor, compiler):
            now = self.COUNTS | {("send", 1024): 181.2 * factor}
            with redirect_stdout(io.StringIO()):
                return instructions.compare(compiler, now, record) == 0

        self.assertFalse(holds(1.051, "same") or holds(1.051, "other"))
        self.assertTrue(holds(1.049, "same") and holds(0.951, "same"))
        self.assertTrue(holds(0.949, "other") and not holds(0.949, "same"))


class Book(unittest.TestCase):
    def test_links_lead_to_pages_of_the_book_or_into_the_repository(self):
        introduction = "[a](docs/start.md#b) ![c](docs/x.svg) [d](LICENSE-MIT)"
        labs = "[a](two-readers.md) [b](../faq.md) [c](../../xtask/src/main.rs)"
        book = {"items": [
            {"Chapter": {"path": "introduction.md", "content": introduction}},
            {"Chapter": {"path": "labs/index.md", "content": labs}},
        ]}
        items = rewrite(book, "https://example.org/it")["items"]
        self.assertEqual([item["Chapter"]["content"] for item in items], [
            "[a](start.md#b) ![c](x.svg) [d](https://example.org/it/blob/main/LICENSE-MIT)",
            "[a](two-readers.md) [b](../faq.md) "
            "[c](https://example.org/it/blob/main/xtask/src/main.rs)",
        ])


if __name__ == "__main__":
    unittest.main()
