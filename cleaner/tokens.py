"""Lines -> tokens with hashes, by whole-array operations.

A token is a run of letters and digits, one ideograph, or one symbol. Before hashing, letters are
folded to lower case, digits to ``0`` and typographic quotes and dashes to plain ones, so that
``12 May 2024`` and ``30 MAY 1999`` look alike. Hashes are those of polynomial prefix sums modulo
2**64: the hash of any span is a difference of two sums, shifted to a common place.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cleaner.lines import code_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cleaner.document import Batch

HEAD, TAIL = 1536, 512  # characters: what is looked at of a longer line
BLOCK = 1 << 18  # characters: lines are worked on in blocks of about this size, so that memory stays bounded

SPACE, LETTER, UPPER, DIGIT, IDEOGRAPH, SYMBOL, STOP, QUOTE = range(8)
CLASS_SHIFT, FOLD_MASK = np.uint32(24), np.uint32((1 << 24) - 1)

BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
MIX = np.uint64(0xD6E8FEB86659FD93)
PAIR = np.uint64(0xA0761D6478BD642F)

STOPS, QUOTES = ".!?…;。؟।", "\"'„‚"  # noqa: RUF001
SAME = {"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"', "–": "-", "—": "-", "‑": "-", "İ": "i"}  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a run of lines, in order.

    ``first[i]`` is the first token of line ``i`` (``first[-1]``: their number), ``line`` the line of
    each token, ``rank`` its number in that line, ``begin`` and ``stop`` its place. ``kind`` is the class
    of its first character, ``hash`` identifies the folded token, ``pair`` it and its successor in the
    line (undefined for the last token of a line), ``shape`` its kind and, roughly, its length.
    ``classes`` are those of the characters; line ``i`` stands at ``starts[i]:ends[i]`` and ends with the
    character ``final[i]``.
    """

    first: NDArray[np.int64]
    line: NDArray[np.int64]
    rank: NDArray[np.int64]
    kind: NDArray[np.uint8]
    hash: NDArray[np.uint64]
    begin: NDArray[np.int64]
    stop: NDArray[np.int64]
    pair: NDArray[np.uint64]
    shape: NDArray[np.uint64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    classes: NDArray[np.uint8]
    final: NDArray[np.uint32]


def blocks(batch: Batch) -> Iterator[tuple[int, Tokens]]:
    """The tokens of a batch, some lines at a time, each with the number of its first line."""
    number = max(round(len(batch.text) / BLOCK), 1)
    bounds = np.searchsorted(batch.starts, np.linspace(0, len(batch.text), number + 1)).tolist()
    for a, b in pairwise(bounds):
        if a < b:
            yield a, tokenize(*view(batch, a, b))


def view(batch: Batch, a: int, b: int) -> tuple[str, NDArray[np.int64], NDArray[np.int64]]:
    """Text, starts and ends of lines ``a`` to ``b``, without trailing blanks; of long lines, head and tail."""
    starts, ends = batch.starts[a:b], batch.stops[a:b]
    if np.all(ends - starts <= HEAD + TAIL):
        return batch.text[starts[0] : ends[-1]], starts - starts[0], ends - starts[0]
    lines = [shown(batch, number) for number in range(a, b)]
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    return "\n".join(lines), np.append(0, ends[:-1] + 1), ends


def shown(batch: Batch, number: int) -> str:
    """What rules and features see of a line."""
    text, start, end = batch.text, batch.starts.item(number), batch.stops.item(number)
    if end - start <= HEAD + TAIL:
        return text[start:end]
    return text[start : start + HEAD] + " " + text[end - TAIL + 1 : end]


def tokenize(text: str, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> Tokens:
    """Tokens of the lines of ``text`` that stand at ``starts[i]:ends[i]``, in order."""
    folded = fold_table().take(code_points(text))
    classes = (folded >> CLASS_SHIFT).astype(np.uint8)
    folded &= FOLD_MASK
    filled = classes != SPACE
    edge = (classes > DIGIT) | ~filled  # what is no word stands alone
    edge[1:] |= edge[:-1]
    edge[0] = True
    begin = np.flatnonzero(edge & filled)
    edge[:-1] = edge[1:]
    edge[-1] = True
    stop = np.flatnonzero(edge & filled) + 1

    powers, inverses = power_tables(len(text))
    sums = np.zeros(len(text) + 1, np.uint64)
    np.multiply(folded, powers[: len(text)], out=sums[1:])
    np.cumsum(sums[1:], out=sums[1:])
    hashes = mixed((sums.take(stop) - sums.take(begin)) * inverses.take(begin))
    pair = hashes.copy()
    pair[:-1] += hashes[1:] * PAIR

    first = np.append(np.searchsorted(begin, starts), len(begin))
    count = np.diff(first)
    line = np.repeat(np.arange(len(starts)), count)
    rank = np.arange(len(begin)) - np.repeat(first[:-1], count)
    kind = classes.take(begin)
    length = stop - begin
    shape = (kind * np.uint8(4) + (length > 2) + (length > 4) + (length > 8)).astype(np.uint64)
    symbols = np.flatnonzero(kind >= SYMBOL)
    shape[symbols] = folded.take(begin.take(symbols))
    final = folded[stop[first[1:] - 1] - 1] if len(begin) else folded[:0]
    return Tokens(first, line, rank, kind, hashes, begin, stop, mixed(pair), shape, starts, ends, classes, final)


def hash_phrases(phrases: Sequence[str]) -> NDArray[np.uint64]:
    """For each phrase the hash of its first two tokens, or of its only one; 0 where there is none.

    >>> hash_phrases(["Sign up", "SIGN  up now"]).tolist() == [hash_phrases(["sign up"])[0]] * 2
    True
    """
    ends = np.cumsum([len(phrase) + 1 for phrase in phrases]) - 1
    tokens = tokenize("\n".join(phrases) + "\n", np.append(0, ends[:-1] + 1), ends)
    count, head = np.diff(tokens.first), tokens.first[:-1]
    hashes = np.zeros(len(phrases), np.uint64)
    hashes[count == 1] = tokens.hash[head[count == 1]]
    hashes[count > 1] = tokens.pair[head[count > 1]]
    return hashes


def mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the entropy of each hash over all of its bits."""
    hashes = (hashes ^ (hashes >> np.uint64(32))) * MIX
    return hashes ^ (hashes >> np.uint64(32))


@cache
def fold_table() -> NDArray[np.uint32]:
    """For each code point its class (upper 8 bits) and what it is folded to (lower 24)."""
    table = np.arange(0x110000, dtype=np.uint32)
    classes = np.full(0x110000, SYMBOL, np.uint32)
    for point in range(0x3000):  # the alphabets, at about a microsecond each
        char = chr(point)
        classes[point], folded = char_class(char), char.lower()
        table[point] = ord(SAME.get(char, folded if len(folded) == 1 else char))
    digits = classes == DIGIT
    table[digits] = ord("0")
    classes[0x3000] = SPACE
    classes[[0x3001, 0x3002, 0xFF01, 0xFF0E, 0xFF1F]] = STOP
    for a, b in ((0x3005, 0x3008), (0x3040, 0xA000), (0xF900, 0xFB00), (0xFF66, 0xFFA0), (0x20000, 0x323B0)):
        classes[a:b] = IDEOGRAPH
    for a, b in ((0xA000, 0xD7B0), (0xFB00, 0xFE00), (0xFE70, 0xFF00), (0x10000, 0x1D000)):
        classes[a:b] = LETTER
    return table | (classes << CLASS_SHIFT)


def char_class(char: str) -> int:
    """Class of one character of the alphabets."""
    if char.isspace():
        return SPACE
    if char in STOPS:
        return STOP
    kind = unicodedata.category(char)
    if char in QUOTES or kind in {"Pi", "Pf"}:
        return QUOTE
    kinds = {"Lu": UPPER, "Lt": UPPER, "L": LETTER, "M": LETTER, "Nd": DIGIT}
    return kinds.get(kind, kinds.get(kind[0], SYMBOL))


@cache
def power_tables(size: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Powers of the base and of its inverse modulo 2**64, for texts of up to ``size`` characters."""
    rounded = max(1 << 12, 1 << (size - 1).bit_length())
    if rounded != size:
        return power_tables(rounded)
    factors = np.full((2, rounded), BASE, np.uint64)
    factors[1] = pow(BASE, -1, 1 << 64)
    factors[:, 0] = 1
    powers = np.cumprod(factors, axis=1)
    return powers[0], powers[1]
