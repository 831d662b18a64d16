"""Scores and evidence -> one label per line.

The best sequence of labels over each stretch (Viterbi), where neighbours that go together are
preferred and lines hit by a certain rule are given. A line whose score leads by more than all
transitions could ever make up for is settled at once, and cuts the sequence in two; what remains
are short runs, worked on side by side. The result is exactly that of one long pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cleaner.document import BODY_TEXT, LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEXT = np.array([label in BODY_TEXT for label in LABELS])  # of the labels, those that are text and no boilerplate
GIVEN = 1e4  # a score that no transitions outweigh


def decode(
    scores: NDArray[np.floating],
    given: NDArray[np.int64],
    transitions: NDArray[np.floating],
    stretch_line: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Label numbers of all lines.

    ``scores`` is lines x labels; ``given`` holds a label number per line, or -1; ``transitions[a, b]``
    is added where ``b`` follows ``a``.
    """
    score, follow = scores.astype(np.float64), transitions.astype(np.float64)
    fixed = np.flatnonzero(given >= 0)
    score[fixed] = 0
    score[fixed, given[fixed]] = GIVEN
    labels: NDArray[np.int64] = score.argmax(axis=1)
    lead = score[np.arange(len(score)), labels][:, None] - score
    unsettled = np.any((lead <= sway(follow)[labels]) & (np.arange(score.shape[1]) != labels[:, None]), axis=1)
    starts, stops = runs(unsettled, stretch_line)
    if len(starts):
        solve(labels, score, follow, starts, stops, stretch_line)
    return labels


def sway(transitions: NDArray[np.float64]) -> NDArray[np.float64]:
    """``[a, b]``: the most that the transitions around a line can speak for ``b`` against ``a``."""
    into = transitions[:, None, :] - transitions[:, :, None]
    out = transitions[None, :, :] - transitions[:, None, :]
    gain: NDArray[np.float64] = np.maximum(into.max(axis=0), 0) + np.maximum(out.max(axis=2), 0)
    return gain


def runs(mask: NDArray[np.bool_], stretch_line: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and stops of the runs of marked lines; none crosses the start of a stretch."""
    before = np.append(False, mask[:-1])
    head = np.zeros(len(mask) + 1, bool)
    head[stretch_line] = True
    starts = np.flatnonzero(mask & (~before | head[:-1]))
    after = np.append(mask[1:], False)
    stops = np.flatnonzero(mask & (~after | head[1:])) + 1
    return starts, stops


def solve(
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    transitions: NDArray[np.float64],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    stretch_line: NDArray[np.int64],
) -> None:
    """Set the labels of the runs ``starts[k]:stops[k]`` between their settled neighbours."""
    order = np.argsort(starts - stops, kind="stable")  # the longest first: at each step the first so many go on
    starts, stops = starts[order], stops[order]
    length = stops - starts
    going = np.searchsorted(-length, -np.arange(length[0]), "left")
    inside = np.ones(len(labels) + 1, bool)  # whether there is a line before in the same stretch
    inside[stretch_line] = False
    total = scores[starts] + np.where(inside[starts, None], transitions[labels[starts - 1]], 0)
    into = np.ascontiguousarray(transitions.T)
    back = []
    for step in range(1, len(going)):
        paths = total[: going[step], None, :] + into
        back.append(paths.argmax(axis=2))
        total[: going[step]] = np.maximum.reduce(paths, axis=2) + scores.take(starts[: going[step]] + step, axis=0)
    total += np.where(inside[stops, None], transitions.T[labels[np.minimum(stops, len(labels) - 1)]], 0)
    last = total.argmax(axis=1)
    labels[stops - 1] = last
    for step in range(len(going) - 1, 0, -1):
        at = starts[: going[step]] + step
        labels[at - 1] = back[step - 1][np.arange(going[step]), labels[at]]
