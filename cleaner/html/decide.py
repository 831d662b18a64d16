"""The lines of a page -> labels: features, model and decoding in a row.

Before decoding, scores are shifted so that the text that is kept fits the page best as a whole.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from cleaner.decoding import TEXT, decode
from cleaner.document import LABELS, Batch
from cleaner.features import LINE_FEATURES, extract
from cleaner.html.tags import Markup, describe, markup_of
from cleaner.html.walk import HEADINGS
from cleaner.lines import STRETCH, portions, stretches
from cleaner.rules import Evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cleaner.html import Page
    from cleaner.html.model import PageModel
    from cleaner.rules import RuleSet

    Given = Callable[[Evidence, NDArray[np.float32]], NDArray[np.int64]]
    Decided = tuple[NDArray[np.int64], NDArray[np.float32], Evidence]

WORD = re.compile(r"\w+")
SAME = 0.7  # of the words of a heading, if it is the title
LEAST = 1e-6  # a probability


def decide(page: Page, rules: RuleSet, model: PageModel, given: Given) -> tuple[Batch, *Decided]:
    """The lines of a page with their label numbers, scores and evidence; ``given``: what certain rules say of lines."""
    batch = batch_of(page)
    if not len(batch):
        none = np.empty(0, np.int64)
        return batch, none, np.empty((0, len(LABELS)), np.float32), Evidence(none, none)
    markup = markup_of(page.tree, page.words)
    if len(batch) <= STRETCH:
        return batch, *decide_part(batch, markup, rules, model, given)
    found, before = [], 0
    for part in portions(batch):
        labels, scores, evidence = decide_part(part, markup.part(before, before + len(part)), rules, model, given)
        found.append((labels, scores, evidence.line + before, evidence.rule))
        before += len(part)
    labels, scores, line, rule = (np.concatenate(column) for column in zip(*found, strict=True))
    return batch, labels, scores, Evidence(line, rule)


def batch_of(page: Page) -> Batch:
    """The lines of a page: what ``split_lines`` finds in its text, which is known already."""
    size, blank = np.array([*map(len, page.tree.lines)], np.int64), np.array(page.tree.blank, np.int64)
    ends = np.cumsum(size + blank + 1) - 1
    offsets, first_line = np.array([0, len(page.text) + 1]), np.array([0, len(size)])
    return Batch(page.text, offsets, ends - size, ends, ends, first_line, stretches(first_line))


def decide_part(batch: Batch, markup: Markup, rules: RuleSet, model: PageModel, given: Given) -> Decided:
    """``decide`` for lines that are few enough to be worked on at once."""
    features = extract(batch, rules)
    tags = describe(markup, features.line[:, LINE_FEATURES.index("prose")] > 0)
    scores = model.scores(features, tags, batch.stretch_line)
    sure = given(features.evidence, scores)
    labels = decode(settled(scores, markup.size), sure, model.weights["transitions"], batch.stretch_line)
    return labels, scores, features.evidence


def settled(scores: NDArray[np.floating], size: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scores in which the best label is one of the text, or not, just where the page as a whole says so.

    ``size`` is the number of characters of each line. What the labels of the text share adds up, and so does
    what the others share: the best label of either side gets it all.
    """
    text, other = together(scores[:, TEXT]), together(scores[:, ~TEXT])
    share = 1 / (1 + np.exp(np.clip(other - text, -50, 50)))
    least = np.clip(threshold(share, size), LEAST, 1 - LEAST)
    found: NDArray[np.float64] = scores.astype(np.float64)
    found[:, TEXT] += (text - scores[:, TEXT].max(axis=1) - np.log(least))[:, None]
    found[:, ~TEXT] += (other - scores[:, ~TEXT].max(axis=1) - np.log(1 - least))[:, None]
    return found


def repeats_title(page: Page) -> NDArray[np.bool_]:
    """Which headings say what the title of the page says: most of their words stand in it, and there are two."""
    title = frozenset(WORD.findall(page.title.lower()))
    found = np.zeros(len(page.tree.lines), bool)
    for number in np.flatnonzero(np.array(page.tree.state, np.int64) & HEADINGS) if title else ():
        words = WORD.findall(page.tree.lines[number].lower())
        found[number] = len(words) > 1 and sum(word in title for word in words) >= SAME * len(words)
    return found


def together(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    """The logarithm of the sum of the exponentials of each row."""
    most = scores.max(axis=1).astype(np.float64)
    total: NDArray[np.float64] = most + np.log(np.exp(scores - most[:, None]).sum(axis=1))
    return total


def threshold(share: NDArray[np.float64], size: NDArray[np.int64]) -> float:
    """The probability from which lines are kept so that the expected F1 of the kept text is highest.

    On a page where little is sure it is low: what is likeliest to be the text is kept, though it may not be.
    """
    order = np.argsort(-share, kind="stable")
    kept, hit = np.cumsum(size[order]), np.cumsum(share[order] * size[order])
    best = int(np.argmax(hit / (kept + hit[-1])))
    return float(min(share[order[best]], 0.5))
