"""Fill in the tables and plots of docs/model-card.md anew, after the model or a rule has changed.

    python benchmarks/model_card.py [--shared ../shared] [--only NAME ...]

Needs the extras `train` and `bench`. What stands between `<!-- begin NAME -->` and `<!-- end -->` is written by this
command, all else by hand. --only leaves the other tables as they are. SHARED is as in `benchmarks/languages.py`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import ablation
import calibration
import favor
import languages
import numpy as np

from cleaner import Cleaner
from cleaner.document import LABELS
from cleaner.model import DEFAULT
from cleaner.scoring import intervals, judge, rates
from cleaner.training.documents import Labelled, read_gold

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
CARD = ROOT / "docs" / "model-card.md"
BLOCK = re.compile(r"(<!-- begin ([a-z-]+) -->\n)(?s:.*?)(<!-- end -->)")
MISTAKES = 16  # pairs of labels of which an example is shown
LONGEST = 100  # characters of an example


@cache
def documents(shared: Path) -> list[Labelled]:
    """The labelled documents that validate."""
    return ablation.held_out(shared / "gold")


def sizes(_: Path) -> str:
    """What the model consists of, and what it was trained on."""
    head = json.loads((DEFAULT / "model.json").read_text(encoding="utf-8"))
    with np.load(DEFAULT / "weights.npz") as arrays:
        numbers = {name: array.size for name, array in arrays.items()}
        rows, used = len(arrays["table"]), int(np.any(arrays["table"] != 0, axis=1).sum())
    stored = sum(path.stat().st_size for path in DEFAULT.iterdir())
    line = sum(numbers[name] for name in numbers if name.startswith(("line", "verdict", "page_type")))
    context = sum(numbers[name] for name in numbers if name.startswith(("hidden", "score")))
    counts = {what: (head["documents"][what], head["lines"][what]) for what in head["documents"]}
    trained = "; ".join(f"{d:,} documents with {n:,} lines labelled {what}" for what, (d, n) in counts.items())
    return "\n".join(
        [
            "| | |",
            "| --- | --- |",
            f"| model | `{head['id']}`, trained with the rules `{head['rules']}` |",
            f"| trained on | {trained} |",
            f"| size in the wheel | {stored / 1e6:.2f} MB |",
            f"| table | {rows:,} rows of {numbers['table'] // rows} numbers of 8 bits; {used:,} rows are in use |",
            f"| network of lines | {line:,} weights |",
            f"| networks of the context | {context:,} weights |",
        ]
    )


def held_out(shared: Path) -> str:
    """What is measured on."""
    found = documents(shared)
    whole = sum(document.kind == "page" for document in found)
    lines = sum(len(document.labels) for document in found)
    return (
        f"{len(found)} documents with {lines:,} lines, all labelled by hand: {len(found) - whole} that extractors"
        f" made of pages, and {whole} whole pages."
    )


def labels(shared: Path) -> str:
    """Precision, recall and F1 of each label."""
    tables = favor.tables(documents(shared))
    total = np.sum(tables, axis=0)
    low, high = intervals(tables, lambda table: rates(table).reshape(-1))
    ends = np.stack([low, high], axis=1).reshape(len(LABELS), 3, 2)
    rows = []
    for number, label in enumerate(LABELS):
        cells = [
            "-" if np.isnan(value) else f"{value:.3f} [{a:.3f} {b:.3f}]"
            for value, (a, b) in zip(rates(total)[number], ends[number], strict=True)
        ]
        rows.append(f"| `{label}` | {total[number].sum():,} | {' | '.join(cells)} |")
    return "\n".join(["| label | lines | precision | recall | F1 |", "| --- | --- | --- | --- | --- |", *rows])


def calibrated(shared: Path) -> str:
    """The calibration, as a table and a plot."""
    lines = calibration.lines_of(documents(shared))
    calibration.plot(lines, CARD.with_name("reliability.svg"))
    return calibration.report(lines)


def favored(shared: Path) -> str:
    """What the options do, as a table and a plot."""
    found = favor.measured(documents(shared))
    favor.plot(found, CARD.with_name("favor.svg"))
    return favor.report(found)


def mistakes(_: Path) -> str:
    """For each of the most frequent confusions on documents of our own writing, a line."""
    own = read_gold(ROOT / "fixtures" / "documents")
    count: Counter[tuple[int, int]] = Counter()
    example: dict[tuple[int, int], str] = {}
    for document, found in zip(own, judge(Cleaner(), (document.text for document in own)), strict=True):
        for line, right, label in zip(document.lines, document.labels, found.labels.tolist(), strict=True):
            if right != label:
                count[right, label] += 1
                if len(line) > len(example.get((right, label), "")) and len(line) <= LONGEST:
                    example[right, label] = line.strip()
    rows = []
    for (right, label), number in count.most_common(MISTAKES):
        shown = example.get((right, label), "").replace("|", "\\|")
        rows.append(f"| `{LABELS[right]}` | `{LABELS[label]}` | {number} | {shown} |")
    lines = sum(len(document.labels) for document in own)
    return "\n".join(
        [
            f"{count.total():,} of {lines:,} lines of {len(own)} documents are labelled wrong:",
            "",
            "| is | taken for | lines | for example |",
            "| --- | --- | --- | --- |",
            *rows,
        ]
    )


TABLES: dict[str, Callable[[Path], str]] = {
    "sizes": sizes,
    "held-out": held_out,
    "labels": labels,
    "ablation": lambda shared: ablation.report(documents(shared)),
    "language-lines": lambda shared: languages.gold_report(shared / "gold"),
    "language-written": lambda _: languages.written_report(),
    "language-pages": lambda shared: languages.pages_report(shared / "data"),
    "calibration": calibrated,
    "favor": favored,
    "mistakes": mistakes,
}


def main() -> None:
    """Write the card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--only", nargs="+", choices=TABLES, default=list(TABLES))
    arguments = parser.parse_args()

    def filled(block: re.Match[str]) -> str:
        begin, name, end = block.groups()
        return f"{begin}{TABLES[name](arguments.shared)}\n{end}" if name in arguments.only else block.group()

    text = CARD.read_text(encoding="utf-8")
    if missing := set(TABLES) - {name for _, name, _ in BLOCK.findall(text)}:
        parser.error(f"{CARD}: no place for {', '.join(sorted(missing))}")
    CARD.write_text(BLOCK.sub(filled, text), encoding="utf-8")


if __name__ == "__main__":
    main()
