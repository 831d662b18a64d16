"""Pages with labels -> weights of the model for pages; the way is that of ``cleaner.training.train``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from cleaner.document import LABELS
from cleaner.features import LINE_FEATURES, extract
from cleaner.html.model import PageModel, seen_by
from cleaner.html.tags import GROUPS, Tags, describe, markup_of
from cleaner.lines import split_lines
from cleaner.model import UNIT, in_units, rounded
from cleaner.training.network import layers
from cleaner.training.page_network import Bags, PageContextNetwork, PageLineNetwork, PageShape, page_line_arrays
from cleaner.training.train import common_rows, minibatches, set_rate, start, step_down

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from cleaner.rules import RuleSet
    from cleaner.training.page_lines import LabelledPage

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True)
class PageSettings:
    """How to train. ``by_hand`` weighs lines that are labelled by hand, against 1 for others."""

    folds: int = 2
    passes: int = 1
    line_epochs: int = 4
    line_batch: int = 2048  # lines
    line_rate: float = 3e-3
    table_rate: float = 15e-3
    drop: float = 0.3
    drop_rows: float = 0.25
    fewest_sites: int = 12
    context_epochs: int = 16
    context_batch: int = 2048  # lines
    context_rate: float = 2e-3
    context_drop: float = 0.4
    decay: float = 0.02
    context_decay: float = 0.1
    by_hand: float = 1.5
    long: float = 0.5  # a line of n characters weighs n ** long ...
    page: float = 0.5  # ... and a page of weight w is scaled by w ** -page
    seed: int = 20261124


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """A labelled page with its features, as arrays; ``markup_*`` has a bag for each line and group."""

    name: str
    host: str
    rows: NDArray[np.int32]
    row_start: NDArray[np.int64]
    markup_rows: NDArray[np.int32]
    markup_start: NDArray[np.int64]
    looks: NDArray[np.float32]
    context: NDArray[np.float32]
    spans: NDArray[np.int64]
    allowed: NDArray[np.int64]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.allowed)


def prepare(page: LabelledPage, rules: RuleSet, shape: PageShape, settings: PageSettings) -> PreparedPage:
    """Features and weights of a page's lines."""
    batch = split_lines([page.page.text])
    features = extract(batch, rules)
    tags = describe(markup_of(page.page.tree, page.page.words), features.line[:, LINE_FEATURES.index("prose")] > 0)
    markup_rows, markup_start = bags_of_markup(tags)
    size = np.array([len(line) for line in page.page.tree.lines], np.float64)
    weights = size**settings.long
    weights *= weights.sum() ** -settings.page * np.where(page.by_hand, settings.by_hand, 1.0)
    return PreparedPage(
        page.name,
        page.host,
        (features.rows >> np.uint64(64 - shape.bits)).astype(np.int32),
        features.row_start,
        (markup_rows >> np.uint64(64 - shape.tag_bits)).astype(np.int32),
        markup_start,
        np.hstack([features.line, tags.dense]),
        features.context,
        tags.spans,
        np.array(page.allowed, np.int64),
        weights.astype(np.float32),
    )


