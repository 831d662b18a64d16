"""The work of the command: inputs -> documents -> labels -> outputs, and what is said about it all.

Inputs that fail are reported and left out, and the others are done. Trouble with an input is an
``InputError`` here, so that any ``OSError`` is one of an output.
"""

from __future__ import annotations

import codecs
import os
import stat
import sys
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cleaner import reading, render

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any, BinaryIO

    from cleaner.document import Label, Line
    from cleaner.html import Page
    from cleaner.pipeline import Cleaner
    from cleaner.records import Record

DONE, FAILED, USAGE, NOTHING_KEPT = 0, 1, 2, 4

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Job:
    """What the command line asks for."""

    files: tuple[str, ...]
    form: Literal["text", "labels", "lines", "explain", "markdown", "jsonl"]
    input: Literal["auto", "text", "html"]
    via: str | None  # what extracts the text of pages, if not we
    links: bool  # of pages, in Markdown
    title: bool  # of pages, where a heading repeats it
    keep: frozenset[Label]
    field: str | None  # that holds the text, in JSON Lines; None: the input is plain text
    packs: tuple[str, ...]
    disable: tuple[str, ...]
    model: str | None
    favor: Literal["precision", "balanced", "recall"] | None
    threshold: float | None
    encoding: str | None
    strict: bool
    output: str | None
    output_dir: Path | None
    exit_status: bool
    color: bool

    @property
    def parted(self) -> bool:
        """Whether a blank line parts documents: it does unless they are written as JSON."""
        return self.form == "explain" or (self.field is None and self.form not in ("lines", "jsonl"))

    @property
    def several(self) -> bool:
        """Whether several inputs go into one output."""
        return len(self.files) > 1 and self.output_dir is None

    def outputs(self) -> list[tuple[Path, str]]:
        """The file to be written for each input, if each has one of its own."""
        return [] if self.output_dir is None else [(self.output_dir / Path(name).name, name) for name in self.files]


@dataclass(slots=True)
class Outcome:
    """What the exit code depends on."""

    failed: bool = False
    kept: bool = False

    def fail(self, message: object) -> None:
        """Say what went wrong, and remember that something did."""
        complain(message)
        self.failed = True


class InputError(Exception):
    """An input that cannot be used; the message names it, and says why."""


def run(job: Job) -> int:
    """Do the job and return the exit code."""
    cleaner = load(job)
    outcome = Outcome()
    if job.output_dir is not None:
        into_folder(job, cleaner, outcome, job.output_dir)
    elif job.output is not None:
        into_file(job, cleaner, outcome, job.output)
    elif sys.stdout is None:
        outcome.fail("<stdout>: is closed")
    else:
        copy(job, cleaner, outcome, sys.stdout.buffer)
    if outcome.failed:
        return FAILED
    return NOTHING_KEPT if job.exit_status and not outcome.kept else DONE


def load(job: Job) -> Cleaner:
    """The cleaner with the rules and the model asked for; exits if they cannot be used."""
    from cleaner.pipeline import Cleaner

    try:
        return Cleaner(
            keep=job.keep,
            packs=job.packs,
            disable=job.disable,
            model=job.model,
            favor=job.favor,
            threshold=job.threshold,
            title=job.title,
        )
    except OSError as error:
        complain(f"{error.filename or job.model}: {reason(error)}")
    except ValueError as error:
        complain(error)
    raise SystemExit(USAGE)


# Outputs


def copy(job: Job, cleaner: Cleaner, outcome: Outcome, out: BinaryIO) -> int:
    """Write what comes of all inputs, in order, and return how many could be used."""
    used = 0
    begun = False
    for name in job.files:
        try:
            for piece in pieces(job, cleaner, outcome, name):
                if begun and piece and job.parted:
                    write(out, "\n")
                write(out, piece)
                out.flush()
                begun = begun or bool(piece)
            used += 1
        except InputError as error:
            outcome.fail(error)
    return used


