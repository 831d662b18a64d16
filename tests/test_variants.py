"""Variants of labelled documents: what is in them, and what never goes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.document import LABELS
from cleaner.training.documents import UNKNOWN, Labelled
from cleaner.training.variants import variant

if TYPE_CHECKING:
    from collections.abc import Callable

HEADING, BODY, CAPTION, LINK_LIST = map(LABELS.index, ("heading", "body", "caption", "link_list"))
rows = st.lists(st.tuples(st.integers(UNKNOWN, len(LABELS) - 1), st.text("ab ", min_size=1).filter(str.strip)))


def document_of(rows: list[tuple[int, str]], name: str = "some") -> Labelled:
    """A document of rows of label and line."""
    return Labelled(name, "\n".join(line for _, line in rows), tuple(label for label, _ in rows), "host", "kind")


def rows_of(document: Labelled) -> list[tuple[int, str]]:
    """Its rows."""
    return list(zip(document.labels, document.lines, strict=True))


@given(rows, st.text())
def test_a_variant_holds_lines_of_the_document_with_their_labels(rows: list[tuple[int, str]], name: str) -> None:
    """None is made up, none comes twice, none changes its label; the same document has the same variant."""
    document = document_of(rows, name)
    found = variant(document)
    assert Counter(rows_of(found)) <= Counter(rows)
    assert bool(found.labels) is bool(rows)
    assert variant(document) == found
    assert (found.name, found.host, found.kind) == (document.name, document.host, document.kind)


@given(rows)
def test_headings_stay_and_text_keeps_its_order(rows: list[tuple[int, str]]) -> None:
    """Of the text only paragraphs go, and none moves."""
    numbered = [(label, f"{line} {number}") for number, (label, line) in enumerate(rows)]
    found = [row for row in rows_of(variant(document_of(numbered))) if row[0] in {HEADING, BODY}]
    assert found == [row for row in numbered if row in set(found)]
    assert {row for row in numbered if row[0] == HEADING} <= set(found)


PLAIN = [(HEADING, "Top"), (CAPTION, "Boats"), *((BODY, f"Text {n}") for n in range(6))]
PLAIN += [(LINK_LIST, f"Link {n}") for n in range(8)]


def without_top(rows: list[tuple[int, str]]) -> bool:
    """Whether the picture at the top has gone or moved."""
    return rows[1][0] == BODY


def moved(rows: list[tuple[int, str]]) -> bool:
    """Whether the picture stands between paragraphs."""
    at = [label for label, _ in rows].index(CAPTION) if (CAPTION, "Boats") in rows else 0
    return at > 1 and rows[at - 1][0] == BODY and rows[at + 1][0] == BODY


def shuffled(rows: list[tuple[int, str]]) -> bool:
    """Whether the links are in another order, the first in its place."""
    links = [line for label, line in rows if label == LINK_LIST]
    return links != sorted(links)


def thinned(rows: list[tuple[int, str]]) -> bool:
    """Whether a paragraph has gone."""
    return sum(label == BODY for label, _ in rows) < 6


@pytest.mark.parametrize("change", [without_top, moved, shuffled, thinned])
def test_documents_change_in_each_way(change: Callable[[list[tuple[int, str]]], bool]) -> None:
    """Of many documents some change in this way, and some do not."""
    changed = [change(rows_of(variant(document_of(PLAIN, f"{n}")))) for n in range(200)]
    assert 0.03 < sum(changed) / len(changed) < 0.8


def test_each_number_has_a_way_of_its_own() -> None:
    """Most documents are arranged in another way for another number."""
    documents = [document_of(PLAIN, f"{n}") for n in range(200)]
    assert sum(variant(document, 1) != variant(document, 2) for document in documents) > 150
