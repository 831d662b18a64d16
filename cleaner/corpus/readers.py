"""Shards -> tasks: files are read in pieces of about a megabyte; what is in them is for the workers to find out."""

from __future__ import annotations

import io
import zlib
from contextlib import ExitStack
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner import reading
from cleaner.corpus.kernel import output_schema
from cleaner.corpus.tasks import MEGABYTE, End, Page, Task, to_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cleaner.corpus.inputs import Shard, Source
    from cleaner.corpus.settings import Settings

PAGES = 16  # in one task, as a page may take long
ROWS = 1 << 13  # of a table, in one task
LARGEST = 512 * MEGABYTE  # of a line of JSON, a text or a page
TOO_LARGE = f"larger than {LARGEST // MEGABYTE} MB"
CUT_RECORD = b"the record is cut short"
CHUNK = 1 << 16  # of a packed file, unpacked at once
GZIP = 31  # what zlib calls the format
PAGE_TYPES = ("text/html", "application/xhtml+xml")
WARC_FIELDS = {"url": "WARC-Target-URI", "date": "WARC-Date", "id": "WARC-Record-ID"}
FAULTS = (OSError, EOFError, zlib.error, pa.ArrowException, KeyError, TypeError, ValueError)


def tasks(shard: Shard, settings: Settings) -> Iterator[Task | End]:
    """The rows of a shard, at least one task of them (of no rows if there are none), and its end.

    A file that cannot be read to its end gives what could be read, and says in ``End`` what happened.
    If nothing could be read, there is no task.
    """
    read = {"parquet": parquet_tasks, "jsonl": line_tasks, "warc": warc_tasks}.get(shard.kind, file_tasks)
    count = 0
    try:
        for task, rows in read(shard, settings):
            count += rows
            yield task
    except FAULTS as error:
        yield End(shard.number, count, told(error))
    else:
        yield End(shard.number, count)


def told(error: Exception) -> str:
    """What happened, in a line."""
    what = error.strerror if isinstance(error, OSError) and error.strerror else error.args[0] if error.args else error
    return " ".join(str(what).split()) or type(error).__name__


