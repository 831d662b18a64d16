"""Scores and evidence -> one label per line."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cleaner.decoding import GIVEN, decode, runs, sway
from cleaner.model import BOUND

if TYPE_CHECKING:
    from numpy.typing import NDArray

FREE = np.full(1000, -1)


def total(
    labels: NDArray[np.int64], scores: NDArray[np.float64], transitions: NDArray[np.float64], heads: set[int]
) -> float:
    """What a sequence of labels is worth."""
    worth = scores[np.arange(len(labels)), labels].sum()
    return worth + sum(transitions[a, b] for i, (a, b) in enumerate(pairwise(labels), 1) if i not in heads)


def best_total(
    scores: NDArray[np.float64], given: NDArray[np.int64], transitions: NDArray[np.float64], heads: set[int]
) -> float:
    """What the best of all sequences with the given labels is worth."""
    choices = [[label] if label >= 0 else range(scores.shape[1]) for label in given]
    return max(total(np.array(labels), scores, transitions, heads) for labels in product(*choices))


def random_case(seed: int) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
    """Scores, given labels, transitions and stretches; by turns close, far apart, tied and partly given."""
    random = np.random.default_rng(seed)
    lines, labels = int(random.integers(1, 7)), int(random.integers(2, 5))
    if seed % 3:
        scores = random.normal(0, (0.3, 1, 3, 10)[seed % 4], (lines, labels))
        transitions = random.normal(0, 1, (labels, labels))
    else:
        scores, transitions = (random.integers(-2, 3, (size, labels)).astype(float) for size in (lines, labels))
    given = np.where(random.random(lines) < (0, 0, 0.4)[seed % 3], random.integers(0, labels, lines), -1)
    cuts = np.sort(random.integers(0, lines + 1, int(random.integers(0, 4))))
    return scores, given, transitions, np.concatenate([[0], cuts, [lines]])


@pytest.mark.parametrize("part", range(10))
def test_no_sequence_is_better(part: int) -> None:
    """Of all sequences of labels that hold the given ones, none is worth more than the one found."""
    for seed in range(100 * part, 100 * (part + 1)):
        scores, given, transitions, stretch_line = random_case(seed)
        labels, heads = decode(scores, given, transitions, stretch_line), set(stretch_line.tolist())
        assert np.all((given < 0) | (labels == given)), seed
        best = best_total(scores, given, transitions, heads)
        assert total(labels, scores, transitions, heads) == pytest.approx(best, abs=1e-9), seed


@pytest.mark.parametrize("seed", range(30))
def test_stretches_do_not_know_of_each_other(seed: int) -> None:
    """A stretch has the labels that it has alone, ties included, whatever stands before and after it."""
    random = np.random.default_rng(seed)
    sizes = random.integers(0, 30, 8)
    stretch_line = np.append(0, np.cumsum(sizes))
    scores = np.round(random.normal(0, 1, (stretch_line[-1], 4)) * 2) / 2
    transitions = np.round(random.normal(0, 1, (4, 4)) * 2) / 2
    given = np.where(random.random(len(scores)) < 0.1, random.integers(0, 4, len(scores)), -1)
    together = decode(scores, given, transitions, stretch_line)
    for a, b in pairwise(stretch_line.tolist()):
        if a < b:
            alone = decode(scores[a:b], given[a:b], transitions, np.array([0, b - a]))
            assert together[a:b].tolist() == alone.tolist()


@pytest.mark.parametrize("spread", [0.1, 1.0, 5.0])
def test_long_documents_are_decoded_exactly(spread: float) -> None:
    """Over hundreds of lines the result is worth as much as that of one long pass."""
    random = np.random.default_rng(5)
    scores = random.normal(0, spread, (800, 10))
    transitions = random.normal(0, 1, (10, 10))
    labels = decode(scores, FREE[:800], transitions, np.array([0, 800]))
    best = scores[0]
    for line in scores[1:]:
        best = (best[:, None] + transitions).max(axis=0) + line
    assert total(labels, scores, transitions, {0}) == pytest.approx(best.max())


def test_without_transitions_each_line_has_its_best_label() -> None:
    """Scores alone decide where nothing speaks for neighbours."""
    scores = np.random.default_rng(0).normal(0, 1, (200, 10))
    labels = decode(scores, FREE[:200], np.zeros((10, 10)), np.array([0, 90, 200]))
    assert labels.tolist() == scores.argmax(axis=1).tolist()


def test_neighbours_that_go_together_are_preferred() -> None:
    """A doubtful line goes with its neighbours; one that is sure does not."""
    scores = np.array([[5.0, 0], [1, 2], [5, 0], [0, 9], [5, 0]])
    labels = decode(scores, FREE[:5], 2 * np.eye(2), np.array([0, 5]))
    assert labels.tolist() == [0, 0, 0, 1, 0]


def test_a_given_label_stands_and_pulls_its_neighbours() -> None:
    """What a certain rule says stands against any score, and counts for the lines around it."""
    scores = np.array([[1.0, 0], [60, 0], [1, 0]])
    given = np.array([-1, 1, -1])
    assert decode(scores, given, 2 * np.eye(2), np.array([0, 3])).tolist() == [1, 1, 1]
    assert decode(scores, given, 2 * np.eye(2), np.array([0, 1, 2, 3])).tolist() == [0, 1, 0]


@pytest.mark.parametrize("score", [1e3, 1e5, 1e9])
def test_no_score_outweighs_a_given_label(score: float) -> None:
    """However sure the model is of something else, a given label stands."""
    scores = np.array([[score, 0], [score, 0], [1, 0]])
    assert decode(scores, np.array([-1, 1, -1]), np.zeros((2, 2)), np.array([0, 3])).tolist() == [0, 1, 0]
    assert GIVEN > 4 * BOUND  # what the transitions on both sides can speak for and against a label


def test_the_scores_are_left_alone() -> None:
    """Decoding does not write into what it is given."""
    scores, given = np.ones((4, 3)), np.array([-1, 2, -1, -1])
    decode(scores, given, np.eye(3), np.array([0, 4]))
    assert scores.tolist() == np.ones((4, 3)).tolist()
    assert given.tolist() == [-1, 2, -1, -1]


def test_nothing_to_decode() -> None:
    """Documents without lines have no labels."""
    assert decode(np.empty((0, 3)), FREE[:0], np.eye(3), np.array([0, 0])).tolist() == []


def test_runs_end_where_stretches_begin() -> None:
    """A run of marked lines is parted by the start of a stretch."""
    mask = np.array([1, 1, 0, 1, 1, 1, 0, 1], bool)
    starts, stops = runs(mask, np.array([0, 1, 1, 4, 7, 8]))
    assert list(zip(starts.tolist(), stops.tolist(), strict=True)) == [(0, 1), (1, 2), (3, 4), (4, 6), (7, 8)]


@pytest.mark.parametrize("seed", range(20))
def test_sway_is_the_most_that_neighbours_can_say(seed: int) -> None:
    """No neighbours, nor the lack of them, speak for another label by more than the sway."""
    random = np.random.default_rng(seed)
    transitions = random.normal(0, 1, (4, 4))
    zero = np.zeros(4)
    for before, after in product([*transitions, zero], [*transitions.T, zero]):
        around = before + after
        assert np.all(around[None, :] - around[:, None] <= sway(transitions) + 1e-12)
