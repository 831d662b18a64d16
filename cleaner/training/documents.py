"""Labelled documents: what the model is trained and measured on."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cleaner.document import LABEL_INDEX, LABELS, Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

UNKNOWN = -1
HAND_LABELS, WRITTEN = "hand-labels.jsonl", "written"  # in the folder gold/
LINE_BREAK = re.compile(r"\r\n|\r|\n")
PROBABILITY = re.compile(r"[01]\.\d{4}\t")
SPAN_LABEL = 2  # where the label stands in [start, end, label, probability]


class LabelledError(ValueError):
    """Labelled data that cannot be used; the message names file, line and fault."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document with a label number (or ``UNKNOWN``) for each line that is not blank.

    ``kind`` says what made it of the page; ``page`` and ``page_type`` are the page's id and its type;
    ``markup`` holds labels that the page's markup speaks for, where the document has such (else nothing).
    """

    name: str
    text: str
    labels: tuple[int, ...]
    host: str = ""
    kind: str = "gold"
    page: str = ""
    page_type: str = ""
    markup: tuple[int, ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines that are not blank."""
        return [line for line in self.text.split("\n") if line.strip()]

    @property
    def line_labels(self) -> list[Label | None]:
        """The label of each of them, None where it is not known."""
        return [None if number == UNKNOWN else LABELS[number] for number in self.labels]


def read_labelled(path: Path) -> Labelled:
    """Read a document of rows ``label TAB line``; blank lines have no label. Raises ``LabelledError``.

    What ``cleaner --labels`` writes, with a probability between the two, is read as well.
    """
    lines, labels = [], []
    content = read_text(path)
    rows = content.split("\n")
    if rows[-1]:
        raise LabelledError(f"{path}:{len(rows)}: the last row has no line feed at its end: was the file cut?")
    for number, row in enumerate(rows, 1):
        label, tab, line = row.partition("\t") if row.strip() else ("", "", row)
        lines.append(line)
        if "\r" in line.removesuffix("\r"):
            raise LabelledError(f"{path}:{number}: a carriage return inside of the line would part it in two")
        if line.strip():
            labels.append(label_number(label, f"{path}:{number}"))
        elif label and not tab:
            raise LabelledError(f"{path}:{number}: no TAB between label and line: was the file cut?")
    if lines and all(PROBABILITY.match(line) for line in lines if line.strip()):
        lines = [PROBABILITY.sub("", line, count=1) for line in lines]
    return Labelled(path.stem, "\n".join(lines), tuple(labels))


def read_text(path: Path) -> str:
    """The text of a file of UTF-8, with its line breaks as they are; raises ``LabelledError``."""
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except OSError as error:
        raise LabelledError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise LabelledError(f"{path}:{line}: is no UTF-8: was the file cut?") from error


def read_records(path: Path) -> list[Labelled]:
    """Read documents in JSON Lines, one a line, as objects with ``labels`` and ``text`` or ``lines``.

    ``labels`` has an entry for each line that is not blank: a label, null where none is known, or what
    ``cleaner --jsonl --labels`` writes. ``id`` names the document, ``url`` or ``host`` its site. Raises
    ``LabelledError``.
    """
    documents = []
    for number, row in enumerate(read_text(path).split("\n"), 1):
        if row.strip():
            where = f"{path}:{number}"
            try:
                record = json.loads(row)
            except ValueError as error:
                raise LabelledError(f"{where}: not JSON ({error}): was the file cut?") from error
            except RecursionError as error:
                raise LabelledError(f"{where}: nested too deeply") from error
            documents.append(document_of(record, where, f"{path.stem}:{number}"))
    return documents


def document_of(record: Any, where: str, name: str) -> Labelled:
    """The document that a record holds; raises ``LabelledError``."""
    if not isinstance(record, dict) or not isinstance(record.get("labels"), list):
        raise LabelledError(f'{where}: no record of the form {{"text": "...", "labels": ["body", ...]}}')
    text = text_of(record, where)
    lines = [line for line in LINE_BREAK.split(text) if line.strip()]
    labels = tuple(number_of(entry, where) for entry in in_order(record["labels"], text, where))
    if len(labels) != len(lines):
        raise LabelledError(f"{where}: {len(labels)} labels for {len(lines)} lines that are not blank")
    host = record.get("host") or host_of(str(record.get("url") or ""))
    return Labelled(str(record.get("id") or name), text, labels, str(host))


def in_order(entries: list[Any], text: str, where: str) -> list[Any]:
    """The entries of ``labels``, where they are spans in the order of the lines; raises ``LabelledError``."""
    if not all(isinstance(entry, list) and len(entry) > SPAN_LABEL for entry in entries):
        return entries
    if not all(isinstance(end, int) for entry in entries for end in entry[:SPAN_LABEL]):
        raise LabelledError(f"{where}: a span does not begin with two numbers, its start and its end")
    entries = sorted(entries, key=lambda entry: entry[0])
    for begin, end, *_ in entries:
        if not text[begin:end].strip() or LINE_BREAK.search(text[begin:end]):
            raise LabelledError(f"{where}: no line of the text stands at {begin} to {end}")
    return entries


