"""Models for tests: small ones whose labels are plain, and random ones that use all there is."""

from __future__ import annotations

from typing import Any

import numpy as np

from cleaner.document import LABELS
from cleaner.features import LINE_FEATURES, extract
from cleaner.lines import split_lines
from cleaner.model import make_model, toy
from cleaner.rules import RuleSet

TOY: dict[str, Any] = {
    "words": {"Advertisement": {"ad": 60}, "Getty": {"caption": 60}, "Chapter": {"heading": 60}},
    "bias": {"body": 4},
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
    shapes = {name: np.shape(array) for name, array in toy({"words": {}}).items() if name != "id"}
    shapes["line_weight"] = (width + len(LINE_FEATURES), len(LABELS))
    data: dict[str, Any] = {"id": f"random-{seed}", "rules": "none"}
    for name, shape in shapes.items():
        data[name] = random.normal(0, 2 / np.sqrt(shape[-2]) if name.endswith("weight") else 0.5, shape)
    data["table"] = random.integers(-127, 128, (rows, width))
    data["table_scale"] = random.uniform(0.01, 0.04, width)
    batch = split_lines([SAMPLE])
    for name in ("verdict", "score"):  # no label is preferred throughout
        scores = make_model(data).scores(extract(batch, RuleSet([])), batch.stretch_line)[name == "score"]
        factor = np.minimum(3 / scores.std(axis=0), 40 / np.abs(data[f"{name}_weight"]).sum(axis=-2))
        data[f"{name}_weight"] *= np.expand_dims(factor, -2)
        data[f"{name}_bias"] = (data[f"{name}_bias"] - scores.mean(axis=0)) * factor
    return data
