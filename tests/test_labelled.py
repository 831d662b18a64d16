"""Labelled documents, read from files: two forms, and what may be wrong with them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cleaner import Cleaner
from cleaner.document import LABELS
from cleaner.render import spans, tsv
from cleaner.training.documents import LabelledError, read_all, read_labelled, read_records

if TYPE_CHECKING:
    from pathlib import Path

AD, BODY, HEADING = (LABELS.index(label) for label in ("ad", "body", "heading"))
TEXT = "Ferry\n\nThe boat has left the pier.\nAdvertisement"
ROWS = "heading\tFerry\n\nbody\tThe boat has left the pier.\nad\tAdvertisement\n"


def write(folder: Path, name: str, data: str | bytes) -> Path:
    """Write a file."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def test_rows(tmp_path: Path) -> None:
    """Label, TAB, line; blank lines have no label; further tabs and a break of two characters are the line's."""
    found = read_labelled(write(tmp_path, "one.tsv", ROWS))
    assert (found.text, found.labels) == (TEXT + "\n", (HEADING, BODY, AD))
    assert read_labelled(write(tmp_path, "two.tsv", "body\ta\tb\r\n\r\nad\tc\r\n")).text == "a\tb\r\n\r\nc\r\n"


@pytest.mark.parametrize(
    "record",
    [
        {"text": TEXT, "labels": ["heading", "body", "ad"]},
        {"lines": TEXT.split("\n"), "labels": ["heading", "body", "ad"]},
        {"text": TEXT, "labels": [[0, 5, "heading", 0.9], [7, 34, "body", 0.8], [35, 48, "ad", 0.7]], "more": 1},
        {"text": TEXT, "labels": [[35, 48, "ad", 0.7], [0, 5, "heading", 0.9], [7, 34, "body", 0.8]]},
    ],
    ids=["text", "lines", "spans", "spans in any order"],
)
def test_records(tmp_path: Path, record: dict[str, object]) -> None:
    """Each form of a record holds the same document."""
    (found,) = read_records(write(tmp_path, "one.jsonl", "\n" + json.dumps(record) + "\n"))
    assert (found.text, found.labels, found.name) == (TEXT, (HEADING, BODY, AD), "one:2")


def test_names_and_sites(tmp_path: Path) -> None:
    """A document has the name and the site that its record says; a line without a label has none."""
    record = {"text": "a\nb", "labels": [None, "ad"], "id": 7, "url": "https://www.example.com/a"}
    (found,) = read_records(write(tmp_path, "one.jsonl", json.dumps(record)))
    assert (found.name, found.host, found.labels) == ("7", "example.com", (-1, AD))


def test_what_the_command_writes_can_be_read(tmp_path: Path) -> None:
    """Labels that the tool gives are a start for labels by hand."""
    lines = Cleaner().label(TEXT)
    record = {"text": TEXT, "labels": spans(lines)}
    (found,) = read_records(write(tmp_path, "one.jsonl", json.dumps(record)))
    assert [LABELS[number] for number in found.labels] == [line.label for line in lines]
    found = read_labelled(write(tmp_path, "one.tsv", tsv(lines)))
    assert [LABELS[number] for number in found.labels] == [line.label for line in lines]
    assert found.lines == [line.text for line in lines]


def test_folders(tmp_path: Path) -> None:
    """Of a folder all labelled files are read, in order; documents without a label are left out."""
    write(tmp_path, "b.tsv", ROWS)
    write(tmp_path, "a.tsv", ROWS)
    write(tmp_path, "empty.tsv", "")
    write(tmp_path, "notes.txt", "nothing labelled")
    write(tmp_path, "c.jsonl", '{"text": "a", "labels": ["ad"]}\n{"text": "a", "labels": [null]}\n')
    assert [document.name for document in read_all([tmp_path, tmp_path / "a.tsv"])] == ["a", "b", "c:1", "a"]


FAULTS = {
    "a label that does not exist": ("x.tsv", "body\tone\nbodi\ttwo\n", ":2: unknown label 'bodi'; known are heading,"),
    "a line without a label": ("x.tsv", "body\tone\n\ttwo\n", ":2: unknown label ''"),
    "no tab": ("x.tsv", "body\tone\nbody two\n", ":2: no TAB"),
    "cut in a line": (
        "x.tsv",
        "body\tone\nbody\ttw",
        ":2: the last row has no line feed at its end: was the file cut?",
    ),
    "cut in a label": ("x.tsv", "body\tone\nbo", ":2: the last row"),
    "cut in a letter": ("x.tsv", "body\tone\nbody\tt\u00e9".encode()[:-1], ":2: is no UTF-8: was the file cut?"),
    "two lines in a row": ("x.tsv", "body\tone\rtwo\n", ":1: a carriage return"),
    "nothing": ("x.tsv", "", ": no line with a label"),
    "only blank lines": ("x.tsv", "\n\n", ": no line with a label"),
    "no records": ("x.jsonl", "\n", ": no line with a label"),
    "cut in a record": ("x.jsonl", '{"text": "a", "labels": ["ad"]}\n{"text": "a", "la', ":2: not JSON"),
    "no object": ("x.jsonl", "[1]\n", ':1: no record of the form {"text": '),
    "no labels": ("x.jsonl", '{"text": "a"}\n', ":1: no record of the form"),
    "no text": ("x.jsonl", '{"labels": []}\n', ":1: needs either 'text', a string, or 'lines'"),
    "text and lines": ("x.jsonl", '{"text": "a", "lines": ["a"], "labels": ["ad"]}\n', ":1: needs either"),
    "a break in a line": ("x.jsonl", '{"lines": ["a\\nb"], "labels": ["ad"]}\n', ":1: a line break"),
    "a label short": ("x.jsonl", '{"text": "a\\nb", "labels": ["ad"]}\n', ":1: 1 labels for 2 lines"),
    "a label that is a number": ("x.jsonl", '{"text": "a", "labels": [3]}\n', ":1: unknown label 3"),
    "a span of no line": (
        "x.jsonl",
        '{"text": "a", "labels": [[5, 9, "ad", 1]]}\n',
        ":1: no line of the text stands at 5",
    ),
    "a span of two lines": ("x.jsonl", '{"text": "a\\nb", "labels": [[0, 3, "ad", 1]]}\n', ":1: no line of the text"),
    "a span without ends": ("x.jsonl", '{"text": "a", "labels": [["a", "b", "ad"]]}\n', ":1: a span does not begin"),
    "a label too deep": ("x.jsonl", '{"text": "a", "labels": [["ad"]]}\n', ":1: unknown label ['ad']"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_named_with_file_and_line(tmp_path: Path, fault: str) -> None:
    """The message says what is wrong, and where."""
    name, data, message = FAULTS[fault]
    path = write(tmp_path, name, data)
    with pytest.raises(LabelledError) as caught:
        read_all([path])
    assert str(caught.value).startswith(f"{path}{message}")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(LabelledError, match=r"gone\.tsv: cannot be read: No such file"):
        read_all([tmp_path / "gone.tsv"])
