"""Labelled lines -> what is shown: TSV, records, or a view that explains."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from cleaner.document import Label, Line

DIM, PLAIN = "\x1b[2m", "\x1b[0m"
DIGITS = 4  # of a probability, where programs read it
LABEL_WIDTH, REASONS_WIDTH = 11, 36  # columns

# Text from the web could otherwise send commands to the terminal.
VISIBLE = {point: f"\\x{point:02x}" for point in (*range(0x20), *range(0x7F, 0xA0)) if chr(point) != "\t"}


def text(kept: str) -> str:
    """Kept text with one line feed at its end; nothing stays nothing."""
    return kept + "\n" if kept else ""


def tsv(lines: Sequence[Line]) -> str:
    """``label TAB probability TAB line`` for each line; further tabs belong to the line."""
    return "".join(f"{line.label}\t{line.probability:.{DIGITS}f}\t{line.text}\n" for line in lines)


def records(lines: Sequence[Line], keep: Collection[Label], path: str | None = None) -> str:
    """A JSON record for each line."""
    return "".join(json.dumps(record(line, keep, path), ensure_ascii=False) + "\n" for line in lines)


def record(line: Line, keep: Collection[Label], path: str | None = None) -> dict[str, Any]:
    """All that is known of a line, as plain data; ``path`` if there is one to tell."""
    return ({} if path is None else {"path": path}) | {
        "text": line.text,
        "start": line.start,
        "end": line.end,
        "label": line.label.value,
        "probability": round(line.probability, DIGITS),
        "kept": line.label in keep,
        "reasons": list(line.reasons),
        "scores": {label.value: round(score, DIGITS) for label, score in line.scores.items()},
    }


def document(kept: Sequence[Line], text: str, known: Mapping[str, Any]) -> str:
    """A JSON record for a document: what is known of it, its cleaned text, and the lines ``kept`` with their spans."""
    found, at = [], 0
    for line in kept:
        at = text.index(line.text, at)
        found.append([at, at + len(line.text), line.label.value, round(line.probability, DIGITS)])
        at += len(line.text)
    return json.dumps({**known, "text": text, "labels": found}, ensure_ascii=False) + "\n"


def spans(lines: Sequence[Line]) -> list[list[Any]]:
    """``[start, end, label, probability]`` for each line, in characters of the text."""
    return [[line.start, line.end, line.label.value, round(line.probability, DIGITS)] for line in lines]


def explanation(lines: Sequence[Line], keep: Collection[Label], title: str = "", color: bool = False) -> str:
    """Each line with its label, probability and reasons; dropped lines have a ``-`` and are dimmed."""
    width = min(max((len(reasons(line)) for line in lines), default=0), REASONS_WIDTH)
    rows = [f"== {title}".translate(VISIBLE)] if title else []
    for line in lines:
        kept = line.label in keep
        row = (
            f"{' ' if kept else '-'} {line.label:<{LABEL_WIDTH}} {line.probability:.2f}"
            f"  {reasons(line):<{width}}  {line.text}"
        ).translate(VISIBLE)
        rows.append(f"{DIM}{row}{PLAIN}" if color and not kept else row)
    rows.append(f"{sum(line.label in keep for line in lines)} of {len(lines)} lines kept")
    return "\n".join(rows) + "\n"


def reasons(line: Line) -> str:
    """What speaks for the label, in one word."""
    return ",".join(line.reasons)
