"""Lines -> features: the only feature code, for training and inference alike.

A line is described twice. Its *rows* are what it says: hashes of words, pairs of words, its first and
last words, its shape, and the rules that hit it; each names a row of the model's table. Its *dense*
features are how it looks and where it stands: length, shares of kinds of characters, lines that are
like it, words it shares with others, place in the document, distance to prose and to lines that open
a block.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from cleaner import tokens as tk
from cleaner.document import LABELS
from cleaner.rules import Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cleaner.document import Batch
    from cleaner.rules import RuleSet

HEAD_TOKENS, TAIL_TOKENS = 40, 16  # tokens hashed at either end of a line
CONTENT_CHARS = 4  # characters: shorter words say little about the topic
SHORT = 8  # tokens: a line of at most so many has a row of its own
MAX_RULES = 32  # rules counted for one line
GRID, LARGEST = 64.0, 8.0  # dense features are whole multiples of 1/GRID, up to LARGEST, so that sums of them are exact

SHAPE_KEY = 1  # of the hashes that lines are compared by
FIRST, LAST, WHOLE, SHAPE = (np.uint64(salt) for salt in (0x51ED270B, 0x2545F491, 0x6C62272E, 0x7FEB352D))
ODD = np.uint64(0xBF58476D1CE4E5B9)
EVEN = np.uint64(0x7EB08EDA39C9CB72)  # twice that
NO_OPENER = 1 << 20

LINE_FEATURES = (
    "chars tokens mean_token letters_upper digits symbols stops quotes ideographs ends_stop ends_colon ends_ellipsis "
    "starts_upper starts_lower starts_digit starts_symbol indented capitalised one_token two_tokens long prose repeated"
).split()
ALIKE_FEATURES = "same_shape same_first same_last shape_back shape_ahead".split()
TOPIC_FEATURES = "on_topic in_title shared_back shared_ahead".split()
CONTEXT_FEATURES = [
    *ALIKE_FEATURES,
    *TOPIC_FEATURES,
    *"from_top from_end place lines prose_share before_prose after_prose last_prose next_prose".split(),
    *(f"opened_{label}" for label in LABELS),
    *(f"open_{label}" for label in LABELS),
    *(f"rule_{label}" for label in LABELS),
]


@dataclass(frozen=True, slots=True)
class Features:
    """Features of the ``n`` lines of a batch.

    ``rows[row_start[i]:row_start[i + 1]]`` are the hashes (64 bits) of line ``i``; ``line`` is
    ``n`` x ``len(LINE_FEATURES)``, ``context`` is ``n`` x ``len(CONTEXT_FEATURES)``.
    """

    rows: NDArray[np.uint64]
    row_start: NDArray[np.int64]
    line: NDArray[np.float32]
    context: NDArray[np.float32]
    evidence: Evidence


def extract(batch: Batch, rules: RuleSet) -> Features:
    """Features of all lines of the batch, the rules' evidence among them."""
    rows, counts, dense, likeness, content, found = [], [], [], [], [], []
    for start, tokens in tk.blocks(batch):
        evidence = rules.run(batch, start, tokens)
        block_rows, block_counts, traits = hashed_rows(tokens, evidence, rules)
        rows.append(block_rows)
        counts.append(block_counts)
        likeness.append(traits)
        content.append(content_words(start, tokens))
        stop = start + len(block_counts)
        dense.append(line_features(batch.stops[start:stop] - batch.starts[start:stop], tokens))
        found.append(Evidence(evidence.line + start, evidence.rule))
    if not rows:
        none = np.empty(0, np.int64)
        line, context = (np.empty((0, len(names)), np.float32) for names in (LINE_FEATURES, CONTEXT_FEATURES))
        return Features(np.empty(0, np.uint64), np.zeros(1, np.int64), line, context, Evidence(none, none))
    line = np.concatenate(dense)
    evidence = Evidence(np.concatenate([e.line for e in found]), np.concatenate([e.rule for e in found]))
    stretch = np.repeat(np.arange(len(batch.stretch_line) - 1), np.diff(batch.stretch_line))
    repeated, alike = alike_features(np.concatenate(likeness, axis=1), stretch)
    line[:, LINE_FEATURES.index("repeated")] = repeated
    prose = line[:, LINE_FEATURES.index("prose")] > 0
    owner, word = (np.concatenate(parts) for parts in zip(*content, strict=True))
    topic = topic_features(owner, word, prose, stretch, batch.stretch_line)
    place = place_features(prose, stretch, batch.stretch_line, evidence, rules)
    context = on_grid(np.stack([*alike, *topic, *place])).T
    row_start = np.append(0, np.cumsum(np.concatenate(counts)))
    return Features(np.concatenate(rows), row_start, line, context, evidence)


