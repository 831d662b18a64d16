"""The manifest: what a run is, and which shards are done; it grows by a line when a shard is on the disk."""

from __future__ import annotations

import json
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from cleaner.corpus.writers import remove_drafts, sync_folder
from cleaner.writing import whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from cleaner.corpus.inputs import Shard
    from cleaner.corpus.tasks import Rejected

RUN = "_run"  # what is not output: readers of folders leave out what begins so, as pyarrow and Spark do
MANIFEST, REJECTED, LOCK = f"{RUN}/manifest.jsonl", f"{RUN}/rejected.jsonl", f"{RUN}/lock"
NOTES = f"{RUN}/rejected-{{}}.jsonl"  # the rejected rows of one shard, until they are put to the others
FORMAT = 1
CHUNK = 1 << 20


class RunError(ValueError):
    """A run that cannot begin or go on; the message says why, and what to do."""


class Manifest:
    """The manifest of an output folder, and the file of rejected rows, which grows with it.

    A shard's line is written after its outputs and its rejected rows are on the disk. What stands after
    the last whole line, or in ``rejected.jsonl`` after the place that this line names, is of a shard that
    was not finished, and is cut off when the run goes on.
    """

    def __init__(self, folder: Path, head: Mapping[str, Any], restart: bool = False) -> None:
        self.folder = folder
        self.head = {"manifest": FORMAT, **head}
        self.path, self.rejected_path = folder / MANIFEST, folder / REJECTED
        if restart:
            self.path.unlink(missing_ok=True)
        self.done: dict[str, dict[str, Any]] = {}
        if self.path.exists():
            self.read()
        elif others := [entry.name for entry in folder.iterdir() if entry.name != RUN] if not restart else []:
            raise RunError(f"{folder}: holds no manifest, but {min(others)}: choose another folder, or empty it")
        self.path.parent.mkdir(exist_ok=True)
        remove_drafts(folder)
        for notes in self.path.parent.glob(NOTES.format("*").rpartition("/")[2]):
            notes.unlink()
        self.rewrite()

    def read(self) -> None:
        """Take over what is done; raises ``RunError`` if this run is another."""
        lines = self.path.read_bytes().split(b"\n")[:-1]
        try:
            entries = [json.loads(line) for line in lines]
        except ValueError as error:
            raise RunError(f"{self.path}: is damaged ({error}): start anew with --restart") from error
        if entries and (different := differences(entries[0], self.head)):
            raise RunError(
                f"{self.folder}: was begun with {different}: go on with the same, choose another folder,"
                " or do all anew with --restart"
            )
        self.done = {entry["name"]: entry for entry in entries[1:]}

    def rewrite(self) -> None:
        """Write the manifest anew, with what is done, and cut the rejected rows to it."""
        end = max((entry["rejected_end"] for entry in self.done.values()), default=0)
        with self.rejected_path.open("ab") as file:
            if file.tell() < end:
                raise RunError(f"{self.rejected_path}: is shorter than the manifest says: do all anew with --restart")
            if file.tell() > end:
                file.truncate(end)
        self.rejected_end = end
        with whole_file(self.path) as file:
            file.writelines(as_line(entry) for entry in (self.head, *self.done.values()))
        sync_folder(self.path.parent)
        sync_folder(self.folder)

    def is_done(self, shard: Shard) -> bool:
        """Whether the shard is done, with the input it has now."""
        entry = self.done.get(shard.name)
        if entry is None or entry["kind"] != shard.kind:
            return False
        missing = not all((self.folder / name).exists() for name in entry["outputs"])
        return not missing and (entry["stamp"] == shard.stamp or entry["sha256"] == shard.digest())

    def forget(self, shards: Iterable[Shard]) -> None:
        """Leave out what is done of these shards, and what stands where they will: it will be done again."""
        names, outputs = set(), set()
        for shard in shards:
            names.add(shard.name)
            outputs.update(shard.outputs())
        going = {name for name, entry in self.done.items() if name in names or outputs & set(entry["outputs"])}
        if not going:
            return
        rejected, parts, start, end = self.rejected_path.read_bytes(), [], 0, 0
        for name, entry in list(self.done.items()):
            part = rejected[start : entry["rejected_end"]]
            start = entry["rejected_end"]
            if name in going:
                del self.done[name]
                continue
            parts.append(part)
            end += len(part)
            entry["rejected_end"] = end
        with whole_file(self.rejected_path) as file:
            file.write(b"".join(parts))
        self.rewrite()

    def add(self, entry: dict[str, Any], notes: Path | None = None) -> None:
        """A shard is done: write down its rejected rows, which stand in a file, and then itself."""
        if notes is not None:
            with notes.open("rb") as source:
                append(self.rejected_path, iter(partial(source.read, CHUNK), b""))
            self.rejected_end += notes.stat().st_size
        entry["rejected_end"] = self.rejected_end
        append(self.path, [as_line(entry)])
        self.done[entry["name"]] = entry
        if notes is not None:
            notes.unlink()

    def note(self, rejected: bytes) -> None:
        """Write down what is to be tried again in the next run, and so belongs to no shard that is done."""
        append(self.rejected_path, [rejected])

    def first_rejected(self) -> dict[str, Any]:
        """The first rejected row, where there is one."""
        with self.rejected_path.open("rb") as file:
            return dict(json.loads(file.readline()))


def append(path: Path, parts: Iterable[bytes]) -> None:
    """Add to a file, and see to it that this is on the disk."""
    with path.open("ab") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())


def as_line(entry: Mapping[str, Any]) -> bytes:
    """An object on a line."""
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def rejected_lines(shard: Shard, rejected: Iterable[Rejected]) -> bytes:
    """Rejected rows as lines of JSON; a file that is a row of a group is named itself.

    Row 0 stands for a file of which nothing could be read.
    """
    lines = []
    for row, reason in rejected:
        alone = len(shard.sources) == 1
        path = shard.sources[0 if alone else row - 1].path
        lines.append(as_line({"file": path, "row": (row or None) if alone else 1, "reason": reason}))
    return b"".join(lines)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What two heads do not have in common, in words; nothing if they are equal."""
    flat = [{**head, **head.get("options", {})} for head in (before, json.loads(json.dumps(now)))]
    names = [name for name in {**flat[0], **flat[1]} if name != "options" and flat[0].get(name) != flat[1].get(name)]
    return ", ".join(f"{name} {shown(flat[0].get(name))}, not {shown(flat[1].get(name))}" for name in names)


def shown(value: Any) -> str:
    """A value of an option, as short as can be."""
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
