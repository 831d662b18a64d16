"""str -> lines with spans, and back to text."""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.document import Batch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

LINE_FEED, CARRIAGE_RETURN = 10, 13
STRETCH = 8192  # lines: a longer document is labelled in stretches, so that memory stays bounded
SLICE = 1 << 20  # characters looked at in one go
BREAK = re.compile(r"\r\n|\r|\n")


def code_points(text: str) -> NDArray[np.uint32]:
    """The characters of ``text`` as numbers; lone surrogates stay what they are."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def split_lines(texts: Sequence[str]) -> Batch:
    r"""Find the non-blank lines of each text. Lines end at ``\n``, ``\r\n`` or a lone ``\r``.

    >>> batch = split_lines(["one\r\n\r\n two", "three"])
    >>> [batch.line(number) for number in range(len(batch))]
    ['one', ' two', 'three']
    """
    offsets = np.fromiter(accumulate((len(t) + 1 for t in texts), initial=0), np.int64, len(texts) + 1)
    return split_joined("\n".join(texts), offsets)


def split_joined(text: str, offsets: NDArray[np.int64]) -> Batch:
    """``split_lines`` for documents that are joined by line feeds already.

    Document ``d`` starts at character ``offsets[d]``; the last offset is that of a document after the end.
    """
    starts, ends, stops = line_spans(text)
    first_line = np.searchsorted(starts, offsets)
    return Batch(text, offsets, starts, ends, stops, first_line, stretches(first_line))


def line_spans(text: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Starts and ends of the lines of ``text`` that hold more than white space, and their ends without it."""
    breaks, loose = [np.empty(0, np.int64)], [np.empty(0, bool)]
    for start in range(0, len(text), SLICE):
        before = min(start, 1)  # the character before the slice is seen, too
        points = code_points(text[start - before : start + SLICE])
        at = np.flatnonzero((points == LINE_FEED) | (points == CARRIAGE_RETURN))
        at = at[at >= before]
        breaks.append(at + start - before)
        loose.append(may_be_space(points[np.maximum(at - 1, 0)]))
    at = np.concatenate(breaks)
    starts, ends = np.append(0, at + 1), np.append(at, len(text))
    filled = ends > starts  # this also parts with the empty line between \r and \n
    starts, ends, blank_end = starts[filled], ends[filled], np.append(np.concatenate(loose), True)[filled]
    stops = ends.copy()
    for number in np.flatnonzero(blank_end).tolist():
        start, end = int(starts[number]), int(ends[number])
        stops[number] = start + len(text[start:end].rstrip())
    keep = stops > starts
    return starts[keep], ends[keep], stops[keep]


def may_be_space(points: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Whether a character could be white space: the cheap test before the sure one."""
    found: NDArray[np.bool_] = (points <= 0x20) | (points == 0x85) | (points == 0xA0) | (points >= 0x1680)
    return found


def stretches(first_line: NDArray[np.int64]) -> NDArray[np.int64]:
    """First line of each stretch: a document, or ``STRETCH`` lines of a longer one."""
    if np.all(np.diff(first_line) <= STRETCH):
        return first_line
    parts = [np.arange(a, max(b, a + 1), STRETCH) for a, b in pairwise(first_line)]
    return np.append(np.concatenate(parts), first_line[-1])


def portions(batch: Batch, most: int = 2 * STRETCH) -> Iterator[Batch]:
    """The batch in portions of whole stretches, of at ``most`` so many lines each, so that memory stays bounded."""
    cuts = [0]
    for line in batch.stretch_line.tolist():
        if line - cuts[-1] > most - STRETCH or line == len(batch) > cuts[-1]:
            cuts.append(line)
    for a, b in pairwise(cuts):
        stretch_line = batch.stretch_line[(batch.stretch_line >= a) & (batch.stretch_line <= b)] - a
        start, end = int(batch.starts[a]), int(batch.ends[b - 1])
        yield Batch(
            batch.text[start:end],
            np.array([0, end - start + 1]),
            batch.starts[a:b] - start,
            batch.ends[a:b] - start,
            batch.stops[a:b] - start,
            np.array([0, b - a]),
            stretch_line,
        )


def join_lines(batch: Batch, keep: NDArray[np.bool_]) -> Iterator[str]:
    """The text of the kept lines of each document.

    Neighbours stay as they stood to each other. Where lines are removed between two kept ones, one
    line break remains, and one blank line if there was any.
    """
    text, starts, ends = batch.text, batch.starts, batch.ends
    kept = np.flatnonzero(keep)
    document = np.searchsorted(batch.first_line, kept, "right")
    joined = np.zeros(len(kept), bool)
    joined[1:] = (np.diff(kept) == 1) & (np.diff(document) == 0)
    first = np.flatnonzero(~joined)
    last = np.append(first[1:], len(kept))[: len(first)] - 1
    bounds = np.searchsorted(document[first], np.arange(1, len(batch.first_line) + 1)).tolist()
    begin, stop = starts[kept[first]].tolist(), ends[kept[last]].tolist()
    for a, b in pairwise(bounds):
        parts = []
        for k in range(a, b):
            if k > a:
                parts.append(gap(text[stop[k - 1] : begin[k]]))
            parts.append(text[begin[k] : stop[k]])
        yield "".join(parts)


def gap(between: str) -> str:
    """What remains of the text between two kept lines when lines of it are removed."""
    ending = "\r\n" if between.startswith("\r\n") else between[0]
    blank = "\n\n" in between or any(not line.strip() for line in BREAK.split(between)[1:-1])
    return ending * 2 if blank else ending
