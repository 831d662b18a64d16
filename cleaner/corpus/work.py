"""What a worker does with a task: rows -> a batch -> ``clean_batch`` -> pieces of the output."""

from __future__ import annotations

import base64
import json
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from cleaner import reading, records
from cleaner.corpus.inputs import text_name
from cleaner.corpus.kernel import SET_ASIDE, clean_batch
from cleaner.corpus.readers import blank
from cleaner.corpus.tasks import Page, Piece, Rejected, Result, Task, from_stream, to_stream
from cleaner.html import Page as ReadPage
from cleaner.html import charset, read_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cleaner.corpus.settings import Settings
    from cleaner.records import Record


@dataclass
class Rows:
    """Rows that could be read, as a batch; those of JSON Lines that stay such also as they were written."""

    batch: pa.RecordBatch
    text: str  # the column of the texts
    lines: list[Record] | None = None
    repaired: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    pages: list[ReadPage | None] | None = None  # that the texts are the lines of


class Worker:
    """The work that is done on tasks, with a cleaner made ready once."""

    def __init__(self, settings: Settings) -> None:
        logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
        self.settings = settings
        self.cleaner = settings.cleaner()

    def __call__(self, task: Task) -> Result:
        """Clean the rows of a task."""
        rows = read_rows(task, self.settings)
        result = Result(task.shard, task.position, rejected=rows.rejected)
        settings = self.settings
        cleaned = clean_batch(
            rows.batch,
            rows.text,
            mode=settings.mode,
            cleaner=self.cleaner,
            column=settings.column,
            max_removed=settings.max_removed,
            tally=result.tally,
            pages=rows.pages,
        )
        result.tally.repaired += rows.repaired
        result.rows = cleaned.num_rows + len(rows.rejected)
        if settings.max_removed is not None:
            aside = cleaned.column(SET_ASIDE)
            cleaned = cleaned.drop_columns([SET_ASIDE])
            if pc.any(aside).as_py():
                piece, result.set_aside = encoded(task.to, rows, cleaned, settings, aside)
                result.aside.append(piece)
                piece, result.out = encoded(task.to, rows, cleaned, settings, pc.invert(aside))
                result.kept.append(piece)
                return result
        piece, result.out = encoded(task.to, rows, cleaned, settings)
        result.kept.append(piece)
        return result


# Rows


def read_rows(task: Task, settings: Settings) -> Rows:
    """The rows of a task."""
    if isinstance(task.rows, pa.Buffer):
        return Rows(from_stream(task.rows), settings.field)
    if task.rows and isinstance(task.rows[0], Page):
        return read_pages(task, cast("list[Page]", task.rows), settings)
    return read_lines(task, settings)


def read_lines(task: Task, settings: Settings) -> Rows:
    """The records on lines of JSON; what are none are rejected."""
    found: list[Record] = []
    texts: list[str | None] = []
    rejected = []
    repaired = 0
    for number, data in enumerate(task.rows, task.first):
        if blank(data):
            continue
        line, bad = reading.decode(data, "utf-8")
        try:
            record = records.read_record(line, settings.field)
            text: str | None = record.text
        except records.NullText as null:
            record, text = null.record, None
        except records.RecordError as error:
            rejected.append(Rejected(number, str(error)))
            continue
        if settings.added in record.keys:
            rejected.append(Rejected(number, f"has a field {settings.added!r} already: choose another with --column"))
            continue
        whole = None if text is None else without_surrogates(text)
        repaired += bool(bad) or whole != text
        found.append(record)
        texts.append(whole)
    column = pa.array(texts, pa.string())
    if task.to != "parquet":
        batch = pa.record_batch({settings.field: column})
        return Rows(batch, settings.field, found, repaired, rejected)
    plain = [{**json.loads(record.line), settings.field: None} for record in found]
    batch = as_table(plain, settings.field, column)
    return Rows(batch, settings.field, None, repaired, rejected)


