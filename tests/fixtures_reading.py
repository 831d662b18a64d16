"""Fixtures: documents and single lines with their labels, and what is known to fail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cleaner import Cleaner

FIXTURES = Path(__file__).parent.parent / "fixtures"
KNOWN_FAILURES = FIXTURES / "known_failures.json"
MIDDLE = 6  # lines of the frame that stand before a line in its middle


class Row(NamedTuple):
    """A line with its label; both are empty for a blank line."""

    label: str
    line: str


@dataclass(frozen=True)
class Case:
    """A single line with its label, and where in the frame it stands."""

    line: str
    label: str
    place: str
    note: str


def read_rows(path: Path) -> list[Row]:
    """The rows of a .tsv: label, tab, line."""
    rows = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return [Row(label, line) for label, _, line in (row.partition("\t") for row in rows)]


def text_of(rows: list[Row]) -> str:
    """The text of these lines."""
    return "\n".join(row.line for row in rows)


@cache
def documents() -> dict[str, list[Row]]:
    """The rows of each document, by name."""
    return {path.stem: read_rows(path) for path in sorted((FIXTURES / "documents").glob("*.tsv"))}


@cache
def cases() -> list[Case]:
    """The single lines."""
    rows = (FIXTURES / "lines" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    return [Case(**json.loads(row)) for row in rows]


def framed(case: Case) -> tuple[str, int]:
    """A text with the line in its place, and the number of the line in it."""
    lines = (FIXTURES / "lines" / "frame.txt").read_text(encoding="utf-8").splitlines()
    at = {"top": 1, "middle": MIDDLE, "end": len(lines)}[case.place]
    return "\n".join([*lines[:at], case.line, *lines[at:]]), at


def labels_of_documents(cleaner: Cleaner) -> dict[str, dict[int, str]]:
    """The label of each line of each document, by the number of its row in the file."""
    found = {}
    texts = [text_of(rows) for rows in documents().values()]
    for (name, rows), lines in zip(documents().items(), cleaner.label_many(texts), strict=True):
        numbers = [number for number, row in enumerate(rows, 1) if row.line.strip()]
        found[name] = {number: line.label.value for number, line in zip(numbers, lines, strict=True)}
    return found


def labels_of_cases(cleaner: Cleaner) -> list[str]:
    """The label of each single line."""
    texts, places = zip(*map(framed, cases()), strict=True)
    return [lines[at].label.value for lines, at in zip(cleaner.label_many(texts), places, strict=True)]


def failures(cleaner: Cleaner) -> dict[str, Any]:
    """Documents with the numbers of their rows, and single lines, that are labelled wrong."""
    wrong = {
        name: [number for number, label in labels.items() if label != documents()[name][number - 1].label]
        for name, labels in labels_of_documents(cleaner).items()
    }
    lines = [case.line for case, label in zip(cases(), labels_of_cases(cleaner), strict=True) if label != case.label]
    return {"documents": {name: numbers for name, numbers in wrong.items() if numbers}, "lines": lines}


def known_failures() -> dict[str, Any]:
    """What is known to fail."""
    return dict(json.loads(KNOWN_FAILURES.read_text(encoding="utf-8"))) if KNOWN_FAILURES.exists() else {}
