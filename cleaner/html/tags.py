"""Lines of a page -> what its markup says of them, as arrays.

A line's *bags* are words of the markup around it: of the names of elements, their classes and ids, as hashes
that name rows of the model's table, in groups by how much of the page an element holds. Its *dense* features
are what kind of element it stands in, how it is linked and repeated, and what the containers around it hold.
Its *spans* are these containers, as runs of lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.features import on_grid, row_bytes
from cleaner.html.walk import ARTICLE, H1, HEADINGS, LINK, MAIN, PARAGRAPH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cleaner.html.walk import Signature, Tree

LEVELS = 20  # elements around a line that are looked at
BOX, SECTION = 1, 12  # lines: an element with at most so many is the line's own; a box, as an entry of a list is
SPANS = (2, 8, 32)  # lines: a container is the smallest element with at least so many
BITS = 31  # of a state
GROUPS = ("own", "box", "section", "wide", "target", "page")  # of words of the markup

STATE_FEATURES = [f"state_{bit}" for bit in range(BITS)]
OWN_FEATURES = (
    "linked link anchors bold siblings box_lines box_siblings before_h1 after_h1 from_h1 has_h1 in_main has_main "
    "page_lines page_linked page_prose page_paragraphs depth"
).split()
SPAN_FEATURES = "lines linked chars prose paragraphs headings place first last".split()
TAG_FEATURES = [*STATE_FEATURES, *OWN_FEATURES, *(f"{name}_{size}" for size in SPANS for name in SPAN_FEATURES)]

PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
LOWER = re.compile(r"[a-z]+")  # finds the same where there is nothing else
HASHED = re.compile(r"[a-zA-Z]\d+[a-zA-Z]")  # a name made by a program: nothing in it is a word
MOST_NAMES = 24  # names in one attribute, and words in one of a target's parts, that are looked at
TARGET = re.compile(r"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
MOST_TARGET = 500  # characters of a target that are looked at
WEB = ("", "http", "https")
DIGIT = re.compile("[0-9]")
TYPE = re.compile(r'"@type"\s*:\s*"(\w{1,40})"')
MOST_TYPES = 12
PAGE_SIGNATURES = 4  # of the first elements of a page, as its root and body, which describe it as a whole


@dataclass(frozen=True, slots=True)
class Tags:
    """What the markup says of ``n`` lines.

    ``dense`` is n x ``len(TAG_FEATURES)``, ``spans`` n x ``2 * len(SPANS)`` (first line, and the one after the
    last, of each container). Set ``k`` of words of the markup has the hashes ``rows[row_start[k]:row_start[k +
    1]]``; ``chain[j, i]`` is the set of the ``j``-th element around line ``i``, of which those from
    ``bounds[g, i]`` up to ``bounds[g + 1, i]`` are in group ``g``, ``target[i]`` that of its link, and ``page``
    that of the page. Set 0 is empty.
    """

    dense: NDArray[np.float32]
    spans: NDArray[np.int64]
    rows: NDArray[np.uint64]
    row_start: NDArray[np.int64]
    chain: NDArray[np.int64]
    bounds: NDArray[np.int64]
    target: NDArray[np.int64]
    page: int


@dataclass(frozen=True, slots=True)
class Markup:
    """The elements of a page and what is known of its lines, as arrays; see ``Tree``.

    ``repeated[e]`` is how many children of an element's parent look like it, itself included; ``page`` are the
    words of the page, as rows in bytes.
    """

    parent: NDArray[np.int64]
    signature: NDArray[np.int64]
    repeated: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    element: NDArray[np.int64]
    state: NDArray[np.int64]
    size: NDArray[np.int64]
    linked: NDArray[np.int64]
    bold: NDArray[np.int64]
    anchors: NDArray[np.int64]
    has_target: NDArray[np.bool_]
    href: Mapping[int, str]
    signatures: Sequence[Signature]
    page: bytes

    def __len__(self) -> int:
        return len(self.element)

    def part(self, a: int, b: int) -> Markup:
        """What is known of the lines from ``a`` up to ``b``, as if there were no others."""
        lines = {name: getattr(self, name)[a:b] for name in "element state size linked bold anchors".split()}
        return replace(self, first=np.clip(self.first, a, b) - a, last=np.clip(self.last, a, b) - a, **lines)


def markup_of(tree: Tree, page_words: Sequence[str] = ()) -> Markup:
    """The elements and lines of a page, as arrays."""
    parent, signature = np.array(tree.parent), np.array(tree.signature)
    has_target = np.zeros(len(parent), bool)
    has_target[list(tree.href)] = True
    page = [*map(words_of, tree.signatures[:PAGE_SIGNATURES]), *(row(f"page {word}") for word in page_words)]
    return Markup(
        parent,
        signature,
        siblings(parent, signature),
        np.array(tree.first_line),
        np.array(tree.last_line),
        np.array(tree.element),
        np.array(tree.state),
        np.maximum(np.array(tree.size), 1),
        np.array(tree.linked),
        np.array(tree.bold),
        np.array(tree.anchors),
        has_target,
        tree.href,
        tree.signatures,
        b"".join(page),
    )


def describe(markup: Markup, prose: NDArray[np.bool_]) -> Tags:
    """What the markup says of its lines, of which some are ``prose``."""
    chain, depth = ancestors(markup.parent, markup.element)
    size = np.maximum(markup.last - markup.first, 1)
    sizes = size[chain]
    sizes[np.arange(LEVELS)[:, None] > depth] = len(prose) + 1  # the root again and again
    spans = containers(chain, sizes, markup.first, markup.last, len(prose))
    signature = markup.signature[chain]
    sets, target = with_targets(markup, signature, chain)
    counts = np.array([len(rows) // 8 for rows in sets])
    return Tags(
        dense_features(markup, prose, spans, chain, sizes, depth),
        spans,
        np.frombuffer(b"".join(sets), "<u8").astype(np.uint64, copy=False),
        np.append(0, np.cumsum(counts)),
        signature + 1,
        grouped(sizes, depth, len(prose)),
        target,
        len(sets) - 1,
    )


def ancestors(parent: NDArray[np.int64], element: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The elements around each line, innermost first (``LEVELS`` x lines), and the level of the outermost."""
    up = np.maximum(parent, 0)
    chain = np.empty((LEVELS, len(element)), np.int64)
    chain[0] = element
    for level in range(1, LEVELS):
        chain[level] = up[chain[level - 1]]
    depth = (chain[1:] != chain[:-1]).sum(axis=0)
    return chain, depth


