"""Precision or recall: decisions move along a curve, and never against it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sample_models import SAMPLE, random_model
from test_properties import MODELS, texts

import cleaner
from cleaner import Cleaner
from cleaner.document import LABELS, Label
from cleaner.favor import AS_DECODED, FAVOR, Bounds, bounds_of, moved
from cleaner.model import load_model, make_model

promise = settings(deadline=None, derandomize=True, max_examples=60)
share = st.floats(0, 1, exclude_min=True, exclude_max=True)
keeps = st.frozensets(st.sampled_from(LABELS))


@cache
def tool(model: str, **options: Any) -> Cleaner:
    """A cleaner with a model and options."""
    kind, _, seed = model.partition(" ")
    return Cleaner(model=load_model() if kind == "default" else make_model(random_model(int(seed))), **options)


def kept(one: Cleaner, text: str) -> set[int]:
    """Where the lines that are kept start."""
    return {line.start for line in one.label(text) if line.label in one.keep}


# What is kept


@promise
@given(text=texts, keep=keeps)
@pytest.mark.parametrize("model", MODELS)
def test_recall_keeps_what_balanced_keeps_and_that_what_precision_keeps(model: str, text: str, keep: Any) -> None:
    """The three decisions are nested, whatever is kept."""
    precision, balanced, recall = (kept(tool(model, keep=keep, favor=favor), text) for favor in FAVOR)
    assert precision <= balanced <= recall


@promise
@given(text=texts, thresholds=st.tuples(share, share).map(sorted))
@pytest.mark.parametrize("model", MODELS)
def test_a_higher_threshold_keeps_no_more(model: str, text: str, thresholds: list[float]) -> None:
    """What is kept from a probability on is kept from a lower one on."""
    low, high = (kept(Cleaner(model=tool(model).model, threshold=each), text) for each in thresholds)
    assert high <= low


@promise
@given(data=st.data(), size=st.integers(0, 8), keep=keeps)
def test_lower_bounds_keep_more(data: st.DataObject, size: int, keep: frozenset[Label]) -> None:
    """For any labels and probabilities: bounds that are not above others keep all that those keep."""
    labels = data.draw(arrays.arrays(np.int64, size, elements=st.integers(0, 9)))
    given_labels = data.draw(arrays.arrays(np.int64, size, elements=st.integers(-1, 9)))
    raw = data.draw(arrays.arrays(np.float64, (size, 10), elements=st.floats(0.001, 1)))
    lows, highs = (sorted(data.draw(st.tuples(share, share))) for _ in range(2))
    mask = np.array([label in keep for label in LABELS])
    labels = np.where(given_labels >= 0, given_labels, labels)
    wide, narrow = (
        moved(labels, raw / raw.sum(axis=1, keepdims=True), given_labels, mask, Bounds(low, max(low, high)))
        for low, high in zip(lows, highs, strict=True)
    )
    assert not np.any(mask[narrow] & ~mask[wide])
    assert np.array_equal(wide[given_labels >= 0], given_labels[given_labels >= 0])


@promise
@given(text=texts, threshold=share)
@pytest.mark.parametrize("model", MODELS)
def test_the_threshold_is_the_probability_of_text(model: str, text: str, threshold: float) -> None:
    """Where no rule is certain a line is kept if the labels to keep are likely enough together."""
    one = Cleaner(model=tool(model).model, rules=[], threshold=threshold)
    for line in one.label(text):
        likely = sum(line.scores[label] for label in LABELS if label in one.keep)
        if abs(likely - threshold) > 1e-9:
            assert (line.label in one.keep) == (likely >= threshold)


@pytest.mark.parametrize("model", MODELS)
def test_balanced_is_the_default(model: str) -> None:
    """Saying so changes nothing."""
    assert tool(model, favor="balanced").label(SAMPLE) == tool(model).label(SAMPLE)


@pytest.mark.parametrize("options", [{"favor": "precision"}, {"favor": "recall"}, {"threshold": 0.999}])
@pytest.mark.parametrize("keep", [list(LABELS), []])
def test_where_there_is_no_other_side_nothing_moves(options: dict[str, Any], keep: list[str]) -> None:
    """Who keeps all lines, or none, gets the labels that there are."""
    one = Cleaner(keep=keep, **options)
    assert [line.label for line in one.label(SAMPLE)] == [line.label for line in Cleaner().label(SAMPLE)]


@pytest.mark.parametrize(("favor", "into"), [("precision", False), ("recall", True)])
def test_lines_move_to_one_side_and_the_reason_is_told(favor: str, into: bool) -> None:
    """With a model without sense many lines are in doubt; the other side's likeliest label takes them."""
    one, plain = (tool("random 0", rules=(), favor=each) for each in (favor, "balanced"))
    pairs = list(zip(one.label(SAMPLE * 9), plain.label(SAMPLE * 9), strict=True))
    went = [line for line, before in pairs if line.label != before.label]
    assert went
    for line in went:
        assert (line.label in one.keep) == into
        assert line.scores[line.label] == max(line.scores[label] for label in LABELS if (label in one.keep) == into)
        assert line.reasons in {("threshold",), ("model",)}
    assert any(line.reasons == ("threshold",) for line in went)


def test_certain_rules_stand() -> None:
    """What a certain rule says is dropped at any threshold."""
    text = "Advertisement\nThe boat has left the pier, and nobody saw it go."
    assert "Advertisement" not in cleaner.clean(text, threshold=0.000001)
    assert "Advertisement" not in cleaner.clean(text, favor="recall")


# Options


@pytest.mark.parametrize("favor", FAVOR)
def test_options_that_contradict_each_other(favor: str) -> None:
    """Both say what is kept: there is no choosing between them."""
    with pytest.raises(ValueError, match="choose one"):
        Cleaner(favor=favor, threshold=0.5)


@pytest.mark.parametrize("threshold", [0, 1, -0.1, 1.5, float("nan"), float("inf")])
def test_thresholds_that_are_no_probabilities(threshold: float) -> None:
    """They are refused, with what would do."""
    with pytest.raises(ValueError, match="above 0 and below 1"):
        Cleaner(threshold=threshold)


def test_a_favor_that_does_not_exist() -> None:
    """The message names those that do."""
    with pytest.raises(ValueError, match="'speed'; it is precision, balanced, recall"):
        Cleaner(favor="speed")


def test_bounds() -> None:
    """Nothing said is balanced."""
    assert bounds_of(None, None) == bounds_of("balanced", None) == AS_DECODED
    assert bounds_of(None, 0.3) == Bounds(0.3, 0.3)


def test_corpora_are_cleaned_with_the_same_bounds() -> None:
    """The options reach the workers, and runs with other ones are told apart."""
    from cleaner.corpus.settings import Settings

    assert Settings(favor="recall").cleaner().bounds == FAVOR["recall"]
    assert Settings(threshold=0.3).cleaner().bounds == Bounds(0.3, 0.3)
    assert Settings(threshold=0.3).head() != Settings().head()
