"""Shards -> outputs: the engine for one machine, which the others use for a shard at a time."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias

from cleaner.corpus import readers
from cleaner.corpus.manifest import NOTES, RUN, rejected_lines
from cleaner.corpus.pool import Pool
from cleaner.corpus.tally import Tally
from cleaner.corpus.tasks import End, Rejected, Result, Task
from cleaner.corpus.work import Worker
from cleaner.corpus.writers import output
from cleaner.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cleaner.corpus.inputs import Shard
    from cleaner.corpus.settings import Settings

    Watch: TypeAlias = Callable[[Shard, int, Tally], None]  # a shard, how far it is done, and what was found there

SET_ASIDE = f"{RUN}/set-aside"


class Done:
    """A shard that is done: its line of the manifest, and a file of its rejected rows; or why it could not be read."""

    def __init__(self, shard: Shard) -> None:
        self.shard = shard
        self.rows = self.out = self.set_aside = self.rejected = 0
        self.outputs: list[str] = []
        self.notes: Path | None = None
        self.tally = Tally()
        self.failed: str | None = None

    def add(self, result: Result) -> None:
        """Count what became of some rows."""
        self.rows += result.rows
        self.out += result.out
        self.set_aside += result.set_aside
        self.rejected += len(result.rejected)
        self.tally.merge(result.tally)

    def entry(self) -> dict[str, Any]:
        """The line of the manifest."""
        return {
            "name": self.shard.name,
            "kind": self.shard.kind,
            "stamp": self.shard.stamp,
            "sha256": self.shard.digest(),
            "outputs": self.outputs,
            "rows": {"in": self.rows, "out": self.out, "set_aside": self.set_aside, "rejected": self.rejected},
            "tally": self.tally.as_data(),
        }


class MiscountError(RuntimeError):
    """Rows went missing, which must not happen."""


def run_shards(
    shards: Sequence[Shard],
    settings: Settings,
    folder: Path,
    workers: int = 1,
    watch: Watch | None = None,
) -> Iterator[Done]:
    """Do shards, in order, and give each when its outputs are on the disk. Raises ``OSError`` and ``PoolError``."""
    if not shards:
        return
    with closing(Pool(partial(Worker, settings), workers, settings.time_limit)) as pool:
        results = pool.map(stream(shards, settings))
        for shard in shards:
            yield one_shard(shard, results, folder, watch)


def stream(shards: Iterable[Shard], settings: Settings) -> Iterator[Task | End]:
    """The tasks of all shards in a row."""
    for shard in shards:
        yield from readers.tasks(shard, settings)


def one_shard(
    shard: Shard,
    results: Iterator[Result | End],
    folder: Path,
    watch: Watch | None,
) -> Done:
    """Write what became of a shard, up to its end."""
    done = Done(shard)
    first = next(results)
    if isinstance(first, End):
        done.failed = first.broken
        return done
    with ExitStack() as stack:
        kept = stack.enter_context(output(folder, shard.output, shard.to, shard.kind))
        aside = notes = None
        item: Result | End = first
        while isinstance(item, Result):
            kept.write(item.kept)
            if item.aside:
                if aside is None:
                    aside = stack.enter_context(output(folder / SET_ASIDE, shard.output, shard.to, shard.kind))
                aside.write(item.aside)
            if item.rejected:
                notes = notes or stack.enter_context(notes_of(done, folder))
                notes.write(rejected_lines(shard, item.rejected))
            done.add(item)
            if watch is not None:
                watch(shard, item.position, item.tally)
            item = next(results)
        check_counts(done, item)
        if item.broken is not None:
            notes = notes or stack.enter_context(notes_of(done, folder))
            rest = Rejected(item.rows + 1, f"the rest cannot be read: {item.broken}")
            notes.write(rejected_lines(shard, [rest]))
            done.rows += 1
            done.rejected += 1
    done.outputs = written(shard, folder, aside is not None)
    return done


@contextmanager
def notes_of(done: Done, folder: Path) -> Iterator[BinaryIO]:
    """The file of the rejected rows of a shard: there may be more of them than memory can hold."""
    done.notes = folder / NOTES.format(done.shard.number)
    done.notes.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(done.notes) as file:
        yield file


def check_counts(done: Done, end: End) -> None:
    """Raise ``MiscountError``, before the outputs are in place, if not all rows were written or rejected."""
    dealt_with = done.out + done.set_aside + done.rejected
    if not end.rows == done.rows == dealt_with:
        raise MiscountError(
            f"{done.shard.name}: {end.rows} rows were read, {done.rows} were cleaned, {dealt_with} were written"
            " or rejected: please report this"
        )


def written(shard: Shard, folder: Path, aside: bool) -> list[str]:
    """The names of the outputs that there are."""
    names = shard.outputs()
    if aside:
        names += [str(Path(SET_ASIDE) / name) for name in names]
    return [name for name in names if (folder / name).exists()]  # not a text, or a table, of which all was rejected