def text_of(record: dict[str, Any], where: str) -> str:
    """The text of a record, which may be given as lines; raises ``LabelledError``."""
    text, lines = record.get("text"), record.get("lines")
    if isinstance(text, str) and lines is None:
        return text
    if text is None and isinstance(lines, list) and all(isinstance(line, str) for line in lines):
        if any(LINE_BREAK.search(line) for line in lines):
            raise LabelledError(f"{where}: a line break inside of one of the lines")
        return "\n".join(lines)
    raise LabelledError(f"{where}: needs either 'text', a string, or 'lines', a list of strings")


def number_of(entry: Any, where: str) -> int:
    """Number of the label that an entry of ``labels`` names; ``UNKNOWN`` for null."""
    if isinstance(entry, list) and len(entry) > SPAN_LABEL:
        entry = entry[SPAN_LABEL]
    return UNKNOWN if entry is None else label_number(entry, where)


def read_all(paths: Iterable[Path]) -> list[Labelled]:
    """All labelled documents of some files (``.jsonl``, else TSV) and folders of ``.tsv`` and ``.jsonl``, in order.

    Raises ``LabelledError``, also if there is no line with a label in them.
    """
    documents: list[Labelled] = []
    paths = list(paths)
    for path in paths:
        if path.is_dir():
            documents += read_gold(path)
            documents += [document for file in sorted(path.glob("*.jsonl")) for document in read_records(file)]
        else:
            documents += read_records(path) if path.suffix in (".jsonl", ".ndjson") else [read_labelled(path)]
    documents = [document for document in documents if any(label != UNKNOWN for label in document.labels)]
    if not documents:
        raise LabelledError(f"{', '.join(map(str, paths))}: no line with a label there")
    return documents


def label_number(name: Any, where: str) -> int:
    """Number of a label; raises ``LabelledError`` that says where an unknown one stands."""
    if not isinstance(name, str) or name not in LABEL_INDEX:
        raise LabelledError(f"{where}: unknown label {name!r}; known are {', '.join(Label)}")
    return LABEL_INDEX[Label(name)]


def host_of(url: str) -> str:
    """The site of a page, without ``www.``."""
    return urlsplit(url).netloc.lower().removeprefix("www.")


def is_validation(name: str) -> bool:
    """Whether a gold document is held out: its number ends in 0 or 5."""
    return name[-1] in "05"


def read_gold(folder: Path) -> list[Labelled]:
    """All gold documents of a folder, with their hosts from its ``index.json`` where there is one."""
    index_path = folder / "index.json"
    index = json.loads(index_path.read_text(encoding="utf-8")) if index_path.exists() else {}
    documents = []
    for path in sorted(folder.glob("*.tsv")):
        document, entry = read_labelled(path), index.get(path.stem, {})
        host, kind = host_of(entry.get("url", "")), entry.get("source", "gold")
        documents.append(
            replace(document, host=host, kind=kind, page=entry.get("id", ""), page_type=entry.get("type", ""))
        )
    return documents


def line_hash(line: str) -> str:
    """Names a line without showing it."""
    return hashlib.blake2b(line.strip().encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


def hashed(page: str, extractor: str, text: str, labels: Sequence[int]) -> dict[str, str]:
    """Hand labels of a page's text in a form that holds none of it: hashes of lines, runs of labels."""
    lines = [line for line in text.split("\n") if line.strip()]
    runs = [(LABELS[number], len(list(run))) for number, run in groupby(labels)]
    return {
        "page": page,
        "extractor": extractor,
        "lines": " ".join(map(line_hash, lines)),
        "labels": " ".join(f"{label}*{count}" for label, count in runs),
    }


def join_hashed(record: Mapping[str, str], text: str, host: str) -> Labelled | None:
    """Hand labels joined with the text they were made on; None where under 90 % of its lines are the same."""
    labels: list[int] = []
    for run in record["labels"].split():
        label, _, count = run.partition("*")
        labels += [label_number(label, record["page"])] * int(count)
    known = dict(zip(record["lines"].split(), labels, strict=True))
    hashes = [line_hash(line) for line in text.split("\n") if line.strip()]
    same = hashes == record["lines"].split()  # then a line that stands there twice may have two labels
    numbers = labels if same else [known.get(name, UNKNOWN) for name in hashes]
    if numbers.count(UNKNOWN) > 0.1 * len(numbers):
        return None
    page, kind = record["page"], record["extractor"]
    return Labelled(f"{page}/{kind}", text, tuple(numbers), host, kind, page)


def labels_of_pages(documents: Iterable[Labelled]) -> dict[str, dict[str, int]]:
    """For each page the labels that its lines (by their hashes) have in all of its documents; not those with two."""
    found: dict[str, dict[str, int]] = {}
    for document in documents:
        labels = found.setdefault(document.page, {})
        for name, label in zip(map(line_hash, document.lines), document.labels, strict=True):
            labels[name] = label if labels.get(name, label) == label else UNKNOWN
    return {page: {k: v for k, v in labels.items() if v != UNKNOWN} for page, labels in found.items()}


def without_hosts(documents: Iterable[Labelled], hosts: set[str]) -> list[Labelled]:
    """The documents that come from none of these sites."""
    return [document for document in documents if document.host not in hosts]
