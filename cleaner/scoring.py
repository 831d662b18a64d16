"""How good labels are: counts, rates, intervals by document, and how far probabilities can be trusted."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cleaner.decoding import TEXT
from cleaner.document import LABELS
from cleaner.pipeline import batches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from cleaner.pipeline import Cleaner

ROUNDS = 1000  # samples of documents from which intervals are taken
LEVEL = 95.0  # per cent of the samples that an interval holds
BINS = 10  # of equal width, in which probabilities are compared with what came true


class Figures(NamedTuple):
    """What is measured over all lines; every figure is a share, from 0 to 1, or ``nan``: a share of nothing.

    ``macro_f1`` is the mean of the labels' F1, over those that occur; ``accuracy`` the share of lines that are
    labelled right. ``drop_*`` take all boilerplate labels as one, whose lines are to be dropped;
    ``body_lost`` is the share of heading and body lines that are dropped.
    """

    macro_f1: float
    accuracy: float
    drop_precision: float
    drop_recall: float
    drop_f1: float
    body_lost: float


class Judged(NamedTuple):
    """What a cleaner says of a document's lines: label numbers, their probabilities, those of all labels (n x 10)."""

    labels: NDArray[np.int64]
    probability: NDArray[np.float64]
    probabilities: NDArray[np.float64]


def judge(tool: Cleaner, texts: Iterable[str]) -> Iterator[Judged]:
    """What the cleaner says of each text, in order; reads ahead by no more than a batch."""
    for batch in batches(texts):
        labels, scores, evidence = tool.decide(batch)
        probability = tool.probabilities(labels, scores, evidence)
        probabilities = tool.model.probabilities(scores)
        for a, b in pairwise(batch.first_line):
            yield Judged(labels[a:b], probability[a:b], probabilities[a:b])


def confusion(gold: Sequence[int] | NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many lines have each label and were given each: labels x labels. Lines without a label are left out.

    Raises ``ValueError`` if there are not as many of the one as of the other.
    """
    right = np.asarray(gold, np.int64)
    if right.shape != found.shape:
        raise ValueError(f"{len(right)} labels for {len(found)} lines")
    known = right >= 0
    table = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(table, (right[known], found[known]), 1)
    return table


def rates(table: NDArray[np.number]) -> NDArray[np.float64]:
    """Precision, recall and F1 of each label: labels x 3; ``nan`` where nothing can be said."""
    hit, gold, found = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.stack([hit / found, hit / gold, 2 * hit / (gold + found)], axis=1)


def figures(table: NDArray[np.number]) -> Figures:
    """The figures of a table of counts."""
    f1 = rates(table)[:, 2]
    known = f1[~np.isnan(f1)]
    dropped = table[~TEXT][:, ~TEXT].sum()
    found, gold = table[:, ~TEXT].sum(), table[~TEXT].sum()
    lost = table[TEXT][:, ~TEXT].sum()
    return Figures(
        share(known.sum(), len(known)),
        share(np.trace(table), table.sum()),
        share(dropped, found),
        share(dropped, gold),
        share(2 * dropped, found + gold),
        share(lost, table[TEXT].sum()),
    )


def share(part: float, whole: float) -> float:
    """The one in the other, ``nan`` of nothing."""
    return float(part / whole) if whole else float("nan")


def intervals(
    tables: Sequence[NDArray[np.number]],
    measure: Callable[[NDArray[np.number]], Sequence[float] | NDArray[np.float64]] = figures,
    rounds: int = ROUNDS,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper ends of the figures' intervals, from the sums of tables of documents drawn at random.

    The documents are drawn with replacement (bootstrap), as lines of a document are alike. The draws are
    the same each time. Draws in which a figure is ``nan`` are left out; it is ``nan`` if it always is.
    """
    random = np.random.default_rng(0)
    draws = random.multinomial(len(tables), np.full(len(tables), 1 / len(tables)), rounds)
    sums = np.tensordot(draws, np.stack(tables), 1)
    found = np.array([measure(table) for table in sums], np.float64)
    tail = (100 - LEVEL) / 2
    ends = np.full((2, found.shape[1]), np.nan)
    known = ~np.isnan(found).all(axis=0)
    ends[:, known] = np.nanpercentile(found[:, known], [tail, 100 - tail], axis=0)
    return ends[0], ends[1]


class Calibration(NamedTuple):
    """How probabilities and what came true compare, in bins: each array has ``BINS`` entries.

    ``error`` is the expected calibration error: the mean distance of ``stated`` from ``true``, by ``lines``.
    """

    error: float
    lines: NDArray[np.int64]
    stated: NDArray[np.float64]
    true: NDArray[np.float64]


def calibration(probability: NDArray[np.float64], hit: NDArray[np.bool_]) -> Calibration:
    """Compare probabilities with what came true."""
    where = np.minimum((probability * BINS).astype(np.int64), BINS - 1)
    count = np.bincount(where, minlength=BINS)
    stated, true = (
        np.bincount(where, weights=each, minlength=BINS) / np.maximum(count, 1) for each in (probability, hit)
    )
    return Calibration(float((count * np.abs(stated - true)).sum() / max(count.sum(), 1)), count, stated, true)
