"""How far main texts and the ten labels agree: the word F1 that right labels would reach.

    python benchmarks/ceiling.py [--shared DIR]

Takes the pages of WCXB's development split that may train and of which every visible line is labelled by hand. The
lines labelled heading or body, but for headings that repeat the page's title, are compared with the main text, as
`benchmarks/extraction.py` compares what a system gives; trafilatura's output beside them. A system that labels every
line as the hand labels do would reach the first column, and no more.
"""

from __future__ import annotations

import argparse
import logging
from collections import defaultdict
from pathlib import Path

import extraction
import numpy as np
from trafilatura import extract

from cleaner.document import BODY_TEXT, Label
from cleaner.html import Page
from cleaner.html.decide import repeats_title
from cleaner.html.walk import H1, Tree
from cleaner.training.build import FIFTH, hand_labelled
from cleaner.training.documents import HAND_LABELS, UNKNOWN, Labelled
from cleaner.training.pages import read_pages

MOST_UNKNOWN = 0.02  # of the lines of a page
GOLD = Path(__file__).parents[1] / "gold"


def kept_by_hand(document: Labelled, title: str) -> str:
    """The lines that are heading or body, without headings that repeat the title."""
    lines, labels = document.lines, document.line_labels
    tree = Tree(lines=lines, state=[H1 if label is Label.HEADING else 0 for label in labels])
    again = repeats_title(Page("", tree, title, ()))
    chosen = zip(lines, labels, again, strict=True)
    return "\n".join(line for line, label, repeats in chosen if label in BODY_TEXT and not repeats)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    shared = parser.parse_args().shared
    logging.disable(logging.CRITICAL)
    file = shared / "data" / "wcxb-dev.jsonl.zst"
    pages = {page["id"]: page for page in read_pages(file) if page["row"] % FIFTH and extraction.is_reliable(page)}
    found = defaultdict(list)
    for document in hand_labelled(shared, GOLD / HAND_LABELS, [file]):
        page = pages.get(document.page) if document.kind == "page" else None
        if page is None or document.labels.count(UNKNOWN) > MOST_UNKNOWN * len(document.labels):
            continue
        texts = kept_by_hand(document, page.get("title") or ""), extract(page["html"]) or ""
        scores = [extraction.scored(text, page)["f1"] for text in texts]
        found[page["type"]].append(scores)
        found["all"].append(scores)
    print("| pages | | hand labels | trafilatura |\n| --- | --- | --- | --- |")
    for kind in sorted(found, key=lambda kind: (kind != "all", kind)):
        hand, other = np.mean(found[kind], axis=0)
        print(f"| {kind} | {len(found[kind])} | {hand:.3f} | {other:.3f} |")


if __name__ == "__main__":
    main()
