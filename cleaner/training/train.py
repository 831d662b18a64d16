"""Documents with labels -> weights.

A network knows the lines that it was trained on far better than others. So each network is trained
on what the one before it said when it was trained on other sites: the documents are parted into
folds by site. What a page's markup says of its lines is believed as far as it agrees with the hand
labels, and weighed against what such networks say, before the final ones are trained.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import nn

from cleaner.document import LABELS
from cleaner.features import extract, rows_of_rules
from cleaner.lines import split_lines
from cleaner.model import EDGE, PAGE_TYPES, PASS_ARRAYS, Model, make_model, seen_by, softmax, toy
from cleaner.training.calibration import fit as fit_calibration
from cleaner.training.documents import UNKNOWN
from cleaner.training.network import Shape, context_network, layers, line_arrays, line_network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cleaner.rules import RuleSet
    from cleaner.training.documents import Labelled


NOTHING_SAID = np.empty((0, len(LABELS)), np.float32)


@dataclass(frozen=True)
class Settings:
    """How to train.

    ``weak`` weighs lines whose labels come from markup, against 1 for lines labelled by hand; ``expected``
    weighs what is learned of the lines before and after, and ``types`` of page types, against 1 for labels;
    ``least`` is the probability from which on what markup and networks say together is believed.
    """

    folds: int = 3
    passes: int = 2
    line_epochs: int = 8
    line_batch: int = 1024  # lines
    line_rate: float = 3e-3
    table_rate: float = 15e-3
    table_decay: float = 1.0  # a row that is seldom used fades between its uses: rare words are believed less
    drop: float = 0.3
    drop_rows: float = 0.25
    drop_rules: float = 0.25
    fewest_sites: int = 30
    context_epochs: int = 16
    context_batch: int = 2048  # lines
    context_rate: float = 2e-3
    context_drop: float = 0.2
    decay: float = 0.02
    weak: float = 0.25
    weak_context: float = 0.4
    balance: float = 0.25
    smooth: float = 0.02
    grip: float = 0.1
    expected: float = 0.6
    types: float = 0.2
    least: float = 0.6
    seed: int = 20261122


@dataclass(frozen=True, slots=True)
class Prepared:
    """A labelled document with its features, as arrays.

    ``labels`` are those to learn, or -1; ``sure``: which are given by hand; ``markup``: what the markup says,
    or -1, and nothing where the document has none; ``page_type``: the number of its page's type, or -1.
    """

    rows: NDArray[np.int32]
    is_rule: NDArray[np.bool_]
    row_start: NDArray[np.int64]
    line: NDArray[np.float32]
    context: NDArray[np.float32]
    labels: NDArray[np.int64]
    sure: NDArray[np.bool_]
    markup: NDArray[np.int64]
    page_type: int
    host: str


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of many documents for the first network; see ``Prepared``. ``beside``: labels of the lines around each."""

    rows: NDArray[np.int32]
    is_rule: NDArray[np.bool_]
    row_start: NDArray[np.int64]
    line: NDArray[np.float32]
    labels: NDArray[np.int64]
    weights: NDArray[np.float32]
    beside: NDArray[np.int64]
    types: NDArray[np.int64]


def prepare(documents: Sequence[Labelled], rules: RuleSet, bits: int) -> list[Prepared]:
    """Features of each document; one whose lines and labels do not count the same raises ``ValueError``."""
    rule_rows = np.unique(np.concatenate(rows_of_rules(rules)))
    found = []
    for a in range(0, len(documents), 64):
        some = documents[a : a + 64]
        batch = split_lines([document.text for document in some])
        features = extract(batch, rules)
        is_rule = np.isin(features.rows, rule_rows)
        rows = (features.rows >> np.uint64(64 - bits)).astype(np.int32)
        for number, document in enumerate(some):
            i, j = batch.first_line[number], batch.first_line[number + 1]
            if j - i != len(document.labels):
                raise ValueError(f"{document.name}: {j - i} lines but {len(document.labels)} labels")
            x, y = features.row_start[i], features.row_start[j]
            by_hand, markup = np.array(document.labels, np.int64), np.array(document.markup, np.int64)
            found.append(
                Prepared(
                    rows[x:y],
                    is_rule[x:y],
                    features.row_start[i : j + 1] - x,
                    features.line[i:j],
                    features.context[i:j],
                    np.where(by_hand >= 0, by_hand, markup) if len(markup) else by_hand,
                    by_hand >= 0,
                    markup,
                    PAGE_TYPES.index(document.page_type) if document.page_type else -1,
                    document.host,
                )
            )
    return [document for document in found if len(document.labels)]


