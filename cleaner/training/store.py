"""Weights -> model folder, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.model import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def check_place(folder: Path) -> None:
    """Raise ``OSError`` unless a model can be written there, in place of a model or of nothing."""
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(errno.EEXIST, "is a file: name a folder", str(folder))
    if folder.exists() and any(folder.iterdir()) and not (folder / "model.json").exists():
        raise FileExistsError(errno.EEXIST, "is a folder with other things than a model: name another", str(folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    if not os.access(folder.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder.parent))


def save_model(folder: Path, head: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write ``model.json`` and ``weights.npz``; a model that is there already stays until the new one is complete."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    old = fresh.with_name(f"{fresh.name}-old")
    try:
        (fresh / "model.json").write_text(json.dumps(head, indent=2) + "\n", encoding="utf-8")
        np.savez_compressed(fresh / "weights.npz", allow_pickle=False, **arrays)
        fresh.chmod(0o755)
        if folder.exists():
            folder.replace(old)
        fresh.replace(folder)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        if old.exists() and not folder.exists():
            old.replace(folder)
        shutil.rmtree(fresh, ignore_errors=True)


def arrays_of(path: str | Path | None) -> dict[str, NDArray[np.generic]]:
    """The arrays of a model folder, of the default model if there is no path; the model is sound."""
    with np.load(Path(path or DEFAULT) / "weights.npz", allow_pickle=False) as arrays:
        return dict(arrays)
