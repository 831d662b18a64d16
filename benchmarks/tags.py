"""What the markup adds: macro F1 on held-out whole pages labelled by hand, with the page and with its text alone.

    python benchmarks/tags.py [SHARED]

SHARED holds gold/ (NAME.tsv and index.json) and data/ (the pages). Both are measured on the lines of the page that
stand in the hand-labelled text: each line of the page takes the label that it has there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from cleaner import Cleaner
from cleaner.document import LABELS
from cleaner.html import read_page
from cleaner.training.documents import is_validation, read_gold
from cleaner.training.page_lines import told_by_hand
from cleaner.training.pages import read_pages


def macro_f1(gold: list[str], found: list[str]) -> tuple[float, float, float]:
    """Macro F1 over the labels that occur, F1 of dropped lines, share of the text lost."""
    table = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(table, ([LABELS.index(label) for label in gold], [LABELS.index(label) for label in found]), 1)
    hit, total = np.diag(table), table.sum(axis=1) + table.sum(axis=0)
    dropped = 2 * table[2:, 2:].sum() / max(table[2:].sum() + table[:, 2:].sum(), 1)
    return float((2 * hit / np.maximum(total, 1))[total > 0].mean()), dropped, table[:2, 2:].sum() / table[:2].sum()


def main() -> None:
    """Print the figures."""
    shared = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared")
    index = json.loads((shared / "gold" / "index.json").read_text(encoding="utf-8"))
    documents = [d for d in read_gold(shared / "gold") if d.kind == "page" and is_validation(d.name)]
    wanted = {index[document.name]["id"]: document for document in documents}
    tool = Cleaner()
    gold, page_says, text_says = [], [], []
    for file in sorted((shared / "data").glob("*.jsonl*")):
        for record in read_pages(file):
            document = wanted.pop(record["id"], None)
            if document is None:
                continue
            page = read_page(record["html"])
            told = told_by_hand(document, page)
            known = [number for number, label in enumerate(told) if label is not None]
            gold += [told[number] for number in known]
            for says, found in ((page_says, tool.label_page(page)), (text_says, tool.label(page.text))):
                says += [found[number].label for number in known]
    print(f"{len(documents) - len(wanted)} pages, {len(gold)} lines")
    print("| | macro F1 | drop F1 | text lost |\n| --- | --- | --- | --- |")
    for name, says in (("the page", page_says), ("its text alone", text_says)):
        print(f"| {name} | {' | '.join(f'{value:.3f}' for value in macro_f1(gold, says))} |")


if __name__ == "__main__":
    main()