def hashed_rows(
    tokens: tk.Tokens, evidence: Evidence, rules: RuleSet
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.uint64]]:
    """Rows of the lines of a block, how many each line has, and hashes of what can make lines alike.

    These are, for each line, of the whole line, of its shape, its first token and its last.
    """
    count = np.diff(tokens.first)
    heads, tails = tokens.first[:-1], tokens.first[1:] - 1
    odd = tokens.rank.view(np.uint64) * EVEN
    odd += ODD
    whole = np.add.reduceat(tokens.hash * odd, heads)
    odd += EVEN
    odd *= tokens.rank < SHORT
    shape = np.add.reduceat((tokens.shape + np.uint64(1)) * odd, heads)
    shape += SHAPE + np.minimum(count, SHORT + 1).astype(np.uint64)
    near = np.minimum(count, HEAD_TOKENS + TAIL_TOKENS)
    single = tokens.rank < HEAD_TOKENS
    single |= tokens.rank >= np.repeat(count - TAIL_TOKENS, count)
    double = single.copy()
    double[tails] = False
    ends_shape = tk.mixed(np.stack([tokens.hash[heads] + FIRST, tokens.hash[tails] + LAST, shape], axis=1))
    paired, short = count > 1, count <= SHORT
    hit, rule_rows = rule_hashes(evidence, rules)
    parts = [
        (near, tokens.hash[single]),
        (near - 1, tokens.pair[double]),
        (np.full(len(count), 3), ends_shape.reshape(-1)),
        (paired, tk.mixed(tokens.pair[heads[paired]] + FIRST)),
        (paired, tk.mixed(tokens.pair[tails[paired] - 1] + LAST)),
        (short, tk.mixed(whole[short] + WHOLE)),
        (np.bincount(hit, minlength=len(count)), rule_rows),
    ]
    return *interleaved(parts), np.stack([whole, shape, tokens.hash[heads], tokens.hash[tails]])


