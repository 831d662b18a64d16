"""Whether probabilities can be believed: the expected calibration error of each label, and a plot.

    python benchmarks/calibration.py [FOLDER] [--plot docs/reliability.svg] [--at-most 0.03]

FOLDER holds NAME.tsv (rows `label TAB line`); of it the documents count whose number ends in 0 or 5. "of all lines":
the probability of the label of every line, against the lines that have it. "of lines so labelled": the probability of
the label that was given, against the lines where that was right. An error has to be seen against the one that chance
makes where the probabilities are perfect ("by chance"): it is large where there are few lines. With --at-most the exit
code is 1 if the error of a label, of all lines, is larger.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from ablation import held_out

from cleaner import Cleaner
from cleaner.document import LABELS
from cleaner.scoring import BINS, TEXT, calibration, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cleaner.training.documents import Labelled

HEAD = """\
| label | lines | ECE of all lines | lines so labelled | ECE of those | by chance |
| --- | --- | --- | --- | --- | --- |"""
ROUNDS = 200
BLUE, GREY = "#1f5fa8", "#999999"


class Lines(NamedTuple):
    """All lines together: right labels, labels given, their probabilities, and those of all labels."""

    gold: NDArray[np.int64]
    labels: NDArray[np.int64]
    probability: NDArray[np.float64]
    probabilities: NDArray[np.float64]


def lines_of(documents: Sequence[Labelled]) -> Lines:
    """What the default cleaner says of the lines of the documents."""
    found = list(judge(Cleaner(), (document.text for document in documents)))
    gold = np.concatenate([document.labels for document in documents])
    return Lines(gold, *(np.concatenate([each[k] for each in found]) for k in range(3)))


def errors(lines: Lines) -> list[float]:
    """The error of each label, of all lines."""
    pairs = ((lines.probabilities[:, number], lines.gold == number) for number in range(len(LABELS)))
    return [calibration(stated, hit).error for stated, hit in pairs]


def by_chance(probability: NDArray[np.float64]) -> float:
    """The mean error if every probability were just right."""
    random = np.random.default_rng(0)
    draws = random.random((ROUNDS, len(probability))) < probability
    return float(np.mean([calibration(probability, hit).error for hit in draws]))


def report(lines: Lines) -> str:
    """The table."""
    rows = []
    for number, (label, all_lines) in enumerate(zip(LABELS, errors(lines), strict=True)):
        mine = lines.labels == number
        given = calibration(lines.probability[mine], lines.gold[mine] == number).error
        rows.append(
            f"| `{label}` | {np.sum(lines.gold == number):,} | {all_lines:.3f} | {mine.sum():,} | {given:.3f}"
            f" | {by_chance(lines.probability[mine]):.3f} |"
        )
    right = lines.gold == lines.labels
    text = lines.probabilities[:, TEXT].sum(axis=1)
    rows.append(
        f"| all | {len(right):,} | | {len(right):,} | {calibration(lines.probability, right).error:.3f}"
        f" | {by_chance(lines.probability):.3f} |"
    )
    text_error = calibration(text, TEXT[lines.gold]).error
    rows.append(f"| text (heading or body) | {np.sum(TEXT[lines.gold]):,} | {text_error:.3f} | | | |")
    return "\n".join([HEAD, *rows])


def plot(lines: Lines, path: Path) -> None:
    """Draw for each label what was stated and what was true; needs the extra ``bench``."""
    from plots import grid, save

    text = lines.probabilities[:, TEXT].sum(axis=1)
    panels = [(str(label), lines.probabilities[:, n], lines.gold == n) for n, label in enumerate(LABELS)]
    panels += [("label given", lines.probability, lines.gold == lines.labels), ("text", text, TEXT[lines.gold])]
    figure, axes = grid(3, 4)
    for axis, (title, stated, hit) in zip(axes.flat, panels, strict=True):
        found = calibration(stated, hit)
        some = found.lines > 0
        axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        axis.scatter(
            found.stated[some], found.true[some], s=4 + 60 * np.sqrt(found.lines[some] / found.lines.sum()), color=BLUE
        )
        axis.plot(found.stated[some], found.true[some], color=BLUE, linewidth=0.8)
        axis.set_title(f"{title}  {found.error:.3f}", fontsize=8)
        axis.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    figure.supxlabel(f"probability stated, in {BINS} bins; the dots' areas grow with the lines in them", fontsize=8)
    figure.supylabel("share of lines that have the label", fontsize=8)
    save(figure, path)


def main() -> int:
    """Print the table, and draw the plot if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("../shared/gold"))
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--at-most", type=float, default=1.0)
    arguments = parser.parse_args()
    lines = lines_of(held_out(arguments.folder))
    print(report(lines))
    if arguments.plot:
        plot(lines, arguments.plot)
    return int(max(errors(lines)) > arguments.at_most)


if __name__ == "__main__":
    sys.exit(main())
