"""The model card is about the model that ships."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CARD = ROOT / "docs" / "model-card.md"
AGAIN = "run: python benchmarks/model_card.py"

pytestmark = pytest.mark.skipif(not CARD.exists(), reason="the docs are not beside the tests")


def test_the_card_was_written_for_this_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sizes, and the mistakes on documents of our own writing, are those of the weights and rules that ship."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "benchmarks"), *sys.path])
    import model_card

    blocks = {name: text for text, name, _ in model_card.BLOCK.findall(CARD.read_text(encoding="utf-8"))}
    assert set(blocks) == set(model_card.TABLES)
    whole = CARD.read_text(encoding="utf-8")
    for name in ("sizes", "mistakes"):
        assert f"<!-- begin {name} -->\n{model_card.TABLES[name](ROOT)}\n<!-- end -->" in whole, AGAIN


def test_no_table_is_left_empty() -> None:
    """Every place for a table is filled, and every plot that the card shows is there."""
    text = CARD.read_text(encoding="utf-8")
    assert "-->\n<!-- end -->" not in text, AGAIN
    for plot in ("reliability.svg", "favor.svg"):
        assert plot in text
        assert (CARD.parent / plot).read_text(encoding="utf-8").rstrip().endswith("</svg>")
