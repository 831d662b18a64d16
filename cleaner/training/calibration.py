"""Scores that networks give to sites they have not seen -> how scores become probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from cleaner.document import LABELS
from cleaner.model import UNCALIBRATED

if TYPE_CHECKING:
    from numpy.typing import NDArray

PENALTY = 20.0  # lines that speak for leaving a label's scale and shift as they are
STEPS = 200  # at most; it takes some dozens


def fit(
    scores: NDArray[np.float32], labels: NDArray[np.int64], prior: NDArray[np.floating] | None = None
) -> NDArray[np.float64]:
    """Scale and shift of each label's score (2 x labels) so that ``softmax(scores * scale + shift)`` can be believed.

    ``scores`` is lines x labels, ``labels`` holds the right label of each line. This is vector scaling (Guo et
    al., "On Calibration of Modern Neural Networks", 2017), held near ``prior`` where there are few lines.
    """
    start = torch.tensor(np.array(UNCALIBRATED if prior is None else prior, np.float64))
    x, y = torch.from_numpy(scores.astype(np.float64)), torch.from_numpy(labels)
    moved = torch.zeros(2, len(LABELS), dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([moved], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        stated = x * (start[0] * moved[0].exp()) + start[1] + moved[1]
        value: torch.Tensor = (
            torch.nn.functional.cross_entropy(stated, y, reduction="sum") + PENALTY * moved.square().sum()
        )
        torch.autograd.backward(value)
        return value

    search.step(loss)
    found = moved.detach().numpy()
    result: NDArray[np.float64] = np.stack([start[0].numpy() * np.exp(found[0]), start[1].numpy() + found[1]])
    return result
