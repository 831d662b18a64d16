"""``Cleaner``: the stages in a row."""

from __future__ import annotations

from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cleaner.decoding import TEXT, decode
from cleaner.document import BODY_TEXT, LABEL_INDEX, LABELS, Batch, Label, Line
from cleaner.favor import AS_DECODED, IN_DOUBT, bounds_of, moved
from cleaner.features import extract
from cleaner.html import Page, read_page
from cleaner.lines import STRETCH, join_lines, portions, split_lines
from cleaner.model import Model, as_model, softmax
from cleaner.rules import Evidence, Pack, Rule, RuleError, RuleSet, built_in_packs, check_rule, load_pack, make_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from cleaner.html.model import PageModel

BATCH = 1 << 19  # characters: documents are worked on together up to about this size
MANY_LINES = 4 * STRETCH  # a batch of more is worked on in portions
CERTAIN = 0.995  # the precision that certain rules are held to


class Cleaner:
    """Labels lines and keeps those with the labels in ``keep``.

    ``rules`` takes the place of the built-in packs: rules, or plain data for rules, of one's own. ``packs``
    adds packs to them, by their paths, ``disable`` switches rules off by id. ``model`` is a path, plain data or
    a ``Model``. ``favor="precision"`` drops also lines that are kept with doubt, ``"recall"`` keeps also
    lines that are dropped with doubt, ``"balanced"`` is the default; ``threshold`` instead is the
    probability, above 0 and below 1, from which on a line is kept (see ``cleaner.favor``). ``page_model``
    is that for pages, read when the first page comes. With ``title=False`` a heading that repeats the
    title of its page, which many do not count as main text, is labelled ``heading`` but not kept.
    Raises ``ValueError`` for an unknown label or rule id and for options that contradict each other,
    ``RuleError`` and ``ModelError`` (both are ``ValueError``) for what cannot be loaded.

    >>> Cleaner(keep=["heading", "body", "caption"]).keep >= {"caption"}
    True
    """

    def __init__(
        self,
        keep: Iterable[str] = BODY_TEXT,
        rules: Iterable[Rule | Mapping[str, Any]] | None = None,
        packs: Iterable[str | Path] = (),
        disable: Iterable[str] = (),
        model: str | Path | Mapping[str, Any] | Model | None = None,
        favor: Literal["precision", "balanced", "recall"] | None = None,
        threshold: float | None = None,
        page_model: str | Path | Mapping[str, Any] | PageModel | None = None,
        title: bool = True,
    ) -> None:
        self.keep = labels_named(keep)
        self.kept = np.array([label in self.keep for label in LABELS])
        self.bounds = bounds_of(favor, threshold)
        self.packs = (*(built_in_packs() if rules is None else [own_pack(rules)]), *map(checked_pack, listed(packs)))
        self.rules = rule_set(enabled(self.packs, listed(disable)))
        self.model = as_model(model)
        self.page_model = page_model
        self.title = title

    def clean(self, text: str) -> str:
        """The kept lines of the text, each as it stands there, without blank lines at either end."""
        return next(self.clean_many([text]))

    def label(self, text: str) -> list[Line]:
        """One ``Line`` for each line of the text that is not blank, in order."""
        return next(self.label_many([text]))

    def clean_html(self, html: str | bytes, url: str | None = None) -> str:  # noqa: ARG002 (a page may be judged by it)
        """``clean`` for a page: the kept ones of its lines, of which each block of text is one."""
        return self.clean_page(read_page(html))

    def label_html(self, html: str | bytes, url: str | None = None) -> list[Line]:  # noqa: ARG002
        """``label`` for a page: one ``Line`` for each block of its text; spans index ``cleaner.html.text_of``."""
        return self.label_page(read_page(html))

    def clean_page(self, page: Page) -> str:
        """``clean_html`` for a page that is read already."""
        batch, labels, _, _ = self.decide_page(page)
        return next(join_lines(batch, self.kept_of(page, labels)))

    def kept_of(self, page: Page, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which lines of a page are kept, given their labels."""
        from cleaner.html.decide import repeats_title

        keep: NDArray[np.bool_] = self.kept[labels]
        if not self.title:
            keep &= ~((labels == LABEL_INDEX[Label.HEADING]) & repeats_title(page))
        return keep

    def label_page(self, page: Page) -> list[Line]:
        """``label_html`` for a page that is read already."""
        return next(self.lines(*self.decide_page(page)))

    def decide_page(self, page: Page) -> tuple[Batch, NDArray[np.int64], NDArray[np.float32], Evidence]:
        """The lines of a page, and what ``decide`` gives for a batch."""
        from cleaner.html.decide import decide
        from cleaner.html.model import as_page_model

        batch, labels, scores, evidence = decide(page, self.rules, as_page_model(self.page_model), self.given)
        if len(batch):
            if self.bounds != AS_DECODED:
                labels = moved(labels, softmax(scores), self.given(evidence, scores), self.kept, self.bounds)
            scale, shift = self.model.weights["calibration"]  # which is not for pages: let it cancel out
            scores = ((scores - shift) / scale).astype(np.float32)
        return batch, labels, scores, evidence

    def clean_many(self, texts: Iterable[str]) -> Iterator[str]:
        """``clean`` for each text, in order; reads ahead by no more than a batch."""
        for batch in batches(texts):
            labels = self.decide(batch)[0]
            yield from join_lines(batch, self.kept[labels])

    def label_many(self, texts: Iterable[str]) -> Iterator[list[Line]]:
        """``label`` for each text, in order; reads ahead by no more than a batch."""
        for batch in batches(texts):
            yield from self.lines(batch, *self.decide(batch))

    def decide(self, batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.float32], Evidence]:
        """Label numbers of the lines of a batch, their scores, and the evidence."""
        if len(batch) <= MANY_LINES:
            return self.decide_at_once(batch)
        labels, scores, evidence = zip(*map(self.decide_at_once, portions(batch, MANY_LINES)), strict=True)
        before = np.cumsum([0, *map(len, labels)])[:-1]
        line = np.concatenate([part.line + start for part, start in zip(evidence, before, strict=True)])
        rule = np.concatenate([part.rule for part in evidence])
        return np.concatenate(labels), np.concatenate(scores), Evidence(line, rule)

    def decide_at_once(self, batch: Batch) -> tuple[NDArray[np.int64], NDArray[np.float32], Evidence]:
        """``decide`` for a batch of which all may be held in memory several times over."""
        features = extract(batch, self.rules)
        if not len(batch):
            return np.empty(0, np.int64), np.empty((0, len(LABELS)), np.float32), features.evidence
        _, scores = self.model.scores(features, batch.stretch_line)
        return self.labels(scores, features.evidence, batch.stretch_line), scores, features.evidence

    def labels(
        self, scores: NDArray[np.float32], evidence: Evidence, stretch_line: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Label numbers of lines, from their scores and the evidence."""
        given = self.given(evidence, scores)
        labels = decode(scores, given, self.model.weights["transitions"], stretch_line)
        doubtful = np.flatnonzero(~TEXT[labels])
        probabilities = self.model.probabilities(scores[doubtful])
        labels[doubtful] = moved(labels[doubtful], probabilities, given[doubtful], TEXT, IN_DOUBT)
        if self.bounds == AS_DECODED:
            return labels
        return moved(labels, self.model.probabilities(scores), given, self.kept, self.bounds)

    def given(self, evidence: Evidence, scores: NDArray[np.float32]) -> NDArray[np.int64]:
        """What certain rules say of each line, or -1; where they differ, the one that the model prefers."""
        given = np.full(len(scores), -1)
        hits = np.flatnonzero(self.rules.certain[evidence.rule])
        line, label = evidence.line[hits], self.rules.label[evidence.rule[hits]]
        order = np.argsort(scores[line, label], kind="stable")
        given[line[order]] = label[order]
        return given

    def probabilities(
        self, labels: NDArray[np.int64], scores: NDArray[np.float32], evidence: Evidence
    ) -> NDArray[np.float64]:
        """The probability of the label of each line."""
        found = self.model.probabilities(scores)[np.arange(len(labels)), labels]
        sure = self.rules.certain[evidence.rule] & (self.rules.label[evidence.rule] == labels[evidence.line])
        lines = evidence.line[sure]
        found[lines] = np.maximum(found[lines], CERTAIN)
        return found

    def lines(
        self, batch: Batch, labels: NDArray[np.int64], scores: NDArray[np.float32], evidence: Evidence
    ) -> Iterator[list[Line]]:
        """The lines of each document with all that was found out about them."""
        shares = self.model.probabilities(scores).tolist()
        model = (scores.argmax(axis=1) if len(scores) else labels).tolist()
        probability = self.probabilities(labels, scores, evidence).tolist()
        starts, ends, numbers = batch.starts.tolist(), batch.ends.tolist(), labels.tolist()
        hits: dict[int, list[int]] = {}
        for line, rule in zip(evidence.line.tolist(), evidence.rule.tolist(), strict=True):
            if self.rules.label[rule] == numbers[line]:
                hits.setdefault(line, []).append(rule)
        for document, (a, b) in enumerate(pairwise(batch.first_line)):
            offset = int(batch.offsets[document])
            found = []
            for number in range(a, b):
                label, rules = numbers[number], hits.get(number, [])
                reasons = [self.rules.ids[rule] for rule in rules]
                if model[number] == label:
                    reasons.append("model")
                elif not reasons:
                    reasons.append(self.instead(model[number], label))
                start, end = starts[number], ends[number]
                row = dict(zip(LABELS, shares[number], strict=True))
                found.append(
                    Line(
                        batch.text[start:end],
                        start - offset,
                        end - offset,
                        LABELS[label],
                        probability[number],
                        tuple(reasons),
                        row,
                    )
                )
            yield found

    def instead(self, model: int, label: int) -> str:
        """What decided for a label instead of the one that the model prefers, where it was no rule."""
        if self.bounds != AS_DECODED and self.kept[model] != self.kept[label]:
            return "threshold"
        return "doubt" if TEXT[label] and not TEXT[model] else "context"

    def versions(self) -> dict[str, Any]:
        """What decides: the models' ids, each rule pack with its version, and a digest of all rules."""
        from cleaner.html.model import as_page_model

        return {
            "model": self.model.id,
            "page_model": as_page_model(self.page_model).id,
            "rules": [(pack.id, pack.version) for pack in self.packs],
            "rules_digest": self.rules.digest(),
        }


def batches(texts: Iterable[str]) -> Iterator[Batch]:
    """The texts, in batches of about ``BATCH`` characters."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text) + 1
        if size >= BATCH:
            yield split_lines(waiting)
            waiting, size = [], 0
    if waiting:
        yield split_lines(waiting)


def listed(given: Iterable[Any]) -> list[Any]:
    """What is given, as a list; a single name or path stands for a list of it."""
    return [given] if isinstance(given, (str, PathLike)) else list(given)


def labels_named(names: Iterable[str]) -> frozenset[Label]:
    """The labels of these names; raises ``ValueError`` for one that does not exist."""
    names = listed(names)
    if unknown := [name for name in names if name not in LABEL_INDEX]:
        raise ValueError(f"unknown label {unknown[0]!r}; known are {', '.join(LABELS)}")
    return frozenset(Label(name) for name in names)


def own_pack(rules: Iterable[Rule | Mapping[str, Any]]) -> Pack:
    """A pack of rules given as such or as plain data, each checked against its examples."""
    made = tuple(rule if isinstance(rule, Rule) else make_rule(rule) for rule in rules)
    for rule in made:
        check_rule(rule)
    return Pack("own", "0", made, "own rules")


def checked_pack(path: str | Path) -> Pack:
    """A pack from a file, each rule checked against its examples."""
    pack = load_pack(path)
    try:
        for rule in pack.rules:
            check_rule(rule)
    except RuleError as error:
        raise RuleError(f"{path}: {error}") from error
    return pack


def enabled(packs: Iterable[Pack], disable: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of the packs but those switched off; raises ``ValueError`` for an id that there is not, or twice."""
    rules: dict[str, Rule] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in rules:
                raise RuleError(f"{pack.source}: rule {rule.id}: the id is used twice: choose another")
            rules[rule.id] = rule
    off = {disable} if isinstance(disable, str) else set(disable)
    if unknown := sorted(off - set(rules)):
        near = " or ".join(get_close_matches(unknown[0], rules, n=2)) or "one of the ids that --explain shows"
        raise ValueError(f"unknown rule {unknown[0]!r}; did you mean {near}?")
    return tuple(rule for rule in rules.values() if rule.id not in off)


@lru_cache(maxsize=8)
def rule_set(rules: tuple[Rule, ...]) -> RuleSet:
    """The rules made ready to run; the same rules are made ready once."""
    return RuleSet(rules)


def clean(text: str, **options: Any) -> str:
    """The body of the text: its lines of the labels ``keep`` (default: heading and body), each as it stands there.

    Options are those of ``Cleaner``.

    >>> clean("Advertisement")
    ''
    """
    return Cleaner(**options).clean(text)


def label(text: str, **options: Any) -> list[Line]:
    """One ``Line`` for each line of the text that is not blank, in order. Options are those of ``Cleaner``."""
    return Cleaner(**options).label(text)


def clean_html(html: str | bytes, url: str | None = None, **options: Any) -> str:
    """``clean`` for a page. Options are those of ``Cleaner``."""
    return Cleaner(**options).clean_html(html, url)


def label_html(html: str | bytes, url: str | None = None, **options: Any) -> list[Line]:
    """``label`` for a page; spans index the text that was extracted from it. Options are those of ``Cleaner``."""
    return Cleaner(**options).label_html(html, url)
