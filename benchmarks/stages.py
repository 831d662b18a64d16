"""Where the time goes: milliseconds a megabyte for each stage, one process, best of some runs.

    python benchmarks/stages.py [FOLDER]

FOLDER holds NAME.tsv (rows `label TAB line`); the documents are repeated up to --megabytes of UTF-8.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cleaner import Cleaner
from cleaner import tokens as tk
from cleaner.decoding import decode
from cleaner.features import extract
from cleaner.lines import join_lines, split_lines
from cleaner.pipeline import batches
from cleaner.training.documents import read_gold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RUNS = 3


def best(work: Callable[[], object]) -> float:
    """Seconds of the fastest of some runs."""
    spent = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begin)
    return min(spent)


def stages(texts: Sequence[str]) -> dict[str, float]:
    """Seconds of each stage; rules and features are timed with the tokens that they need."""
    tool = Cleaner()
    whole = list(batches(texts))
    bare = Cleaner(rules=[], model=tool.model)
    features = [extract(batch, tool.rules) for batch in whole]
    scores = [tool.model.scores(f, b.stretch_line)[1] for f, b in zip(features, whole, strict=True)]
    given = [tool.given(f.evidence, s) for f, s in zip(features, scores, strict=True)]
    follow = tool.model.weights["transitions"]
    keep = [tool.kept[s.argmax(axis=1)] for s in scores]
    tokens = best(lambda: [sum(len(t.hash) for _, t in tk.blocks(batch)) for batch in whole])
    without = best(lambda: [extract(batch, bare.rules) for batch in whole])
    full = best(lambda: [extract(batch, tool.rules) for batch in whole])
    return {
        "lines": best(lambda: [split_lines([b.text]) for b in whole]),
        "tokens": tokens,
        "features": without - tokens,
        "rules": full - without,
        "model": best(lambda: [tool.model.scores(f, b.stretch_line) for f, b in zip(features, whole, strict=True)]),
        "decoding": best(
            lambda: [decode(s, g, follow, b.stretch_line) for s, g, b in zip(scores, given, whole, strict=True)]
        ),
        "text": best(lambda: [list(join_lines(b, k)) for b, k in zip(whole, keep, strict=True)]),
        "all together": best(lambda: list(tool.clean_many(texts))),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("fixtures/documents"))
    parser.add_argument("--megabytes", type=float, default=4)
    arguments = parser.parse_args()
    texts = [document.text for document in read_gold(arguments.folder)]
    if not texts:
        parser.error(f"{arguments.folder}: no .tsv there")
    size = sum(len(text.encode()) for text in texts) / 1e6
    texts *= max(1, round(arguments.megabytes / size))
    size = sum(len(text.encode()) for text in texts) / 1e6
    print(f"{len(texts)} documents, {size:.1f} MB\n\n| stage | ms a MB | MB/s |\n| --- | --- | --- |")
    for stage, seconds in stages(texts).items():
        print(f"| {stage} | {1e3 * seconds / size:.1f} | {size / seconds:.1f} |")


if __name__ == "__main__":
    main()
