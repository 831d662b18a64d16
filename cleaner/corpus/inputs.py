"""What was named on the command line -> shards: files, or groups of small files, that are done in one piece."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fsspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GROUP = 1000  # text files that are one shard together
GROUP_BYTES = 1 << 26
REMOTE = "://"
PACKED = {".gz": "gzip", ".zst": "zstd"}
KINDS = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".warc": "warc",
    ".wet": "warc",
    ".txt": "text",
    ".text": "text",
    ".md": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
PACKABLE = ("jsonl", "warc")
FORMATS = {"parquet": ".parquet", "jsonl": ".jsonl", "jsonl.gz": ".jsonl.gz", "jsonl.zst": ".jsonl.zst"}


class InputError(ValueError):
    """Inputs that cannot be used; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Source:
    """A file: where it is, what it is called below the inputs' common folder, and what it looks like."""

    path: str
    name: str
    kind: str
    packing: str | None  # gzip, zstd or none
    size: int
    stamp: str  # changes when the file does

    def open(self) -> Any:
        """The bytes of the file, as they are stored."""
        stream: Any = fsspec.open(self.path, "rb").open() if REMOTE in self.path else open(self.path, "rb")  # noqa: PTH123, SIM115
        return stream

    def digest(self) -> str:
        """SHA-256 of the stored bytes, or for files on other machines, which are not read twice, their stamp."""
        if REMOTE in self.path:
            return self.stamp
        with self.open() as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


@dataclass(frozen=True)
class Shard:
    """Files of one kind that are done in one piece, and the format and the name of the output.

    For ``to="text"`` the output is a file for each source, and the name is none of a file.
    """

    number: int
    kind: str
    sources: tuple[Source, ...]
    name: str
    to: str
    output: str

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(source.size for source in self.sources)

    @property
    def stamp(self) -> str:
        """Changes when a file does."""
        return hashlib.sha256(repr([(s.name, s.size, s.stamp) for s in self.sources]).encode()).hexdigest()

    def digest(self) -> str:
        """SHA-256 of the one file, or of the names and digests of all."""
        if len(self.sources) == 1:
            return self.sources[0].digest()
        return hashlib.sha256(repr([(s.name, s.digest()) for s in self.sources]).encode()).hexdigest()

    def outputs(self) -> list[str]:
        """The names of the files that this shard may become."""
        return [text_name(source.name) for source in self.sources] if self.to == "text" else [self.output]


def find_shards(inputs: Sequence[str], to: str | None = None, exclude: str | None = None) -> tuple[str, list[Shard]]:
    """The folder that all inputs share, and the shards in the order of their names.

    ``exclude`` is a folder not to look into. Raises ``InputError``.
    """
    root, sources = named(find_sources(inputs, exclude))
    if not sources:
        raise InputError(f"{', '.join(inputs)}: nothing to read there: the files are told by their endings, {known()}")
    groups = [*grouped([s for s in sources if s.kind == "text"]), *grouped([s for s in sources if s.kind == "html"])]
    singles = [(source,) for source in sources if source.kind not in ("text", "html")]
    shards = [make_shard(group, to) for group in [*singles, *groups]]
    again = Counter(name for shard in shards for name in shard.outputs())
    shards = [
        replace(shard, output=shard.name + FORMATS[shard.to])
        if again[shard.output] > 1 and shard.to != "text"
        else shard
        for shard in shards
    ]
    ordered = sorted(shards, key=lambda shard: shard.name)
    check_outputs(ordered)
    return root, [replace(shard, number=number) for number, shard in enumerate(ordered)]


def known() -> str:
    """The endings of files that can be read."""
    return ", ".join(KINDS) + f"; {' and '.join(PACKABLE)} also with {' or '.join(PACKED)}"


def check_outputs(shards: Iterable[Shard]) -> None:
    """Raise ``InputError`` if two inputs would become the same file."""
    again = Counter(name for shard in shards for name in shard.outputs())
    if twice := [name for name, count in again.items() if count > 1]:
        raise InputError(f"two inputs would both become {twice[0]}: rename one, or clean them one by one")


def kind_of(path: str) -> tuple[str, str | None] | None:
    """Kind and packing of a file, by its name."""
    stem, ending = posixpath.splitext(path.lower())
    packing = PACKED.get(ending)
    if packing:
        ending = posixpath.splitext(stem)[1]
    kind = KINDS.get(ending)
    return (kind, packing) if kind and (not packing or kind in PACKABLE) else None