def parquet_tasks(shard: Shard, settings: Settings) -> Iterator[tuple[Task, int]]:
    """The rows of a Parquet file, about a megabyte of them at a time."""
    with shard.sources[0].open() as stream, opened(stream) as file:
        schema = file.schema_arrow
        output_schema(schema, settings.field, mode=settings.mode, column=settings.column)
        meta = file.metadata
        groups = [meta.row_group(k) for k in range(meta.num_row_groups)]
        width = sum(group.total_byte_size for group in groups) // max(meta.num_rows, 1) + 1
        done = 0
        for batch in file.iter_batches(batch_size=min(max(MEGABYTE // width, 1), ROWS)):
            for part in halves(batch):
                position = shard.size * (done + part.num_rows) // meta.num_rows
                yield Task(shard.number, shard.to, done + 1, position, to_stream(part)), part.num_rows
                done += part.num_rows
        if not done:
            empty = pa.RecordBatch.from_pylist([], schema)
            yield Task(shard.number, shard.to, 1, shard.size, to_stream(empty)), 0


def halves(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch in parts of a few megabytes: what is often repeated takes little room in the file, but much here."""
    if batch.nbytes <= 4 * MEGABYTE or batch.num_rows == 1:
        yield batch
        return
    middle = batch.num_rows // 2
    yield from halves(batch.slice(0, middle))
    yield from halves(batch.slice(middle))


def opened(stream: Any) -> pq.ParquetFile:
    """A Parquet file that is read page by page, and not trusted."""
    return pq.ParquetFile(stream, pre_buffer=False, buffer_size=MEGABYTE, page_checksum_verification=True)


def line_tasks(shard: Shard, _: Settings) -> Iterator[tuple[Task, int]]:
    """The lines of a JSON Lines file; blank ones are no rows."""
    source, done = shard.sources[0], 0
    with ExitStack() as stack:
        stored = stack.enter_context(source.open())
        stream: Any = pa.PythonFile(stored, mode="r")
        if source.packing:
            stream = pa.CompressedInputStream(stream, source.packing)
        for lines in reading.line_batches(stream, MEGABYTE, LARGEST):
            filled = sum(1 for line in lines if not blank(line))
            yield Task(shard.number, shard.to, done + 1, stored.tell(), lines), filled
            done += len(lines)
    if not done:
        yield Task(shard.number, shard.to, 1, shard.size, []), 0


def blank(line: bytes) -> bool:
    """Whether a line holds no record."""
    return not line or line.isspace()


def file_tasks(shard: Shard, _: Settings) -> Iterator[tuple[Task, int]]:
    """Files of text, or pages, some at a time."""
    ends = accumulate(source.size for source in shard.sources)
    return page_tasks(shard, zip(map(file_page, shard.sources), ends, strict=True))


def file_page(source: Source) -> Page:
    """A file as a page."""
    fields: dict[str, str | None] = {"path": source.name}
    if source.size > LARGEST:
        return Page("unread", fields, TOO_LARGE.encode())
    try:
        with source.open() as stream:
            return Page(source.kind, fields, stream.read())
    except OSError as error:
        return Page("unread", fields, told(error).encode())


def warc_tasks(shard: Shard, settings: Settings) -> Iterator[tuple[Task, int]]:
    """The pages of a WARC file and the texts of a WET file, some at a time."""
    done = 0
    with shard.sources[0].open() as stored:
        for task, rows in page_tasks(shard, ((page, stored.tell()) for page in warc_pages(stored))):
            yield task, rows
            done += rows
    if not done:  # the columns are those of other files, so that readers of the folder find them in all
        empty = pa.RecordBatch.from_pylist(
            [], pa.schema([(name, pa.string()) for name in [*WARC_FIELDS, settings.field]])
        )
        yield Task(shard.number, shard.to, 1, shard.size, to_stream(empty)), 0


def page_tasks(shard: Shard, pages: Iterable[tuple[Page, int]]) -> Iterator[tuple[Task, int]]:
    """Tasks of a few pages, or texts; with each page comes how many stored bytes have been read.

    Those before a fault are given before it is raised.
    """
    waiting: list[Page] = []
    done = size = position = 0
    fault: Exception | None = None
    try:
        for page, here in pages:
            if waiting and (len(waiting) == PAGES or size + len(page.data) > MEGABYTE):
                yield Task(shard.number, shard.to, done + 1, position, waiting), len(waiting)
                done += len(waiting)
                waiting, size = [], 0
            waiting.append(page)
            size += len(page.data)
            position = here
    except FAULTS as error:
        fault = error
    if waiting:
        yield Task(shard.number, shard.to, done + 1, shard.size, waiting), len(waiting)
    if fault is not None:
        raise fault


def warc_pages(stored: Any) -> Iterator[Page]:
    """Response records that hold pages, and conversion records; raises ``EOFError`` if the file is cut short.

    FastWARC takes the end of a file for the end of a record, wherever it is.
    """
    from fastwarc.warc import ArchiveIterator

    unpacked: Any = Unpacked(stored)  # Any: FastWARC asks for no more of a stream than it has
    end, is_whole, is_told = 0, True, False
    try:
        for record in ArchiveIterator(unpacked, parse_http=False):
            is_whole = record.headers.get("Content-Length") is not None  # the header is, at least
            end = record.stream_pos + least_bytes(record)
            page = warc_page(record) if is_whole else None
            is_told = page is not None and page.data == CUT_RECORD
            if page is not None:
                yield page
    except (OSError, EOFError):
        if not unpacked.is_cut:
            raise
    is_cut = unpacked.is_cut or not is_whole or (unpacked.is_counted and unpacked.count < end)
    if is_cut and not is_told:
        raise EOFError("the file is cut short")


def least_bytes(record: Any) -> int:
    """How many bytes a record takes at least, however its header is spaced."""
    return sum(len(name) + len(value) + 2 for name, value in record.headers.items_bytes()) + int(record.content_length)


def warc_page(record: Any) -> Page | None:
    """The page or the text that a record holds, if any."""
    from fastwarc.warc import WarcRecordType

    if record.record_type not in (WarcRecordType.response, WarcRecordType.conversion):
        return None
    is_page = record.record_type == WarcRecordType.response
    if is_page:
        record.parse_http(auto_decode="all")
        if record.http_content_type not in PAGE_TYPES:
            return None
    fields = {name: record.headers.get(header) for name, header in WARC_FIELDS.items()}
    try:
        data = record.reader.read(LARGEST + 1)
    except OSError as error:
        return Page("unread", fields, told(error).encode())
    coded = is_page and any(record.http_headers.get(f"{what}-Encoding") for what in ("Content", "Transfer"))
    if len(data) > LARGEST:
        return Page("unread", fields, TOO_LARGE.encode())
    if not coded and len(data) < record.content_length:
        return Page("unread", fields, CUT_RECORD)
    return Page("html", fields, data, record.http_charset) if is_page else Page("text", fields, data)


class Unpacked:
    """The bytes of a file that may be packed with gzip, up to where it ends, and whether that is within a member.

    Other packings are left to FastWARC.
    """

    def __init__(self, stored: Any) -> None:
        self.stored = stored
        head = stored.read(2)
        stored.seek(0)
        self.is_packed = head == b"\x1f\x8b"
        self.is_counted = self.is_packed or head == b"WA"  # in bytes of records, not of another packing
        self.decoder: Any = None  # of the member that has begun
        self.packed = b""
        self.plain = io.BytesIO()
        self.count = 0  # bytes given
        self.is_cut = False

    def tell(self) -> int:
        """How many bytes have been given."""
        return self.count

    def read(self, size: int = -1) -> bytes:
        """Some bytes, or none at the end."""
        data = self.plain.read(size) if self.is_packed else self.stored.read(size)
        while not data and self.is_packed and self.unpack():
            data = self.plain.read(size)
        self.count += len(data)
        return bytes(data)

    def unpack(self) -> bool:
        """Unpack some more, unless the file is at its end."""
        packed = self.packed or self.stored.read(CHUNK)
        self.packed = b""
        if not packed:
            self.is_cut = self.decoder is not None
            return False
        if self.decoder is None:
            packed = packed.lstrip(b"\0")  # what files are filled up with
            self.decoder = zlib.decompressobj(GZIP) if packed else None
        if self.decoder is not None:
            self.plain = io.BytesIO(self.decoder.decompress(packed))
            if self.decoder.eof:
                self.packed, self.decoder = self.decoder.unused_data, None
        return True
