"""Weights -> model folder, written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def save_model(folder: Path, head: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write ``model.json`` and ``weights.npz``; a model that is there already stays until the new one is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        (fresh / "model.json").write_text(json.dumps(head, indent=2) + "\n", encoding="utf-8")
        np.savez_compressed(fresh / "weights.npz", allow_pickle=False, **arrays)
        fresh.chmod(0o755)
        old = fresh.with_name(f"{fresh.name}-old")
        if folder.exists():
            folder.replace(old)
        fresh.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
