"""How time grows with the load."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(work: Callable[[Any], object], load: Any) -> float:
    """Time of the processor, so that what else the machine does counts little; collections of garbage left out."""
    gc.collect()
    gc.disable()
    try:
        begin = time.thread_time()
        work(load)
        return time.thread_time() - begin
    finally:
        gc.enable()


def is_linear(work: Callable[[Any], object], one: Any, two: Any) -> bool:
    """Whether twice the load takes about twice the time, in the best of a few runs (more where others disturb)."""
    best = [float("inf"), float("inf")]
    for run in range(12):
        best = [min(least, seconds(work, load)) for least, load in zip(best, (one, two), strict=True)]
        if run >= 2 and best[1] < 2.6 * best[0] + 0.002:
            return True
    return False