def interleaved(
    parts: Sequence[tuple[NDArray[np.integer | np.bool_], NDArray[np.uint64]]],
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Rows, line after line, of parts that each hold so many for each line in turn; and how many each line has."""
    counts = np.sum([count for count, _ in parts], axis=0)
    rows = np.empty(counts.sum(), np.uint64)
    begin = np.cumsum(counts) - counts
    for count, values in parts:
        held = count.astype(np.int64)
        at = np.repeat(begin - np.cumsum(held) + held, held)
        at += np.arange(len(values))
        rows[at] = values
        begin += held
    return rows, counts


def rule_hashes(evidence: Evidence, rules: RuleSet) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Rows of the rules that hit: each rule's own, and that of all rules of its label, scope and strength."""
    rank = np.arange(len(evidence.line)) - np.searchsorted(evidence.line, evidence.line)
    counted = rank < MAX_RULES
    line, rule = evidence.line[counted], evidence.rule[counted]
    own, kind = rows_of_rules(rules)
    return np.repeat(line, 2), np.stack([own[rule], kind[rule]], axis=1).reshape(-1)


@cache
def rows_of_rules(rules: RuleSet) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """For each rule the row of its id and the row of its kind."""
    own = [row_of(f"rule {rule.id}") for rule in rules.rules]
    kind = [row_of(f"rules {rule.label} {rule.scope} {rule.strength}") for rule in rules.rules]
    return np.array(own, np.uint64), np.array(kind, np.uint64)


def row_of(name: str) -> int:
    """Row of something that is no word of a line."""
    return int.from_bytes(row_bytes(name), "little")


def row_bytes(name: str) -> bytes:
    """``row_of``, the lowest byte first."""
    return hashlib.blake2b(name.encode(), digest_size=8).digest()


def line_features(length: NDArray[np.int64], tokens: tk.Tokens) -> NDArray[np.float32]:
    """How each line of a block looks; ``length`` in characters, before long lines are cut."""
    starts, classes = tokens.starts, tokens.classes
    count = np.diff(tokens.first)
    begin, stop = tokens.begin[tokens.first[:-1]], tokens.stop[tokens.first[1:] - 1]
    shown = (stop - begin).astype(np.float64)
    letters, upper, digit = count_classes(classes, (tk.LETTER, tk.UPPER, tk.DIGIT), starts)
    lone = tk.IDEOGRAPH, tk.SYMBOL, tk.STOP, tk.QUOTE  # each character is a token
    ideograph, symbol, stops, quote = count_classes(tokens.kind, lone, tokens.first[:-1])
    lower, capitals = count_classes(tokens.kind, (tk.LETTER, tk.UPPER), tokens.first[:-1])
    last, start = classes[stop - 1], classes[begin]
    before_last = classes[np.maximum(stop - 2, begin)]
    ends_stop = (last == tk.STOP) | ((last >= tk.STOP) & (before_last == tk.STOP))
    width = shown + 1.5 * ideograph  # an ideograph says as much as some letters
    prose = (width >= 100) & ((stops > 0) | (width >= 160)) & (symbol + digit < 0.25 * shown)
    columns = [
        np.log1p(length) / 2,
        np.log1p(count) / 2,
        np.minimum(shown / count, 16) / 8,
        upper / (letters + upper + 1),
        digit / shown,
        symbol / shown,
        np.minimum(stops, 8) / 4,
        np.minimum(quote, 4) / 2,
        ideograph / shown,
        ends_stop,
        tokens.final == ord(":"),
        (tokens.final == ord("…")) | (tokens.final == ord(".")) & (before_last == tk.STOP) & (stops > 1),
        start == tk.UPPER,
        start == tk.LETTER,
        start == tk.DIGIT,
        start >= tk.SYMBOL,
        np.minimum(begin - starts, 8) / 4,
        capitals / np.maximum(lower + capitals, 1),
        count == 1,
        count == 2,
        np.minimum(width / 256, 4),
        prose,
        np.zeros(len(count)),
    ]
    return on_grid(np.stack(columns)).T


def count_classes(
    classes: NDArray[np.uint8], kinds: Sequence[int], starts: NDArray[np.int64]
) -> list[NDArray[np.float64]]:
    """How many characters, or tokens, of up to four classes each line has: four sums of 16 bits in each addition."""
    unit = np.zeros(256, np.uint64)
    unit[list(kinds)] = 1 << (16 * np.arange(len(kinds), dtype=np.uint64))
    sums = np.add.reduceat(unit.take(classes), starts)
    return [(sums >> np.uint64(16 * lane) & np.uint64(0xFFFF)).astype(np.float64) for lane in range(len(kinds))]


def alike_features(
    likeness: NDArray[np.uint64], stretch: NDArray[np.int64]
) -> tuple[NDArray[np.float32], list[NDArray[np.float64]]]:
    """How often each line stands in its stretch; and how many other lines there are like it, and how near.

    Rows of a table, replies and teasers share a shape, a first or a last word.
    """
    count = np.empty(likeness.shape)
    near = np.zeros((2, len(stretch)))
    for number, keys in enumerate(likeness):
        order, begin = grouped(tk.mixed(tk.mixed(keys) + stretch.astype(np.uint64)))
        size = np.diff(begin, append=len(order))
        count[number, order] = np.repeat(size, size)
        if number == SHAPE_KEY:
            step = 1 / np.diff(order, prepend=-1)
            step[begin] = 0  # none of this shape before
            near[0, order] = step
            near[1, order] = np.append(step[1:], 0)
    others = np.maximum(count[1:] - count[0], 0)  # lines that say just the same do not count
    return on_grid(np.log(count[0])), [*np.log1p(others), *near]


def grouped(keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The order that brings equal keys together, in it first what comes first; and where each group begins there."""
    order = np.arange(len(keys))
    for part in keys.view(np.uint16).reshape(-1, 4).T:  # 16 bits are sorted in linear time, and stay sorted
        order = order.take(np.argsort(part.take(order), kind="stable"))
    keys = keys.take(order)
    head = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
    return order, np.flatnonzero(head)


def place_features(
    prose: NDArray[np.bool_],
    stretch: NDArray[np.int64],
    stretch_line: NDArray[np.int64],
    evidence: Evidence,
    rules: RuleSet,
) -> list[NDArray[np.float64]]:
    """Where each line stands: in the document, between prose, and after lines that open a block."""
    number = np.arange(len(prose))
    top, end = stretch_line[stretch], stretch_line[stretch + 1] - 1
    lines = end - top + 1
    seen = np.append(0, np.cumsum(prose))  # prose lines before line i
    before, after = seen[number] - seen[top], seen[end + 1] - seen[number + 1]
    last = distance_back(number, prose, top)
    following = distance_back(number, prose[::-1], (len(prose) - 1 - end)[::-1])[::-1]
    columns = [
        np.log1p(number - top) / 2,
        np.log1p(end - number) / 2,
        (number - top) / lines,
        np.log1p(lines) / 2,
        (seen[end + 1] - seen[top]) / lines,
        before == 0,
        after == 0,
        nearness(last),
        nearness(following),
    ]
    openers = np.flatnonzero(rules.scope[evidence.rule] == "opens")
    opened = np.zeros((len(LABELS), len(prose)), bool)
    opened[rules.label[evidence.rule[openers]], evidence.line[openers]] = True
    active = []
    for label in range(len(LABELS)):
        if not opened[label].any():
            columns.append(np.zeros(len(prose)))
            active.append(np.zeros(len(prose)))
            continue
        distance = distance_back(number, opened[label], top)
        there = distance < NO_OPENER
        since = seen[number + 1] - seen[np.where(there, number - distance, number)]
        columns.append(nearness(distance))
        active.append(np.where(there, 1 / (1 + since), 0))
    said = np.zeros((len(LABELS), len(prose)))
    np.maximum.at(said, (rules.label[evidence.rule], evidence.line), rules.weight[evidence.rule])
    return [*columns, *active, *said]


def content_words(start: int, tokens: tk.Tokens) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Words of the block that can tell what a document is about, and the lines that they stand in."""
    ideograph = tokens.kind == tk.IDEOGRAPH
    found = (tokens.kind <= tk.UPPER) & (tokens.stop - tokens.begin >= CONTENT_CHARS)
    found |= ideograph
    found &= tokens.rank < HEAD_TOKENS
    found[tokens.first[1:] - 1] &= ~ideograph[tokens.first[1:] - 1]  # the last one has no successor
    chosen = np.flatnonzero(found)
    word = np.where(ideograph.take(chosen), tokens.pair.take(chosen), tokens.hash.take(chosen))
    return tokens.line.take(chosen) + start, word


def topic_features(
    owner: NDArray[np.int64],
    word: NDArray[np.uint64],
    prose: NDArray[np.bool_],
    stretch: NDArray[np.int64],
    stretch_line: NDArray[np.int64],
) -> list[NDArray[np.float64]]:
    """Which share of a line's content words stand in other lines of prose, in the first line, and in its neighbours."""
    order, begin = grouped(tk.mixed(word + ODD * stretch[owner].astype(np.uint64)))
    owner = owner.take(order)
    size = np.diff(begin, append=len(owner))
    in_prose = prose[owner]
    first = last = title = owner
    if len(begin):
        first = np.repeat(np.minimum.reduceat(np.where(in_prose, owner, len(prose)), begin), size)
        last = np.repeat(np.maximum.reduceat(np.where(in_prose, owner, -1), begin), size)
        title = np.repeat(owner[begin], size)
    top = stretch_line[stretch[owner]]
    total = np.bincount(owner, minlength=len(prose)) + 1.0
    elsewhere = (first < owner) | (last > owner)
    shares = [
        np.bincount(owner, weights=mark, minlength=len(prose)) / total
        for mark in (elsewhere, (title == top) & (owner != top))
    ]
    back = np.diff(owner, prepend=0) == 1
    back[begin] = False
    shared = np.bincount(owner[back], minlength=len(prose) + 1)  # words that stand in the line before, too
    return [*shares, shared[:-1] / total, shared[1:] / total]


def distance_back(number: NDArray[np.int64], mark: NDArray[np.bool_], top: NDArray[np.int64]) -> NDArray[np.int64]:
    """Lines back to the last marked line before each line, ``NO_OPENER`` where there is none in the stretch."""
    last = np.maximum.accumulate(np.where(mark, number, -1))
    last = np.append(-1, last[:-1])
    return np.where(last >= top, number - last, NO_OPENER)


def nearness(distance: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 next to it, a half at six lines, towards 0 far away."""
    return 6 / (5 + np.minimum(distance, NO_OPENER).astype(np.float64))


def on_grid(values: NDArray[np.float64]) -> NDArray[np.float32]:
    """Values rounded to whole multiples of ``1 / GRID``, up to ``LARGEST``."""
    values = values * GRID
    np.rint(values, out=values)
    values /= GRID
    return np.minimum(values, LARGEST, out=values).astype(np.float32)
