"""Which rules hit which lines, at little cost a rule.

Before any pattern runs, the hashes of a line's tokens are looked up among the words that the rules
name: a hundred rules more cost nothing where their words do not occur.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import regex

from cleaner import tokens as tk
from cleaner.document import LABEL_INDEX
from cleaner.lines import split_lines
from cleaner.rules.pack import EDGE, Rule, RuleError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cleaner.document import Batch

SIEVE_BITS = 16
STRENGTHS = {"certain": 2.0, "strong": 1.0, "weak": 0.25}  # how much a hit counts as a feature


@dataclass(frozen=True, slots=True)
class Evidence:
    """Hits of rules: ``rule[k]`` (its place in the rule set) hits ``line[k]``, ordered by line."""

    line: NDArray[np.int64]
    rule: NDArray[np.int64]


class RuleSet:
    """Rules made ready to run together."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        self.ids = tuple(rule.id for rule in self.rules)
        if len(set(self.ids)) < len(self.ids):
            twice = next(name for name in self.ids if self.ids.count(name) > 1)
            raise RuleError(f"rule {twice}: the id is used twice")
        self.label = np.array([LABEL_INDEX[rule.label] for rule in self.rules], np.int64)
        self.weight = np.array([STRENGTHS[rule.strength] for rule in self.rules], np.float64)
        self.certain = np.array([rule.strength == "certain" for rule in self.rules], bool)
        self.max_chars = np.array([rule.max_chars for rule in self.rules], np.int64)
        self.scope = np.array([rule.scope for rule in self.rules], "U5")
        self.anywhere = Words((number, word) for number, rule in enumerate(self.rules) for word in rule.any)
        self.at_start = Words((number, word) for number, rule in enumerate(self.rules) for word in rule.first)

    def digest(self) -> str:
        """Names these very rules: changes when any of them does."""
        return hashlib.blake2b(repr(self.rules).encode(), digest_size=6).hexdigest()

    def candidates(self, tokens: tk.Tokens) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lines of the block, and rules of which such a line holds a word; each pair once."""
        size = max(len(self.rules), 1)
        heads = tokens.first[:-1][np.diff(tokens.first) > 0]
        found = [
            tokens.line[token] * size + rule
            for token, rule in (
                self.anywhere.find(tokens.hash),
                self.anywhere.find(tokens.pair),
                self.at_start.find(tokens.hash, heads),
                self.at_start.find(tokens.pair, heads),
            )
        ]
        pairs = np.sort(np.concatenate(found))
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        return pairs // size, pairs % size

    def run(self, batch: Batch, start: int, tokens: tk.Tokens) -> Evidence:
        """Evidence about the lines of one block, which begins with line ``start`` of the batch."""
        line, rule = self.candidates(tokens)
        number = line + start
        stretch = np.searchsorted(batch.stretch_line, number, "right") - 1
        from_top = number - batch.stretch_line[stretch]
        from_end = batch.stretch_line[stretch + 1] - 1 - number
        scope = self.scope[rule]
        possible = (batch.stops[number] - batch.starts[number] <= self.max_chars[rule]) & np.where(
            scope == "first", from_top < EDGE, np.where(scope == "last", from_end < EDGE, True)
        )
        line, rule = line[possible], rule[possible]
        hit = self.matched(batch, line + start, rule)
        return Evidence(line[hit], rule[hit])

    def matched(self, batch: Batch, line: NDArray[np.int64], rule: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each rule's pattern is found in its line; the same line is searched once.

        Patterns see the line stripped, any run of white space in it as one space.
        """
        distinct, which = np.unique(line, return_inverse=True)
        texts = [" ".join(tk.shown(batch, number).split()) for number in distinct.tolist()]
        known: dict[tuple[int, str], bool] = {}
        hits = []
        for number, r in zip(which.tolist(), rule.tolist(), strict=True):
            text = texts[number]
            hit = known.get((r, text))
            if hit is None:
                hit = known[r, text] = self.rules[r].matches(text)
            hits.append(hit)
        return np.array(hits, bool)


class Words:
    """Words and pairs of words, each with the rules that name it."""

    def __init__(self, entries: Iterable[tuple[int, str]]) -> None:
        named = list(entries)
        keys = tk.hash_phrases([word for _, word in named] or [" "])[: len(named)]
        order = np.argsort(keys, kind="stable")
        self.keys, self.begin, self.count = np.unique(keys[order], return_index=True, return_counts=True)
        self.rules = np.array([rule for rule, _ in named], np.int64)[order]
        self.sieve = np.zeros(1 << SIEVE_BITS, bool)
        self.sieve[sieved(self.keys)] = True

    def find(
        self, hashes: NDArray[np.uint64], where: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Tokens (at ``where``, or anywhere) that are such a word, with each rule that names it."""
        if where is not None:
            hashes = hashes[where]
        token = np.flatnonzero(self.sieve.take(sieved(hashes)))
        key = np.searchsorted(self.keys[:-1], hashes[token])
        same = self.keys[key] == hashes[token] if len(self.keys) else np.zeros(0, bool)
        token, key = token[same], key[same]
        count = self.count[key]
        rule = self.rules[np.repeat(self.begin[key] - np.cumsum(count) + count, count) + np.arange(count.sum())]
        token = np.repeat(token, count)
        return (token if where is None else where[token]), rule


def sieved(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The place of each hash in a sieve: its upper bits."""
    return (hashes >> np.uint64(64 - SIEVE_BITS)).view(np.int64)


def check_rule(rule: Rule) -> None:
    """Raise ``RuleError`` unless the pattern compiles, hits all hits and spares all misses."""
    try:
        rule.compiled  # noqa: B018 (compiles)
    except regex.error as error:
        raise RuleError(f"rule {rule.id}: the pattern does not compile: {error}") from error
    alone = RuleSet([rule])
    for example in rule.hits:
        if not hits(alone, example):
            raise RuleError(f"rule {rule.id}: does not hit its example {example!r}")
    for example in rule.misses:
        if hits(alone, example):
            raise RuleError(f"rule {rule.id}: hits {example!r}, which it must spare")


def hits(rules: RuleSet, line: str) -> bool:
    """Whether any rule hits the line, standing alone."""
    batch = split_lines([line])
    return any(len(rules.run(batch, start, tokens).rule) for start, tokens in tk.blocks(batch))
