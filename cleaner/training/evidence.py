"""What a line of a page is, from gold text, markup, place and plain phrases; None where they do not tell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cleaner.document import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cleaner.training.markup import Kind

Evidence = tuple[Label | None, str]  # what a line is, and what says so
BESIDE = "paragraph beside gold"

PARAGRAPH = 15  # words, from which a line that is no link reads as one
MANY = frozenset({"forum", "listing", "collection"})  # page types whose main content is many texts

MONTH = r"\w{3,12}\.?"
DATE = rf"{MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}}\.? {MONTH},? \d{{4}}|\d{{4}}-\d\d-\d\d"
DATE_ALONE = re.compile(
    rf"(?:\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}}|{DATE})(?:,? (?:at )?\d{{1,2}}:\d\d(?: ?[ap]m)?)?",
    re.IGNORECASE,
)
BYLINE = re.compile(
    r"^(?:by|von|par|por|door|av|af|di|przez) (?!the )[A-Z]\w"
    r"|^(?:published|updated|posted|last (?:updated|edited)|first published)\b"
    r"|^(?:On .{6,40}, )?\S{3,20}(?: \S{3,20})? (?:said|wrote): ?\W*$"
    r"|\b\d+ min(?:ute)?s? read\b"
    r"|^(?:\W*\w{3,9},? )?(?:\w{3,9}\.? \d{1,2},|\d{1,2}\.? \w{3,9},?) \d{4}\b",
    re.IGNORECASE,
)
CALL = re.compile(
    r"\bnewsletters?\b|^sign up\b|^subscribe\b|\bsubscribe (?:to|now|today)\b|^follow us\b|^donate\b"
    r"|^join our\b|\b(?:download|get) (?:our|the) app\b",
    re.IGNORECASE,
)
CREDIT = re.compile(
    r"^\W*(?:photos?|images?|pictures?|credits?|fotos?|bilde?r?|photograph|infograf\w+)"
    r"(?: credit| by| via| courtesy\b.*)?(?::|/| by )"
    r"|\((?:photo|image|picture|credit)\b[^()]*\)$|\((?:AP|AFP|EPA|Getty|Reuters)\b[^()]*\)\W*$"
    r"|\bGetty Images\W*$|^© ?(?:Getty|AFP|AP|dpa|Reuters)\b",
    re.IGNORECASE,
)
ADVERTISEMENT = re.compile(
    r"\W*(?:advertisements?|advertising|publicidad|publicité|pubblicità|anzeige|werbung"
    r"|reklama|annonse?|annons)\W*",
    re.IGNORECASE,
)
COPYRIGHT = re.compile(r"^\W*(?:©|\(c\) ?\d{4}|copyright\b)|all rights reserved", re.IGNORECASE)


@dataclass(slots=True)
class Facts:
    """What is known of a line before it is labelled."""

    text: str
    words: list[str]
    link: float  # share of its characters in links
    anchors: int  # links in it
    heading: float  # share in heading elements
    bold: float
    found: bool  # in gold
    kind: Kind  # what markup says
    around: int  # the node that holds its block, list or table
    item: bool  # in a list or table
    sibling: bool = False  # paragraphs of gold stand in the same node

    @property
    def count(self) -> int:
        """Number of words."""
        return len(self.words)

    @property
    def linked(self) -> bool:
        """Whether it is a link as a whole."""
        return self.link > 0.8


@dataclass(frozen=True, slots=True)
class Frame:
    """What is known of the page around a line: type, title, authors, first and last line found in gold."""

    kind: str
    title: frozenset[str]
    authors: list[list[str]]
    first: int
    last: int

    def near(self, number: int) -> bool:
        """Whether a line stands where bylines do."""
        inside = self.kind in MANY and self.first <= number <= self.last
        return inside or self.first - 12 <= number <= self.first + 3 or self.last < number <= self.last + 4

    def is_title(self, line: Sequence[str]) -> bool:
        """Whether most of a line's words stand in the title of the page."""
        return len(line) > 1 and bool(self.title) and sum(word in self.title for word in line) >= 0.7 * len(line)

    def names_author(self, line: Sequence[str]) -> bool:
        """Whether a line holds little but names of the authors."""
        known = {word for name in self.authors for word in name}
        return sum(word in known for word in line) >= max(2, len(line) - 3)

    def starts_with_author(self, line: Sequence[str]) -> bool:
        """Whether a line starts with the full name of an author."""
        return any(len(name) > 1 and list(line[: len(name)]) == name for name in self.authors)


Rule = tuple[Label | None, str, "Callable[[Facts, int, Frame], bool]"]  # of a line, its number and its page

CREDITED: frozenset[Label | None] = frozenset({None, Label.CAPTION, Label.NOTICE, Label.BYLINE})

# Lines that stand in gold; the first rule that fits decides, else the line is body.
IN_GOLD: tuple[Rule, ...] = (
    (Label.BYLINE, "date in gold", lambda f, _, __: DATE_ALONE.fullmatch(f.text) is not None),
    (None, "user name", lambda f, _, p: p.kind == "forum" and f.heading > 0.5 and f.linked and f.count <= 3),
    (
        Label.BODY,
        "long heading in gold",
        lambda f, _, __: f.heading > 0.5 and f.count >= 12 and f.text[-1] in ".!",
    ),
    (Label.HEADING, "heading in gold", lambda f, _, __: f.heading > 0.5),
)