def without_surrogates(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, which only JSON can bring."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def as_table(rows: Sequence[dict[str, Any]], text: str, texts: pa.Array) -> pa.RecordBatch:
    """Objects as a table, with the texts that are given."""
    names = list(dict.fromkeys(name for row in rows for name in row)) or [text]
    columns = [texts if name == text else as_column([row.get(name) for row in rows]) for name in names]
    return pa.RecordBatch.from_arrays(columns, names)


def as_column(values: list[Any]) -> pa.Array:
    """Values of JSON as a column; where they are of different kinds, as strings of JSON."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        return pa.array([None if value is None else json.dumps(value) for value in values], pa.string())


def read_pages(task: Task, pages: Sequence[Page], settings: Settings) -> Rows:
    """The texts of pages, or texts as they are, with what is known of them."""
    texts: list[str] = []
    read: list[ReadPage | None] = []
    fields: list[dict[str, str | None]] = []
    rejected = []
    repaired = 0
    for number, page in enumerate(pages, task.first):
        try:
            check_name(page)
            text, bad, lines = page_text(page)
        except Exception as error:  # noqa: BLE001 (whatever an extractor trips over, the page is to blame)
            rejected.append(Rejected(number, f"{', '.join(filter(None, page.fields.values()))}: {error}"))
            continue
        texts.append(text)
        read.append(lines)
        fields.append(page.fields)
        repaired += bool(bad)
    names = list(pages[0].fields)
    columns = [pa.array([entry[name] for entry in fields], pa.string()) for name in names]
    batch = pa.RecordBatch.from_arrays([*columns, pa.array(texts, pa.string())], [*names, settings.field])
    return Rows(batch, settings.field, None, repaired, rejected, read)


def check_name(page: Page) -> None:
    """Raise ``ValueError`` if the name of a page's file is no text: no column could hold it."""
    path = page.fields.get("path") or ""
    if without_surrogates(path) != path:
        raise ValueError("the name is not UTF-8: rename the file")


def page_text(page: Page) -> tuple[str, int, ReadPage | None]:
    """The text of a page, how many bad bytes it had, and its lines if it is HTML; raises for one that is unread."""
    if page.kind == "unread":
        raise OSError(page.data.decode())
    if page.kind == "text":
        return *reading.decode(page.data), None
    html, bad = charset.decode(page.data, named(page))
    lines = read_page(html)
    return lines.text, bad, lines


def named(page: Page) -> str | None:
    """The encoding that the server of a page named, if there is one of that name, and no mark says better."""
    if page.charset and not reading.marked(page.data):
        try:
            b"".decode(page.charset)
        except LookupError:
            return None
        return page.charset
    return None


# Output


def encoded(
    to: str, rows: Rows, cleaned: pa.RecordBatch, settings: Settings, chosen: pa.Array | None = None
) -> tuple[Piece, int]:
    """The rows, or those that are chosen, in the format of the output, and how many there are in it."""
    found = rows.lines
    if chosen is not None:
        cleaned = cleaned.filter(chosen)
        found = found and [record for record, is_chosen in zip(found, chosen.to_pylist(), strict=True) if is_chosen]
    if to == "parquet":
        return to_stream(cleaned), cleaned.num_rows
    if to == "text":
        files = as_files(cleaned, settings)
        return files, len(files)
    lines = as_json(cleaned, settings) if found is None else as_written(cleaned, found, settings)
    return packed("".join(lines).encode(), to), len(lines)


def as_files(cleaned: pa.RecordBatch, settings: Settings) -> list[tuple[str, bytes]]:
    """Names and contents of files of text."""
    texts = cleaned.column(settings.field).to_pylist()
    return [
        (text_name(name), f"{text}\n".encode() if text else b"")
        for name, text in zip(cleaned.column("path").to_pylist(), texts, strict=True)
    ]


def as_json(cleaned: pa.RecordBatch, settings: Settings) -> list[str]:
    """A line of JSON for each row."""
    rows = cleaned.to_pylist()
    for row in rows:
        row[settings.added] = brief(row[settings.added])
    return [json.dumps(row, ensure_ascii=False, default=plain) + "\n" for row in rows]


def as_written(cleaned: pa.RecordBatch, found: Sequence[Record], settings: Settings) -> list[str]:
    """The lines of JSON that were read: they change in the text and what is added alone."""
    texts, added = cleaned.column(settings.field).to_pylist(), cleaned.column(settings.added).to_pylist()
    lines = []
    for record, text, more in zip(found, texts, added, strict=True):
        new = record.text if text is None or text == without_surrogates(record.text) else text
        line = records.rewritten(record, new, {settings.added: brief(more)})
        lines.append(line.encode("utf-8", "backslashreplace").decode() + "\n")
    return lines


def brief(added: Any) -> Any:
    """What the kernel added, without the labels that removed nothing."""
    return {label: count for label, count in added.items() if count} if isinstance(added, dict) else added


def plain(value: Any) -> Any:
    """Values that JSON does not know: bytes in base 64, times and decimals as they are written."""
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def packed(data: bytes, to: str) -> bytes:
    """Bytes of JSON Lines, as a member of a gzip file if such is asked for."""
    return gzip_member(data) if to == "jsonl.gz" and data else data


def gzip_member(data: bytes) -> bytes:
    """Data packed, the same at any time."""
    import gzip

    return gzip.compress(data, 6, mtime=0)
