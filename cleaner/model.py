"""The learned line classifier: weights and scores.

Small networks in a row. The first reads a line alone: the sum of its rows of the table, and how it
looks. The next reads it in its context: what was said of it, of its neighbours, of the lines before
and after and of the whole document, what the rules say, and where the line stands. What it says is
revised in the same way by another, so that what is known of a line reaches further.

Everything that is summed is a whole multiple of a power of two, small enough that no sum is ever
rounded. So a line's scores do not depend on which other lines are worked on with it, nor on the
machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, LINE_FEATURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cleaner.features import Features

DEFAULT = Path(__file__).parent / "models" / "text"
NEIGHBOURS = 3  # lines on either side that are seen one by one
WINDOWS = (4, 12, 40)  # lines before, and after, of which the mean is seen
SEEN = len(LABELS) * (2 + 2 * NEIGHBOURS + 2 * len(WINDOWS) + 1) + len(LINE_FEATURES) + len(CONTEXT_FEATURES)
UNIT = 64  # activations are whole multiples of 1 / UNIT ...
BOUND = 8  # ... up to this,
WEIGHT_UNIT = 512  # weights are whole multiples of 1 / WEIGHT_UNIT,
MOST = 2**24 / (UNIT * WEIGHT_UNIT)  # and sums below this are exact in 32 bits
ARRAYS = (
    "table table_scale line_weight line_bias verdict_weight verdict_bias "
    "hidden_weight hidden_bias score_weight score_bias transitions"
).split()


class ModelError(ValueError):
    """A model that cannot be used; the message says which and why."""


@dataclass(frozen=True, eq=False)
class Model:
    """Weights, by name.

    Their shapes, for ``r`` rows, ``d`` dimensions, ``h`` and ``k`` units: ``table`` r x d (8 bits),
    ``table_scale`` d, ``line_*`` (d + line features) x h, ``verdict_*`` h x labels: the line alone,
    then for ``p`` passes over the context ``hidden_*`` p x SEEN x k and ``score_*`` p x k x labels;
    ``transitions`` labels x labels.
    """

    id: str
    rules: str
    weights: dict[str, NDArray[Any]]
    table: NDArray[np.uint64]

    def scores(
        self, features: Features, stretch_line: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (natural logarithms, up to a constant) of each label for each line: alone, and in context."""
        alone = scores = self.verdict(features)
        for number in range(len(self.weights["hidden_bias"])):
            scores = self.revised(number, seen_by(scores, features.line, features.context, stretch_line))
        return alone, scores

    def revised(self, number: int, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of each line after a pass over the context, from what is seen of it."""
        w = {
            name: self.weights[name][number] for name in ("hidden_weight", "hidden_bias", "score_weight", "score_bias")
        }
        hidden = relu(seen @ w["hidden_weight"] + w["hidden_bias"])
        scores: NDArray[np.float32] = hidden @ w["score_weight"] + w["score_bias"]
        return scores

    def verdict(self, features: Features) -> NDArray[np.float32]:
        """Scores of each line alone."""
        rows = (features.rows >> np.uint64(64 - (len(self.table) - 1).bit_length())).astype(np.int64)
        return self.verdict_of(rows, features.row_start, features.line)

    def verdict_of(
        self, rows: NDArray[np.integer], row_start: NDArray[np.int64], line: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """``verdict``, from the places of the rows in the table."""
        w = self.weights
        hidden = relu(np.hstack([self.embed(rows, row_start), line]) @ w["line_weight"] + w["line_bias"])
        scores: NDArray[np.float32] = hidden @ w["verdict_weight"] + w["verdict_bias"]
        return scores

    def embed(self, rows: NDArray[np.integer], row_start: NDArray[np.int64]) -> NDArray[np.float32]:
        """Sum of each line's rows of the table, scaled by the root of their number.

        Four 16-bit sums are made by each 64-bit addition: entries are 8 bits, shifted to be positive,
        and a line has at most 256 rows, so that no sum runs over into the next.
        """
        sums = np.add.reduceat(self.table.take(rows, axis=0), row_start[:-1], axis=0)
        count = np.diff(row_start)[:, None]
        total = sums.view(np.uint16).astype(np.int64) - 128 * count
        return on_grid(total[:, : len(self.weights["table_scale"])] * self.weights["table_scale"] / np.sqrt(count))


def seen_by(
    verdict: NDArray[np.float32],
    line: NDArray[np.float32],
    context: NDArray[np.float32],
    stretch_line: NDArray[np.int64],
) -> NDArray[np.float32]:
    """What the second network sees of each line: n x ``SEEN``.

    That is the verdict on the line and how it looks; the verdicts on its neighbours one by one, and
    their means before, after and over the whole stretch; and where the line stands.
    """
    behind = verdict - verdict.max(axis=1, keepdims=True)  # 0 for the best label, negative for the others
    view = relu(1 + behind / 2)
    return np.hstack([on_grid(np.maximum(behind / BOUND, -1)), view, *surroundings(view, stretch_line), line, context])


def surroundings(view: NDArray[np.float32], stretch_line: NDArray[np.int64]) -> list[NDArray[np.float32]]:
    """Views of the neighbours, and their means over the lines before and after, and over the stretch."""
    number = np.arange(len(view))
    size = np.diff(stretch_line)
    top, end = np.repeat(stretch_line[:-1], size), np.repeat(stretch_line[1:], size)
    columns = []
    for step in (*range(-NEIGHBOURS, 0), *range(1, NEIGHBOURS + 1)):
        at = number + step
        columns.append(view[np.clip(at, 0, len(view) - 1)] * ((at >= top) & (at < end))[:, None].astype(np.float32))
    sums = np.zeros((len(view) + 1, view.shape[1]))
    np.cumsum(view, axis=0, dtype=np.float64, out=sums[1:])
    for width in WINDOWS:
        columns.append(mean(sums, np.maximum(number - width, top), number))
        columns.append(mean(sums, number + 1, np.minimum(number + 1 + width, end)))
    columns.append(mean(sums, top, end))
    return columns


def mean(sums: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float32]:
    """Means of the rows ``a[i]`` to ``b[i]``, given the running sums; 0 where there are none."""
    total = sums.take(b, axis=0) - sums.take(a, axis=0)
    return on_grid(total / np.maximum(b - a, 1)[:, None])


def relu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The positive part, on the grid."""
    values = np.rint(values * UNIT)
    np.clip(values, 0, BOUND * UNIT, out=values)
    values /= UNIT
    return values


def on_grid(values: NDArray[np.floating]) -> NDArray[np.float32]:
    """Values rounded to whole multiples of ``1 / UNIT`` and kept within the bound."""
    values = np.rint(values * UNIT)
    np.clip(values, -BOUND * UNIT, BOUND * UNIT, out=values)
    return (values / UNIT).astype(np.float32, copy=False)


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities of the labels of each line."""
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
        weights["table_scale"] = np.asarray(data["table_scale"], np.float64)
        table = np.asarray(data["table"])
        if table.dtype != np.int8:
            table = table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{source}: not a model: {error}") from error
    check_shapes(weights, table, source)
    table = table.astype(np.int8, copy=False)
    return Model(str(data.get("id", "unnamed")), str(data.get("rules", "")), weights, packed(table))


def check_shapes(weights: Mapping[str, NDArray[Any]], table: NDArray[Any], source: str) -> None:
    """Raise ``ModelError`` unless the arrays fit together and hold numbers that can be used."""
    if table.ndim != 2 or len(table) & (len(table) - 1) or len(table) < 2:
        raise ModelError(f"{source}: the table has the shape {table.shape}: its rows are no power of two")
    h, labels = weights["line_bias"].size, len(LABELS)
    passes, k = (*weights["hidden_bias"].shape, 0, 0)[:2]
    expected = {
        "table_scale": table.shape[1:],
        "line_bias": (h,),
        "hidden_bias": (passes, k),
        "line_weight": (table.shape[-1] + len(LINE_FEATURES), h),
        "verdict_weight": (h, labels),
        "verdict_bias": (labels,),
        "hidden_weight": (passes, SEEN, k),
        "score_weight": (passes, k, labels),
        "score_bias": (passes, labels),
        "transitions": (labels, labels),
    }
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise ModelError(
                f"{source}: {name} has the shape {weights[name].shape}, not {shape}: made for another version?"
            )
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ModelError(f"{source}: holds numbers that are not finite")
    if table.dtype != np.int8 and not np.all((table >= -127) & (table <= 127)):
        raise ModelError(f"{source}: the table holds numbers that do not fit into 8 bits")
    for name in ("line", "verdict", "hidden", "score"):
        largest = np.abs(weights[f"{name}_weight"]).sum(axis=-2) * BOUND + np.abs(weights[f"{name}_bias"])
        if np.any(largest >= MOST):
            raise ModelError(f"{source}: the weights {name}_weight are too large for exact sums")


def rounded(weights: NDArray[np.float64]) -> NDArray[np.float32]:
    """Weights as whole multiples of ``1 / WEIGHT_UNIT``."""
    return (np.rint(weights * WEIGHT_UNIT) / WEIGHT_UNIT).astype(np.float32)


def packed(table: NDArray[np.int8]) -> NDArray[np.uint64]:
    """The table with four entries, shifted to be positive, in each 64-bit number."""
    wide = np.full((len(table), -(-table.shape[1] // 4) * 4), 128, np.uint16)
    wide[:, : table.shape[1]] = table.astype(np.int16) + 128
    return wide.view(np.uint64)


@cache
def load_model(path: str | Path = DEFAULT) -> Model:
    """Read a model folder (``model.json`` and ``weights.npz``); raises ``ModelError``."""
    path = Path(path)
    try:
        head = json.loads((path / "model.json").read_text(encoding="utf-8"))
        with (path / "weights.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return make_model({**head, **arrays}, str(path))
    except ModelError:
        raise
    except OSError as error:
        raise ModelError(f"{path}: no model can be read there: {error.strerror or error}") from error
    except Exception as error:  # a damaged archive fails in many ways
        raise ModelError(
            f"{path}: the model is damaged ({error}); install it again or give another with `model`"
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
