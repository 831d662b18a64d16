"""The learned line classifier: weights and scores.

Two small networks in a row. The first reads a line alone: the sum of its rows of the table, and how
it looks. The second reads it in its context: what the first made of its neighbours, of the lines
before and after and of the whole document, and where it stands.

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
WINDOWS = (8, 32)  # lines before, and after, of which the mean is seen
UNIT = 64  # activations are whole multiples of 1 / UNIT ...
BOUND = 8  # ... up to this,
WEIGHT_UNIT = 512  # weights are whole multiples of 1 / WEIGHT_UNIT,
MOST = 2**24 / (UNIT * WEIGHT_UNIT)  # and sums below this are exact in 32 bits
ARRAYS = (
    "table table_scale line_weight line_bias view_weight view_bias verdict_weight verdict_bias "
    "hidden_weight hidden_bias score_weight score_bias transitions"
).split()


class ModelError(ValueError):
    """A model that cannot be used; the message says which and why."""


@dataclass(frozen=True, eq=False)
class Model:
    """Weights, by name.

    Their shapes, for ``r`` rows, ``d`` dimensions, ``h``, ``v`` and ``k`` units:

    ``table`` r x d (8 bits), ``table_scale`` d, ``line_*`` (d + line features) x h, ``view_*`` h x v: what
    neighbours see of a line, ``verdict_*`` h x labels: the line alone, ``hidden_*`` (h + view of all that
    is seen + context features) x k, ``score_*`` k x labels, ``transitions`` labels x labels.
    """

    id: str
    rules: str
    weights: dict[str, NDArray[Any]]
    table: NDArray[np.uint64]

    def scores(
        self, features: Features, stretch_line: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Scores (natural logarithms, up to a constant) of each label for each line: alone, and in context."""
        w = self.weights
        line = relu(np.hstack([self.embed(features), features.line]) @ w["line_weight"] + w["line_bias"])
        view = relu(line @ w["view_weight"] + w["view_bias"])
        seen = np.hstack([line, surroundings(view, stretch_line), features.context])
        hidden = relu(seen @ w["hidden_weight"] + w["hidden_bias"])
        return line @ w["verdict_weight"] + w["verdict_bias"], hidden @ w["score_weight"] + w["score_bias"]

    def embed(self, features: Features) -> NDArray[np.float32]:
        """Sum of each line's rows of the table, scaled by the root of their number.

        Four 16-bit sums are made by each 64-bit addition: entries are 8 bits, shifted to be positive,
        and a line has at most 256 rows, so that no sum runs over into the next.
        """
        rows = features.rows >> np.uint64(64 - (len(self.table) - 1).bit_length())
        sums = np.add.reduceat(self.table.take(rows.astype(np.int64), axis=0), features.row_start[:-1], axis=0)
        count = np.diff(features.row_start)[:, None]
        total = sums.view(np.uint16).astype(np.int64) - 128 * count
        return on_grid(total[:, : len(self.weights["table_scale"])] * self.weights["table_scale"] / np.sqrt(count))


def surroundings(view: NDArray[np.float32], stretch_line: NDArray[np.int64]) -> NDArray[np.float32]:
    """What each line sees: neighbours one by one, means of the lines before and after, mean of its stretch."""
    number = np.arange(len(view))
    size = np.diff(stretch_line)
    top, end = np.repeat(stretch_line[:-1], size), np.repeat(stretch_line[1:], size)
    columns = []
    for step in (*range(-NEIGHBOURS, 0), *range(1, NEIGHBOURS + 1)):
        at = number + step
        columns.append(view[np.clip(at, 0, len(view) - 1)] * ((at >= top) & (at < end))[:, None])
    sums = np.zeros((len(view) + 1, view.shape[1]))
    np.cumsum(view, axis=0, dtype=np.float64, out=sums[1:])
    for width in WINDOWS:
        columns.append(mean(sums, np.maximum(number - width, top), number))
        columns.append(mean(sums, number + 1, np.minimum(number + 1 + width, end)))
    columns.append(mean(sums, top, end))
    return np.hstack(columns)


def mean(sums: NDArray[np.float64], a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.float32]:
    """Means of the rows ``a[i]`` to ``b[i]``, given the running sums; 0 where there are none."""
    return on_grid((sums[b] - sums[a]) / np.maximum(b - a, 1)[:, None])


def relu(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """The positive part, on the grid."""
    return on_grid(np.maximum(values, 0))


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
        table = np.asarray(data["table"], np.int8)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{source}: not a model: {error}") from error
    check_shapes(weights, table, source)
    return Model(str(data.get("id", "unnamed")), str(data.get("rules", "")), weights, packed(table))


def check_shapes(weights: Mapping[str, NDArray[Any]], table: NDArray[np.int8], source: str) -> None:
    """Raise ``ModelError`` unless the arrays fit together."""
    h, v, k, labels = *(len(weights[f"{name}_bias"]) for name in ("line", "view", "hidden")), len(LABELS)
    expected = {
        "table_scale": table.shape[1:],
        "line_weight": (table.shape[-1] + len(LINE_FEATURES), h),
        "view_weight": (h, v),
        "verdict_weight": (h, labels),
        "verdict_bias": (labels,),
        "hidden_weight": (h + v * (2 * NEIGHBOURS + 2 * len(WINDOWS) + 1) + len(CONTEXT_FEATURES), k),
        "score_weight": (k, labels),
        "score_bias": (labels,),
        "transitions": (labels, labels),
    }
    for name, shape in expected.items():
        if weights[name].shape != shape:
            raise ModelError(
                f"{source}: {name} has the shape {weights[name].shape}, not {shape}: made for another version?"
            )
    if len(table) & (len(table) - 1) or len(table) < 2 or table.ndim != 2:
        raise ModelError(f"{source}: the table has {len(table)} rows, not a power of two")
    if not all(np.isfinite(array).all() for array in weights.values()):
        raise ModelError(f"{source}: holds numbers that are not finite")
    for name in ("line", "view", "verdict", "hidden", "score"):
        largest = np.abs(weights[f"{name}_weight"]).sum(axis=0) * BOUND + np.abs(weights[f"{name}_bias"])
        if largest.max() >= MOST:
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
        with np.load(path / "weights.npz", allow_pickle=False) as arrays:
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
    line = np.vstack([np.eye(labels), np.zeros((len(LINE_FEATURES), labels))])
    seen = labels + (2 * NEIGHBOURS + 2 * len(WINDOWS) + 1) + len(CONTEXT_FEATURES)
    return {
        "id": data.get("id", "toy"),
        "table": table,
        "table_scale": np.full(labels, 0.5),
        "line_weight": line,
        "line_bias": bias,
        "view_weight": np.zeros((labels, 1)),
        "view_bias": [0],
        "verdict_weight": np.eye(labels),
        "verdict_bias": np.zeros(labels),
        "hidden_weight": np.vstack([np.eye(labels), np.zeros((seen - labels, labels))]),
        "hidden_bias": np.zeros(labels),
        "score_weight": np.eye(labels),
        "score_bias": np.zeros(labels),
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
