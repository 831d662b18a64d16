"""Rules alone, model alone, and both, on labelled documents: macro F1, boilerplate dropped, body lost.

    python benchmarks/ablation.py [--held-out] FOLDER

FOLDER holds NAME.tsv (rows `label TAB line`) and, if there is one, index.json that says which extractor made each.
With --held-out only the documents whose number ends in 0 or 5. In brackets: 95 % intervals, by document (bootstrap).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from cleaner import Cleaner
from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES
from cleaner.model import SEEN, make_model, toy
from cleaner.training.documents import Labelled, is_validation, read_gold

KEPT = 2  # the first labels are heading and body
ROUNDS = 1000


def rules_only() -> Cleaner:
    """A cleaner without a learned model: body unless rules say otherwise, blocks go on until prose resumes."""
    data = toy({"id": "rules alone", "words": {}, "bias": {"body": 1}})
    weight = data["hidden_weight"][0]
    first = SEEN - len(CONTEXT_FEATURES)
    data["hidden_bias"] -= 6  # so that evidence stays within the bound
    for number, label in enumerate(LABELS):
        weight[first + CONTEXT_FEATURES.index(f"rule_{label}"), number] = 4
        weight[first + CONTEXT_FEATURES.index(f"open_{label}"), number] = 2.5
    return Cleaner(model=make_model(data))


def counts(document: Labelled, tool: Cleaner) -> np.ndarray:
    """Gold x predicted labels of one document: how many lines."""
    found = np.array([LABELS.index(line.label) for line in tool.label(document.text)])
    table = np.zeros((len(LABELS), len(LABELS)))
    np.add.at(table, (np.array(document.labels), found), 1)
    return table


def figures(table: np.ndarray) -> tuple[float, float, float]:
    """Macro F1 over the labels that occur, F1 of dropped lines, share of body lines lost."""
    hit, gold, found = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    known = gold + found > 0
    dropped = table[KEPT:, KEPT:].sum()
    all_dropped = table[KEPT:].sum() + table[:, KEPT:].sum()
    lost = table[:KEPT, KEPT:].sum() / max(table[:KEPT].sum(), 1)
    return float((2 * hit[known] / (gold + found)[known]).mean()), float(2 * dropped / max(all_dropped, 1)), float(lost)


def row(name: str, tables: list[np.ndarray]) -> str:
    """One line of the report."""
    random = np.random.default_rng(0)
    stack = np.stack(tables)
    samples = [figures(stack[random.integers(0, len(stack), len(stack))].sum(axis=0)) for _ in range(ROUNDS)]
    low, high = np.percentile(samples, [2.5, 97.5], axis=0)
    cells = [f"{v:.3f} [{a:.3f} {b:.3f}]" for v, a, b in zip(figures(stack.sum(axis=0)), low, high, strict=True)]
    return f"| {name} | {len(tables)} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/gold"))
    parser.add_argument("--held-out", action="store_true")
    arguments = parser.parse_args()
    documents = [d for d in read_gold(arguments.folder) if is_validation(d.name) or not arguments.held_out]
    print("| what decides | documents | macro F1 | drop F1 | body lost |\n| --- | --- | --- | --- | --- |")
    for name, tool in (("rules alone", rules_only()), ("model alone", Cleaner(rules=[])), ("both", Cleaner())):
        tables = [counts(document, tool) for document in documents]
        extracted = [table for document, table in zip(documents, tables, strict=True) if document.kind != "page"]
        print(row(f"{name}, all", tables))
        print(row(f"{name}, from extractors", extracted))
        if len(extracted) < len(tables):
            whole = [table for document, table in zip(documents, tables, strict=True) if document.kind == "page"]
            print(row(f"{name}, whole pages", whole))


if __name__ == "__main__":
    main()
