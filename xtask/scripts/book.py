#!/usr/bin/env python3
"""What `mdbook build docs` calls, so that links work in the book as they do in the repository.

Speaks as a preprocessor of mdbook: a book comes in as JSON, and goes out again. Called with
`supports RENDERER`, it says that these links suit all.
"""

import json
import re
import sys
from os.path import dirname, exists, normpath, relpath
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The page that includes README.md, whose links count from the folder above.
INTRODUCTION = "introduction.md"
LINK = re.compile(r"(\]\(|^\[[^\]\n]+\]: )([^)\s]+)")


def rewrite(part, repository):
    """The part of a book with other links in its chapters, and their chapters, wherever they are."""
    if isinstance(part, list):
        return [rewrite(it, repository) for it in part]
    if not isinstance(part, dict):
        return part
    part = {key: rewrite(value, repository) for key, value in part.items()}
    if part.get("path") and "content" in part:
        part["content"] = LINK.sub(
            lambda found: found[1] + target(found[2], part["path"], repository), part["content"]
        )
    return part


def target(link, page, repository):
    """Where a link leads from the book: to a page or picture of it, or into the repository."""
    path, sign, anchor = link.partition("#")
    if not path or "://" in path:
        return link
    folder = "" if page == INTRODUCTION else f"docs/{dirname(page)}"
    whole = normpath(f"{folder}/{path}".lstrip("/"))
    if whole.startswith("docs/"):
        return relpath(whole, "docs") + sign + anchor if page == INTRODUCTION else link
    # What is not there is left as it is: the book would lack it.
    is_there = exists(ROOT / whole)
    return f"{repository}/blob/main/{whole}{sign}{anchor}" if is_there else link


if __name__ == "__main__" and len(sys.argv) == 1:
    context, book = json.load(sys.stdin)
    json.dump(rewrite(book, context["config"]["output"]["html"]["git-repository-url"]), sys.stdout)