# Lines that do not stand in gold: before and after markup has its say.
BEFORE_MARKUP: tuple[Rule, ...] = (
    (Label.AD, "advertisement", lambda f, _, __: ADVERTISEMENT.fullmatch(f.text) is not None),
    (Label.HEADING, "title", lambda f, n, p: f.heading > 0.5 and n <= p.first + 2 and p.is_title(f.words)),
    (
        Label.NOTICE,
        "copyright text",
        lambda f, _, __: f.kind.label is not Label.CAPTION and COPYRIGHT.search(f.text) is not None,
    ),
    (
        Label.BYLINE,
        "author's name",
        lambda f, n, p: _may_be_byline(f, n, p) and n <= p.last and p.names_author(f.words),
    ),
    (
        Label.BYLINE,
        "byline text",
        lambda f, n, p: _may_be_byline(f, n, p) and BYLINE.search(f.text) is not None,
    ),
    (
        Label.AUTHOR_BIO,
        "text on the author",
        lambda f, n, p: n > p.last and f.count >= 12 and not f.linked and p.starts_with_author(f.words),
    ),
    (
        Label.CAPTION,
        "credit text",
        lambda f, _, __: f.kind.label in CREDITED and f.count <= 30 and CREDIT.search(f.text) is not None,
    ),
    (None, "button with text", lambda f, _, __: f.kind.why == "button" and _is_text(f)),
    (
        None,
        "long in navigation",
        lambda f, _, __: _is(f, Label.NAVIGATION) and f.count >= 12 and f.link < 0.5,
    ),
    (None, "headline in navigation", lambda f, _, __: _is(f, Label.NAVIGATION) and f.count >= 7 and f.linked),
    (None, "byline far from text", lambda f, n, p: _is(f, Label.BYLINE) and not p.near(n)),
    (None, "long byline", lambda f, _, __: _is(f, Label.BYLINE) and f.count > 14),
    (
        Label.NAVIGATION,
        "legal link",
        lambda f, _, __: _is(f, Label.NOTICE) and not f.kind.block and f.linked and f.count <= 6,
    ),
    (Label.BODY, "code", lambda f, n, p: f.kind.why == "code" and p.first <= n <= p.last),
    (None, "code outside", lambda f, _, __: f.kind.why == "code"),
    (None, "word in ad", lambda f, _, __: _is(f, Label.AD) and f.linked and f.count == 1),
)
AFTER_MARKUP: tuple[Rule, ...] = (
    (
        None,
        "button that calls",
        lambda f, _, __: f.linked and f.count <= 2 and CALL.search(f.text) is not None,
    ),
    (Label.AD, "call", lambda f, _, __: CALL.search(f.text) is not None),
    (
        Label.NAVIGATION,
        "link in footer",
        lambda f, _, __: f.kind.zone == "footer" and f.linked and f.count <= 8,
    ),
    (
        Label.NAVIGATION,
        "heading in footer",
        lambda f, _, __: f.kind.zone == "footer" and f.heading > 0.5 and f.count <= 2,
    ),
    (
        Label.NAVIGATION,
        "link in header",
        lambda f, n, p: f.kind.zone == "header" and f.linked and f.count <= 4 and n < p.first - 12,
    ),
    (Label.NAVIGATION, "link before text", lambda f, n, p: n < p.first - 5 and f.linked and f.count <= 2),
    (
        Label.LINK_LIST,
        "headline in a link",
        lambda f, _, __: f.linked and f.anchors == 1 and f.text[-1] != "?" and f.count >= _headline(f),
    ),
    (
        Label.BODY,
        "list beside gold",
        lambda f, n, p: _beside(f) and f.item and p.first <= n <= p.last,
    ),
    (None, BESIDE, lambda f, _, __: _beside(f) and not f.item and f.count >= PARAGRAPH),
)


def _is(fact: Facts, label: Label) -> bool:
    return fact.kind.label is label


def _is_text(fact: Facts) -> bool:
    """More than the name of a control: a question that unfolds, a price to choose."""
    return fact.count > 6 or fact.text[-1] == "?" or fact.text[-1].isdigit()


def _may_be_byline(fact: Facts, number: int, page: Frame) -> bool:
    return not fact.kind.block and fact.count <= 14 and page.near(number)


def _headline(fact: Facts) -> int:
    return 5 if fact.kind.zone == "aside" else 9


def _beside(fact: Facts) -> bool:
    return fact.sibling and not fact.linked and fact.heading < 0.5


def judge(number: int, facts: Sequence[Facts], page: Frame) -> Evidence:
    """What line ``number`` is, and what says so."""
    fact = facts[number]
    if fact.found:
        return _bold(number, facts) or _first(IN_GOLD, fact, number, page) or (Label.BODY, "gold")
    told: Evidence | None = (fact.kind.label, fact.kind.why) if fact.kind.label else None
    before = _first(BEFORE_MARKUP, fact, number, page)
    return before or told or _first(AFTER_MARKUP, fact, number, page) or (None, "nothing")


def _first(rules: Sequence[Rule], fact: Facts, number: int, page: Frame) -> Evidence | None:
    return next(((label, why) for label, why, test in rules if test(fact, number, page)), None)


def _bold(number: int, facts: Sequence[Facts]) -> Evidence | None:
    """A short bold line in gold: a heading where a paragraph follows, else not to be told from body."""
    fact = facts[number]
    if fact.bold <= 0.9 or fact.heading > 0.5 or fact.item or fact.count > 12 or fact.text[-1] in '.,;!:…"”':
        return None
    following = facts[number + 1] if number + 1 < len(facts) else fact
    opens = following.found and following.count >= 12 and fact.text[-1] != "?"
    return (Label.HEADING if opens else None), "bold in gold"
