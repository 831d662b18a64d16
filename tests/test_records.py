"""Records of JSON Lines: read, and rewritten in one place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.records import RecordError, read_record, rewritten

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
RECORDS = st.dictionaries(st.text(), VALUES, max_size=3)


@given(RECORDS, RECORDS, st.text(), st.text(), st.booleans(), st.sampled_from([None, 0, 2]))
def test_only_the_text_changes(
    before: dict[str, Any], after: dict[str, Any], old: str, new: str, escapes: bool, indent: int | None
) -> None:
    """Whatever stands around the text stays, to the character."""
    after.pop("text", None)
    whole = {**before, "text": old, **after}
    dumped = json.dumps(whole, ensure_ascii=escapes, indent=indent)
    record = read_record(dumped, "text")
    assert record.text == old
    line = rewritten(record, new)
    assert json.dumps(json.loads(line)) == json.dumps(whole | {"text": new})
    if old != new:
        assert dumped.startswith(line[: record.start])
        assert dumped.endswith(line[record.start + len(json.dumps(new, ensure_ascii=False)) :])


@given(RECORDS, RECORDS)
def test_fields_are_added_at_the_end(there: dict[str, Any], added: dict[str, Any]) -> None:
    """What is added stands after the rest."""
    there["text"] = "same"
    record = read_record(json.dumps(there), "text")
    added = {key: value for key, value in added.items() if key not in there}
    assert json.dumps(json.loads(rewritten(record, "same", added))) == json.dumps(there | added)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"text":"a","n":1e999,"m":-0.0}', '{"text":"new","n":1e999,"m":-0.0}'),
        ('{"n":' + "9" * 5000 + ',"text":"a"}', '{"n":' + "9" * 5000 + ',"text":"new"}'),
        ('{"text":"first","text":"last"}', '{"text":"first","text":"new"}'),
        (' {\t"text" : "a" }\r', '{\t"text" : "new" }'),
        ('{"a":{"text":"b"},"\\u0074ext":"c"}', '{"a":{"text":"b"},"\\u0074ext":"new"}'),
    ],
)
def test_odd_json_survives(line: str, expected: str) -> None:
    """Numbers, repeated keys, spacing and escapes are not written anew."""
    assert rewritten(read_record(line, "text"), "new") == expected


def test_an_unchanged_text_is_left_as_it_was_written() -> None:
    """A record with nothing to drop comes out as it went in."""
    line = '{"text": "caf\\u00e9"}'
    assert rewritten(read_record(line, "text"), "café") == line


@given(RECORDS, st.integers(0), st.sampled_from(["", " ", ",", ":", "{", "}", '"', "1", "null,"]), st.booleans())
def test_json_is_what_the_standard_says(there: dict[str, Any], place: int, what: str, instead: bool) -> None:
    """A line is refused if, and only if, it is no JSON to Python's own reader."""
    line = json.dumps({"text": "", **there, "text ": ""})
    place %= len(line)
    line = line[:place] + what + line[place + instead :]
    try:
        expected = json.loads(line)
    except ValueError:
        expected = None
    try:
        keys = read_record(line, "text").keys
    except RecordError:
        assert not isinstance(expected, dict) or not isinstance(expected.get("text"), str)
    else:
        assert keys == set(expected)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nope", "not JSON"),
        ('{"text": "a"} {"text": "b"}', "not JSON"),
        ('"text"', "holds a string, not an object"),
        ("12", "holds a number, not an object"),
        ('{"body": 1, "title": 2}', r"no field 'text'.*--field \(here: body, title\)"),
        ("{}", r"no field 'text'.*--field \(here: no field\)"),
        ('{"text": 5}', "field 'text' holds a number, not a string"),
        ('{"text": true}', "field 'text' holds true or false, not a string"),
        ('{"text": ["a"]}', "field 'text' holds a list, not a string"),
        ("[" * 200_000, "nested too deeply"),
    ],
)
def test_what_is_no_record_is_told(line: str, message: str) -> None:
    """The message says what is wrong and what to do."""
    with pytest.raises(RecordError, match=message):
        read_record(line, "text")
