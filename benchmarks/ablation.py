"""What each part adds, on labelled documents: macro F1, boilerplate dropped, body lost.

    python benchmarks/ablation.py [--held-out] FOLDER

FOLDER holds NAME.tsv (rows `label TAB line`) and, if there is one, index.json that says which extractor made each.
With --held-out only the documents whose number ends in 0 or 5. In brackets: 95 % intervals, by document (bootstrap).

"lines alone" is the network that reads a line without rules and neighbours, "with context" the networks that revise
it, "with decoding" the best sequence of labels; "all" adds the rules, as evidence and where they are certain.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cleaner import Cleaner
from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, extract
from cleaner.lines import split_lines
from cleaner.model import HINTS, SEEN, make_model, toy
from cleaner.scoring import confusion, figures, intervals
from cleaner.training.documents import Labelled, is_validation, read_gold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

PARTS = ("rules alone", "lines alone", "with context", "with decoding", "all")
SHOWN = ("macro_f1", "drop_f1", "body_lost")
HEAD = "| what decides | documents | macro F1 | drop F1 | body lost |\n| --- | --- | --- | --- | --- |"


def rules_only() -> Cleaner:
    """A cleaner without a learned model: body unless rules say otherwise, blocks go on until prose resumes."""
    data = toy({"id": "rules alone", "words": {}, "bias": {"body": 1}})
    weight = data["hidden_weight"][0]
    first = SEEN - HINTS - len(CONTEXT_FEATURES)
    data["hidden_bias"] -= 6  # so that evidence stays within the bound
    for number, label in enumerate(LABELS):
        weight[first + CONTEXT_FEATURES.index(f"rule_{label}"), number] = 4
        weight[first + CONTEXT_FEATURES.index(f"open_{label}"), number] = 2.5
    return Cleaner(model=make_model(data))


def labels_of(text: str, tools: Sequence[Cleaner]) -> Iterator[NDArray[np.int64]]:
    """Label numbers of the lines of a text by each of ``PARTS``; the tools have rules only, no rules, and all."""
    rules, model, both = tools
    batch = split_lines([text])
    yield rules.decide(batch)[0]
    features = extract(batch, model.rules)
    alone, scores = model.model.scores(features, batch.stretch_line)
    yield alone.argmax(axis=1)
    yield scores.argmax(axis=1)
    yield model.labels(scores, features.evidence, batch.stretch_line)
    yield both.decide(batch)[0]


def tables(documents: Sequence[Labelled]) -> dict[str, list[NDArray[np.int64]]]:
    """For each of ``PARTS`` a table of counts for each document: right labels x labels found."""
    tools = (rules_only(), Cleaner(rules=[]), Cleaner())
    found: dict[str, list[NDArray[np.int64]]] = {part: [] for part in PARTS}
    for document in documents:
        for part, labels in zip(PARTS, labels_of(document.text, tools), strict=True):
            found[part].append(confusion(document.labels, labels))
    return found


def row(name: str, some: Sequence[NDArray[np.int64]], shown: Sequence[str] = SHOWN) -> str:
    """One row of a table: figures with their intervals."""
    value, (low, high) = figures(np.sum(some, axis=0)), intervals(some)
    cells = [
        f"{v:.3f} [{a:.3f} {b:.3f}]"
        for name, v, a, b in zip(value._fields, value, low, high, strict=True)
        if name in shown
    ]
    return f"| {name} | {len(some)} | {' | '.join(cells)} |"


def groups(documents: Sequence[Labelled]) -> dict[str, list[int]]:
    """Numbers of the documents: all, and by whether they are extracted texts or whole pages."""
    whole = [number for number, document in enumerate(documents) if document.kind == "page"]
    extracted = [number for number, document in enumerate(documents) if document.kind != "page"]
    found = {"all": list(range(len(documents))), "from extractors": extracted, "whole pages": whole}
    return {name: numbers for name, numbers in found.items() if numbers and (whole or name == "all")}


def report(documents: Sequence[Labelled]) -> str:
    """The table."""
    by_part = tables(documents)
    rows = [
        row(f"{part}, {group}", [by_part[part][number] for number in numbers])
        for part in PARTS
        for group, numbers in groups(documents).items()
    ]
    return "\n".join([HEAD, *rows])


def held_out(folder: Path, only: bool = True) -> list[Labelled]:
    """The labelled documents of a folder that validate, or all."""
    return [document for document in read_gold(folder) if is_validation(document.name) or not only]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/gold"))
    parser.add_argument("--held-out", action="store_true")
    arguments = parser.parse_args()
    print(report(held_out(arguments.folder, arguments.held_out)))


if __name__ == "__main__":
    main()
