"""A table with just the rows that some documents use: the rest would only take time.

Of the many thousand rows of a model's table a few hundred documents use some thousands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.training.network import quantized

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cleaner.training.network import Shape
    from cleaner.training.train import Prepared


def rows_used(documents: Sequence[Prepared]) -> NDArray[np.int32]:
    """The rows that the documents use, in order."""
    return np.unique(np.concatenate([document.rows for document in documents]))


def narrowed(
    documents: Sequence[Prepared], shape: Shape, used: NDArray[np.int32], begin: Mapping[str, NDArray[Any]] | None
) -> tuple[list[Prepared], Shape, dict[str, NDArray[Any]] | None]:
    """Documents, shape and arrays for a table of the used rows; as many as a power of two, so some stay unused."""
    bits = max(1, (len(used) - 1).bit_length())
    few = [replace(document, rows=np.searchsorted(used, document.rows).astype(np.int32)) for document in documents]
    if begin is None:
        return few, replace(shape, bits=bits), None
    table = np.zeros((1 << bits, shape.dimensions), np.int8)
    table[: len(used)] = begin["table"][used]
    return few, replace(shape, bits=bits), {**begin, "table": table}


def widened(
    arrays: Mapping[str, NDArray[Any]], shape: Shape, used: NDArray[np.int32], begin: Mapping[str, NDArray[Any]] | None
) -> dict[str, NDArray[Any]]:
    """The arrays with a table of all rows; those not used stay what they were, or nothing."""
    table = np.zeros((1 << shape.bits, shape.dimensions), np.float32)
    if begin is not None:
        table[:] = begin["table"] * begin["table_scale"]
    table[used] = arrays["table"][: len(used)] * arrays["table_scale"]
    return {**arrays, **quantized(table, table)}
