"""Models for tests: small ones whose labels are plain, and random ones that use all there is."""

from __future__ import annotations

from typing import Any

import numpy as np

from cleaner.document import LABELS
from cleaner.features import CONTEXT_FEATURES, LINE_FEATURES, extract
from cleaner.lines import split_lines
from cleaner.model import NEIGHBOURS, WINDOWS, make_model
from cleaner.rules import RuleSet

TOY: dict[str, Any] = {
    "words": {"Advertisement": {"ad": 60}, "Getty": {"caption": 60}, "Chapter": {"heading": 60}},
    "bias": {"body": 10},
}

SAMPLE = """\
The river rose by almost two metres in a single night, and the ferry stayed at the far bank until noon.
By Ana Lund
3 May 2021
Advertisement
“Nobody expected it,” said the ferryman, who has worked here for 31 years. “We were lucky.”
MORE: What the gauges say
Share
© 2021 Example
"""


def random_model(seed: int = 0, rows: int = 256, width: int = 11) -> dict[str, Any]:
    """A model with random weights, as plain data: words, looks, neighbours and transitions all count."""
    random = np.random.default_rng(seed)
    labels, h, v, k = len(LABELS), 24, 6, 16
    seen = h + v * (2 * NEIGHBOURS + 2 * len(WINDOWS) + 1) + len(CONTEXT_FEATURES)

    def weights(*shape: int) -> Any:
        return random.normal(0, 2 / np.sqrt(shape[0]), shape)

    data = {
        "id": f"random-{seed}",
        "rules": "none",
        "table": random.integers(-127, 128, (rows, width)),
        "table_scale": random.uniform(0.01, 0.04, width),
        "line_weight": weights(width + len(LINE_FEATURES), h),
        "line_bias": random.normal(0, 0.5, h),
        "view_weight": weights(h, v),
        "view_bias": random.normal(0, 0.5, v),
        "verdict_weight": weights(h, labels),
        "verdict_bias": random.normal(0, 0.5, labels),
        "hidden_weight": weights(seen, k),
        "hidden_bias": random.normal(0, 0.5, k),
        "score_weight": weights(k, labels),
        "score_bias": random.normal(0, 0.5, labels),
        "transitions": random.normal(0, 0.5, (labels, labels)) + 0.5 * np.eye(labels),
    }
    batch = split_lines([SAMPLE])
    _, scores = make_model(data).scores(extract(batch, RuleSet([])), batch.stretch_line)
    data["score_weight"] *= 3 / scores.std(axis=0)
    data["score_bias"] -= (scores * 3 / scores.std(axis=0)).mean(axis=0)  # no label is preferred throughout
    return data