def bags_of_markup(tags: Tags) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The words of the markup around each line, a bag for each group: rows, and where the bags start."""
    levels, lines = tags.chain.shape
    sets: list[NDArray[np.int64]] = []
    owners: list[NDArray[np.int64]] = []
    everyone = np.arange(lines)
    for level in range(levels):
        group = (tags.bounds[1:-1] <= level).sum(axis=0)
        there = level < tags.bounds[-1]
        sets.append(tags.chain[level][there])
        owners.append((everyone * len(GROUPS) + group)[there])
    sets += [tags.target, np.full(lines, tags.page)]
    owners += [everyone * len(GROUPS) + len(GROUPS) - 2, everyone * len(GROUPS) + len(GROUPS) - 1]
    which, owner = np.concatenate(sets), np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    which, owner = which[order], owner[order]
    first, count = tags.row_start[which], np.diff(tags.row_start)[which]
    at = np.append(0, np.cumsum(count))
    pick = np.repeat(first - at[:-1], count) + np.arange(at[-1])
    bag = np.bincount(np.repeat(owner, count), minlength=lines * len(GROUPS))
    return tags.rows[pick], np.append(0, np.cumsum(bag))


@dataclass(frozen=True, slots=True)
class Stack:
    """Bags of many lines, one after the other: their common rows, and how many rows each bag has in all."""

    rows: NDArray[np.int32]
    start: NDArray[np.int64]
    count: NDArray[np.int64]
    each: int  # bags for each line

    def some(self, chosen: NDArray[np.int64], random: np.random.Generator, drop: float) -> Bags:
        """The bags of some lines; a share ``drop`` of the rows is left out."""
        bags = (chosen[:, None] * self.each + np.arange(self.each)).ravel()
        a, length = self.start[bags], self.start[bags + 1] - self.start[bags]
        at = np.append(0, np.cumsum(length))
        pick = np.repeat(a - at[:-1], length) + np.arange(at[-1])
        stays = random.random(len(pick), dtype=np.float32) >= drop
        rows = self.rows[pick[stays]].astype(np.int64)
        start_at = np.append(0, np.cumsum(stays))[at]
        scale = np.sqrt(np.maximum(self.count[bags], 1)).astype(np.float32)
        return Bags(torch.from_numpy(rows), torch.from_numpy(start_at), torch.from_numpy(scale[:, None]))


def stacked(pages: Sequence[PreparedPage], name: str, start_name: str, common: NDArray[np.bool_], each: int) -> Stack:
    """The bags of all pages; rows that are not common are left out, and the others numbered from 0."""
    number = np.cumsum(common, dtype=np.int32) - 1
    parts, counts, kept = [], [], []
    for page in pages:
        rows, begin = getattr(page, name), getattr(page, start_name)
        stays = common[rows]
        parts.append(number[rows[stays]])
        counts.append(np.diff(begin))
        kept.append(np.diff(np.append(0, np.cumsum(stays))[begin]))
    start_at = np.append(0, np.cumsum(np.concatenate(kept)))
    return Stack(np.concatenate(parts), start_at, np.concatenate(counts), each)


def train_lines(pages: Sequence[PreparedPage], shape: PageShape, settings: PageSettings) -> Arrays:
    """Train the first network; returns its arrays."""
    start(settings.seed)
    random = np.random.default_rng(settings.seed)
    common = common_rows(((page.host, page.rows) for page in pages), shape.bits, settings.fewest_sites)
    tags = ((page.host, page.markup_rows) for page in pages)
    common_tags = common_rows(tags, shape.tag_bits, settings.fewest_sites)
    words = stacked(pages, "rows", "row_start", common, 1)
    markup = stacked(pages, "markup_rows", "markup_start", common_tags, len(GROUPS))
    looks = np.concatenate([page.looks for page in pages])
    allowed, weights = permitted(pages), np.concatenate([page.weights for page in pages])
    network = PageLineNetwork(shape, int(common.sum()), int(common_tags.sum()))
    tables = [network.table.weight, network.tag_table.weight]
    body = [parameter for name, parameter in network.named_parameters() if "table" not in name]
    optimizer = torch.optim.AdamW(
        [{"params": tables, "top": settings.table_rate}, {"params": body, "top": settings.line_rate}],
        weight_decay=settings.decay,
    )
    steps = settings.line_epochs * -(-len(looks) // settings.line_batch)
    for step, chosen in enumerate(minibatches(len(looks), settings.line_batch, settings.line_epochs, random)):
        set_rate(optimizer, step / steps)
        some = words.some(chosen, random, settings.drop_rows), markup.some(chosen, random, settings.drop_rows)
        scores = network(*some, torch.from_numpy(looks[chosen]), settings.drop)
        step_down(optimizer, network, loss_of(scores, allowed[chosen], weights[chosen]))
    return page_line_arrays(network, common, common_tags)


def permitted(pages: Sequence[PreparedPage]) -> NDArray[np.bool_]:
    """The labels that each line may have (lines x labels)."""
    allowed = np.concatenate([page.allowed for page in pages])
    return (allowed[:, None] >> np.arange(len(LABELS))) & 1 > 0


def loss_of(scores: torch.Tensor, allowed: NDArray[np.bool_], weights: NDArray[np.float32]) -> torch.Tensor:
    """Weighted mean of minus the logarithm of what the labels that a line may have are given together."""
    weight = torch.from_numpy(weights)
    inside = scores.masked_fill(~torch.from_numpy(allowed), -1e4).logsumexp(1)
    return ((scores.logsumexp(1) - inside) * weight).sum() / weight.sum()


def markup_sums(page: PreparedPage, arrays: Arrays) -> NDArray[np.float32]:
    """What ``PageModel.markup`` gives, from the bags."""
    return summed(page.markup_rows, page.markup_start, arrays["tag_table"], arrays["tag_scale"]).reshape(len(page), -1)


def summed(
    rows: NDArray[np.int32], start_at: NDArray[np.int64], table: NDArray[np.int8], scale: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Sums of the rows of each bag, scaled by the root of their number, in units."""
    sums = np.zeros((len(rows) + 1, table.shape[1]), np.int64)
    np.cumsum(table[rows], axis=0, dtype=np.int64, out=sums[1:])
    return in_units(sums[start_at[1:]] - sums[start_at[:-1]], scale, np.diff(start_at))


