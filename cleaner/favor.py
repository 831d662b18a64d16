"""How a decision moves between losing text and leaving boilerplate in it.

The probability that a line is text is the sum of the calibrated probabilities of the labels that are
kept. ``Bounds`` hold two such probabilities, ``low`` <= ``high``: a line below ``low`` is dropped, one
from ``high`` on is kept, and between them stands what decoding made of it. So a line is kept if

    decoded as kept and probability >= low, or probability >= high,

and of two bounds the lower ones keep all that the higher ones keep: a larger ``low`` or ``high`` can make
either half of that false, never true. What certain rules say of a line is not moved.

Losing text is worse than leaving boilerplate: in any case a line that may well be heading or body, by the
bounds ``IN_DOUBT``, is taken for it. This belongs to decoding, and does not depend on what is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Bounds(NamedTuple):
    """Probabilities that a line is text: dropped below ``low``, kept from ``high`` on."""

    low: float
    high: float


BALANCED = "balanced"
AS_DECODED = Bounds(0.0, 2.0)  # no probability is below 0 or as high as 2
# The largest, in hundredths, that loses at most 3 % of the text of the gold documents that train, by networks that
# have not seen the site: 2.96 %, with a drop F1 of 0.904; without it 6.0 % and 0.913.
IN_DOUBT = Bounds(0.0, 0.39)
FAVOR = {"precision": Bounds(0.8, 2.0), BALANCED: AS_DECODED, "recall": Bounds(0.0, 0.2)}


def bounds_of(favor: str | None, threshold: float | None) -> Bounds:
    """The bounds that these options stand for; raises ``ValueError`` if they are none or contradict each other."""
    if threshold is None:
        if favor is not None and favor not in FAVOR:
            raise ValueError(f"unknown favor {favor!r}; it is {', '.join(FAVOR)}")
        return FAVOR[favor or BALANCED]
    if favor is not None:
        raise ValueError("favor and threshold: choose one, as both say what is kept")
    if not 0 < threshold < 1:
        raise ValueError(f"threshold is {threshold}: it is a probability, above 0 and below 1")
    return Bounds(threshold, threshold)


def moved(
    labels: NDArray[np.int64],
    probabilities: NDArray[np.float64],
    given: NDArray[np.int64],
    keep: NDArray[np.bool_],
    bounds: Bounds,
) -> NDArray[np.int64]:
    """Label numbers of all lines, where lines beyond the bounds have the likeliest label on the other side.

    ``probabilities`` is lines x labels, ``given`` holds what certain rules say, or -1, and ``keep`` says
    which labels are kept. Where all labels are kept, or none, there is no other side.
    """
    import numpy as np

    if bounds == AS_DECODED or keep.all() or not keep.any():
        return labels
    text = probabilities[:, keep].sum(axis=1)
    kept, free = keep[labels], given < 0
    out = free & kept & (text < bounds.low)
    into = free & ~kept & (text >= bounds.high)
    found = labels.copy()
    found[out] = np.where(keep, -1, probabilities[out]).argmax(axis=1)
    found[into] = np.where(keep, probabilities[into], -1).argmax(axis=1)
    return found
