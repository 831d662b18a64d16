"""What flows through the pipeline: labels, lines and batches of documents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray


class Label(StrEnum):
    """What a line is. ``heading`` and ``body`` are the text; the other eight are boilerplate."""

    HEADING = "heading"
    BODY = "body"
    CAPTION = "caption"
    BYLINE = "byline"
    AUTHOR_BIO = "author_bio"
    AD = "ad"
    LINK_LIST = "link_list"
    NAVIGATION = "navigation"
    COMMENT = "comment"
    NOTICE = "notice"


LABELS: tuple[Label, ...] = tuple(Label)
LABEL_INDEX: dict[Label, int] = {label: number for number, label in enumerate(LABELS)}
BODY_TEXT: frozenset[Label] = frozenset({Label.HEADING, Label.BODY})


@dataclass(frozen=True, slots=True)
class Line:
    """One non-blank line of a document and what was decided about it.

    ``text`` is the line without its line break, ``start`` and ``end`` are character offsets, so
    that ``document[start:end] == text``. ``probability`` belongs to ``label``. ``scores`` holds the
    model's probability of every label, also where a rule decided otherwise. ``reasons`` names what
    speaks for the label: ids of rules, and ``model``.
    """

    text: str
    start: int
    end: int
    label: Label
    probability: float
    reasons: tuple[str, ...]
    scores: Mapping[Label, float]


@dataclass(frozen=True, slots=True)
class Batch:
    """The non-blank lines of some documents, as arrays.

    ``text`` is all documents joined by line feeds; document ``d`` starts at character
    ``offsets[d]`` and its lines are those from ``first_line[d]`` up to ``first_line[d + 1]``. Line
    ``i`` is ``text[starts[i]:ends[i]]``, without blanks at its end ``text[starts[i]:stops[i]]``. A
    document of very many lines stands as several stretches, each labelled as a document of its own:
    ``stretch_line`` holds the first line of each stretch (and, last, the number of lines).
    """

    text: str
    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    stops: NDArray[np.int64]
    first_line: NDArray[np.int64]
    stretch_line: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, number: int) -> str:
        """The text of one line."""
        return self.text[self.starts[number] : self.ends[number]]