def verdict_of(page: PreparedPage, arrays: Arrays) -> NDArray[np.float32]:
    """What ``PageModel.verdict`` gives."""
    words = summed(page.rows, page.row_start, arrays["table"], arrays["table_scale"])
    model = blank(arrays)
    return model.verdict(words, page.looks, markup_sums(page, arrays))


def blank(arrays: Arrays) -> PageModel:
    """A model that has just some of its networks."""
    weights = {name: rounded(np.asarray(array, np.float64)) for name, array in arrays.items() if "table" not in name}
    return PageModel("", "", weights, np.empty((0, 0), np.uint64), np.empty(0, np.int32))


def train(
    pages: Sequence[PreparedPage],
    shape: PageShape,
    settings: PageSettings,
    report: Callable[[str], None] = lambda _: None,
) -> Arrays:
    """All arrays of a model; the same pages, settings and number of threads give the same."""
    fold = [fold_of(page.host, settings.folds) for page in pages]
    arrays = train_lines(pages, shape, settings)
    report("lines")
    said: list[NDArray[np.float32]] = [np.empty((0, len(LABELS)), np.float32)] * len(pages)
    markup = [markup_sums(page, arrays)[:, -shape.tag_dimensions :] for page in pages]
    for number in range(settings.folds):
        others = train_lines([page for page, k in zip(pages, fold, strict=True) if k != number], shape, settings)
        for at in (at for at, k in enumerate(fold) if k == number):
            said[at] = verdict_of(pages[at], others)
        report(f"lines, without fold {number + 1} of {settings.folds}")
    passes = []
    for number in range(settings.passes):
        seen = [seen_of(*each) for each in zip(pages, said, markup, strict=True)]
        passes.append(train_context(pages, seen, shape, settings))
        report(f"context, pass {number + 1} of {settings.passes}")
        if number + 1 < settings.passes:
            said = revised(pages, seen, fold, shape, settings)
            report(f"context, without each fold: {held_out(pages, said):.4f}")
    arrays |= {name: np.stack([found[name] for found in passes]) for name in passes[0]}
    return arrays | {"transitions": np.zeros((len(LABELS), len(LABELS)), np.float32)}


def fold_of(host: str, folds: int) -> int:
    """The fold of a site."""
    return int(hashlib.blake2b(host.encode(), digest_size=4).hexdigest(), 16) % folds


def held_out(pages: Sequence[PreparedPage], said: Sequence[NDArray[np.float32]]) -> float:
    """The loss of lines by networks that did not see their sites."""
    with torch.no_grad():
        scores = torch.from_numpy(np.concatenate(said))
        return float(loss_of(scores, permitted(pages), np.concatenate([page.weights for page in pages])))


def seen_of(page: PreparedPage, said: NDArray[np.float32], markup: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a network that revises sees of a page."""
    wide = np.zeros((len(page), markup.shape[1] * len(GROUPS)), np.float32)
    wide[:, -markup.shape[1] :] = markup
    return seen_by(said, page.looks, page.context, wide, page.spans, np.array([0, len(page)]))


def revised(
    pages: Sequence[PreparedPage],
    seen: Sequence[NDArray[np.float32]],
    fold: Sequence[int],
    shape: PageShape,
    settings: PageSettings,
) -> list[NDArray[np.float32]]:
    """What a pass over the context makes of each page, trained on the other folds."""
    said: list[NDArray[np.float32]] = [np.empty((0, len(LABELS)), np.float32)] * len(pages)
    for number in range(settings.folds):
        others = [at for at, k in enumerate(fold) if k != number]
        arrays = train_context([pages[at] for at in others], [seen[at] for at in others], shape, settings)
        model = blank({name: array[None] for name, array in arrays.items()})
        for at in (at for at, k in enumerate(fold) if k == number):
            said[at] = model.revised(0, seen[at])
    return said


def train_context(
    pages: Sequence[PreparedPage], seen: Sequence[NDArray[np.float32]], shape: PageShape, settings: PageSettings
) -> Arrays:
    """Train a network that revises, on what is seen of each line."""
    start(settings.seed)
    random = np.random.default_rng(settings.seed)
    inputs, allowed = np.concatenate(seen) / np.float32(UNIT), permitted(pages)
    weights = np.concatenate([page.weights for page in pages])
    network: nn.Module = PageContextNetwork(shape)
    optimizer = torch.optim.AdamW(
        [{"params": list(network.parameters()), "top": settings.context_rate}], weight_decay=settings.context_decay
    )
    steps = settings.context_epochs * -(-len(inputs) // settings.context_batch)
    for step, chosen in enumerate(minibatches(len(inputs), settings.context_batch, settings.context_epochs, random)):
        set_rate(optimizer, step / steps)
        scores = network(torch.from_numpy(inputs[chosen]), settings.context_drop)
        step_down(optimizer, network, loss_of(scores, allowed[chosen], weights[chosen]))
    return {**layers(network, "hidden", "score")}
