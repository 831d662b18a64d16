"""From pages with known main text to lines of the HTML way with what their labels may be.

A line that stands in the main text is heading or body; of another, the markup may tell which of the other
labels it has, and if not it may have any of them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cleaner.document import BODY_TEXT, LABEL_INDEX, LABELS, Label
from cleaner.html import read_page
from cleaner.html.walk import HEADINGS
from cleaner.training.alignment import align, target_of, words
from cleaner.training.documents import host_of
from cleaner.training.pages import label_page, map_lines, source_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleaner.html import Page
    from cleaner.training.documents import Labelled

MIN_AGREEMENT = 0.8
KEPT_MASK = sum(1 << LABEL_INDEX[label] for label in BODY_TEXT)
DROPPED_MASK = (1 << len(LABELS)) - 1 - KEPT_MASK


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """A page with the labels that each of its lines may have, as bits.

    ``agreement`` is the word F1 between the main text and the lines that stand in it.
    """

    name: str
    host: str
    page: Page
    allowed: list[int]
    by_hand: list[bool]
    agreement: float


def labelled_page(record: dict[str, Any], hand: Sequence[Labelled] = ()) -> LabelledPage | None:
    """The lines of a page with what they may be; None where it has no lines.

    ``hand`` are texts of the page with labels given by hand, which go before what markup tells.
    """
    page = read_page(record["html"])
    if not page.tree.lines:
        return None
    of_line = [words(line) for line in page.tree.lines]
    gold = target_of([words(line) for line in record["gold"].split("\n")])
    found = align(of_line, gold)
    told = told_by_markup(record, page)
    allowed = [
        may_be(number in found, label, state)
        for number, (label, state) in enumerate(zip(told, page.tree.state, strict=True))
    ]
    ours = Counter(word for number in found for word in of_line[number])
    theirs = Counter(gold.words)
    agreement = 2 * (ours & theirs).total() / max(ours.total() + theirs.total(), 1)
    by_hand = [False] * len(allowed)
    for document in hand:
        for number, label in enumerate(told_by_hand(document, page)):
            if label is not None:
                allowed[number], by_hand[number] = settled(label, number in found), True
    return LabelledPage(record["id"], host_of(record["url"]), page, allowed, by_hand, agreement)


def settled(label: Label, found: bool) -> int:
    """What a line may be that is labelled by hand; anything, where main text and hand do not agree.

    That the main text has no headings, as the title of the page, is no disagreement.
    """
    agree = (label in BODY_TEXT) == found or label is Label.HEADING
    return 1 << LABEL_INDEX[label] if agree else KEPT_MASK | DROPPED_MASK


def told_by_hand(document: Labelled, page: Page) -> Sequence[Label | None]:
    """The labels that lines of a page have in a text of it."""
    return map_lines(page.tree.lines, source_of(document.lines, document.line_labels, ""))


def told_by_markup(record: dict[str, Any], page: Page) -> Sequence[Label | None]:
    """Labels from main text, markup and phrases, as far as they tell."""
    import lxml.etree

    try:
        lines, labels = label_page(record)
    except (ValueError, lxml.etree.LxmlError):
        return [None] * len(page.tree.lines)
    return map_lines(page.tree.lines, source_of((line.text for line in lines), labels, record["gold"]))


def may_be(found: bool, told: Label | None, state: int) -> int:
    """The labels that a line may have, as bits."""
    if not found:  # gold texts leave out the title, though it is a heading
        return DROPPED_MASK if told is None or told is Label.BODY else 1 << LABEL_INDEX[told]
    if told in BODY_TEXT:
        return 1 << LABEL_INDEX[told]
    return 1 << LABEL_INDEX[Label.HEADING] if state & HEADINGS else KEPT_MASK
