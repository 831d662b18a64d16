"""Variants of labelled documents: the same lines, arranged in another way.

Which boilerplate stands around a text is chance, and so is where: another day, another template or
another extractor would have left out this block, kept half of that list, or put the picture further
down. A model that has seen a document both ways relies less on what stands beside a line.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby, pairwise
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from cleaner.document import LABELS
from cleaner.training.documents import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleaner.training.documents import Labelled

HEADING, BODY = LABELS.index("heading"), LABELS.index("body")
LISTS = {LABELS.index("link_list"), LABELS.index("navigation")}  # their lines may change places
MOVES = {LABELS.index("caption"), LABELS.index("ad"), LABELS.index("link_list")}  # between any paragraphs, if short
SHORT = 3  # lines

# shares of documents
WITHOUT_TOP, WITHOUT_END = 0.4, 0.3
THINNED = (0.0, 0.0, 0.15, 0.4)  # of the paragraphs are left out, each in as many documents
# shares of blocks
GONE, SHRUNK, SHUFFLED, MOVED = 0.2, 0.3, 0.3, 0.3
STAYS = 0.7  # of the lines of a block that shrinks


class Block(NamedTuple):
    """Lines that belong together: a line of text, or boilerplate of one kind."""

    label: int
    lines: list[str]


def variant(document: Labelled, number: int = 1) -> Labelled:
    """The document arranged in the way of this number, always the same; itself if nothing of it would be left."""
    random = Random(f"{document.name}/{number}")  # noqa: S311 (no secret)
    blocks = cropped(blocks_of(document), random)
    thinned = random.choice(THINNED)
    found: list[Block] = []
    moving: list[Block] = []
    for block in blocks:
        if random.random() < share_gone(block.label, thinned):
            continue
        changed = rearranged(block, random)
        moves = block.label in MOVES and len(changed.lines) <= SHORT and random.random() < MOVED
        (moving if moves else found).append(changed)
    for block in moving:
        found.insert(random.choice(gaps_of(found)), block)
    lines = [line for block in found for line in block.lines]
    labels = tuple(block.label for block in found for _ in block.lines)
    return replace(document, text="\n".join(lines), labels=labels) if lines else document


def blocks_of(document: Labelled) -> list[Block]:
    """The blocks of a document."""
    blocks = []
    for label, rows in groupby(zip(document.labels, document.lines, strict=True), key=lambda row: row[0]):
        lines = [line for _, line in rows]
        whole = [lines] if label not in {HEADING, BODY, UNKNOWN} else [[line] for line in lines]
        blocks += [Block(label, part) for part in whole]
    return blocks


def is_text(block: Block) -> bool:
    """Whether the block is heading or body."""
    return block.label in {HEADING, BODY}


def cropped(blocks: Sequence[Block], random: Random) -> Sequence[Block]:
    """The blocks, in some documents without those before the text or after it."""
    text = [number for number, block in enumerate(blocks) if is_text(block)] or [0, len(blocks) - 1]
    top = text[0] if random.random() < WITHOUT_TOP else 0
    end = text[-1] + 1 if random.random() < WITHOUT_END else len(blocks)
    return blocks[top:end]


def share_gone(label: int, thinned: float) -> float:
    """The share of such blocks that are left out."""
    return {BODY: thinned, HEADING: 0.0, UNKNOWN: 0.0}.get(label, GONE)


def rearranged(block: Block, random: Random) -> Block:
    """The block, perhaps without some of its lines, or with those of a list in another order after the first."""
    lines = block.lines
    if random.random() < SHRUNK:
        lines = [line for line in lines if random.random() < STAYS] or lines
    if block.label in LISTS and random.random() < SHUFFLED:
        lines = [*lines[:1], *random.sample(lines[1:], len(lines) - 1)]
    return Block(block.label, lines)


def gaps_of(blocks: Sequence[Block]) -> list[int]:
    """Where a block can be put in: between paragraphs, or if there are no two, at the end."""
    pairs = enumerate(pairwise(blocks), 1)
    return [number for number, (a, b) in pairs if a.label == b.label == BODY] or [len(blocks)]
