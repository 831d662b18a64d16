"""JSON Lines: one field of a record is read and replaced, the rest of the line stays as it was written.

Records are never written anew: numbers, escapes, spacing and repeated keys would not survive that.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Numbers are only stepped over; `float` also takes integers that are too long for `int`.
DECODER = json.JSONDecoder(parse_int=float)
SPACE = " \t\r\n"

# What stands before the first key of an object, between a key and its value, and after a value.
OPEN = re.compile(r'\{[ \t\r\n]*(?="|\}\Z)')
COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
NEXT = re.compile(r'[ \t\r\n]*(?:,[ \t\r\n]*(?=")|(?=\}\Z))')

KINDS = {
    dict: "an object",
    list: "a list",
    str: "a string",
    float: "a number",
    bool: "true or false",
    type(None): "null",
}


class RecordError(ValueError):
    """A line that is no record with such a text; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Record:
    """A line of JSON Lines, and the string in one of its fields, written at ``start:end`` of the line."""

    line: str
    text: str
    start: int
    end: int
    keys: frozenset[str]


class NullText(RecordError):  # noqa: N818 (some take it for no error: hence the record)
    """A record with null for a text; ``record`` is the line with an empty text that is nowhere on it."""

    def __init__(self, message: str, record: Record) -> None:
        super().__init__(message)
        self.record = record


def read_record(line: str, field: str) -> Record:
    r"""Find the string in ``field``; raises ``RecordError``.

    >>> read_record('{"id": 1, "text": "caf\\u00e9"}', "text").text
    'café'
    """
    line = line.strip(SPACE)
    try:
        if not line.startswith("{"):
            kind = KINDS[type(DECODER.decode(line))]
            raise RecordError(f'holds {kind}, not an object: write {{"{field}": "..."}}')
        # Of a repeated key the last counts, here as in nearly every reader of JSON.
        fields = {key: (value, start, end) for key, value, start, end in members(line)}
    except json.JSONDecodeError as error:
        raise RecordError(f"not JSON ({error.msg} at column {error.colno}): correct the line") from error
    except RecursionError as error:
        raise RecordError("nested too deeply: make the record flatter") from error
    if field not in fields:
        there = ", ".join(list(fields)[:9]) or "no field"
        raise RecordError(f"has no field {field!r}: name the text's field with --field (here: {there})")
    value, start, end = fields[field]
    if not isinstance(value, str):
        message = f"field {field!r} holds {KINDS[type(value)]}, not a string: correct the line"
        raise NullText(message, Record(line, "", 0, 0, frozenset(fields))) if value is None else RecordError(message)
    return Record(line, value, start, end, frozenset(fields))


def members(line: str) -> Iterator[tuple[str, Any, int, int]]:
    """Keys and values of a JSON object, with the places of the values; raises ``JSONDecodeError``."""
    at = passed(OPEN, line, 0, "a key in double quotes")
    while line[at] != "}":
        key, at = DECODER.raw_decode(line, at)
        start = passed(COLON, line, at, "':'")
        value, end = DECODER.raw_decode(line, start)
        yield key, value, start, end
        at = passed(NEXT, line, end, "',' or the end of the object")


def passed(pattern: re.Pattern[str], line: str, at: int, expected: str) -> int:
    """The place after what has to stand at ``at``."""
    match = pattern.match(line, at)
    if match is None:
        raise json.JSONDecodeError(f"Expecting {expected}", line, at)
    return match.end()


def rewritten(record: Record, text: str, added: Mapping[str, Any] | None = None) -> str:
    """The line with the text replaced and fields added at its end.

    >>> record = read_record('{"text": "old", "n": 1.50}', "text")
    >>> rewritten(record, "new", {"path": "a.jsonl"})
    '{"text": "new", "n": 1.50, "path": "a.jsonl"}'
    """
    line = record.line
    if added:
        line = f"{line[:-1].rstrip(SPACE)}, {dumps(added)[1:]}"
    if text == record.text:
        return line
    return line[: record.start] + dumps(text) + line[record.end :]


def dumps(value: object) -> str:
    """JSON, with letters of all alphabets as they are."""
    return json.dumps(value, ensure_ascii=False)
