"""Plots that come out the same each time; needs matplotlib (extra ``bench``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    from pathlib import Path

mpl.use("svg")
mpl.rcParams.update({"svg.hashsalt": "cleaner", "svg.fonttype": "none", "font.size": 8, "axes.linewidth": 0.6})


def grid(rows: int, columns: int, width: float = 8, height: float = 6.4) -> tuple[Any, Any]:
    """A figure, and its axes, rows x columns."""
    from matplotlib import pyplot as plt

    return plt.subplots(rows, columns, figsize=(width, height), sharex=True, sharey=True, layout="constrained")


def save(figure: Any, path: Path) -> None:
    """Write an SVG without the date; trailing blanks are taken off, as they change nothing."""
    figure.savefig(path, format="svg", metadata={"Date": None})
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.split("\n")), encoding="utf-8")
