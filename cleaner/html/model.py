"""The line classifier for pages: what ``cleaner.model`` does, with what the markup says.

The first network reads a line alone, its words, its looks and the words of the markup around it. The next
ones read it in its context, to which the containers around it belong: what was said of the other lines in
them.
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
from cleaner.html.tags import GROUPS, SPANS, TAG_FEATURES
from cleaner.model import BOUND, SEEN_VERDICTS, UNIT, ModelError, mean, packed, relu, rounded, see

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from cleaner.features import Features
    from cleaner.html.tags import Tags

DEFAULT = Path(__file__).parent.parent / "models" / "html"
VERDICTS = SEEN_VERDICTS + len(SPANS)  # of the line, around it, and in its containers
ARRAYS = (
    "table table_scale tag_table tag_scale line_weight line_bias verdict_weight verdict_bias "
    "hidden_weight hidden_bias score_weight score_bias transitions"
).split()


def line_inputs(dimensions: int, tag_dimensions: int) -> int:
    """How many numbers the first network reads."""
    return dimensions + len(LINE_FEATURES) + len(TAG_FEATURES) + len(GROUPS) * tag_dimensions


def context_inputs(tag_dimensions: int) -> int:
    """How many numbers a network that reads the context reads."""
    looks = len(LINE_FEATURES) + len(CONTEXT_FEATURES) + len(TAG_FEATURES)
    return VERDICTS * len(LABELS) + looks + tag_dimensions


@dataclass(frozen=True, eq=False)
class PageModel:
    """Weights, by name; for their shapes see ``cleaner.model.Model``, and ``line_inputs``, ``context_inputs``."""

    id: str
    rules: str
    weights: dict[str, NDArray[Any]]
    table: NDArray[np.uint64]
    place: NDArray[np.int32]

    def scores(self, features: Features, tags: Tags, stretch_line: NDArray[np.int64]) -> NDArray[np.float32]:
        """Scores (natural logarithms, up to a constant) of each label for each line of a page."""
        rows = (features.rows >> np.uint64(64 - (len(self.place) - 1).bit_length())).astype(np.int64)
        looks = np.hstack([features.line, tags.dense])
        markup = self.markup(tags)
        verdict = self.verdict(self.embed(rows, features.row_start), looks, markup)
        for number in range(len(self.weights["hidden_bias"])):
            verdict = self.revised(number, seen_by(verdict, looks, features.context, markup, tags.spans, stretch_line))
        return verdict

    def verdict(
        self, words: NDArray[np.float32], looks: NDArray[np.float32], markup: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Scores of each line alone; ``words`` and ``markup`` in units."""
        w = self.weights
        hidden = relu(np.hstack([words, looks * np.float32(UNIT), markup]) @ w["line_weight"], w["line_bias"])
        scores: NDArray[np.float32] = hidden @ (w["verdict_weight"] / np.float32(UNIT)) + w["verdict_bias"]
        return scores

    def revised(self, number: int, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of each line after a pass over the context, from what is seen of it."""
        w = self.weights
        hidden = relu(seen @ w["hidden_weight"][number], w["hidden_bias"][number])
        scores: NDArray[np.float32] = hidden @ (w["score_weight"][number] / np.float32(UNIT)) + w["score_bias"][number]
        return scores

    def embed(self, rows: NDArray[np.integer], row_start: NDArray[np.int64]) -> NDArray[np.float32]:
        """Sum of each line's rows of the table, scaled by the root of their number; see ``Model.embed``."""
        sums = np.add.reduceat(self.table.take(self.place.take(rows), axis=0), row_start[:-1], axis=0)
        count = np.diff(row_start)
        total = sums.view(np.uint16)[:, : len(self.weights["table_scale"])] - np.float64(128) * count[:, None]
        return in_units(total, self.weights["table_scale"], count)

    def markup(self, tags: Tags) -> NDArray[np.float32]:
        """Sums of the rows of the words of the markup, by group (n x groups * dimensions), scaled likewise."""
        table, scale = self.weights["tag_table"], self.weights["tag_scale"]
        rows = (tags.rows >> np.uint64(64 - (len(table) - 1).bit_length())).astype(np.int64)
        sums = np.zeros((len(rows) + 1, len(scale)), np.int32)
        np.cumsum(table.take(rows, axis=0), axis=0, out=sums[1:], dtype=np.int32)
        total = sums[tags.row_start[1:]] - sums[tags.row_start[:-1]]  # of each set
        count = np.diff(tags.row_start)
        levels, lines = tags.chain.shape
        upto = np.zeros((levels + 1, lines, len(scale)), np.int32)
        np.cumsum(total.take(tags.chain, axis=0), axis=0, out=upto[1:])
        counted = np.zeros((levels + 1, lines), np.int64)
        np.cumsum(count.take(tags.chain), axis=0, out=counted[1:])
        everyone = np.arange(lines)
        at, number = upto[tags.bounds, everyone], counted[tags.bounds, everyone]
        totals = [*(at[1:] - at[:-1]), total[tags.target], np.broadcast_to(total[tags.page], (lines, len(scale)))]
        counts = [*(number[1:] - number[:-1]), count[tags.target], np.full(lines, count[tags.page])]
        return np.hstack([in_units(t, scale, c) for t, c in zip(totals, counts, strict=True)])


def in_units(sums: NDArray[Any], scale: NDArray[np.float64], count: NDArray[np.integer]) -> NDArray[np.float32]:
    """Sums of rows, scaled by the root of their number, as whole units within the bound."""
    values = np.rint(sums * (scale * UNIT) / np.sqrt(np.maximum(count, 1))[:, None])
    clipped: NDArray[np.float32] = np.clip(values, -BOUND * UNIT, BOUND * UNIT).astype(np.float32)
    return clipped


def seen_by(
    verdict: NDArray[np.float32],
    looks: NDArray[np.float32],
    context: NDArray[np.float32],
    markup: NDArray[np.float32],
    spans: NDArray[np.int64],
    stretch_line: NDArray[np.int64],
) -> NDArray[np.float32]:
    """What a network that revises sees of each line, in units: n x ``context_inputs``.

    That is what ``cleaner.model.see`` writes of the verdicts, their means in the containers around the line,
    how it looks, where it stands, and what the markup says of the page as a whole.
    """
    labels, page = len(LABELS), markup.shape[1] // len(GROUPS)
    seen = np.empty((len(verdict), context_inputs(page)), np.float32)
    see(verdict, stretch_line, seen)
    sums = np.zeros((len(verdict) + 1, labels), np.float32)  # whole numbers far below 2**24: exact
    np.cumsum(seen[:, labels : 2 * labels], axis=0, out=sums[1:])
    at = SEEN_VERDICTS * labels
    for first, last in zip(spans.T[::2], spans.T[1::2], strict=True):
        mean(sums.take(last, axis=0) - sums.take(first, axis=0), last - first, seen[:, at : at + labels])
        at += labels
    for columns, unit in ((looks, UNIT), (context, UNIT), (markup[:, -page:], 1)):
        np.multiply(columns, np.float32(unit), out=seen[:, at : at + columns.shape[1]])
        at += columns.shape[1]
    return seen


def make_model(data: Mapping[str, Any], source: str = "model") -> PageModel:
    """Make a model from plain data, and check it; raises ``ModelError`` that names ``source``."""
    if missing := [name for name in ARRAYS if name not in data]:
        raise ModelError(f"{source}: not a model of pages: {missing[0]} is missing")
    try:
        table, tag_table = np.asarray(data["table"], np.int8), np.asarray(data["tag_table"], np.int8)
        scales = ("table_scale", "tag_scale")
        names = [name for name in ARRAYS if name not in ("table", "tag_table", *scales)]
        weights: dict[str, NDArray[Any]] = {name: rounded(np.asarray(data[name], np.float64)) for name in names}
        weights |= {name: np.asarray(data[name], np.float64) for name in scales}
        weights["tag_table"] = tag_table
    except (TypeError, ValueError) as error:
        raise ModelError(f"{source}: not a model of pages: {error}") from error
    check_shapes(weights, table, source)
    return PageModel(str(data.get("id", "unnamed")), str(data.get("rules", "")), weights, *packed(table))


def check_shapes(weights: Mapping[str, NDArray[Any]], table: NDArray[Any], source: str) -> None:
    """Raise ``ModelError`` unless the arrays fit together and hold numbers that can be used."""
    for name, rows in (("table", table), ("tag_table", weights["tag_table"])):
        if rows.ndim != 2 or len(rows) & (len(rows) - 1) or len(rows) < 2:
            raise ModelError(f"{source}: {name} has the shape {rows.shape}: its rows are no power of two")
    h, labels, tags = weights["line_bias"].size, len(LABELS), weights["tag_table"].shape[1]
    passes, k = (*weights["hidden_bias"].shape, 0, 0)[:2]
    expected = {
        "table_scale": table.shape[1:],
        "tag_scale": (tags,),
        "line_bias": (h,),
        "hidden_bias": (passes, k),
        "line_weight": (line_inputs(table.shape[1], tags), h),
        "verdict_weight": (h, labels),
        "verdict_bias": (labels,),
        "hidden_weight": (passes, context_inputs(tags), k),
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


@cache
def load_model(path: str | Path = DEFAULT) -> PageModel:
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
            f"{path}: the model is damaged ({error}); install it again or give another with `page_model`"
        ) from error


def as_page_model(source: str | Path | Mapping[str, Any] | PageModel | None) -> PageModel:
    """The default model of pages, the one at a path, or the one that the data describes."""
    if isinstance(source, PageModel):
        return source
    if source is None:
        return load_model()
    if isinstance(source, (str, Path)):
        return load_model(Path(source))
    return make_model(source)
