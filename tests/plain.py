"""The same as the package does by arrays, line by line and plain to see."""

from __future__ import annotations

import re
from itertools import pairwise

BREAK = re.compile(r"\r\n|\r|\n")


def spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each line that is not blank."""
    breaks = [match.span() for match in BREAK.finditer(text)]
    starts, ends = [0, *(end for _, end in breaks)], [*(start for start, _ in breaks), len(text)]
    return [(a, b) for a, b in zip(starts, ends, strict=True) if text[a:b].strip()]


def lines(text: str) -> list[str]:
    """The lines that are not blank."""
    return [text[a:b] for a, b in spans(text)]


def joined(text: str, keep: list[bool]) -> str:
    """The kept ones of these lines: neighbours as they stand, between others a line break and at most a blank line."""
    kept = [(number, span) for number, (span, kept) in enumerate(zip(spans(text), keep, strict=True)) if kept]
    parts = [text[start:end] for _, (start, end) in kept[:1]]
    for (before, (_, stop)), (number, (start, end)) in pairwise(kept):
        between = text[stop:start]
        if number > before + 1:
            rest = BREAK.split(between)[1:-1]
            between = BREAK.match(between)[0] * (1 + any(not line.strip() for line in rest))  # type: ignore[index]
        parts += [between, text[start:end]]
    return "".join(parts)
