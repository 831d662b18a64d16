"""The networks of ``cleaner.html.model``, made to be trained with PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from cleaner.document import LABELS
from cleaner.html.model import context_inputs, line_inputs
from cleaner.model import BOUND
from cleaner.training.network import layers

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class PageShape:
    """Sizes of the networks; see ``cleaner.html.model.PageModel``."""

    bits: int = 17
    dimensions: int = 24
    tag_bits: int = 16
    tag_dimensions: int = 12
    line: int = 96
    hidden: int = 192


class PageLineNetwork(nn.Module):
    """Scores of lines alone; computes what ``PageModel.verdict`` does, but for the rounding.

    Its tables hold just the rows that are common, ``words`` of words and ``tags`` of the markup.
    """

    def __init__(self, shape: PageShape, words: int, tags: int) -> None:
        super().__init__()
        self.table = nn.EmbeddingBag(words, shape.dimensions, mode="sum", include_last_offset=True)
        self.tag_table = nn.EmbeddingBag(tags, shape.tag_dimensions, mode="sum", include_last_offset=True)
        nn.init.normal_(self.table.weight, std=0.05)
        nn.init.normal_(self.tag_table.weight, std=0.05)
        self.line = nn.Linear(line_inputs(shape.dimensions, shape.tag_dimensions), shape.line)
        self.verdict = nn.Linear(shape.line, len(LABELS))

    def forward(self, words: Bags, markup: Bags, looks: torch.Tensor, drop: float) -> torch.Tensor:
        """Scores (lines x labels); ``drop`` is the share of units left out."""
        embedded = self.table(words.rows, words.start) / words.scale
        tags = self.tag_table(markup.rows, markup.start) / markup.scale
        tags = tags.reshape(len(looks), -1)
        embedded = torch.cat([embedded, tags], 1).clamp(-BOUND, BOUND)
        embedded = nn.functional.dropout(embedded, drop, self.training)
        words_of, tags_of = embedded[:, : self.table.embedding_dim], embedded[:, self.table.embedding_dim :]
        hidden = torch.relu(self.line(torch.cat([words_of, looks, tags_of], 1))).clamp(max=BOUND)
        hidden = nn.functional.dropout(hidden, drop, self.training)
        scores: torch.Tensor = self.verdict(hidden)
        return scores


@dataclass(frozen=True, slots=True)
class Bags:
    """Rows of a table, in bags that start at ``start`` (and, last, their end), with sums divided by ``scale``."""

    rows: torch.Tensor
    start: torch.Tensor
    scale: torch.Tensor


class PageContextNetwork(nn.Module):
    """Scores of lines in context, from what ``cleaner.html.model.seen_by`` gives."""

    def __init__(self, shape: PageShape) -> None:
        super().__init__()
        self.hidden = nn.Linear(context_inputs(shape.tag_dimensions), shape.hidden)
        self.score = nn.Linear(shape.hidden, len(LABELS))

    def forward(self, seen: torch.Tensor, drop: float) -> torch.Tensor:
        """Scores (lines x labels); ``drop`` is the share of units left out."""
        seen = nn.functional.dropout(seen, drop / 3, self.training)
        hidden = torch.relu(self.hidden(seen)).clamp(max=BOUND)
        scores: torch.Tensor = self.score(nn.functional.dropout(hidden, drop, self.training))
        return scores


def in_8_bits(table: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float64]]:
    """A table in 8 bits, and a scale for each of its dimensions."""
    scale = np.maximum(np.minimum(np.abs(table).max(axis=0), 8 * table.std(axis=0)), 1e-6) / 127
    return np.clip(np.rint(table / scale), -127, 127).astype(np.int8), scale.astype(np.float64)


def page_line_arrays(
    network: PageLineNetwork, common: NDArray[np.bool_], common_tags: NDArray[np.bool_]
) -> dict[str, NDArray[Any]]:
    """The arrays of the first network; rows that are not common are 0."""
    found: dict[str, NDArray[Any]] = layers(network, "line", "verdict")
    for prefix, bag, which in (("table", network.table, common), ("tag_table", network.tag_table, common_tags)):
        table, scale = in_8_bits(bag.weight.detach().numpy())
        found[prefix] = np.zeros((len(which), table.shape[1]), np.int8)
        found[prefix][which] = table
        found[f"{prefix.removesuffix('_table')}_scale"] = scale
    return found