def find_sources(inputs: Iterable[str], exclude: str | None) -> Iterator[tuple[Source, str]]:
    """The files, their full paths as names, each with the folder that its name may be told from."""
    seen = set()
    for given in inputs:
        filesystem, path = fsspec.core.url_to_fs(given)
        remote = REMOTE in given
        try:
            entries = entries_of(filesystem, path, given)
        except OSError as error:
            raise InputError(f"{given}: {error.strerror or error}") from error
        folder = path if filesystem.isdir(path) else posixpath.dirname(path)
        for entry in entries:
            full = entry["name"]
            what = kind_of(full)
            if what is None or full in seen or (exclude and not remote and within(full, exclude)):
                continue
            seen.add(full)
            shown = (
                filesystem.unstrip_protocol(full) if remote else posixpath.join(given, posixpath.relpath(full, path))
            )
            stamp = str(filesystem.ukey(full)) if remote else str(Path(full).stat().st_mtime_ns)
            place = f"{given.partition(REMOTE)[0] if remote else 'file'}/"
            source = Source(
                posixpath.normpath(shown) if not remote else shown,
                place + full.lstrip("/"),
                *what,
                entry["size"] or 0,
                stamp,
            )
            yield source, place + folder.lstrip("/")


def entries_of(filesystem: Any, path: str, given: str) -> list[dict[str, Any]]:
    """The files below a folder but for those that are none of its data, or the one file that was named."""
    if not filesystem.isdir(path):
        entry = filesystem.info(path)
        if kind_of(path) is None:
            raise InputError(f"{given}: of a kind that cannot be read: the files are told by their endings, {known()}")
        return [entry]
    found = filesystem.find(path, detail=True).values()
    return [e for e in found if e["type"] == "file" and not is_hidden(posixpath.relpath(e["name"], path))]


def is_hidden(path: str) -> bool:
    """Whether a file, or a folder that it is in, is none of the data, by its name."""
    return any(part[0] in "._" for part in path.split("/"))


def within(path: str, folder: str) -> bool:
    """Whether the path is in the folder."""
    return os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)


def named(found: Iterable[tuple[Source, str]]) -> tuple[str, list[Source]]:
    """The folder that all inputs share, and the files in order, with names told from there."""
    pairs = list(found)
    common = posixpath.commonpath([folder for _, folder in pairs]) if pairs else ""
    sources = [replace(source, name=posixpath.relpath(source.name, common or ".")) for source, _ in pairs]
    return common, sorted(sources, key=lambda source: source.name)


def grouped(sources: Sequence[Source]) -> Iterator[tuple[Source, ...]]:
    """The files in groups that are a shard each."""
    group: list[Source] = []
    for source in sources:
        if group and (len(group) == GROUP or sum(s.size for s in group[:1]) + source.size > GROUP_BYTES):
            yield tuple(group)
            group = []
        group.append(source)
    if group:
        yield tuple(group)


def make_shard(sources: tuple[Source, ...], to: str | None) -> Shard:
    """A shard of these files, with the format they become; its number is yet to be given."""
    first = sources[0]
    alone = first.kind not in ("text", "html")
    name = first.name if len(sources) == 1 else f"{first.name}.and-{len(sources) - 1}-more"
    form = to or {"parquet": "parquet", "warc": "parquet", "text": "text", "html": "text"}.get(first.kind)
    form = form or {None: "jsonl", "gzip": "jsonl.gz", "zstd": "jsonl.zst"}[first.packing]
    if form == "text":
        return Shard(-1, first.kind, sources, name, form, "")
    stem = name.removesuffix(next((e for e in endings() if name.lower().endswith(e)), "")) if alone else name
    output = name if not to and first.kind in ("jsonl", "parquet") else stem + FORMATS[form]
    return Shard(-1, first.kind, sources, name, form, output)


def endings() -> list[str]:
    """All endings, the longest first."""
    packed = [ending + packing for ending, kind in KINDS.items() if kind in PACKABLE for packing in PACKED]
    return sorted([".warc.wet.gz", ".warc.wet", *packed, *KINDS], key=len, reverse=True)


def text_name(name: str) -> str:
    """What a text or a page is called when it is clean."""
    return name if kind_of(name) == ("text", None) else f"{name}.txt"
