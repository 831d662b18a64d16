"""str -> lines with spans, and back to text."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import plain
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.lines import SLICE, STRETCH, code_points, gap, join_lines, split_lines, stretches

if TYPE_CHECKING:
    from cleaner.document import Batch

ALPHABET = ["a", "B ", "é", "😀", "\ud800", "\0", " ", "\t", "\u3000", "\u2028", "\x85", "\x0b", "\n", "\r", "\r\n"]
TEXT = st.lists(st.sampled_from(ALPHABET), max_size=30).map("".join)


def lines_of(batch: Batch) -> list[list[str]]:
    """The lines of each document."""
    return [[batch.line(i) for i in range(a, b)] for a, b in pairwise(batch.first_line)]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("one", ["one"]),
        ("one\ntwo\r\nthree\rfour", ["one", "two", "three", "four"]),
        ("\n\n one \n\n", [" one "]),
        ("one\r\r\ntwo\n\rthree", ["one", "two", "three"]),
        (" \t\n\x0b\n\u3000\n\u2028", []),
        ("a\u2028b\x0bc\x85d", ["a\u2028b\x0bc\x85d"]),
        ("\0", ["\0"]),
        ("\ufeff\n\u200b", ["\ufeff", "\u200b"]),
    ],
)
def test_lines_end_at_line_feeds_and_carriage_returns_only(text: str, lines: list[str]) -> None:
    r"""Lines end at \n, \r\n or \r, and lines of white space alone are none."""
    assert lines_of(split_lines([text])) == [lines]


@settings(deadline=None, derandomize=True)
@given(TEXT)
def test_spans_are_those_found_one_by_one(text: str) -> None:
    """The spans found by arrays are those that a plain search finds."""
    batch = split_lines([text])
    assert list(zip(batch.starts.tolist(), batch.ends.tolist(), strict=True)) == plain.spans(text)


@settings(deadline=None, derandomize=True)
@given(st.lists(TEXT, max_size=6))
def test_each_document_has_its_own_lines(texts: list[str]) -> None:
    """Documents worked on together have the lines that they have alone."""
    batch = split_lines(texts)
    assert lines_of(batch) == [plain.lines(text) for text in texts]
    for number, text in enumerate(texts):
        assert batch.text[batch.offsets[number] :].startswith(text)


@pytest.mark.parametrize("break_", ["\n", "\r", "\r\n"])
def test_slices_do_not_part_lines(break_: str) -> None:
    """A line break at the edge of a slice counts once, and a line across it is one line."""
    for before in (SLICE - 2, SLICE - 1, SLICE, SLICE + 1):
        text = "a" * before + break_ + "b" * 9
        assert lines_of(split_lines([text])) == [["a" * before, "b" * 9]]


@pytest.mark.parametrize(
    ("counts", "heads"),
    [
        ([], [0]),
        ([0, 3, 0], [0, 3]),
        ([STRETCH], [0, STRETCH]),
        ([STRETCH + 1], [0, STRETCH, STRETCH + 1]),
        ([2, 2 * STRETCH + 5, 0, 1], [0, 2, STRETCH + 2, 2 * STRETCH + 2, 2 * STRETCH + 7, 2 * STRETCH + 8]),
    ],
)
def test_a_document_of_very_many_lines_stands_as_stretches(counts: list[int], heads: list[int]) -> None:
    """A stretch begins with each document, and within it after so many lines."""
    found = stretches(np.cumsum([0, *counts])).tolist()
    assert found == sorted(found)
    assert sorted(set(found)) == heads


@pytest.mark.parametrize(
    ("text", "kept", "expected"),
    [
        ("a\nb\nc", "abc", "a\nb\nc"),
        ("a\n \t\n\nb", "ab", "a\n \t\n\nb"),
        ("\n\na\n\n", "a", "a"),
        (" a \t\nb", "ab", " a \t\nb"),
        ("a\nx\nb", "ab", "a\nb"),
        ("a\n\n\nx\nb", "ab", "a\n\nb"),
        ("a\nx\n  \n\nb", "ab", "a\n\nb"),
        ("a\nx\n\ny\nb", "ab", "a\n\nb"),
        ("x\n\na\n\nx", "a", "a"),
        ("a\r\nx\r\nb\r\n\r\nc", "abc", "a\r\nb\r\n\r\nc"),
        ("a\r\n\r\nx\r\nb", "ab", "a\r\n\r\nb"),
        ("a\rx\rb\r\rx\rc", "abc", "a\rb\r\rc"),
        ("a\nb", "", ""),
        ("", "", ""),
    ],
)
def test_what_remains_between_kept_lines(text: str, kept: str, expected: str) -> None:
    """Neighbours stay as they stood; removal leaves one line break, and one blank line if there was any."""
    batch = split_lines([text])
    keep = np.array([batch.line(i).strip() in list(kept) for i in range(len(batch))], bool)
    assert list(join_lines(batch, keep)) == [expected]


@pytest.mark.parametrize(
    ("between", "expected"),
    [("\nx\n", "\n"), ("\n\nx\n", "\n\n"), ("\r\nx\r\n \r\n", "\r\n\r\n"), ("\rx\r", "\r"), ("\nx\n\ny\n", "\n\n")],
)
def test_a_gap_keeps_the_kind_of_line_break(between: str, expected: str) -> None:
    """What remains of a gap ends lines as the text did."""
    assert gap(between) == expected


@settings(deadline=None, derandomize=True)
@given(st.lists(TEXT, max_size=5))
def test_documents_are_joined_apart(texts: list[str]) -> None:
    """Each document gives its own text back but for what stands before its first and after its last line."""
    batch = split_lines(texts)
    spans = [plain.spans(text) for text in texts]
    whole = [text[at[0][0] : at[-1][1]] if at else "" for text, at in zip(texts, spans, strict=True)]
    assert list(join_lines(batch, np.ones(len(batch), bool))) == whole
    assert list(join_lines(batch, np.zeros(len(batch), bool))) == [""] * len(texts)


def test_characters_as_numbers() -> None:
    """Every code point, lone surrogates among them, is one number."""
    text = "a\0é\ud800\udfff😀"
    assert code_points(text).tolist() == [ord(char) for char in text]
