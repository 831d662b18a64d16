"""Some documents of a corpus, drawn at random, and the same ones each time."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple

from cleaner.corpus.readers import tasks
from cleaner.corpus.tasks import MEGABYTE, End
from cleaner.corpus.work import read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleaner.corpus.inputs import Shard
    from cleaner.corpus.settings import Settings
    from cleaner.html import Page

MOST_BYTES = 16 * MEGABYTE  # are looked at


class Drawn(NamedTuple):
    """A document, and the page whose lines it is, if it is that of one."""

    place: str
    text: str
    page: Page | None


def drawn(shards: Sequence[Shard], settings: Settings, count: int) -> tuple[list[Drawn], list[str]]:
    """Some documents, and what went wrong; files are read at their beginnings.

    Which files, and which documents, is drawn with a fixed seed.
    """
    chance = random.Random(0)  # noqa: S311 (no secret)
    order = chance.sample(shards, len(shards))
    found: list[Drawn] = []
    problems = []
    seen = size = 0
    for shard in order:
        task = next(tasks(shard, settings))
        if isinstance(task, End):
            problems.append(f"{shard.sources[0].path}: {task.broken}")
            continue
        rows = read_rows(task, settings)
        texts = rows.batch.column(rows.text).to_pylist()
        pages = rows.pages or [None] * len(texts)
        for number, (text, page) in enumerate(zip(texts, pages, strict=True), 1):
            if not text:
                continue
            seen += 1
            at = len(found) if len(found) < count else chance.randrange(seen)
            if at < count:
                found[at : at + 1] = [Drawn(f"{shard.name}:{number}", text, page)]
        size += task.size
        if size > MOST_BYTES:
            break
    return found, problems
