"""What goes to the workers and what comes back: some rows of a shard, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeAlias

import pyarrow as pa

from cleaner.corpus.tally import Tally

MEGABYTE = 1 << 20


class Page(NamedTuple):
    """A text or a page, as bytes, with what is known of it; of one that could not be read, the reason."""

    kind: str  # text, html or unread
    fields: dict[str, str | None]
    data: bytes
    charset: str | None = None  # of a page, as its server named it


@dataclass(frozen=True)
class Task:
    """Rows of a shard, numbered from ``first`` on: lines of JSON, pages, or a record batch as a stream.

    ``position`` is how many stored bytes of the shard have been read up to here.
    """

    shard: int
    to: str
    first: int
    position: int
    rows: list[bytes] | list[Page] | pa.Buffer

    @property
    def size(self) -> int:
        """Bytes of the rows."""
        if isinstance(self.rows, pa.Buffer):
            return int(self.rows.size)
        return sum(len(row.data) if isinstance(row, Page) else len(row) for row in self.rows)

    def split(self) -> list[Task]:
        """A task for each row."""
        rows: list[Any]
        if isinstance(self.rows, pa.Buffer):
            batch = from_stream(self.rows)
            rows = [to_stream(batch.slice(k, 1)) for k in range(batch.num_rows)]
        else:
            rows = [[row] for row in self.rows]
        return [replace(self, first=self.first + k, rows=row) for k, row in enumerate(rows)]


@dataclass(frozen=True)
class End:
    """The end of a shard: how many rows it had, and what kept the rest from being read, if anything did."""

    shard: int
    rows: int
    broken: str | None = None


class Rejected(NamedTuple):
    """A row that could not be read or cleaned."""

    row: int
    reason: str


Piece: TypeAlias = Any  # bytes of JSON Lines, a buffer of a table, or a list of names and bytes of files


@dataclass
class Result:
    """What became of a task: pieces of the output, and of what is set aside, in order.

    ``rows`` is how many there were, ``out`` and ``set_aside`` how many are in the pieces.
    """

    shard: int
    position: int
    rows: int = 0
    out: int = 0
    kept: list[Piece] = field(default_factory=list)
    aside: list[Piece] = field(default_factory=list)
    set_aside: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def add(self, other: Result) -> None:
        """Append what became of the rows that follow."""
        self.rows += other.rows
        self.out += other.out
        self.kept += other.kept
        self.aside += other.aside
        self.set_aside += other.set_aside
        self.rejected += other.rejected
        self.tally.merge(other.tally)


def refused(task: Task, reason: str) -> Result:
    """What becomes of a task of one row if the row is rejected."""
    return Result(task.shard, task.position, rows=1, rejected=[Rejected(task.first, reason)])


def to_stream(batch: pa.RecordBatch) -> pa.Buffer:
    """A record batch as bytes; unlike its pickle, they hold no more than its rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def from_stream(data: pa.Buffer) -> pa.RecordBatch:
    """The record batch that ``to_stream`` made bytes of."""
    return pa.ipc.open_stream(data).read_next_batch()