def containers(
    chain: NDArray[np.int64],
    sizes: NDArray[np.int64],
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    lines: int,
) -> NDArray[np.int64]:
    """The smallest element around each line that holds at least so many lines, for each of ``SPANS``."""
    everyone = np.arange(chain.shape[1])
    columns = []
    for least in SPANS:
        enough = sizes >= least
        level = enough.argmax(axis=0)
        found = chain[level, everyone]
        there = enough[level, everyone] & (sizes[level, everyone] <= lines)
        columns += [np.where(there, first[found], 0), np.where(there, last[found], lines)]
    return np.stack(columns, axis=1)


def grouped(sizes: NDArray[np.int64], depth: NDArray[np.int64], lines: int) -> NDArray[np.int64]:
    """Levels at which the groups of elements around each line start and end: own, box, section and wide."""
    wide = max(2 * SECTION, lines // 2)
    own, box, section = ((sizes <= most).sum(axis=0) for most in (BOX, SECTION, wide))
    return np.stack([np.zeros_like(own), own, box, section, np.maximum(depth + 1, section)])


def with_targets(
    markup: Markup, signature: NDArray[np.int64], chain: NDArray[np.int64]
) -> tuple[list[bytes], NDArray[np.int64]]:
    """All sets of words, as rows in bytes, and for each line the number of that of its link's target.

    First comes an empty set, then those of the signatures, of which some are around lines, last that of the page.
    """
    around = np.zeros(len(markup.signatures), bool)
    around[signature] = True
    sets = [b"", *(words_of(s) if there else b"" for s, there in zip(markup.signatures, around.tolist(), strict=True))]
    number: dict[str, int] = {}
    target = np.zeros(len(markup), np.int64)
    inside = markup.has_target[chain]
    level = inside.argmax(axis=0)
    everyone = np.arange(len(markup))
    linked = np.flatnonzero(inside[level, everyone] & (markup.state & LINK > 0))
    for line, element in zip(linked.tolist(), chain[level[linked], linked].tolist(), strict=True):
        href = markup.href[element]
        if href not in number:
            number[href] = len(sets)
            sets.append(words_of_target(href))
        target[line] = number[href]
    return [*sets, markup.page], target


def words_of(signature: Signature) -> bytes:
    """Rows of the words that an element's tag and attributes hold."""
    tag, classes, name, role, itemprop, rel = signature
    found = [row(f"<{tag}")]
    if classes:
        found += map(rows_of_name, classes.split()[:MOST_NAMES])
    if name:
        found.append(rows_of_name(name))
    if role:
        found.append(row(f"role {role}"))
    if itemprop:
        found.append(row(f"itemprop {itemprop}"))
    if rel:
        found.append(row(f"rel {rel}"))
    return b"".join(found)


@lru_cache(maxsize=1 << 15)
def row(word: str) -> bytes:
    """The row of a word of the markup, as 8 bytes."""
    return row_bytes(word)


@lru_cache(maxsize=1 << 15)
def rows_of_name(name: str) -> bytes:
    """The rows of the tokens of a class or id name."""
    return b"".join(map(row, tokens_of(name)))


def tokens_of(name: str) -> list[str]:
    """Whole tokens of a class or id name, split at case and hyphens, and neighbours joined by a hyphen.

    >>> tokens_of("relatedPosts_2")
    ['related', 'posts', 'related-posts']
    """
    if HASHED.search(name):
        return []
    name = name[:200]
    lower = name.isascii() and name.islower()
    parts = LOWER.findall(name) if lower else [*map(str.lower, PART.findall(name))]
    return [*parts, *map("-".join, pairwise(parts))]


def words_of_target(target: str) -> bytes:
    """Rows of what the target of a link says: where it leads, and the words of its first parts."""
    if target.startswith("#"):
        return row("target #")
    match = TARGET.match(target, 0, MOST_TARGET)
    if match is None:  # which no target is
        return b""
    scheme, host, path, query, fragment = match.groups("")
    found = [] if scheme in WEB else [row(f"target scheme {scheme.lower()[:20]}")]
    if host and "." in host:
        found.append(row(f"target host {host.rsplit('.', 2)[-2].lower()}"))
    parts = [part for part in path.split("/") if part]
    found.append(row_of_count("parts", min(len(parts), 6)))
    if parts:
        slug = parts[-1]
        found.append(row_of_count("words", min(slug.count("-") + slug.count("_"), 8)))
        found.append(row_of_count("digits", min(len(DIGIT.findall(slug)), 8)))
        found += map(rows_of_path, parts[:2])
    if query:
        found += [row(f"target query {part.partition('=')[0]}") for part in query.split("&", 3)[:3] if part]
    if fragment:
        found.append(row("target fragment"))
    return b"".join(found)


@cache
def row_of_count(what: str, count: int) -> bytes:
    """The row that says how many there are of something in a target."""
    return row(f"target {what} {count}")


@lru_cache(maxsize=1 << 12)
def rows_of_path(part: str) -> bytes:
    """The rows of the words of a part of a path."""
    return b"".join([row(f"target path {token}") for token in tokens_of(part)[:6]])


def dense_features(
    markup: Markup,
    prose: NDArray[np.bool_],
    spans: NDArray[np.int64],
    chain: NDArray[np.int64],
    sizes: NDArray[np.int64],
    depth: NDArray[np.int64],
) -> NDArray[np.float32]:
    """What kind of element lines stand in, and what is around them: n x ``len(TAG_FEATURES)``."""
    number = np.arange(len(prose))
    state, size, linked = markup.state, markup.size, markup.linked
    paragraph = (state & PARAGRAPH) > 0
    heading = (state & HEADINGS) > 0
    main = (state & (MAIN | ARTICLE)) > 0
    repeated = markup.repeated
    own = (sizes <= BOX).sum(axis=0) - 1
    box = np.maximum((sizes <= SECTION).sum(axis=0) - 1, 0)
    again = np.where(sizes <= SECTION, repeated[chain], 0)
    level = again.argmax(axis=0)
    tops = np.flatnonzero(state & H1)
    has_top = len(tops) > 0
    top, bottom = (int(tops[0]), int(tops[-1])) if has_top else (0, 0)
    columns = [
        *(state >> np.arange(BITS)[:, None] & 1),
        linked / size,
        linked > 0.8 * size,
        np.log1p(markup.anchors) / 2,
        markup.bold / size,
        np.log1p(again.max(axis=0)) / 2,
        np.log1p(np.minimum(sizes[level, number], SECTION)),
        np.log1p(repeated[chain[np.maximum(own, box), number]]) / 2,
        (number < top) & has_top,
        (number > bottom) & has_top,
        6 / (5 + np.abs(number - top)) * has_top,
        has_top,
        main,
        main.any(),
        np.log1p(len(number)) / 2,
        linked.sum() / size.sum(),
        prose.mean(),
        paragraph.mean(),
        depth / LEVELS,
    ]
    a, b = spans.T[::2], spans.T[1::2]
    lines = np.maximum(b - a, 1)
    in_links, chars, in_prose, paragraphs, headings = (
        sums[b] - sums[a] for sums in map(running, (linked, size, prose, paragraph, heading))
    )
    around = [
        np.log1p(lines) / 2,
        in_links / np.maximum(chars, 1),
        np.log1p(chars / lines) / 2,
        in_prose / lines,
        paragraphs / lines,
        headings / lines,
        (number - a) / lines,
        number == a,
        number == b - 1,
    ]
    table = np.empty((len(TAG_FEATURES), len(number)))
    for at, column in enumerate(columns):
        table[at] = column
    for at, column in enumerate(around, len(columns)):
        table[at :: len(around)] = column
    return on_grid(table).T


def running(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Sums of the values before each, and of all."""
    found: NDArray[np.int64] = np.append(0, np.cumsum(values, dtype=np.int64))
    return found


def siblings(parent: NDArray[np.int64], signature: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many children of an element's parent look like it, itself included."""
    key = parent * (signature.max(initial=0) + 1) + signature
    _, inverse, count = np.unique(key, return_inverse=True, return_counts=True)
    return count[inverse]
