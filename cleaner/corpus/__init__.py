"""Corpora: Arrow batches, files of many documents, and the engines that work on them.

Extra ``corpus``. Everything here cleans by ``clean_batch``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.corpus.kernel import clean_batch, clean_batches, output_schema

__all__ = ["clean_batch", "clean_batches", "output_schema"]


def __getattr__(name: str) -> object:
    """Import the kernel, and with it pyarrow, when it is first asked for."""
    if name in __all__:
        from cleaner.corpus import kernel

        return getattr(kernel, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
