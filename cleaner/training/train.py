"""Documents with labels -> weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, extract, rows_of_rules
from cleaner.lines import split_lines
from cleaner.training.network import Example, Network, Shape, arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from cleaner.rules import RuleSet
    from cleaner.training.documents import Labelled

OPENER_FEATURES = slice(len(CONTEXT_FEATURES) - 2 * len(LABELS), len(CONTEXT_FEATURES))


@dataclass(frozen=True)
class Settings:
    """How to train. ``weak`` weighs lines whose labels come from markup, against 1 for lines labelled by hand."""

    epochs: int = 12
    batch: int = 3000  # lines
    rate: float = 3e-3
    table_rate: float = 1.0
    balance: float = 0.0
    decay: float = 0.02
    drop: float = 0.1
    drop_rows: float = 0.15
    drop_rules: float = 0.25
    alone: float = 0.3
    weak: float = 0.25
    repeat_gold: int = 4
    smooth: float = 0.02
    grip: float = 0.4
    fewest_sites: int = 3
    seed: int = 20261122


@dataclass(frozen=True, slots=True)
class Prepared:
    """A labelled document with its features, as arrays."""

    rows: NDArray[np.int32]
    is_rule: NDArray[np.bool_]
    row_start: NDArray[np.int64]
    line: NDArray[np.float32]
    context: NDArray[np.float32]
    labels: NDArray[np.int64]
    weight: float
    host: str


def prepare(
    documents: Sequence[Labelled], rules: RuleSet, weigh: Callable[[Labelled], float], bits: int
) -> list[Prepared]:
    """Features of each document; one whose lines and labels do not count the same raises ``ValueError``."""
    own, kind = rows_of_rules(rules)
    rule_rows = np.unique(np.concatenate([own, kind]))
    found = []
    for a in range(0, len(documents), 64):
        some = documents[a : a + 64]
        batch = split_lines([document.text for document in some])
        features = extract(batch, rules)
        for number, document in enumerate(some):
            i, j = batch.first_line[number], batch.first_line[number + 1]
            if j - i != len(document.labels):
                raise ValueError(f"{document.name}: {j - i} lines but {len(document.labels)} labels")
            if i == j:
                continue
            x, y = features.row_start[i], features.row_start[j]
            rows = features.rows[x:y]
            found.append(
                Prepared(
                    (rows >> np.uint64(64 - bits)).astype(np.int32),
                    np.isin(rows, rule_rows),
                    features.row_start[i : j + 1] - x,
                    features.line[i:j],
                    features.context[i:j],
                    np.array(document.labels),
                    weigh(document),
                    document.host,
                )
            )
    return found


def common_rows(documents: Sequence[Prepared], bits: int, fewest: int) -> NDArray[np.bool_]:
    """Rows that occur on at least so many sites: what is said on one site alone is learned by heart, not understood."""
    sites: dict[str, list[NDArray[np.int32]]] = {}
    for document in documents:
        sites.setdefault(document.host, []).append(np.unique(document.rows))
    count = np.zeros(1 << bits, np.int32)
    for rows in sites.values():
        count[np.unique(np.concatenate(rows))] += 1
    return count >= fewest


def example(
    some: Sequence[Prepared], common: NDArray[np.bool_], random: np.random.Generator, settings: Settings
) -> Example:
    """Some documents as tensors, of which some rows, and in some documents all rules, are left out."""
    weight, context = [], []
    for document in some:
        kept = common[document.rows].astype(np.float32)
        kept[random.random(len(kept)) < settings.drop_rows] = 0
        seen = document.context
        if random.random() < settings.drop_rules:
            kept[document.is_rule] = 0
            seen = seen.copy()
            seen[:, OPENER_FEATURES] = 0
        weight.append(kept)
        context.append(seen)
    sizes = [len(document.labels) for document in some]
    counts = np.concatenate([np.diff(document.row_start) for document in some])
    return Example(
        torch.from_numpy(np.concatenate([document.rows for document in some]).astype(np.int64)),
        torch.from_numpy(np.append(0, np.cumsum(counts))),
        torch.from_numpy(np.concatenate(weight)),
        torch.from_numpy(np.concatenate([document.line for document in some])),
        torch.from_numpy(np.concatenate(context)),
        torch.from_numpy(np.append(0, np.cumsum(sizes))),
        torch.from_numpy(np.concatenate([document.labels for document in some])),
        torch.from_numpy(np.repeat([document.weight for document in some], sizes).astype(np.float32)),
    )


def packs_of(documents: Sequence[Prepared], order: Iterable[int], lines: int) -> list[list[Prepared]]:
    """Documents in this order, together up to about so many lines."""
    found: list[list[Prepared]] = [[]]
    size = 0
    for number in order:
        if size >= lines:
            found.append([])
            size = 0
        found[-1].append(documents[number])
        size += len(documents[number].labels)
    return found


def train(
    documents: Sequence[Prepared],
    shape: Shape,
    settings: Settings,
    report: Callable[[int, float], None] = lambda *_: None,
) -> Network:
    """Train on the documents; the same documents, settings and number of threads give the same weights."""
    torch.manual_seed(settings.seed)
    torch.use_deterministic_algorithms(True)
    random = np.random.default_rng(settings.seed)
    network = Network(shape)
    network.train()
    common = common_rows(documents, shape.bits, settings.fewest_sites)
    network.table.weight.data[~torch.from_numpy(common)] = 0
    heavy = [network.table.weight]
    light = [p for name, p in network.named_parameters() if not name.startswith("table")]
    share = class_weights(documents, settings)
    optimizer = torch.optim.AdamW(
        [{"params": heavy, "scale": settings.table_rate}, {"params": light, "scale": 1.0}],
        lr=settings.rate,
        weight_decay=settings.decay,
    )
    places = [n for n, d in enumerate(documents) for _ in range(settings.repeat_gold if d.weight >= 1 else 1)]
    steps = settings.epochs * len(packs_of(documents, places, settings.batch))
    done = 0
    for epoch in range(settings.epochs):
        total = 0.0
        packs = packs_of(documents, random.permutation(places).tolist(), settings.batch)
        for some in packs:
            for group in optimizer.param_groups:
                group["lr"] = settings.rate * group["scale"] * rate_at(done / steps)
            x = example(some, common, random, settings)
            optimizer.zero_grad()
            loss = loss_of(network, x, settings, share)
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            total += float(loss.detach())
            done += 1
        report(epoch, total / len(packs))
    network.eval()
    return network


def class_weights(documents: Sequence[Prepared], settings: Settings) -> torch.Tensor:
    """Weights of the labels: rarer ones weigh more, by the power ``balance`` of their frequency."""
    count = np.ones(len(LABELS))
    for document in documents:
        known = document.labels[document.labels >= 0]
        count += np.bincount(known, minlength=len(LABELS)) * document.weight
    weights = (count / count.sum()) ** -settings.balance
    return torch.from_numpy((weights * count.sum() / (weights * count).sum()).astype(np.float32))


def rate_at(share: float) -> float:
    """The learning rate's course: a short rise, then down along a cosine."""
    return min(1.0, (share + 1e-3) * 25) * (0.5 + 0.5 * math.cos(math.pi * min(share, 1.0)))


