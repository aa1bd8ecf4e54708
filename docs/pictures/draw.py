#!/usr/bin/env python3
"""Draws the pictures of the pages: `python3 docs/pictures/draw.py` renders each .txt here to .svg.

With --check it writes nothing, and fails if a picture is not what its text says.

A text has one item a line; # starts a comment. All measures are in a drawing 400 wide, which a
telephone shows at nearly this size.

    title WORDS                      read aloud instead of the picture
    box X Y W H CLASS | LINE | ...   a box with lines of text; CLASS is plain, mine, shared or gone
    text X Y ANCHOR | WORDS          text that starts at, ends at or is centred on a point
    line X1 Y1 X2 Y2 [dashed]        a line, and with `arrow` instead of `line`, one with a head
    actors NAME | NAME ...           a sequence diagram: its columns, and then, from above:
    A -> B | WORDS                   a message, with words above its arrow
    A | WORDS                        what happens at one column
    A dies | WORDS                   the same, after which its line ends
    all | WORDS                      what happens to all
"""

import sys
from html import escape
from pathlib import Path

WIDTH = 400
STYLE = """
.page{fill:#fff}.plain{fill:#f6f8fa;stroke:#57606a}.mine{fill:#ddf4ff;stroke:#0969da}
.shared{fill:#dafbe1;stroke:#1a7f37}.gone{fill:#ffebe9;stroke:#cf222e;stroke-dasharray:4 3}
text{fill:#1f2328;font:12px system-ui,sans-serif}.head{fill:#57606a}
path{stroke:#57606a;stroke-width:1.4;fill:none}
@media(prefers-color-scheme:dark){.page{fill:#0d1117}.plain{fill:#21262d;stroke:#8b949e}
.mine{fill:#0c2d6b;stroke:#58a6ff}.shared{fill:#033a16;stroke:#3fb950}
.gone{fill:#490202;stroke:#f85149}text{fill:#e6edf3}.head{fill:#8b949e}path{stroke:#8b949e}}
"""


class Picture:
    def __init__(self):
        self.title, self.parts, self.bottom = "", [], 0

    def rect(self, x, y, w, h, kind):
        self.parts.append(
            f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="4"/>'
        )
        self.bottom = max(self.bottom, y + h)

    def text(self, x, y, words, anchor="middle"):
        self.parts.append(f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>')
        self.bottom = max(self.bottom, y + 4)

    def box(self, x, y, w, h, kind, lines):
        self.rect(x, y, w, h, kind)
        first = y + h / 2 + 4 - 7.5 * (len(lines) - 1)
        for number, words in enumerate(lines):
            self.text(x + w / 2, first + 15 * number, words)

    def line(self, x1, y1, x2, y2, dashed=False, head=False):
        dash = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}"{dash}/>')
        if head:
            length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
            dx, dy = 7 * (x2 - x1) / length, 7 * (y2 - y1) / length
            self.parts.append(
                f'<path d="M{x2 - dx - dy / 2:g} {y2 - dy + dx / 2:g}L{x2:g} {y2:g}'
                f'L{x2 - dx + dy / 2:g} {y2 - dy - dx / 2:g}"/>'
            )
        self.bottom = max(self.bottom, y1, y2)

    def svg(self):
        height = self.bottom + 10
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * 1.3:g}" '
            f'height="{height * 1.3:g}" viewBox="0 0 {WIDTH} {height:g}" role="img">\n'
            f"<title>{escape(self.title)}</title>\n<style>{STYLE}</style>\n"
            f'<rect class="page" width="{WIDTH}" height="{height:g}" rx="6"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )


def sequence(picture, actors, steps):
    """Columns for the actors, and the steps below one another."""
    wide = WIDTH / len(actors)
    columns = {actor: wide * (number + 0.5) for number, actor in enumerate(actors)}
    for actor, x in columns.items():
        picture.box(x - wide / 2 + 6, 10, wide - 12, 26, "plain", [actor])
    begins, boxes, y = dict.fromkeys(actors, 36), [], 46
    lines = []
    for who, words in steps:
        texts = words.split(" / ")
        height = 15 * len(texts) + 8
        if "->" in who:
            start, end = (columns[name.strip()] for name in who.split("->"))
            y += 15 * len(texts)
            lines.append((start, y, end, y, False, True))
            # Above the arrow, on the page's colour, so that no column crosses it.
            for number, text in enumerate(texts):
                boxes.append(("text", (start + end) / 2, y - 5 - 15 * (len(texts) - 1 - number), text))
            y += 10
            continue
        name = who.removesuffix(" dies")
        if name == "all":
            boxes.append(("box", 8, y, WIDTH - 16, height, "plain", texts))
        else:
            room = max(len(text) for text in texts) * 6.4 + 14
            x = min(max(columns[name] - room / 2, 4), WIDTH - 4 - room)
            kind = "gone" if who.endswith(" dies") else "mine"
            boxes.append(("box", x, y, room, height, kind, texts))
        if who.endswith(" dies"):
            lines.append((columns[name], begins.pop(name), columns[name], y, True, False))
        y += height + 9
    for name, begin in begins.items():
        lines.append((columns[name], begin, columns[name], y, True, False))
    for line in lines:
        picture.line(*line)
    for kind, *what in boxes:
        if kind == "box":
            picture.box(*what)
        else:
            x, y, words = what
            half = len(words) * 3.2 + 2
            picture.parts.append(
                f'<rect class="page" x="{x - half:g}" y="{y - 11:g}" width="{2 * half:g}" height="14"/>'
            )
            picture.text(x, y, words)


def draw(text):
    picture, actors, steps = Picture(), [], []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        what, *words = (part.strip() for part in line.split("|"))
        verb, *rest = what.split()
        if actors:
            steps.append((what, words[0]))
        elif verb == "title":
            picture.title = " ".join(rest)
        elif verb == "actors":
            actors = [" ".join(rest), *words]
        elif verb == "box":
            picture.box(*map(float, rest[:4]), rest[4], [word for word in words if word])
        elif verb == "text":
            picture.text(float(rest[0]), float(rest[1]), words[0], rest[2])
        elif verb in ("line", "arrow"):
            picture.line(*map(float, rest[:4]), "dashed" in rest, verb == "arrow")
        else:
            sys.exit(f"what is this? {line}")
    if actors:
        sequence(picture, actors, steps)
    return picture.svg()


def main():
    wrong = []
    for source in sorted(Path(__file__).parent.glob("*.txt")):
        target, drawn = source.with_suffix(".svg"), draw(source.read_text())
        if "--check" not in sys.argv:
            target.write_text(drawn)
        elif not target.exists() or target.read_text() != drawn:
            wrong.append(target.name)
    if wrong:
        sys.exit(f"not what their texts say, run draw.py: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