def into_file(job: Job, cleaner: Cleaner, outcome: Outcome, target: str | Path) -> None:
    """Write one file for all inputs, or none if no input can be used."""
    from cleaner.writing import whole_file

    try:
        with whole_file(target) as out:
            if not copy(job, cleaner, outcome, out):
                raise InputError(f"{target}: not written, as there was nothing to read")  # noqa: TRY301 (undoes it)
    except InputError as error:
        outcome.fail(error)
    except OSError as error:
        outcome.fail(f"{target}: {reason(error)}")


def into_folder(job: Job, cleaner: Cleaner, outcome: Outcome, folder: Path) -> None:
    """Write a file for each input that can be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        outcome.fail(f"{folder}: {reason(error)}")
        return
    for target, name in job.outputs():
        into_file(replace(job, files=(name,)), cleaner, outcome, target)


def write(out: BinaryIO, piece: str) -> None:
    r"""Write text as UTF-8; lone surrogates, which only JSON can bring, leave as they came: ``\ud800``."""
    out.write(piece.encode("utf-8", "backslashreplace"))


# Inputs


def pieces(job: Job, cleaner: Cleaner, outcome: Outcome, name: str) -> Iterator[str]:
    """What comes of an input, as soon as it is known; raises ``InputError``."""
    with opened(name) as stream:
        if job.field is not None:
            yield from record_pieces(job, cleaner, outcome, name, stream)
        else:
            yield document_piece(job, cleaner, outcome, name, stream.read())


@contextmanager
def opened(name: str) -> Iterator[io.BufferedReader]:
    """An input to read from; what goes wrong with it in the block is an ``InputError``."""
    try:
        with open(0 if name == STDIN else name, "rb", closefd=name != STDIN) as stream:
            here = os.fstat(stream.fileno())
            if sys.stdout is not None and stat.S_ISREG(here.st_mode) and os.path.samestat(here, os.fstat(1)):
                raise InputError(f"{called(name)}: is also the output: choose another place for that")
            if hasattr(os, "set_blocking"):
                os.set_blocking(stream.fileno(), True)  # what is late would otherwise look like the end
            yield stream
    except IsADirectoryError as error:
        raise InputError(f"{called(name)}: is a directory: name the files in it") from error
    except MemoryError as error:
        raise InputError(f"{called(name)}: there is not enough memory for it") from error
    except OSError as error:
        raise InputError(f"{called(name)}: {reason(error)}") from error


def document_piece(job: Job, cleaner: Cleaner, outcome: Outcome, name: str, data: bytes) -> str:
    """What comes of a page or a plain text; raises ``InputError`` for what is neither."""
    from cleaner.html import sniff

    page = job.input == "html" or (job.input == "auto" and sniff.is_page(data))
    what = sniff.fault_as_page(data) if page else sniff.fault(data) if job.input == "auto" else None
    if what:
        raise InputError(f"{called(name)}: is {what}")
    if page:
        return page_piece(job, cleaner, outcome, name, decoded(job, name, data, page=True))
    return text_piece(job, cleaner, outcome, name, decoded(job, name, data))


def page_piece(job: Job, cleaner: Cleaner, outcome: Outcome, name: str, html: str) -> str:
    """What comes of a page."""
    from cleaner.html import read_page
    from cleaner.html.metadata import metadata

    known = metadata(html) if job.form == "jsonl" else {}
    if job.via:
        return text_piece(job, cleaner, outcome, name, extracted(html), known)
    page = read_page(html, keep_parts=job.form == "markdown")
    if job.form == "text":
        kept = cleaner.clean_page(page)
        outcome.kept |= bool(kept)
        return render.text(kept)
    lines = cleaner.label_page(page)
    if job.form == "markdown":
        from cleaner.html.markdown import markdown

        shown = markdown(page.tree, kept_of(cleaner, page, lines), job.links)
        outcome.kept |= bool(shown)
        return render.text(shown)
    if job.form == "jsonl":
        chosen = [line for line, is_kept in zip(lines, kept_of(cleaner, page, lines), strict=True) if is_kept]
        outcome.kept |= bool(chosen)
        return render.document(chosen, cleaner.clean_page(page), {**origin_of(job, name), **known})
    return lines_piece(job, outcome, name, lines)


def kept_of(cleaner: Cleaner, page: Page, lines: Sequence[Line]) -> list[bool]:
    """Which lines of a page are kept."""
    import numpy as np

    from cleaner.document import LABEL_INDEX

    kept: list[bool] = cleaner.kept_of(page, np.array([LABEL_INDEX[line.label] for line in lines], np.int64)).tolist()
    return kept


def extracted(html: str) -> str:
    """What trafilatura extracts from a page, with recall preferred: what is too much goes later."""
    import trafilatura

    return trafilatura.extract(html, favor_recall=True) or ""


def text_piece(
    job: Job, cleaner: Cleaner, outcome: Outcome, name: str, text: str, known: Mapping[str, Any] | None = None
) -> str:
    """What comes of a plain text, of which something may be ``known``."""
    if job.form in ("text", "markdown"):
        kept = cleaner.clean(text)
        outcome.kept |= bool(kept)
        return render.text(kept)
    lines = cleaner.label(text)
    if job.form == "jsonl":
        chosen = [line for line in lines if line.label in job.keep]
        outcome.kept |= bool(chosen)
        return render.document(chosen, cleaner.clean(text), {**origin_of(job, name), **(known or {})})
    return lines_piece(job, outcome, name, lines)


def lines_piece(job: Job, outcome: Outcome, name: str, lines: list[Line]) -> str:
    """What is shown of labelled lines."""
    outcome.kept |= any_kept(job, lines)
    if job.form == "labels":
        return render.tsv(lines)
    if job.form == "lines":
        return render.records(lines, job.keep, name if job.several else None)
    return render.explanation(lines, job.keep, called(name) if job.several else "", job.color)


def origin_of(job: Job, name: str) -> dict[str, str]:
    """Which input something is from, if there are several."""
    return {"path": name} if job.several else {}


def decoded(job: Job, name: str, data: bytes, page: bool = False) -> str:
    """The text of an input, with a word about its bad bytes."""
    decode = reading.decode
    if page:
        from cleaner.html.charset import decode
    try:
        text, replaced = decode(data, job.encoding, job.strict)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].decode(error.encoding, "replace").count("\n") + 1
        raise InputError(f"{called(name)}:{line}: {bad_bytes(error)}") from error
    report_replaced(name, replaced)
    return text


def record_pieces(job: Job, cleaner: Cleaner, outcome: Outcome, name: str, stream: io.BufferedReader) -> Iterator[str]:
    """What comes of the records of JSON Lines, a batch at a time; bad lines are reported and left out."""
    from cleaner.records import RecordError

    total = left_out = all_replaced = number = 0
    encoding, batches = json_lines(job, name, stream)
    for batch in batches:
        records = []
        for data in batch:
            number += 1
            if data.isspace() or not data:
                continue
            total += 1
            try:
                record, replaced = readable(job, data, encoding)
                records.append((number, record))
                all_replaced += replaced
            except (RecordError, UnicodeDecodeError) as error:
                what = bad_bytes(error) if isinstance(error, UnicodeDecodeError) else error
                outcome.fail(f"{called(name)}:{number}: line left out: {what}")
                left_out += 1
        yield records_piece(job, cleaner, outcome, name, records)
    report_replaced(name, all_replaced)
    if left_out:
        message = f"{called(name)}: {left_out} of {total} lines left out"
        if left_out == total:
            raise InputError(message)
        complain(message)


def json_lines(job: Job, name: str, stream: io.BufferedReader) -> tuple[str, Iterable[list[bytes]]]:
    """The lines of a stream in batches, and their encoding; raises ``InputError`` for what has none."""
    from cleaner.html import sniff

    head = stream.peek(16)
    if what := sniff.fault(head):
        raise InputError(f"{called(name)}: is {what}")
    mark = reading.marked(head)
    encoding = job.encoding or (mark[1] if mark else "utf-8")
    if "\n".encode(encoding).removeprefix(codecs.BOM_UTF8) == b"\n":
        return encoding, reading.line_batches(stream)
    # UTF-16 and its like: line feeds cannot be told from halves of letters, so all is read at once.
    return "utf-8", [decoded(job, name, stream.read()).encode("utf-8", "surrogatepass").split(b"\n")]


def readable(job: Job, data: bytes, encoding: str) -> tuple[Record, int]:
    """The record on a line, and how many bad bytes it held; raises if there is none."""
    from cleaner.records import RecordError, read_record

    line, replaced = reading.decode(data, encoding, job.strict)
    record = read_record(line, job.field or "")
    if job.form == "labels" and "labels" in record.keys:
        raise RecordError("has a field 'labels' already: rename it first")
    return record, replaced


def records_piece(job: Job, cleaner: Cleaner, outcome: Outcome, name: str, records: list[tuple[int, Record]]) -> str:
    """What comes of some records, each with the number of its line."""
    from cleaner.records import rewritten

    texts = [record.text for _, record in records]
    shown = []
    if job.input == "html" or job.via:
        return page_records_piece(job, cleaner, outcome, name, records)
    if job.form == "text":
        for (_, record), kept in zip(records, cleaner.clean_many(texts), strict=True):
            outcome.kept |= bool(kept)
            shown.append(rewritten(record, kept, origin(job, name, record)) + "\n")
        return "".join(shown)
    for (number, record), lines in zip(records, cleaner.label_many(texts), strict=True):
        outcome.kept |= any_kept(job, lines)
        if job.form == "explain":
            shown.append(render.explanation(lines, job.keep, f"{called(name)}:{number}", job.color))
        else:
            added = {**origin(job, name, record), "labels": render.spans(lines)}
            shown.append(rewritten(record, record.text, added) + "\n")
    return ("\n" if job.parted else "").join(shown)


def page_records_piece(
    job: Job, cleaner: Cleaner, outcome: Outcome, name: str, records: list[tuple[int, Record]]
) -> str:
    """What comes of some records that hold pages."""
    from cleaner.html import read_page
    from cleaner.records import rewritten

    shown = []
    for number, record in records:
        if job.via:
            text = extracted(record.text)
            lines, kept = cleaner.label(text), cleaner.clean(text)
        else:
            page = read_page(record.text)
            text, lines, kept = page.text, cleaner.label_page(page), cleaner.clean_page(page)
        outcome.kept |= any_kept(job, lines)
        if job.form == "explain":
            shown.append(render.explanation(lines, job.keep, f"{called(name)}:{number}", job.color))
        elif job.form == "text":
            shown.append(rewritten(record, kept, origin(job, name, record)) + "\n")
        else:
            added = {**origin(job, name, record), "labels": render.spans(lines)}
            shown.append(rewritten(record, text, added) + "\n")
    return ("\n" if job.parted else "").join(shown)


def origin(job: Job, name: str, record: Record) -> dict[str, str]:
    """The field that says where a record is from, if there are several inputs and it has none."""
    return {"path": name} if job.several and "path" not in record.keys else {}


def any_kept(job: Job, lines: Iterable[Line]) -> bool:
    """Whether a line is kept."""
    return any(line.label in job.keep for line in lines)


# Messages


def called(name: str) -> str:
    """What an input is called in messages."""
    return "<stdin>" if name == STDIN else name


def reason(error: OSError) -> str:
    """Why the system refused something."""
    return error.strerror or str(error)


def bad_bytes(error: UnicodeDecodeError) -> str:
    """What is wrong with bytes that are no text, and what to do."""
    byte = error.object[error.start]
    return f"not {error.encoding} (byte 0x{byte:02x}): name the encoding with --encoding, or leave out --strict"


def report_replaced(name: str, count: int) -> None:
    """Say how many bad bytes were replaced, if any."""
    if count:
        places = "1 place" if count == 1 else f"{count} places"
        complain(f"{called(name)}: U+FFFD stands for bad bytes in {places}; --encoding may be needed")


def complain(message: object) -> None:
    """Say something on standard error."""
    if sys.stderr is not None:
        print(f"cleaner: {message}", file=sys.stderr)
