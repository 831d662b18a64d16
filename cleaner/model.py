"""The learned line classifier: weights and scores.

Small networks in a row. The first reads a line alone: the sum of its rows of the table, and how it
looks. It says what the line is, and what it lets expect of the line before and of the next one: much of
what `Comments (12)` means is about what follows. The next reads it in its context: what was said of it, of
its neighbours, of the lines before and after and of the whole document, what it and its neighbours let
expect, what type of page all lines together speak for, what the rules say, and where the line stands.
What it says is revised in the same way by another, so that what is known of a line reaches further.

Everything that is summed is a whole multiple of a power of two, small enough that no sum is ever
rounded. So a line's scores do not depend on which other lines are worked on with it, nor on the
machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, LINE_FEATURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from cleaner.features import Features

Made = TypeVar("Made")

DEFAULT = Path(__file__).parent / "models" / "text"
TOGETHER = 256  # lines of which the rows are taken from the table at once
NEIGHBOURS = 3  # lines on either side that are seen one by one
WINDOWS = (4, 12, 40)  # lines before, and after, of which the mean is seen
SEEN_VERDICTS = 2 + 2 * NEIGHBOURS + 2 * len(WINDOWS) + 1  # of the line, its neighbours, the windows, the stretch
PAGE_TYPES = tuple("article collection documentation forum listing product service".split())
EDGE = len(LABELS)  # in place of a label, where no line is before or next
EXPECTED = 2 * (EDGE + 1)  # what a line lets expect before it, and after it
HINTS = 2 * EXPECTED + len(PAGE_TYPES)
SEEN = SEEN_VERDICTS * len(LABELS) + len(LINE_FEATURES) + len(CONTEXT_FEATURES) + HINTS
UNIT = 64  # activations are whole multiples of 1 / UNIT ...
BOUND = 8  # ... up to this,
WEIGHT_UNIT = 512  # weights are whole multiples of 1 / WEIGHT_UNIT,
MOST = 2**24 / (UNIT * WEIGHT_UNIT)  # and sums below this are exact in 32 bits
PASS_ARRAYS = "hidden_weight", "hidden_bias", "score_weight", "score_bias"
ARRAYS = (
    "table table_scale line_weight line_bias verdict_weight verdict_bias "
    "expected_weight expected_bias page_type_weight page_type_bias "
    "hidden_weight hidden_bias score_weight score_bias transitions"
).split()
UNCALIBRATED = ((1.0,) * len(LABELS), (0.0,) * len(LABELS))  # of models that do not say how sure they are


class ModelError(ValueError):
    """A model that cannot be used; the message says which and why."""


@dataclass(frozen=True, eq=False)
class Model:
    """Weights, by name.

    Their shapes, for ``r`` rows, ``d`` dimensions, ``h`` and ``k`` units: ``table`` r x d (8 bits, kept
    as ``packed`` makes it), ``table_scale`` d, ``line_*`` (d + line features) x h, ``verdict_*`` h x
    labels, ``expected_*`` h x EXPECTED, ``page_type_*`` h x page types: the line alone, then for ``p``
    passes over the context ``hidden_*`` p x SEEN x k and ``score_*`` p x k x labels; ``transitions`` labels x labels;
    ``calibration``, 2 x labels, turns scores into probabilities.
    """

    id: str
    rules: str
    weights: dict[str, NDArray[Any]]
    table: NDArray[np.uint64]
    place: NDArray[np.int32]

    def scores(
        self, features: Features, stretch_line: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (natural logarithms, up to a constant) of each label for each line: alone, and in context."""
        rows = places(features.rows, len(self.place))
        alone, hints = self.read(rows, features.row_start, features.line, stretch_line)
        scores, seen = alone, seen_by(alone, hints, features.line, features.context, stretch_line)
        for number in range(len(self.weights["hidden_bias"])):
            if number:
                see(scores, stretch_line, seen)
            scores = self.revised(number, seen)
        return alone, scores

    def probabilities(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probabilities of the labels of each line, from its scores in context: lines x labels."""
        scale, shift = self.weights["calibration"]
        return softmax(scores * scale + shift)

    def revised(self, number: int, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of each line after a pass over the context, from what is seen of it."""
        return pass_over(seen, self.weights, number)

    def read(
        self,
        rows: NDArray[np.integer],
        row_start: NDArray[np.int64],
        line: NDArray[np.float32],
        stretch_line: NDArray[np.int64],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores of each line alone, from the places of its rows in the table; and hints (n x ``HINTS``, in units).

        These are views of what the line lets expect before and after it, of what its neighbours let expect in
        its place, and of the page type of its stretch.
        """
        seen = np.concatenate([self.embed(rows, row_start).T, line.T * np.float32(UNIT)]).T
        hidden, scores = two_layers(seen, self.weights, "line", "verdict")
        hints = np.empty((HINTS, len(line)), np.float32).T  # column after column, as that is how it is written
        self.expect(hidden, stretch_line, hints)
        hints[:, 2 * EXPECTED :] = self.page_types(hidden, stretch_line)
        return scores, hints

    def expect(self, hidden: NDArray[np.float32], stretch_line: NDArray[np.int64], hints: NDArray[np.float32]) -> None:
        """Write what each line lets expect, and what its neighbours do in its place, into the first columns."""
        scores = outputs(hidden, self.weights, "expected")
        before, after, from_next, from_last = hints.T[: 2 * EXPECTED].reshape(4, EDGE + 1, -1)
        edges = edges_of(stretch_line)
        for some, own, step, other in (
            (scores[: EDGE + 1], before, 1, from_next),
            (scores[EDGE + 1 :], after, -1, from_last),
        ):
            view_of(some - some.max(axis=0), own)
            shifted(own, step, edges, other)

    def page_types(self, hidden: NDArray[np.float32], stretch_line: NDArray[np.int64]) -> NDArray[np.float32]:
        """For each line, in units, the views of the type of page that its stretch is of."""
        size = np.diff(stretch_line)
        some = size > 0
        total = np.add.reduceat(hidden, stretch_line[:-1][some], axis=0)
        mean(total.T, size[some], total.T)
        scores = total @ (self.weights["page_type_weight"] / np.float32(UNIT)) + self.weights["page_type_bias"]
        scores -= scores.max(axis=1, keepdims=True)
        view_of(scores, scores)
        return np.repeat(scores, size[some], axis=0)

    def embed(self, rows: NDArray[np.integer], row_start: NDArray[np.int64]) -> NDArray[np.float32]:
        """Sum of each line's rows of the table, in units."""
        return embedded(self.table, self.place, self.weights["table_scale"], rows, row_start)


def embedded(
    table: NDArray[np.uint64],
    place: NDArray[np.int32],
    scale: NDArray[np.float64],
    rows: NDArray[np.integer],
    row_start: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Sum of each line's rows of a ``packed`` table, as ``in_units`` gives it.

    Four 16-bit sums are made by each 64-bit addition: entries are 8 bits, shifted to be positive,
    and a line has at most 256 rows, so that no sum runs over into the next. Some lines at a time, so
    that what is taken of the table stays in cache.
    """
    count = np.diff(row_start)
    cuts = [*range(0, len(count), TOGETHER), len(count)]
    bounds = row_start[cuts].tolist()
    taken = np.empty((np.diff(bounds).max(), table.shape[1]), np.uint64)
    sums = np.empty((len(count), table.shape[1]), np.uint64)
    for (a, b), (first, last) in zip(pairwise(cuts), pairwise(bounds), strict=True):
        # Places are never out of range: clipping only saves looking at them.
        table.take(place.take(rows[first:last]), axis=0, out=taken[: last - first], mode="clip")
        np.add.reduceat(taken[: last - first], row_start[a:b] - first, axis=0, out=sums[a:b])
    return in_units(sums.view(np.uint16)[:, : len(scale)] - np.float64(128) * count[:, None], scale, count)


def in_units(sums: NDArray[Any], scale: NDArray[np.float64], count: NDArray[np.integer]) -> NDArray[np.float32]:
    """Sums of so many rows, scaled by the root of their number, as whole units within the bound."""
    values = sums * (scale * UNIT)
    values /= np.sqrt(np.maximum(count, 1))[:, None]
    np.rint(values, out=values)
    np.clip(values, -BOUND * UNIT, BOUND * UNIT, out=values)
    units: NDArray[np.float32] = values.astype(np.float32)
    return units


def two_layers(
    seen: NDArray[np.float32], weights: Mapping[str, NDArray[Any]], first: str, second: str
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the hidden layer ``first`` makes of what is seen, in units, and the scores that ``second`` makes of that.

    The hidden layer is worked out, and laid out, unit by unit: that is faster where there are many lines.
    """
    hidden = relu((weights[f"{first}_weight"].T @ seen.T).T, weights[f"{first}_bias"])
    return hidden, np.ascontiguousarray(outputs(hidden, weights, second).T)


def outputs(hidden: NDArray[np.float32], weights: Mapping[str, NDArray[Any]], name: str) -> NDArray[np.float32]:
    """The scores that a layer makes of hidden units: scores x lines."""
    scores: NDArray[Any] = (weights[f"{name}_weight"].T / np.float32(UNIT)) @ hidden.T
    scores += weights[f"{name}_bias"][:, None]
    return scores


def pass_over(seen: NDArray[np.float32], weights: Mapping[str, NDArray[Any]], number: int) -> NDArray[np.float32]:
    """Scores of each line after the pass ``number`` over the context, from what is seen of it."""
    return two_layers(seen, {name: weights[name][number] for name in PASS_ARRAYS}, "hidden", "score")[1]


def places(hashes: NDArray[np.uint64], rows: int) -> NDArray[np.int64]:
    """The rows that hashes name, in a table of so many (a power of two): their upper bits."""
    return (hashes >> np.uint64(64 - (rows - 1).bit_length())).view(np.int64)


def seen_by(
    verdict: NDArray[np.float32],
    hints: NDArray[np.float32],
    line: NDArray[np.float32],
    context: NDArray[np.float32],
    stretch_line: NDArray[np.int64],
) -> NDArray[np.float32]:
    """What a pass over the context sees of each line, in units: n x ``SEEN``.

    That is the verdict on the line; the verdicts on its neighbours one by one, and their means before,
    after and over the whole stretch; how the line looks, where it stands, and the hints of ``Model.read``.
    """
    seen = np.empty((SEEN, len(verdict)), np.float32).T  # column after column, as that is how it is written
    see(verdict, stretch_line, seen)
    at = SEEN_VERDICTS * len(LABELS)
    np.multiply(line, UNIT, out=seen[:, at : at + line.shape[1]])
    np.multiply(context, UNIT, out=seen[:, at + line.shape[1] : -HINTS])
    seen[:, -HINTS:] = hints
    return seen


def view_of(behind: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """How near scores are to the best one, in units: all of one for the best, none for one that is far ``behind``."""
    np.multiply(behind, UNIT / 2, out=out)
    out += UNIT
    np.clip(out, 0, UNIT, out=out)
    np.rint(out, out=out)


def see(verdict: NDArray[np.float32], stretch_line: NDArray[np.int64], seen: NDArray[np.float32]) -> None:
    """Write what is seen of verdicts into the first columns of ``seen``; see ``seen_by``."""
    parts = iter(seen.T[: SEEN_VERDICTS * len(LABELS)].reshape(SEEN_VERDICTS, len(LABELS), -1))  # each labels x lines
    verdict = np.ascontiguousarray(verdict.T)
    behind = verdict - verdict.max(axis=0)  # 0 for the best label, negative for the others
    np.rint(np.maximum(behind * (UNIT / BOUND), -UNIT), out=next(parts))
    view = next(parts)
    view_of(behind, view)
    size = np.diff(stretch_line)
    edges = edges_of(stretch_line)
    for step in (*range(-NEIGHBOURS, 0), *range(1, NEIGHBOURS + 1)):
        shifted(view, step, edges, next(parts))
    number = np.arange(view.shape[1])
    top, end = np.repeat(stretch_line[:-1], size), np.repeat(stretch_line[1:], size)
    sums = np.zeros((len(LABELS), len(number) + 1), np.float32)  # whole numbers far below 2**24: exact
    np.cumsum(view, axis=1, out=sums[:, 1:])
    for width in WINDOWS:
        low, high = np.maximum(number - width, top), np.minimum(number + 1 + width, end)
        mean(sums[:, :-1] - sums.take(low, axis=1), number - low, next(parts))
        mean(sums.take(high, axis=1) - sums[:, 1:], high - number - 1, next(parts))
    whole = np.diff(sums[:, stretch_line], axis=1)
    mean(whole, size, whole)
    next(parts)[:] = np.repeat(whole, size, axis=1)


def edges_of(stretch_line: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the stretches that have lines begin and, last, where the last one ends."""
    edges: NDArray[np.int64] = stretch_line[np.append(True, np.diff(stretch_line) > 0)]
    return edges


def shifted(view: NDArray[np.float32], step: int, edges: NDArray[np.int64], out: NDArray[np.float32]) -> None:
    """Views of the lines ``step`` further on, 0 where that is outside the stretch (they are parted by ``edges``)."""
    tops, ends = edges[:-1], edges[1:]
    if step < 0:
        out[:, -step:] = view[:, :step]
        for k in range(-step):
            out[:, np.minimum(tops + k, ends - 1)] = 0
    else:
        out[:, :-step] = view[:, step:]
        for k in range(step):
            out[:, np.maximum(ends - 1 - k, tops)] = 0


def mean(sums: NDArray[np.float32], count: NDArray[np.int64], out: NDArray[np.float32]) -> None:
    """Means of so many (one number a column), as whole units; 0 where there are none."""
    sums /= np.maximum(count, 1).astype(np.float32)
    np.rint(sums, out=out)


def relu(values: NDArray[np.float32], bias: NDArray[np.float32]) -> NDArray[np.float32]:
    """The positive part of values in units, with the bias added."""
    values += bias * UNIT
    np.rint(values, out=values)
    np.clip(values, 0, BOUND * UNIT, out=values)
    return values


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Shares in proportion to the powers of the scores; the rows sum to 1."""
    if not len(scores):
        return np.empty(scores.shape)
    scores = scores.astype(np.float64)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return shares


def make_model(data: Mapping[str, Any], source: str = "model") -> Model:
    """Make a model from plain data, and check it; raises ``ModelError`` that names ``source``.

    The data holds ``id``, ``rules`` (the digest of the rules it was trained with) and the arrays as
    (nested) sequences of numbers. Or it holds ``words``, ``{word: {label: score}}``, and ``bias``,
    ``{label: score}``, with scores from 0 to 8: a toy that adds up scores.
    """
    if "words" in data:
        data = toy(data)
    if missing := [name for name in ARRAYS if name not in data]:
        raise ModelError(f"{source}: not a model: {missing[0]} is missing")
    try:
        weights: dict[str, NDArray[Any]] = {name: rounded(np.asarray(data[name], np.float64)) for name in ARRAYS[2:]}
        weights["calibration"] = rounded(np.asarray(data.get("calibration", UNCALIBRATED), np.float64))
        weights["table_scale"] = np.asarray(data["table_scale"], np.float64)
        table = np.asarray(data["table"])
        if table.dtype != np.int8:
            table = table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{source}: not a model: {error}") from error
    check_shapes(weights, table, source)
    table = table.astype(np.int8, copy=False)
    return Model(str(data.get("id", "unnamed")), str(data.get("rules", "")), weights, *packed(table))


def check_shapes(weights: Mapping[str, NDArray[Any]], table: NDArray[Any], source: str) -> None:
    """Raise ``ModelError`` unless the arrays fit together and hold numbers that can be used."""
    check_table("the table", table, source)
    h, labels = weights["line_bias"].size, len(LABELS)
    passes, k = (*weights["hidden_bias"].shape, 0, 0)[:2]
    expected = {
        "table_scale": table.shape[1:],
        "line_bias": (h,),
        "hidden_bias": (passes, k),
        "line_weight": (table.shape[-1] + len(LINE_FEATURES), h),
        "verdict_weight": (h, labels),
        "verdict_bias": (labels,),
        "expected_weight": (h, EXPECTED),
        "expected_bias": (EXPECTED,),
        "page_type_weight": (h, len(PAGE_TYPES)),
        "page_type_bias": (len(PAGE_TYPES),),
        "hidden_weight": (passes, SEEN, k),
        "score_weight": (passes, k, labels),
        "score_bias": (passes, labels),
        "transitions": (labels, labels),
        "calibration": (2, labels),
    }
    check_weights(weights, expected, source)
    if table.dtype != np.int8 and not np.all((table >= -127) & (table <= 127)):
        raise ModelError(f"{source}: the table holds numbers that do not fit into 8 bits")
    check_sums(weights, ("line", "verdict", "expected", "page_type", "hidden", "score"), source)


def check_table(name: str, table: NDArray[Any], source: str) -> None:
    """Raise ``ModelError`` unless the rows of a table can be named by the upper bits of hashes."""
    if table.ndim != 2 or len(table) & (len(table) - 1) or len(table) < 2:
        raise ModelError(f"{source}: {name} has the shape {table.shape}: its rows are no power of two")


def check_weights(weights: Mapping[str, NDArray[Any]], expected: Mapping[str, tuple[int, ...]], source: str) -> None:
    """Raise ``ModelError`` unless the arrays have these shapes and hold finite numbers."""
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise ModelError(
                f"{source}: {name} has the shape {weights[name].shape}, not {shape}: made for another version?"
            )
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ModelError(f"{source}: holds numbers that are not finite")


def check_sums(weights: Mapping[str, NDArray[Any]], layers: Iterable[str], source: str) -> None:
    """Raise ``ModelError`` unless whatever these layers add up stays exact."""
    for name in layers:
        largest = np.abs(weights[f"{name}_weight"]).sum(axis=-2) * BOUND + np.abs(weights[f"{name}_bias"])
        if np.any(largest >= MOST):
            raise ModelError(f"{source}: the weights {name}_weight are too large for exact sums")


def rounded(weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights as whole multiples of ``1 / WEIGHT_UNIT``."""
    return (np.rint(weights * WEIGHT_UNIT) / WEIGHT_UNIT).astype(np.float32)


def packed(table: NDArray[np.int8]) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """The rows of the table that are not blank, and the place of each row of the table among them.

    Four entries, shifted to be positive, are in each 64-bit number. The first row is blank.
    """
    used = np.flatnonzero(table.any(axis=1))
    place = np.zeros(len(table), np.int32)
    place[used] = np.arange(1, len(used) + 1)
    wide = np.full((len(used) + 1, -(-table.shape[1] // 4) * 4), 128, np.uint16)
    wide[1:, : table.shape[1]] += table[used].astype(np.uint16)
    return wide.view(np.uint64), place


@cache
def load_model(path: str | Path = DEFAULT) -> Model:
    """Read a model folder (``model.json`` and ``weights.npz``); raises ``ModelError``."""
    return read_folder(Path(path), make_model, "model")


def read_folder(path: Path, make: Callable[[dict[str, Any], str], Made], option: str) -> Made:
    """What ``make`` makes of the data in a model folder; raises ``ModelError``, which names the ``option`` to use."""
    try:
        head = json.loads((path / "model.json").read_text(encoding="utf-8"))
        with (path / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return make({**head, **arrays}, str(path))
    except ModelError:
        raise
    except OSError as error:
        raise ModelError(f"{path}: no model can be read there: {error.strerror or error}") from error
    except Exception as error:  # a damaged archive fails in many ways
        raise ModelError(
            f"{path}: the model is damaged ({error}); install it again or give another with `{option}`"
        ) from error


def toy(data: Mapping[str, Any]) -> dict[str, Any]:
    """The arrays of a model that adds up the scores of words, on top of a score per label."""
    from cleaner.tokens import hash_phrases

    labels, bits = len(LABELS), 12
    table = np.zeros((1 << bits, labels), np.int8)
    for word, scores in data["words"].items():
        row = int(hash_phrases([word])[0]) >> (64 - bits)
        table[row] += np.array([round(2 * scores.get(label, 0)) for label in LABELS], np.int8)
    bias = [float(data.get("bias", {}).get(label, 0)) for label in LABELS]
    ahead = np.zeros((SEEN, labels))
    ahead[:labels] = np.eye(labels) * BOUND  # the verdict, seen as how far each label is behind the best
    return {
        "id": data.get("id", "toy"),
        "table": table,
        "table_scale": np.full(labels, 0.5),
        "line_weight": np.vstack([np.eye(labels), np.zeros((len(LINE_FEATURES), labels))]),
        "line_bias": bias,
        "verdict_weight": np.eye(labels),
        "verdict_bias": np.zeros(labels),
        "expected_weight": np.zeros((labels, EXPECTED)),
        "expected_bias": np.zeros(EXPECTED),
        "page_type_weight": np.zeros((labels, len(PAGE_TYPES))),
        "page_type_bias": np.zeros(len(PAGE_TYPES)),
        "hidden_weight": ahead[None],
        "hidden_bias": np.full((1, labels), BOUND),
        "score_weight": np.eye(labels)[None],
        "score_bias": np.zeros((1, labels)),
        "transitions": np.zeros((labels, labels)),
    }


def as_model(source: str | Path | Mapping[str, Any] | Model | None) -> Model:
    """The default model, the one at a path, or the one that the data describes."""
    if isinstance(source, Model):
        return source
    if source is None:
        return load_model()
    if isinstance(source, (str, Path)):
        return load_model(Path(source))
    return make_model(source)
