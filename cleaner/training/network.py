"""The networks of ``cleaner.model``, made to be trained (with PyTorch), and their weights as plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, LINE_FEATURES
from cleaner.model import BOUND, NEIGHBOURS, WINDOWS

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Shape:
    """Sizes of the networks; see ``cleaner.model.Model``."""

    bits: int = 17
    dimensions: int = 32
    line: int = 48
    view: int = 16
    hidden: int = 48


@dataclass(frozen=True, slots=True)
class Example:
    """Some documents made ready for training: features, labels (-1: unknown) and weights of their lines."""

    rows: torch.Tensor
    row_start: torch.Tensor
    row_weight: torch.Tensor
    line: torch.Tensor
    context: torch.Tensor
    stretch_line: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor


class Network(nn.Module):
    """Scores of lines alone and in context; computes what ``Model.scores`` computes, but for the rounding."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        labels = len(LABELS)
        surroundings = shape.view * (2 * NEIGHBOURS + 2 * len(WINDOWS) + 1)
        self.shape = shape
        self.table = nn.EmbeddingBag(1 << shape.bits, shape.dimensions, mode="sum")
        nn.init.normal_(self.table.weight, std=0.05)
        self.line = nn.Linear(shape.dimensions + len(LINE_FEATURES), shape.line)
        self.view = nn.Linear(shape.line, shape.view)
        self.verdict = nn.Linear(shape.line, labels)
        self.hidden = nn.Linear(shape.line + surroundings + len(CONTEXT_FEATURES), shape.hidden)
        self.score = nn.Linear(shape.hidden, labels)

    def forward(self, x: Example, drop: float = 0.0) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (lines x labels) alone and in context; ``drop`` is the share of units left out."""
        count = (x.row_start[1:] - x.row_start[:-1]).unsqueeze(1).float()
        embedded = self.table(x.rows, x.row_start[:-1], per_sample_weights=x.row_weight) / count.sqrt()
        embedded = embedded.clamp(-BOUND, BOUND)
        embedded = nn.functional.dropout(embedded, drop, self.training)
        line = torch.relu(self.line(torch.cat([embedded, x.line], 1))).clamp(max=BOUND)
        line = nn.functional.dropout(line, drop, self.training)
        view = torch.relu(self.view(line)).clamp(max=BOUND)
        seen = torch.cat([line, surroundings(view, x.stretch_line), x.context], 1)
        hidden = torch.relu(self.hidden(seen)).clamp(max=BOUND)
        hidden = nn.functional.dropout(hidden, drop, self.training)
        return self.verdict(line), self.score(hidden)


def surroundings(view: torch.Tensor, stretch_line: torch.Tensor) -> torch.Tensor:
    """As ``cleaner.model.surroundings``."""
    number = torch.arange(len(view))
    size = stretch_line[1:] - stretch_line[:-1]
    top, end = stretch_line[:-1].repeat_interleave(size), stretch_line[1:].repeat_interleave(size)
    columns = []
    for step in (*range(-NEIGHBOURS, 0), *range(1, NEIGHBOURS + 1)):
        at = number + step
        columns.append(view[at.clamp(0, len(view) - 1)] * ((at >= top) & (at < end)).unsqueeze(1))
    sums = torch.cat([torch.zeros(1, view.shape[1], dtype=torch.float64), view.double().cumsum(0)])

    def mean(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return ((sums[b] - sums[a]) / (b - a).clamp(min=1).unsqueeze(1)).float()

    for width in WINDOWS:
        columns.append(mean(torch.maximum(number - width, top), number))
        columns.append(mean(number + 1, torch.minimum(number + 1 + width, end)))
    columns.append(mean(top, end))
    return torch.cat(columns, 1)


def arrays(network: Network, transitions: NDArray[np.float64]) -> dict[str, NDArray[np.generic]]:
    """The weights as ``cleaner.model.make_model`` takes them: the table in 8 bits, the rest in 32."""
    table = network.table.weight.detach().numpy()
    scale = np.minimum(np.abs(table).max(axis=0), 8 * table.std(axis=0)) / 127
    found: dict[str, NDArray[np.generic]] = {
        "table": np.clip(np.rint(table / scale), -127, 127).astype(np.int8),
        "table_scale": scale.astype(np.float64),
        "transitions": transitions.astype(np.float32),
    }
    for name in ("line", "view", "verdict", "hidden", "score"):
        layer = getattr(network, name)
        found[f"{name}_weight"] = layer.weight.detach().numpy().T.copy()
        found[f"{name}_bias"] = layer.bias.detach().numpy().copy()
    return found
