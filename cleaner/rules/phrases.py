"""Set phrases: whether a line is one of many, without a pattern.

A line is a phrase if they are the same but for case, runs of white space, the numbers in them, and the marks
at either end. In a phrase ``*`` is a gap, for any text of at least one character (at the end for none, too).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NUMBER, MARK = re.compile(r"\d+"), re.compile(r"\W")
MARKS_BEFORE, MARKS_AFTER = re.compile(r"^[\W_]+"), re.compile(r"[\W_]+$")
WORDS = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)  # from the first to the last; the time it takes is linear


class Phrases(NamedTuple):
    """Phrases made ready: those without gaps, and the parts of the others by their first word."""

    whole: frozenset[str]
    gapped: Mapping[str, Sequence[Sequence[str]]]


def phrases_of(phrases: Sequence[str]) -> Phrases:
    """Make phrases ready to be looked for; each begins with a word, or a number and a word."""
    gapped: dict[str, list[list[str]]] = {}
    whole = []
    for phrase in phrases:
        first, *others = folded(phrase).split("*")
        if others:
            parts = [MARKS_BEFORE.sub("", first), *others[:-1], MARKS_AFTER.sub("", others[-1])]
            gapped.setdefault(first_word(parts[0]), []).append(parts)
        else:
            whole.append(bare(first))
    return Phrases(frozenset(whole), gapped)


def is_phrase(line: str, phrases: Phrases) -> bool:
    """Whether the line is one of the phrases.

    >>> is_phrase("» 12 Replies to “Spring”", phrases_of(["0 replies to *"]))
    True
    """
    text = bare(folded(line))
    return text in phrases.whole or any(fits(text, parts) for parts in phrases.gapped.get(first_word(text), ()))


def fits(text: str, parts: Sequence[str]) -> bool:
    """Whether the parts stand in the text in order, the first at its start and the last at its end, with gaps."""
    first, *inner, last = parts
    if not text.startswith(first):
        return False
    at = len(first)
    for part in inner:
        at = text.find(part, at + 1) + len(part)
        if at < len(part):
            return False
    return not last or (text.endswith(last) and len(text) - len(last) > at)


def folded(text: str) -> str:
    """The text in lower case, with one space for white space of any kind, and 0 for each number."""
    lower = text.casefold().replace("\u2019", "'").replace("i\u0307", "i")  # of a dotted capital I
    return NUMBER.sub("0", " ".join(lower.split()))


def bare(text: str) -> str:
    """The text without the marks at either end."""
    found = WORDS.search(text)
    return found[0] if found else ""


def first_word(text: str) -> str:
    """The word that the text begins with."""
    return MARK.split(text, maxsplit=1)[0]


def opening(phrase: str) -> str:
    """The words that a phrase begins with, up to a gap or number; not those before them."""
    return phrase.lstrip("0 ").replace("0", "*").partition("*")[0].strip()
