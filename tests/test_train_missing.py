"""``cleaner train`` where PyTorch is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cleaner.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_is_missing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names it, and the command that installs it; nothing is read or written."""
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    assert main(["train", "nowhere", "--output", str(tmp_path / "mine")]) == 2
    assert capsys.readouterr().err == (
        "cleaner: torch is missing: install what training needs with: pip install 'linesift[train]'\n"
    )
    assert not list(tmp_path.iterdir())
