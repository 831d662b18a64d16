"""The networks of ``cleaner.model``, made to be trained with PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from cleaner.document import LABELS
from cleaner.features import LINE_FEATURES
from cleaner.model import BOUND, EXPECTED, PAGE_TYPES, SEEN, UNIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


READ = "line", "verdict", "expected", "page_type"  # layers of the first network, beside its table


@dataclass(frozen=True)
class Shape:
    """Sizes of the networks; see ``cleaner.model.Model``."""

    bits: int = 17
    dimensions: int = 32
    line: int = 96
    hidden: int = 128


class LineNetwork(nn.Module):
    """Scores of lines alone, of what they let expect, and of the page types that they speak for.

    It does what ``Model.read`` does, but for rounding and looking at neighbours.
    """

    def __init__(self, shape: Shape, rows: int) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(max(rows, 1), shape.dimensions, mode="sum")
        nn.init.normal_(self.table.weight, std=0.05)
        self.line = nn.Linear(shape.dimensions + len(LINE_FEATURES), shape.line)
        self.verdict = nn.Linear(shape.line, len(LABELS))
        self.expected = nn.Linear(shape.line, EXPECTED)
        self.page_type = nn.Linear(shape.line, len(PAGE_TYPES))

    def forward(
        self, rows: torch.Tensor, row_start: torch.Tensor, row_weight: torch.Tensor, line: torch.Tensor, drop: float
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Scores (lines x labels, x ``EXPECTED``, x page types); ``drop`` is the share of units left out."""
        count = (row_start[1:] - row_start[:-1]).unsqueeze(1).float()
        embedded = self.table(rows, row_start[:-1], per_sample_weights=row_weight) / count.sqrt()
        embedded = nn.functional.dropout(embedded.clamp(-BOUND, BOUND), drop, self.training)
        hidden = torch.relu(self.line(torch.cat([embedded, line], 1))).clamp(max=BOUND)
        hidden = nn.functional.dropout(hidden, drop, self.training)
        return self.verdict(hidden), self.expected(hidden), self.page_type(hidden)


class ContextNetwork(nn.Module):
    """Scores of lines in context, from what ``cleaner.model.seen_by`` gives."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.hidden = nn.Linear(SEEN, shape.hidden)
        self.score = nn.Linear(shape.hidden, len(LABELS))

    def forward(self, seen: torch.Tensor, drop: float) -> torch.Tensor:
        """Scores (lines x labels); ``drop`` is the share of units left out."""
        hidden = torch.relu(self.hidden(seen / UNIT)).clamp(max=BOUND)
        scores: torch.Tensor = self.score(nn.functional.dropout(hidden, drop, self.training))
        return scores


def line_network(shape: Shape, rows: NDArray[np.bool_], begin: Mapping[str, NDArray[np.generic]] | None) -> LineNetwork:
    """A first network with these rows of the table, fresh or as the arrays of a model say."""
    network = LineNetwork(shape, int(rows.sum()))
    if begin is not None:
        network.table.weight.data = torch.from_numpy(table_of(begin)[rows])
        set_layers(network, begin, *READ)
    return network


def context_network(shape: Shape, begin: Mapping[str, NDArray[np.generic]] | None) -> ContextNetwork:
    """A network that revises, fresh or as the arrays of one pass say."""
    network = ContextNetwork(shape)
    if begin is not None:
        set_layers(network, begin, "hidden", "score")
    return network


def set_layers(network: nn.Module, arrays: Mapping[str, NDArray[np.generic]], *names: str) -> None:
    """The opposite of ``layers``."""
    for name in names:
        layer = getattr(network, name)
        layer.weight.data = torch.from_numpy(arrays[f"{name}_weight"].astype(np.float32).T.copy())
        layer.bias.data = torch.from_numpy(arrays[f"{name}_bias"].astype(np.float32).copy())


def shape_of(arrays: Mapping[str, NDArray[np.generic]]) -> Shape:
    """The sizes of the networks of a model."""
    rows, dimensions = arrays["table"].shape
    return Shape((rows - 1).bit_length(), dimensions, arrays["line_bias"].shape[-1], arrays["hidden_bias"].shape[-1])


def layers(network: nn.Module, *names: str) -> dict[str, NDArray[np.float32]]:
    """Weights and biases of the layers of these names, as ``cleaner.model.make_model`` takes them."""
    found = {}
    for name in names:
        layer = getattr(network, name)
        found[f"{name}_weight"] = layer.weight.detach().numpy().T.copy()
        found[f"{name}_bias"] = layer.bias.detach().numpy().copy()
    return found


def line_arrays(
    network: LineNetwork, rows: NDArray[np.bool_], begin: Mapping[str, NDArray[np.generic]] | None
) -> dict[str, NDArray[np.generic]]:
    """The arrays of the first network; beside the ``rows`` it holds, the table is what it was, or blank."""
    trained = network.table.weight.detach().numpy()
    table = np.zeros((len(rows), trained.shape[1]), np.float32) if begin is None else table_of(begin)
    table[rows] = trained[: np.count_nonzero(rows)]
    return {**quantized(table), **layers(network, *READ)}


def table_of(arrays: Mapping[str, NDArray[np.generic]]) -> NDArray[np.float32]:
    """The table of a model, as numbers."""
    table: NDArray[np.float32] = arrays["table"].astype(np.float32) * arrays["table_scale"].astype(np.float32)
    return table


def quantized(table: NDArray[np.float32]) -> dict[str, NDArray[np.generic]]:
    """The table in 8 bits, and the scale of each of its dimensions, which fits the rows that are not blank."""
    trained = table[table.any(axis=1)] if table.any() else table
    scale = np.maximum(np.minimum(np.abs(trained).max(axis=0), 8 * trained.std(axis=0)), 1e-6) / 127
    return {
        "table": np.clip(np.rint(table / scale), -127, 127).astype(np.int8),
        "table_scale": scale.astype(np.float64),
    }
