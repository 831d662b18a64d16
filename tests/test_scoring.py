"""The counting behind every figure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_models import SAMPLE, TOY

from cleaner import Cleaner
from cleaner.document import LABELS
from cleaner.scoring import BINS, calibration, confusion, figures, intervals, judge, rates

HEADING, BODY, AD, NAVIGATION = (LABELS.index(label) for label in ("heading", "body", "ad", "navigation"))
labels = st.lists(st.tuples(st.integers(-1, 9), st.integers(0, 9)), min_size=1, max_size=60)


def table(*rows: tuple[int, int, int]) -> np.ndarray:
    """Counts of right label and label found."""
    found = np.zeros((10, 10), np.int64)
    for right, given_label, count in rows:
        found[right, given_label] = count
    return found


def test_lines_are_counted_where_they_belong() -> None:
    """Rows are the right labels, columns those found; a line without a label does not count."""
    found = confusion([BODY, BODY, AD, -1], np.array([BODY, AD, AD, BODY]))
    assert np.array_equal(found, table((BODY, BODY, 1), (BODY, AD, 1), (AD, AD, 1)))


def test_as_many_labels_as_lines() -> None:
    """One label less is an error."""
    with pytest.raises(ValueError, match="1 labels for 2 lines"):
        confusion([BODY], np.array([BODY, BODY]))


def test_figures_by_hand() -> None:
    """Figures of a small table, worked out on paper; a heading taken for body is wrong, but not lost."""
    counts = table((HEADING, BODY, 2), (BODY, BODY, 6), (BODY, AD, 2), (AD, AD, 3), (AD, NAVIGATION, 1), (AD, BODY, 1))
    found = figures(counts)
    assert found.accuracy == pytest.approx(9 / 15)
    assert found.drop_precision == pytest.approx(4 / 6)
    assert found.drop_recall == pytest.approx(4 / 5)
    assert found.drop_f1 == pytest.approx(8 / 11)
    assert found.body_lost == pytest.approx(2 / 10)
    assert found.macro_f1 == pytest.approx((0 + 12 / 17 + 6 / 10 + 0) / 4)
    precision, recall, f1 = rates(counts)[BODY]
    assert (precision, recall, f1) == pytest.approx((6 / 9, 6 / 8, 12 / 17))
    assert np.isnan(rates(counts)[LABELS.index("comment")]).all()


def test_nothing_to_measure() -> None:
    """A share of nothing is no number: where there is no boilerplate, none of it can be found."""
    assert np.isnan(figures(table())).all()
    found = figures(table((BODY, BODY, 3)))
    assert np.isnan([found.drop_precision, found.drop_recall, found.drop_f1]).all()
    assert (found.macro_f1, found.accuracy, found.body_lost) == (1, 1, 0)
    assert np.isnan(figures(table((AD, AD, 3))).body_lost)


@settings(deadline=None, derandomize=True)
@given(pairs=labels)
def test_figures_are_shares(pairs: list[tuple[int, int]]) -> None:
    """Whatever is found, every figure is from 0 to 1, or none; and all are best if all is right."""
    right, found = (np.array(column) for column in zip(*pairs, strict=True))
    assert all(np.isnan(value) or 0 <= value <= 1 for value in figures(confusion(right, found)))
    perfect = figures(confusion(right, np.maximum(right, 0)))
    if (right >= 0).any():
        assert perfect.macro_f1 == perfect.accuracy == 1
        assert not perfect.body_lost > 0


def test_intervals_hold_the_figure_and_are_the_same_each_time() -> None:
    """The figure of all documents lies within; documents that are all alike leave no doubt."""
    random = np.random.default_rng(3)
    tables = [random.integers(0, 9, (10, 10)) + 20 * np.eye(10, dtype=int) for _ in range(30)]
    low, high = intervals(tables)
    value = np.array(figures(np.sum(tables, axis=0)))
    assert np.all((low < value) & (value < high))
    assert np.array_equal(intervals(tables)[0], low)
    low, high = intervals([tables[0]] * 8)
    assert low == pytest.approx(high)


def test_intervals_of_labels() -> None:
    """Any figures will do; a label that no drawn document has is left out."""
    low, high = intervals(
        [table((BODY, BODY, 3))] * 4 + [table((AD, AD, 1), (BODY, BODY, 1))], lambda t: rates(t)[:, 2]
    )
    assert low[BODY] == high[BODY] == low[AD] == 1


def test_calibration_by_hand() -> None:
    """Nine of ten at 0.9 is right; at 1.0 with half of them wrong the error is 0.5."""
    good = calibration(np.full(10, 0.9), np.arange(10) > 0)
    assert good.error == pytest.approx(0)
    bad = calibration(
        np.append(np.full(10, 0.9), np.full(10, 1.0)), np.append(np.arange(10) > 0, np.arange(10) % 2 == 0)
    )
    assert bad.lines.tolist() == [0] * (BINS - 1) + [20]
    assert bad.error == pytest.approx(0.95 - 0.7)
    assert calibration(np.full(10, 1.0), np.arange(10) % 2 == 0).error == pytest.approx(0.5)
    assert calibration(np.empty(0), np.empty(0, bool)).error == 0


@settings(deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_the_calibration_error_is_a_share(pairs: list[tuple[float, bool]]) -> None:
    """It is from 0 to 1, and every line is in a bin."""
    stated, hit = (np.array(column) for column in zip(*pairs, strict=True))
    found = calibration(stated, hit)
    assert 0 <= found.error <= 1
    assert found.lines.sum() == len(pairs)


def test_judged_as_labelled() -> None:
    """What is measured is what the cleaner says."""
    tool = Cleaner(model=TOY)
    texts = [SAMPLE, "", "Getty\n\nAdvertisement"]
    for text, found in zip(texts, judge(tool, texts), strict=True):
        lines = tool.label(text)
        assert [LABELS[number] for number in found.labels] == [line.label for line in lines]
        assert found.probability.tolist() == [line.probability for line in lines]
        assert found.probabilities.tolist() == [list(line.scores.values()) for line in lines]
