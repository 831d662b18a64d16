"""Pieces -> files, each whole or not there: what is being written has another name until it is on the disk."""

from __future__ import annotations

import gzip
import json
import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.corpus.tasks import MEGABYTE, Piece, from_stream
from cleaner.corpus.work import gzip_member
from cleaner.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator

ROW_GROUP = 32 * MEGABYTE  # of a Parquet file, in memory
DRAFTS = ".cleaner-*.tmp"


class NothingWritten(Exception):  # noqa: N818 (it is no error of the program)
    """No batch came, so the columns are not known, and a file of 0 bytes would be no Parquet: there is no file."""


class Output(Protocol):
    """Takes the pieces of a shard in order."""

    def write(self, pieces: list[Piece]) -> None:
        """Write what became of a task."""


@contextmanager
def output(folder: Path, name: str, to: str, kind: str) -> Iterator[Output]:
    """An output of a shard; its files are there once the block ends without an exception. Raises ``OSError``.

    Of a table of which no batch was written there is none.
    """
    if to == "text":
        yield Texts(folder)
        return
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as stack:
            file = stack.enter_context(whole_file(path))
            if to == "parquet":
                table: Spooled | Table = Spooled(file) if kind == "jsonl" else Table(file)
                stack.enter_context(table)
                yield table
            else:
                if to == "jsonl.zst":
                    file = stack.enter_context(
                        pa.CompressedOutputStream(pa.PythonFile(Undying(file), mode="w"), "zstd")
                    )
                yield Lines(file, to == "jsonl.gz")
    except NothingWritten:
        path.unlink(missing_ok=True)  # what an earlier run left there
    sync_folder(path.parent)


class Undying:
    """A file that others may not close."""

    closed = False

    def __init__(self, file: Any) -> None:
        self.write, self.flush = file.write, file.flush

    def close(self) -> None:
        """Leave it open."""


def sync_folder(folder: Path) -> None:
    """See to it that the names of new files are on the disk."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def remove_drafts(folder: Path) -> None:
    """Remove what a run that was killed left half written."""
    for draft in folder.rglob(DRAFTS):
        draft.unlink(missing_ok=True)


class Lines:
    """A file of JSON Lines."""

    def __init__(self, file: Any, in_members: bool) -> None:
        self.file = file
        self.in_members = in_members

    def write(self, pieces: list[Piece]) -> None:
        """Write lines; what was done row by row is packed again as if it had not been."""
        if self.in_members and len(pieces) > 1:
            pieces = [gzip_member(b"".join(gzip.decompress(piece) for piece in pieces))]
        for piece in pieces:
            self.file.write(piece)


class Texts:
    """A folder of text files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, pieces: list[Piece]) -> None:
        """Write some files."""
        for name, content in (entry for piece in pieces for entry in piece):
            path = self.folder / str(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            with whole_file(path) as file:
                file.write(content)


class Table:
    """A Parquet file, in row groups of about ``ROW_GROUP`` bytes."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.writer: pq.ParquetWriter | None = None
        self.batches: list[pa.RecordBatch] = []
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.flush()
        if self.writer is not None:
            self.writer.close()
        elif kind is None:
            raise NothingWritten

    def write(self, pieces: list[Piece]) -> None:
        """Write batches."""
        for piece in pieces:
            self.add(from_stream(piece))

    def add(self, batch: pa.RecordBatch) -> None:
        """Write one batch."""
        self.batches.append(batch)
        self.size += batch.nbytes
        if self.size >= ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write the batches that wait as a row group."""
        if not self.batches:
            return
        table = pa.Table.from_batches(self.batches)
        if self.writer is None:
            self.writer = pq.ParquetWriter(self.file, table.schema, compression="zstd")
        if table.num_rows:
            self.writer.write_table(table, row_group_size=table.num_rows)
        self.batches, self.size = [], 0


class Spooled:
    """A Parquet file of which the columns are known when all rows are: until then they wait in another file."""

    def __init__(self, file: Any) -> None:
        self.file = file
        self.spool: Any = tempfile.TemporaryFile(dir=Path(file.name).parent)  # noqa: SIM115 (closed in __exit__)
        self.schema: pa.Schema | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        with self.spool:
            if kind is None:
                if self.schema is None:
                    raise NothingWritten
                self.spool.seek(0)
                with Table(self.file) as table:
                    for batch in self.read(self.schema):
                        table.add(batch)

    def write(self, pieces: list[Piece]) -> None:
        """Put batches into the spool."""
        for piece in pieces:
            batch = from_stream(piece)
            self.schema = batch.schema if self.schema is None else united(self.schema, batch.schema)
            self.spool.write(len(piece).to_bytes(8, "little"))
            self.spool.write(piece)

    def read(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The batches, each with all columns."""
        while head := self.spool.read(8):
            batch = from_stream(pa.py_buffer(self.spool.read(int.from_bytes(head, "little"))))
            columns = [
                as_kind(batch.column(field.name), field.type)
                if field.name in batch.schema.names
                else pa.nulls(batch.num_rows, field.type)
                for field in schema
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


def united(one: pa.Schema, other: pa.Schema) -> pa.Schema:
    """A schema that holds what either holds; columns of different kinds become strings of JSON."""
    fields = {field.name: field for field in one}
    for field in other:
        known = fields.get(field.name, field)
        try:
            merged = pa.unify_schemas([pa.schema([known]), pa.schema([field])], promote_options="permissive").field(0)
        except pa.ArrowException:
            merged = pa.field(field.name, pa.string())
        fields[field.name] = merged
    return pa.schema(list(fields.values()))


def as_kind(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """The column with another type."""
    if column.type == kind:
        return column
    if kind == pa.string() and not pa.types.is_null(column.type):
        return pa.array([None if value is None else json.dumps(value) for value in column.to_pylist()], kind)
    if pa.types.is_nested(kind):
        return pa.array(column.to_pylist(), kind)
    return column.cast(kind)
