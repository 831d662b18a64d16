"""Ray: shards are spread over a cluster, and each is done there by the engine for one machine.

All machines must see the inputs and the output folder under the same paths.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray

from cleaner.corpus.inputs import REMOTE
from cleaner.corpus.kernel import clean_batch
from cleaner.corpus.pool import PoolError
from cleaner.corpus.run import Done, run_shards
from cleaner.pipeline import Cleaner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa

    from cleaner.corpus.inputs import Shard
    from cleaner.corpus.run import Watch
    from cleaner.corpus.settings import Settings


class CleanBatches:
    """``clean_batch`` for ``Dataset.map_batches``; the cleaner is made ready once per actor.

    ``cleaner`` holds options of ``Cleaner``, the others are those of ``clean_batch``::

        dataset.map_batches(CleanBatches, batch_format="pyarrow", concurrency=2,
                            fn_constructor_kwargs={"text": "content"})
    """

    def __init__(self, text: str = "text", cleaner: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.text = text
        self.options = {**options, "cleaner": Cleaner(**(cleaner or {}))}

    def __call__(self, table: pa.Table) -> pa.Table:
        """Clean the documents of a table."""
        return clean_batch(table, self.text, **self.options)


def run_on_ray(
    shards: Sequence[Shard],
    settings: Settings,
    folder: Path,
    workers: int | None = None,
    address: str | None = None,
    watch: Watch | None = None,
) -> Iterator[Done]:
    """Do shards on a cluster, and give each when its outputs are on the disk, in any order.

    Raises what ``run_shards`` raises.
    """
    if not ray.is_initialized():
        ray.init(
            address=address, num_cpus=None if address else workers, log_to_driver=False, logging_level=logging.WARNING
        )
    elsewhere = replace(
        settings,
        packs=tuple(map(absolute, settings.packs)),
        model=None if settings.model is None else absolute(settings.model),
    )
    data = ray.data.from_items([{"shard": located(shard)} for shard in shards], override_num_blocks=len(shards) or 1)
    work = partial(one_shard, settings=elsewhere, folder=absolute(folder))
    originals = {shard.number: shard for shard in shards}
    for row in data.map(work, num_cpus=1).iter_rows():
        done: Done | Exception = row["done"]
        if isinstance(done, Exception):
            raise done
        done.shard = originals[done.shard.number]
        if watch is not None:
            watch(done.shard, done.shard.size, done.tally)
        yield done


def located(shard: Shard) -> Shard:
    """The shard, with paths that are the same in every folder."""
    return replace(shard, sources=tuple(replace(source, path=absolute(source.path)) for source in shard.sources))


def absolute(path: str | Path) -> str:
    """The path from the root on; addresses stay what they are."""
    return str(path) if REMOTE in str(path) else str(Path(path).absolute())


def one_shard(row: dict[str, Any], settings: Settings, folder: str) -> dict[str, Any]:
    """Do a shard in a worker of its own, which can be killed; what keeps a run from going on is handed back."""
    try:
        return {"done": next(run_shards([row["shard"]], settings, Path(folder)))}
    except (OSError, PoolError) as error:
        return {"done": error}
