"""How a run goes: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from cleaner.filter import complain

if TYPE_CHECKING:
    from cleaner.corpus.inputs import Shard
    from cleaner.corpus.tally import Tally

EVERY = 30.0  # seconds between lines of a log


class Progress:
    """Counts what has been done; ``total`` is in stored bytes, as the speed is."""

    def __init__(self, total: int, quiet: bool = False) -> None:
        self.total, self.done = total, 0
        self.places: dict[int, int] = {}
        self.documents = self.characters = self.kept = 0
        self.begun = self.said = time.monotonic()
        self.bar = None
        self.quiet = quiet
        if not quiet and sys.stderr is not None and sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=total, unit="B", unit_scale=True, dynamic_ncols=True, smoothing=0.05)

    def __call__(self, shard: Shard, position: int, tally: Tally) -> None:
        """Some rows of a shard are done, up to so many stored bytes."""
        step = min(position, shard.size) - self.places.get(shard.number, 0)
        self.places[shard.number] = min(position, shard.size)
        self.done += step
        self.documents += tally.documents
        self.characters += tally.characters_in
        self.kept += tally.characters_out
        if self.bar is not None:
            self.bar.set_postfix_str(self.told(), refresh=False)
            self.bar.update(step)
        elif not self.quiet and time.monotonic() - self.said > EVERY:
            self.said = time.monotonic()
            seconds = max(self.said - self.begun, 1e-3)
            left = seconds * (self.total - self.done) / max(self.done, 1)
            complain(
                f"{100 * self.done // max(self.total, 1)} %, {self.told()}, {self.done / 1e6 / seconds:.1f} MB/s,"
                f" about {left / 60:.0f} min left"
            )

    def told(self) -> str:
        """How it goes, in a few words."""
        removed = 100 * (1 - self.kept / max(self.characters, 1))
        return f"{self.documents:,} documents, {removed:.0f} % removed"

    def close(self) -> None:
        """Let the bar stand."""
        if self.bar is not None:
            self.bar.close()