def lines_of(documents: Sequence[Prepared], settings: Settings) -> Lines:
    """The lines with known labels; of lines that are the same on a site, one."""
    parts, seen = [], set()
    for by_hand in (True, False):  # the line that is kept is one labelled by hand, where there is one
        for document in documents:
            keep = []
            for number in np.flatnonzero((document.labels >= 0) & (document.sure == by_hand)).tolist():
                a, b = document.row_start[number : number + 2]
                key = (document.host, document.rows[a:b].tobytes(), int(document.labels[number]))
                if key not in seen:
                    seen.add(key)
                    keep.append(number)
            if keep:
                parts.append((document, np.array(keep, np.int64)))
    counts = np.concatenate([np.diff(d.row_start)[known] for d, known in parts])
    pick = [np.concatenate([np.arange(d.row_start[n], d.row_start[n + 1]) for n in known]) for d, known in parts]
    return Lines(
        np.concatenate([d.rows[p] for (d, _), p in zip(parts, pick, strict=True)]),
        np.concatenate([d.is_rule[p] for (d, _), p in zip(parts, pick, strict=True)]),
        np.append(0, np.cumsum(counts)),
        np.concatenate([d.line[known] for d, known in parts]),
        np.concatenate([d.labels[known] for d, known in parts]),
        np.concatenate([np.where(d.sure[k], 1, settings.weak).astype(np.float32) for d, k in parts]),
        np.concatenate([beside(d.labels)[k] for d, k in parts]),
        np.concatenate([np.full(len(k), d.page_type) for d, k in parts]),
    )


