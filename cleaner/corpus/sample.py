"""Some documents of a corpus, drawn at random, and the same ones each time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from cleaner.corpus.readers import tasks
from cleaner.corpus.tasks import MEGABYTE, End
from cleaner.corpus.work import read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleaner.corpus.inputs import Shard
    from cleaner.corpus.settings import Settings

MOST_BYTES = 16 * MEGABYTE  # are looked at


def drawn(shards: Sequence[Shard], settings: Settings, count: int) -> tuple[list[tuple[str, str]], list[str]]:
    """Some documents with the places they are from, and what went wrong; files are read at their beginnings.

    Which files, and which documents, is drawn with a fixed seed.
    """
    chance = random.Random(0)  # noqa: S311 (no secret)
    order = chance.sample(shards, len(shards))
    found: list[tuple[str, str]] = []
    problems = []
    seen = size = 0
    for shard in order:
        task = next(tasks(shard, settings))
        if isinstance(task, End):
            problems.append(f"{shard.sources[0].path}: {task.broken}")
            continue
        rows = read_rows(task, settings)
        for number, text in enumerate(rows.batch.column(rows.text).to_pylist(), 1):
            if not text:
                continue
            seen += 1
            at = len(found) if len(found) < count else chance.randrange(seen)
            if at < count:
                found[at : at + 1] = [(f"{shard.name}:{number}", text)]
        size += task.size
        if size > MOST_BYTES:
            break
    return found, problems
