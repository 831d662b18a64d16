"""Labelled documents: what the model is trained and measured on."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cleaner.document import LABEL_INDEX, LABELS, Label

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

UNKNOWN = -1


class LabelledError(ValueError):
    """Labelled data that cannot be used; the message names file, line and fault."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document with a label number (or ``UNKNOWN``) for each line that is not blank.

    ``kind`` says what made it of the page; ``page`` and ``page_type`` are the page's id and its type;
    ``sure`` says which labels were given by hand (all, where it is empty).
    """

    name: str
    text: str
    labels: tuple[int, ...]
    host: str = ""
    kind: str = "gold"
    page: str = ""
    page_type: str = ""
    sure: tuple[bool, ...] = ()


def read_labelled(path: Path) -> Labelled:
    """Read a document of rows ``label TAB line``; blank lines have no label."""
    lines, labels = [], []
    try:
        rows = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelledError(f"{path}: cannot be read: {error}") from error
    for number, row in enumerate(rows, 1):
        label, tab, line = row.partition("\t")
        lines.append(line)
        if line.strip():
            labels.append(label_number(label, f"{path}:{number}"))
        elif row and not tab:
            raise LabelledError(f"{path}:{number}: no TAB between label and line")
    return Labelled(path.stem, "\n".join(lines), tuple(labels))


def label_number(name: str, where: str) -> int:
    """Number of a label; raises ``LabelledError`` that says where an unknown one stands."""
    if name not in LABEL_INDEX:
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
        lines = (line for line in document.text.split("\n") if line.strip())
        for name, label in zip(map(line_hash, lines), document.labels, strict=True):
            labels[name] = label if labels.get(name, label) == label else UNKNOWN
    return {page: {k: v for k, v in labels.items() if v != UNKNOWN} for page, labels in found.items()}


def without_hosts(documents: Iterable[Labelled], hosts: set[str]) -> list[Labelled]:
    """The documents that come from none of these sites."""
    return [document for document in documents if document.host not in hosts]