def loss_of(network: Network, x: Example, settings: Settings, share: torch.Tensor) -> torch.Tensor:
    """Weighted cross-entropy of the lines in context and, for a share, of the lines alone."""
    alone, scores = network(x, settings.drop)
    known = x.labels >= 0
    weights = x.weights[known] * share[x.labels[known]]
    losses = [
        nn.functional.cross_entropy(s[known], x.labels[known], reduction="none", label_smoothing=settings.smooth)
        for s in (scores, alone)
    ]
    return ((losses[0] + settings.alone * losses[1]) * weights).sum() / weights.sum().clamp(min=1)


def transitions_of(documents: Sequence[Prepared], grip: float) -> NDArray[np.float64]:
    """How much likelier than by chance each label follows each other in hand labels (logarithm, times ``grip``)."""
    count = np.full((len(LABELS), len(LABELS)), 0.0)
    for document in documents:
        a, b = document.labels[:-1], document.labels[1:]
        known = (a >= 0) & (b >= 0)
        np.add.at(count, (a[known], b[known]), 1.0)
    share = count.sum(axis=0) / count.sum()
    smoothed = count + 20 * share
    logs: NDArray[np.float64] = grip * np.log(smoothed / smoothed.sum(axis=1, keepdims=True) / share)
    return logs


def weights_of(network: Network, documents: Sequence[Prepared], settings: Settings) -> dict[str, NDArray[np.generic]]:
    """All arrays of the model."""
    gold = [document for document in documents if document.weight >= 1]
    return arrays(network, transitions_of(gold, settings.grip))
