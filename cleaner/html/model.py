"""The line classifier for pages: what ``cleaner.model`` does, with what the markup says.

The first network reads a line alone, its words, its looks and the words of the markup around it. The next
ones read it in its context, to which the containers around it belong: what was said of the other lines in
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, LINE_FEATURES
from cleaner.html.tags import GROUPS, SPANS, TAG_FEATURES
from cleaner.model import (
    SEEN_VERDICTS,
    UNIT,
    ModelError,
    check_sums,
    check_table,
    check_weights,
    embedded,
    in_units,
    mean,
    packed,
    pass_over,
    places,
    read_folder,
    rounded,
    see,
    two_layers,
)

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
        rows = places(features.rows, len(self.place))
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
        seen = np.hstack([words, looks * np.float32(UNIT), markup])
        return two_layers(seen, self.weights, "line", "verdict")[1]

    def revised(self, number: int, seen: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores of each line after a pass over the context, from what is seen of it."""
        return pass_over(seen, self.weights, number)

    def embed(self, rows: NDArray[np.integer], row_start: NDArray[np.int64]) -> NDArray[np.float32]:
        """Sum of each line's rows of the table, in units."""
        return embedded(self.table, self.place, self.weights["table_scale"], rows, row_start)

    def markup(self, tags: Tags) -> NDArray[np.float32]:
        """Sums of the rows of the words of the markup, by group (n x groups * dimensions), scaled likewise."""
        table, scale = self.weights["tag_table"], self.weights["tag_scale"]
        rows = places(tags.rows, len(table))
        sums = np.ones((len(rows) + 1, len(scale) + 1), np.int32)  # the last column counts the rows
        sums[0] = 0
        sums[1:, :-1] = table.take(rows, axis=0)
        np.cumsum(sums, axis=0, dtype=np.int32, out=sums)
        total = sums[tags.row_start[1:]] - sums[tags.row_start[:-1]]  # of each set
        chain = tags.chain[: tags.bounds.max()]
        levels, lines = chain.shape
        upto = np.zeros((levels + 1, lines, len(scale) + 1), np.int32)
        for level, its in enumerate(total.take(chain, axis=0)):  # faster than a cumulative sum across rows
            np.add(upto[level], its, out=upto[level + 1])
        at = upto[tags.bounds, np.arange(lines)]
        groups = np.empty((len(GROUPS), lines, len(scale) + 1), np.int32)
        np.subtract(at[1:], at[:-1], out=groups[:-2])
        groups[-2], groups[-1] = total[tags.target], total[tags.page]
        flat = groups.swapaxes(0, 1).reshape(-1, len(scale) + 1)
        return in_units(flat[:, :-1], scale, flat[:, -1]).reshape(lines, -1)


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
    seen = np.empty((context_inputs(page), len(verdict)), np.float32).T  # column after column, as for ``see``
    see(verdict, stretch_line, seen)
    sums = np.zeros((labels, len(verdict) + 1), np.float32)  # whole numbers far below 2**24: exact
    np.cumsum(seen.T[labels : 2 * labels], axis=1, out=sums[:, 1:])
    at = SEEN_VERDICTS * labels
    for first, last in zip(spans.T[::2], spans.T[1::2], strict=True):
        mean(sums.take(last, axis=1) - sums.take(first, axis=1), last - first, seen.T[at : at + labels])
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
        check_table(name, rows, source)
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
    check_weights(weights, expected, source)
    check_sums(weights, ("line", "verdict", "hidden", "score"), source)


@cache
def load_model(path: str | Path = DEFAULT) -> PageModel:
    """Read a model folder (``model.json`` and ``weights.npz``); raises ``ModelError``."""
    return read_folder(Path(path), make_model, "page_model")


def as_page_model(source: str | Path | Mapping[str, Any] | PageModel | None) -> PageModel:
    """The default model of pages, the one at a path, or the one that the data describes."""
    if isinstance(source, PageModel):
        return source
    if source is None:
        return load_model()
    if isinstance(source, (str, Path)):
        return load_model(Path(source))
    return make_model(source)
