"""What `--favor` and `--threshold` do: boilerplate dropped and body lost, along the curve.

    python benchmarks/favor.py [FOLDER] [--plot docs/favor.svg]

FOLDER holds NAME.tsv (rows `label TAB line`); of it the documents count whose number ends in 0 or 5.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ablation import held_out, row

from cleaner import Cleaner
from cleaner.favor import BALANCED, FAVOR
from cleaner.scoring import confusion, figures, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cleaner.training.documents import Labelled

THRESHOLDS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
SHOWN = ("drop_precision", "drop_recall", "drop_f1", "body_lost")
HEAD = """\
| option | documents | drop precision | drop recall | drop F1 | body lost |
| --- | --- | --- | --- | --- | --- |"""


def tables(documents: Sequence[Labelled], **options: Any) -> list[NDArray[np.int64]]:
    """A table of counts for each document, with these options."""
    found = judge(Cleaner(**options), (document.text for document in documents))
    return [confusion(document.labels, each.labels) for document, each in zip(documents, found, strict=True)]


def measured(documents: Sequence[Labelled]) -> dict[str, list[NDArray[np.int64]]]:
    """Tables for each option."""
    found = {f"`--favor {favor}`": tables(documents, favor=favor) for favor in FAVOR}
    return found | {f"`--threshold {each}`": tables(documents, threshold=each) for each in THRESHOLDS}


def report(found: dict[str, list[NDArray[np.int64]]]) -> str:
    """The table."""
    return "\n".join([HEAD, *(row(name, some, SHOWN) for name, some in found.items())])


def plot(found: dict[str, list[NDArray[np.int64]]], path: Path) -> None:
    """Draw body lost against drop F1; needs the extra ``bench``."""
    from plots import grid, save

    value = {name: figures(np.sum(some, axis=0)) for name, some in found.items()}
    curve = [value[f"`--threshold {each}`"] for each in THRESHOLDS]
    figure, axis = grid(1, 1, 5, 3.6)
    axis.plot(
        [100 * each.body_lost for each in curve], [each.drop_f1 for each in curve], "o-", markersize=3, linewidth=1
    )
    for each, threshold in zip(curve, THRESHOLDS, strict=True):
        axis.annotate(
            f"{threshold:g}", (100 * each.body_lost, each.drop_f1), xytext=(3, -8), textcoords="offset points"
        )
    for favor in FAVOR:
        each = value[f"`--favor {favor}`"]
        axis.plot([100 * each.body_lost], [each.drop_f1], "D", markersize=6 if favor == BALANCED else 5, label=favor)
    axis.set(xlabel="body lost, % of lines", ylabel="boilerplate dropped, F1")
    axis.legend(frameon=False)
    save(figure, path)


def main() -> None:
    """Print the table, and draw the plot if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/gold"))
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    found = measured(held_out(arguments.folder))
    print(report(found))
    if arguments.plot:
        plot(found, arguments.plot)


if __name__ == "__main__":
    main()
