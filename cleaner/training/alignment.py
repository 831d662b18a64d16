"""Where the lines of one text stand in another: by words, in order, in linear time."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+")
GRAM = 4  # words that must stand together to anchor a line
COMMON = 24  # a run of words that stands more often than this in the target anchors nothing
SHORT = 8  # a line of fewer words must be found whole
COVERAGE = 0.75  # share of the words of a longer line that must be found
CANDIDATES = 8  # places weighed for a line
NEAR = 3  # lines: how far from a line already found a very short line may be found inside a paragraph
OVERLAP = 2  # words that two neighbouring finds may share


def words(text: str) -> list[str]:
    """The words of a text in one case and width; of scripts without spaces, the characters."""
    return WORD.findall(unicodedata.normalize("NFKC", text).lower())


@dataclass(frozen=True, slots=True)
class Target:
    """A text to find lines in: its words, and the word numbers at which its lines start or end."""

    words: list[str]
    edges: frozenset[int]
    grams: dict[tuple[str, ...], list[int]]
    places: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Find:
    """Line ``line`` stands in words ``start`` to ``stop`` of the target; ``weight`` of its words were found.

    ``favour`` decides between places that are as good.
    """

    line: int
    start: int
    stop: int
    weight: int
    favour: int = 0


def target_of(lines: Iterable[Sequence[str]]) -> Target:
    """Index the words of some lines."""
    all_words: list[str] = []
    edges = {0}
    for line in lines:
        all_words += line
        edges.add(len(all_words))
    grams: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for start, gram in enumerate(zip(*(all_words[offset:] for offset in range(GRAM)), strict=False)):
        grams[gram].append(start)
    places: dict[str, list[int]] = defaultdict(list)
    for start, word in enumerate(all_words):
        places[word].append(start)
    return Target(all_words, frozenset(edges), dict(grams), dict(places))


def align(
    lines: Sequence[Sequence[str]], target: Target, favour: Callable[[int, int], int] = lambda _, __: 0
) -> dict[int, Find]:
    """Find lines in the target, each at most once and in the target's order where they are short.

    ``favour(line, start)`` is 1 for a place in the target that should win over one that fits as well.

    Long lines anchor: those that stand in the target are chained in order so that most words are found.
    Short lines are then looked for between their neighbours of the chain, where chance hits are rare.
    Long lines out of order are kept when nothing else was found where they stand.
    """
    long = [find for number, line in enumerate(lines) for find in _long_finds(number, line, target, favour)]
    found = {find.line: find for find in _chain(long)}
    found |= _between(lines, target, found, favour)
    covered = bytearray(len(target.words))
    for find in found.values():
        covered[find.start : find.stop] = b"\1" * (find.stop - find.start)
    for find in sorted(long, key=lambda find: -find.weight):
        free = covered.count(0, find.start, find.stop)
        if find.line not in found and find.weight >= SHORT and free >= 0.8 * (find.stop - find.start):
            found[find.line] = find
            covered[find.start : find.stop] = b"\1" * (find.stop - find.start)
    return found


def _long_finds(number: int, line: Sequence[str], target: Target, favour: Callable[[int, int], int]) -> list[Find]:
    """Places of a line of at least ``GRAM`` words, the fullest first."""
    hits = []
    for at in range(len(line) - GRAM + 1):
        starts = target.grams.get(tuple(line[at : at + GRAM]), ())
        if len(starts) <= COMMON:
            hits += [(start - at, at, start) for start in starts]
    if not hits:
        return []
    hits.sort()
    finds, cluster = [], [hits[0]]
    slack = 2 + len(line) // 10  # words that one side may hold more than the other
    for hit in hits[1:]:
        if hit[0] - cluster[-1][0] > slack:
            finds.append(_find(number, cluster, favour))
            cluster = []
        cluster.append(hit)
    finds.append(_find(number, cluster, favour))
    least = len(line) if len(line) < SHORT else COVERAGE * len(line)
    finds = [find for find in finds if find.weight >= least and find.stop - find.start <= 1.5 * len(line) + 2]
    return sorted(finds, key=lambda find: (-find.weight, -find.favour))[:CANDIDATES]


def _find(number: int, cluster: list[tuple[int, int, int]], favour: Callable[[int, int], int]) -> Find:
    covered, last = 0, -1
    for _, at, _ in sorted(cluster, key=lambda hit: hit[1]):
        covered += at + GRAM - max(at, last)
        last = at + GRAM
    start, stop = min(hit[2] for hit in cluster), max(hit[2] for hit in cluster) + GRAM
    return Find(number, start, stop, covered, favour(number, start))


def _chain(finds: list[Find]) -> list[Find]:
    """The heaviest selection, one find a line, in which the target's order follows the lines'."""
    if not finds:
        return []
    stops = sorted({find.stop for find in finds})
    best: list[tuple[int, int]] = [(0, -1)] * (len(stops) + 1)  # Fenwick tree of (weight, find) by stop
    total, before = [0] * len(finds), [-1] * len(finds)
    order = sorted(range(len(finds)), key=lambda number: finds[number].line)
    done = 0
    for number in order:
        find = finds[number]
        while finds[order[done]].line < find.line:  # finds of one line must not follow each other
            _raise(best, bisect_left(stops, finds[order[done]].stop) + 1, (total[order[done]], order[done]))
            done += 1
        weight, before[number] = _highest(best, bisect_right(stops, find.start + min(OVERLAP, find.weight - 1)))
        total[number] = weight + 2 * find.weight + find.favour
    last = max(range(len(finds)), key=lambda number: (total[number], -number))
    chain = []
    while last >= 0:
        chain.append(finds[last])
        last = before[last]
    return chain[::-1]


def _raise(tree: list[tuple[int, int]], at: int, value: tuple[int, int]) -> None:
    while at < len(tree):
        tree[at] = max(tree[at], value)
        at += at & -at


def _highest(tree: list[tuple[int, int]], at: int) -> tuple[int, int]:
    found = (0, -1)
    while at:
        found = max(found, tree[at])
        at -= at & -at
    return found


def _between(
    lines: Sequence[Sequence[str]], target: Target, found: dict[int, Find], favour: Callable[[int, int], int]
) -> dict[int, Find]:
    """Short lines found in the words that the chain leaves between two of its lines."""
    chain = sorted(found.values(), key=lambda find: find.line)
    before = [Find(-1, 0, 0, 0), *chain]
    after = [*chain, Find(len(lines), len(target.words), len(target.words), 0)]
    short: dict[int, Find] = {}
    for first, last in zip(before, after, strict=True):
        if first.stop < last.start:
            finds = [
                find
                for number in range(first.line + 1, last.line)
                if 0 < len(lines[number]) < SHORT
                for find in _short_finds(number, lines[number], target, first, last, favour)
            ]
            short |= {find.line: find for find in _chain(finds)}
    return short


def _short_finds(
    number: int,
    line: Sequence[str],
    target: Target,
    first: Find,
    last: Find,
    favour: Callable[[int, int], int],
) -> list[Find]:
    """Places of a short line between two finds: a whole line of the target, or part of one close by."""
    places = target.places.get(line[0], [])
    finds = []
    size = len(line)
    for start in places[bisect_left(places, first.stop) : bisect_right(places, last.start - size)]:
        stop = start + size
        if target.words[start:stop] != line:
            continue
        edges = (start in target.edges) + (stop in target.edges)
        after = number - first.line <= NEAR and start - first.stop <= SHORT
        before = last.line - number <= NEAR and last.start - stop <= SHORT
        if edges == 2 or (size >= GRAM and edges) or ((after or before) and (edges or size > 1)):
            finds.append(Find(number, start, stop, size, favour(number, start)))
            if len(finds) == COMMON:
                break
    return finds