def beside(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """The labels of the line before and of the next one, ``EDGE`` where there is none: n x 2."""
    return np.stack([np.append(EDGE, labels[:-1]), np.append(labels[1:], EDGE)], axis=1)


def common_rows(used: Iterable[tuple[str, NDArray[np.int32]]], bits: int, fewest: int) -> NDArray[np.bool_]:
    """Rows used on at least so many sites: what one site says is learned by heart, not understood.

    ``used`` holds the site of each document and the rows it uses.
    """
    sites: dict[str, list[NDArray[np.int32]]] = {}
    for host, rows in used:
        sites.setdefault(host, []).append(np.unique(rows))
    count = np.zeros(1 << bits, np.int32)
    for of_site in sites.values():
        count[np.unique(np.concatenate(of_site))] += 1
    return count >= fewest


def train_lines(
    documents: Sequence[Prepared], shape: Shape, settings: Settings, begin: Mapping[str, NDArray[Any]] | None = None
) -> dict[str, NDArray[np.generic]]:
    """Train the first network; returns its arrays."""
    start(settings.seed)
    random = np.random.default_rng(settings.seed)
    lines = lines_of(documents, settings)
    fewest = settings.fewest_sites if begin is None else 1
    common = common_rows(((document.host, document.rows) for document in documents), shape.bits, fewest)
    place = np.cumsum(common) - 1  # only these rows are trained: the others stay what they are
    network = line_network(shape, common, begin)
    body = [p for name, p in network.named_parameters() if not name.startswith("table")]
    optimizer = torch.optim.AdamW(
        [
            {"params": [network.table.weight], "top": settings.table_rate, "weight_decay": settings.table_decay},
            {"params": body, "top": settings.line_rate},
        ],
        weight_decay=settings.decay,
    )
    share = class_weights(lines.labels, lines.weights, settings.balance)
    steps = settings.line_epochs * -(-len(lines.labels) // settings.line_batch)
    for step, chosen in enumerate(minibatches(len(lines.labels), settings.line_batch, settings.line_epochs, random)):
        set_rate(optimizer, step / steps)
        rows, row_start, weight, line = some_lines(lines, chosen, random, settings)
        weight *= common[rows]
        x = map(torch.from_numpy, (np.where(common[rows], place[rows], 0), row_start, weight, line))
        scores, expected, types = network(*x, settings.drop)
        loss = loss_of(scores, lines.labels[chosen], lines.weights[chosen], share, settings)
        loss += settings.expected * unexpected(expected, lines.beside[chosen], lines.weights[chosen])
        loss += settings.types * nn.functional.cross_entropy(
            types, torch.from_numpy(lines.types[chosen]), ignore_index=UNKNOWN
        )
        step_down(optimizer, network, loss)
    return line_arrays(network, common, begin)


def some_lines(
    lines: Lines, chosen: NDArray[np.int64], random: np.random.Generator, settings: Settings
) -> tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
    """Rows, their starts and weights, and the dense features of the chosen lines; some rows weigh nothing."""
    a, b = lines.row_start[chosen], lines.row_start[chosen + 1]
    count = b - a
    start_at = np.append(0, np.cumsum(count))
    pick = np.repeat(a - start_at[:-1], count) + np.arange(start_at[-1])
    weight = (random.random(len(pick)) >= settings.drop_rows).astype(np.float32)
    without_rules = np.repeat(random.random(len(chosen)) < settings.drop_rules, count)
    weight[lines.is_rule[pick] & without_rules] = 0
    return lines.rows[pick], start_at, weight, lines.line[chosen]


class Trained(NamedTuple):
    """Arrays of a model; and scores of each document's lines from networks that have not seen its site."""

    arrays: dict[str, NDArray[np.generic]]
    scores: list[NDArray[np.float32]]


def train(
    documents: Sequence[Prepared],
    shape: Shape,
    settings: Settings,
    report: Callable[[str], None] = lambda _: None,
    begin: Mapping[str, NDArray[Any]] | None = None,
) -> Trained:
    """Train all networks; the same documents and settings (and, with torch, number of threads) give the same.

    ``begin`` are the arrays of a model of this shape to start from, instead of chance.
    """
    fold = folds_of([document.host for document in documents], settings.folds)
    if any(len(document.markup) for document in documents):
        said, hints = read_unseen(documents, fold, shape, settings, begin)
        seen = seen_in(documents, said, hints)
        documents = judged(documents, revised(documents, seen, fold, shape, settings), settings.least)
        report("what the markup says, judged")
    arrays = train_lines(documents, shape, settings, begin)
    report("lines")
    said, hints = read_unseen(documents, fold, shape, settings, begin)
    report("lines, without each fold")
    passes = []
    for number in range(settings.passes):
        first = begin and {name: begin[name][number] for name in PASS_ARRAYS}
        seen = seen_in(documents, said, hints)
        passes.append(train_context(documents, seen, shape, settings, first))
        report(f"context, pass {number + 1} of {settings.passes}")
        said = revised(documents, seen, fold, shape, settings, first)
        report("context, without each fold")
    arrays |= {name: np.stack([found[name] for found in passes]) for name in passes[0]}
    arrays["transitions"] = (
        transitions_of(documents, settings.grip).astype(np.float32) if begin is None else begin["transitions"]
    )
    arrays["calibration"] = calibration_of(documents, said, begin)
    report("calibration")
    return Trained(arrays, said)


def read_unseen(
    documents: Sequence[Prepared],
    fold: Sequence[int],
    shape: Shape,
    settings: Settings,
    begin: Mapping[str, NDArray[Any]] | None,
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """What the first network says of each document, trained on the other folds; see ``Model.read``."""
    said, hints = ([NOTHING_SAID] * len(documents) for _ in range(2))
    for number in range(settings.folds):
        others = [document for document, k in zip(documents, fold, strict=True) if k != number]
        model = model_of(train_lines(others, shape, settings, begin))
        for at, d in ((at, documents[at]) for at, k in enumerate(fold) if k == number):
            said[at], hints[at] = model.read(d.rows, d.row_start, d.line, whole(d))
    return said, hints


def seen_in(
    documents: Sequence[Prepared], said: Sequence[NDArray[np.float32]], hints: Sequence[NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """What a pass over the context sees of each document."""
    return [seen_by(v, h, d.line, d.context, whole(d)) for d, v, h in zip(documents, said, hints, strict=True)]


def judged(documents: Sequence[Prepared], said: Sequence[NDArray[np.float32]], least: float) -> list[Prepared]:
    """The documents with the labels that markup and the networks' scores speak for together.

    How far the markup can be believed is counted on lines that are labelled by hand too. A line of which
    no label has the probability ``least`` is left out.
    """
    count = np.ones((len(LABELS) + 1, len(LABELS)))  # what the markup says (last: nothing) x what it is
    marked = [document for document in documents if len(document.markup)]
    for document in marked:
        np.add.at(count, (document.markup[document.sure], document.labels[document.sure]), 1)
    share = count / count.sum(axis=0)

    def judge(document: Prepared, scores: NDArray[np.float32]) -> Prepared:
        odds = softmax(scores) * share[document.markup]
        odds /= odds.sum(axis=1, keepdims=True)
        likeliest = np.where(odds.max(axis=1) >= least, odds.argmax(axis=1), UNKNOWN)
        return replace(document, labels=np.where(document.sure, document.labels, likeliest))

    return [judge(d, scores) if len(d.markup) else d for d, scores in zip(documents, said, strict=True)]


def calibration_of(
    documents: Sequence[Prepared], said: Sequence[NDArray[np.float32]], begin: Mapping[str, NDArray[Any]] | None
) -> NDArray[np.float64]:
    """What makes probabilities of scores, from what is said of documents labelled by hand, of sites not seen."""
    sure = [document.sure & (not len(document.markup)) for document in documents]
    scores = np.concatenate([each[known] for each, known in zip(said, sure, strict=True)])
    labels = np.concatenate([document.labels[known] for document, known in zip(documents, sure, strict=True)])
    return fit_calibration(scores, labels, None if begin is None else begin.get("calibration"))


def whole(document: Prepared) -> NDArray[np.int64]:
    """The document as one stretch."""
    return np.array([0, len(document.labels)])


def revised(
    documents: Sequence[Prepared],
    seen: Sequence[NDArray[np.float32]],
    fold: Sequence[int],
    shape: Shape,
    settings: Settings,
    begin: Mapping[str, NDArray[Any]] | None = None,
) -> list[NDArray[np.float32]]:
    """What a pass over the context makes of each document, trained on the other folds."""
    said = [NOTHING_SAID] * len(documents)
    for number in range(settings.folds):
        others = [at for at, k in enumerate(fold) if k != number]
        arrays = train_context([documents[at] for at in others], [seen[at] for at in others], shape, settings, begin)
        model = model_of({name: array[None] for name, array in arrays.items()})
        for at in (at for at, k in enumerate(fold) if k == number):
            said[at] = model.revised(0, seen[at])
    return said


def model_of(arrays: dict[str, NDArray[np.generic]]) -> Model:
    """A model that has just some of its networks, the others being blank."""
    return make_model({**toy({"words": {}}), **arrays})


def train_context(
    documents: Sequence[Prepared],
    seen: Sequence[NDArray[np.float32]],
    shape: Shape,
    settings: Settings,
    begin: Mapping[str, NDArray[Any]] | None = None,
) -> dict[str, NDArray[np.generic]]:
    """Train a network that revises, on what is seen of each line."""
    start(settings.seed)
    random = np.random.default_rng(settings.seed)
    labels = np.concatenate([document.labels for document in documents])
    weights = np.where(np.concatenate([document.sure for document in documents]), 1, settings.weak_context)
    known = np.flatnonzero(labels >= 0)
    inputs, labels, weights = np.concatenate(seen)[known], labels[known], weights[known].astype(np.float32)
    network = context_network(shape, begin)
    optimizer = torch.optim.AdamW(
        [{"params": list(network.parameters()), "top": settings.context_rate}], weight_decay=settings.decay
    )
    share = class_weights(labels, weights, settings.balance)
    steps = settings.context_epochs * -(-len(labels) // settings.context_batch)
    for step, chosen in enumerate(minibatches(len(labels), settings.context_batch, settings.context_epochs, random)):
        set_rate(optimizer, step / steps)
        scores = network(torch.from_numpy(inputs[chosen]), settings.context_drop)
        step_down(optimizer, network, loss_of(scores, labels[chosen], weights[chosen], share, settings))
    return {**layers(network, "hidden", "score")}


def start(seed: int) -> None:
    """Make what follows repeatable."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)


def minibatches(size: int, batch: int, epochs: int, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Numbers below ``size``, each once an epoch, some at a time."""
    for _ in range(epochs):
        order = random.permutation(size)
        yield from (order[a : a + batch] for a in range(0, size, batch))


def set_rate(optimizer: torch.optim.Optimizer, done: float) -> None:
    """The learning rate's course: a short rise, then down along a cosine."""
    course = min(1.0, (done + 1e-3) * 25) * (0.5 + 0.5 * math.cos(math.pi * min(done, 1.0)))
    for group in optimizer.param_groups:
        group["lr"] = group["top"] * course


def step_down(optimizer: torch.optim.Optimizer, network: nn.Module, loss: torch.Tensor) -> None:
    """One step down the slope of the loss."""
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()


def class_weights(labels: NDArray[np.int64], weights: NDArray[np.float32], balance: float) -> torch.Tensor:
    """Weights of the labels: rarer ones weigh more, by the power ``balance`` of their frequency."""
    count = np.bincount(labels, weights=weights, minlength=len(LABELS)) + 1
    share = (count / count.sum()) ** -balance
    return torch.from_numpy((share * count.sum() / (share * count).sum()).astype(np.float32))


def loss_of(
    scores: torch.Tensor,
    labels: NDArray[np.int64],
    weights: NDArray[np.float32],
    share: torch.Tensor,
    settings: Settings,
) -> torch.Tensor:
    """Weighted cross-entropy."""
    target = torch.from_numpy(labels)
    weight = torch.from_numpy(weights) * share[target]
    losses = nn.functional.cross_entropy(scores, target, reduction="none", label_smoothing=settings.smooth)
    return (losses * weight).sum() / weight.sum()


def unexpected(scores: torch.Tensor, beside: NDArray[np.int64], weights: NDArray[np.float32]) -> torch.Tensor:
    """Weighted cross-entropy of what lines let expect, where it is known what stands there."""
    weight = torch.from_numpy(weights)[:, None]
    each = scores.reshape(len(scores), 2, -1).transpose(1, 2)
    losses = nn.functional.cross_entropy(each, torch.from_numpy(beside), reduction="none", ignore_index=UNKNOWN)
    return (losses * weight).sum() / (2 * weight.sum())


def folds_of(hosts: Sequence[str], folds: int) -> list[int]:
    """The fold of each document, by its site: sites in an order that says nothing are dealt out in turn."""
    sites = sorted(set(hosts), key=lambda host: hashlib.blake2b(host.encode(), digest_size=8).digest())
    fold = {host: number % folds for number, host in enumerate(sites)}
    return [fold[host] for host in hosts]


def transitions_of(documents: Sequence[Prepared], grip: float) -> NDArray[np.float64]:
    """How much likelier than by chance each label follows each other in hand labels (logarithm, times ``grip``)."""
    count = np.full((len(LABELS), len(LABELS)), 0.0)
    for document in documents:
        a, b = document.labels[:-1], document.labels[1:]
        known = document.sure[:-1] & document.sure[1:] & (a >= 0) & (b >= 0)
        np.add.at(count, (a[known], b[known]), 1.0)
    share = (count.sum(axis=0) + 1) / (count.sum() + len(LABELS))
    smoothed = count + 20 * share
    logs: NDArray[np.float64] = grip * np.log(smoothed / smoothed.sum(axis=1, keepdims=True) / share)
    return logs
