"""Documents and single lines of our own writing: every label right, but for failures that are known."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from fixtures_reading import (
    KNOWN_FAILURES,
    Case,
    Row,
    cases,
    documents,
    failures,
    framed,
    known_failures,
    labels_of_cases,
    labels_of_documents,
    text_of,
)

from cleaner import Cleaner, Label

if TYPE_CHECKING:
    from pathlib import Path

KINDS = (
    "news blog recipe forum product documentation poem code tables interview liveblog short oneline "
    "allboilerplate noboilerplate"
).split()
MOST_WRONG = {"documents": 230, "lines": 30}  # lines: lower them when they fall
COMMAND = [sys.executable, "-c", "import sys; from cleaner.cli import main; sys.exit(main())"]


@pytest.fixture(scope="module")
def found_in_documents(cleaner: Cleaner) -> dict[str, dict[int, str]]:
    """The label of each line of each document."""
    return labels_of_documents(cleaner)


@pytest.fixture(scope="module")
def found_in_cases(cleaner: Cleaner) -> dict[Case, str]:
    """The label of each single line."""
    return dict(zip(cases(), labels_of_cases(cleaner), strict=True))


@pytest.mark.parametrize("name", documents())
def test_documents(found_in_documents: dict[str, dict[int, str]], name: str) -> None:
    """Every line has its label; a line that is known to fail must fail, or be taken off the list."""
    rows, found = documents()[name], found_in_documents[name]
    known = set(known_failures()["documents"].get(name, []))
    new = [
        f"row {number}: {rows[number - 1].label}, not {label}: {rows[number - 1].line}"
        for number, label in found.items()
        if label != rows[number - 1].label and number not in known
    ]
    cured = [number for number in sorted(known) if found.get(number) == rows[number - 1].label]
    assert not new, "\n".join([name, *new])
    assert not cured, f"{name}: rows {cured} are right now: run tests/known_failures.py"


@pytest.mark.parametrize("case", cases(), ids=lambda case: f"{case.label}: {case.note}")
def test_single_lines(found_in_cases: dict[Case, str], case: Case) -> None:
    """A line has its label where it stands among prose; one that is known to fail must fail, or leave the list."""
    if case.line in known_failures()["lines"]:
        assert found_in_cases[case] != case.label, "is right now: run tests/known_failures.py"
    else:
        assert found_in_cases[case] == case.label, case.line


def test_the_command_labels_alike(found_in_documents: dict[str, dict[int, str]], tmp_path: Path) -> None:
    """What the command says of a file is what the library says of its text."""
    for name, rows in documents().items():
        (tmp_path / f"{name}.txt").write_text(text_of(rows) + "\n", encoding="utf-8", newline="")
    files = sorted(path.name for path in tmp_path.glob("*.txt"))
    done = subprocess.run(
        [*COMMAND, "--labels", "--output-dir", "out", *files], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stderr == b""
    for name, rows in documents().items():
        written = (tmp_path / "out" / f"{name}.txt").read_text(encoding="utf-8").removesuffix("\n").split("\n")
        told = [Row(label, line) for label, _, line in (row.split("\t", 2) for row in written)]
        labels = found_in_documents[name]
        assert told == [Row(labels[number], row.line) for number, row in enumerate(rows, 1) if number in labels], name


# The known failures


def test_known_failures_are_lines_of_the_fixtures() -> None:
    """Nothing stands on the list that is not there (any more), nor twice."""
    known = known_failures()
    assert set(known) == {"documents", "lines", "seed labels", "seed texts"}
    for name, numbers in known["documents"].items():
        filled = {number for number, row in enumerate(documents()[name], 1) if row.line.strip()}
        assert numbers
        assert numbers == sorted(set(numbers) & filled), name
    assert [line for line, count in Counter(known["lines"]).items() if count > 1] == []
    assert set(known["lines"]) <= {case.line for case in cases()}


def test_known_failures_are_written_as_the_model_has_them(cleaner: Cleaner) -> None:
    """What the script would write is what stands there."""
    found = failures(cleaner)
    assert found == {name: known_failures()[name] for name in found}


def test_known_failures_do_not_grow() -> None:
    """A model or a rule pack that gets more of the fixtures wrong than this is a step back."""
    known = known_failures()
    assert sum(map(len, known["documents"].values())) <= MOST_WRONG["documents"]
    assert len(known["lines"]) <= MOST_WRONG["lines"]
    assert KNOWN_FAILURES.read_text(encoding="utf-8").endswith("}\n")


# The fixtures


def test_documents_are_of_many_kinds_and_languages() -> None:
    """At least forty documents, fifteen kinds and six languages, and every label."""
    assert len(documents()) >= 40
    kinds, languages = zip(*(name.split("-")[:2] for name in documents()), strict=True)
    assert set(KINDS) <= set(kinds)
    assert len(set(languages)) >= 6
    assert {row.label for rows in documents().values() for row in rows} - {""} == set(Label)


@pytest.mark.parametrize("name", documents())
def test_rows_are_well_formed(name: str) -> None:
    """Each row is a label and a line; blank lines have none."""
    for number, row in enumerate(documents()[name], 1):
        assert row.label in (list(Label) if row.line.strip() else [""]), number
        assert not set(row.line) & set("\t\r\n"), number


def test_single_lines_are_of_every_label() -> None:
    """Each label has cases, near misses that are body are many, and no line stands there twice."""
    labels = Counter(case.label for case in cases())
    assert set(labels) == set(Label)
    assert min(labels.values()) >= 5
    assert labels["body"] >= 40
    assert [line for line, count in Counter(case.line for case in cases()).items() if count > 1] == []


@pytest.mark.parametrize("place", ["top", "middle", "end"])
def test_the_frame(place: str) -> None:
    """A line stands where it should: after the first line, after six lines, or at the end."""
    text, at = framed(Case("the line", "body", place, ""))
    lines = text.split("\n")
    assert lines[at] == "the line"
    assert {"top": at == 1, "middle": at == 6, "end": at == len(lines) - 1}[place]
    assert any(case.place == place for case in cases())


def test_failures_are_found() -> None:
    """A model that calls everything body fails on all else, and on nothing that is body."""
    told: Any = failures(Cleaner(model={"words": {}, "bias": {"body": 50}}, rules=[]))
    for name, rows in documents().items():
        wrong = [number for number, row in enumerate(rows, 1) if row.label not in ("", "body")]
        assert told["documents"].get(name, []) == wrong
    assert told["lines"] == [case.line for case in cases() if case.label != "body"]
