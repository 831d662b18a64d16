"""Small corpora for tests, and the command that is run on them."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.cli import main
from cleaner.corpus.manifest import REJECTED, RUN
from cleaner.corpus.summary import SUMMARY

SEEDS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))]
COMMAND = [sys.executable, "-c", "import sys; from cleaner.cli import main; sys.exit(main())", "corpus"]


def texts(count: int, seed: int = 0) -> list[str]:
    """Some documents, all different."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    found = []
    for number in range(count):
        lines = chance.choice(SEEDS).splitlines()
        cut = chance.randrange(len(lines))
        found.append("\n".join([f"Document {number} of {seed}", *lines[cut:], *lines[:cut]][: chance.randrange(1, 60)]))
    return found


def write_parquet(path: Path, documents: list[Any], **options: Any) -> None:
    """A Parquet file of documents between other columns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = {"id": range(len(documents)), "text": documents, "tags": [["a", str(k)] for k in range(len(documents))]}
    pq.write_table(pa.table(columns), path, **options)


def lines(documents: list[Any]) -> bytes:
    """Documents as JSON Lines, written as no library writes them."""
    rows = [f'{{"id":{k}, "text" : {json.dumps(text)},"n": 1.50}}\n' for k, text in enumerate(documents)]
    return "".join(rows).encode()


def write(path: Path, data: bytes | str) -> Path:
    """A file, in a folder that is made if need be; packed if its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = data.encode() if isinstance(data, str) else data
    if path.suffix == ".gz":
        data = gzip.compress(data, mtime=0)
    elif path.suffix == ".zst":
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(data)
        data = sink.getvalue().to_pybytes()
    path.write_bytes(data)
    return path


def unpacked(path: Path) -> bytes:
    """The bytes of a file that may be packed."""
    with pa.input_stream(str(path), compression="detect") as stream:
        return bytes(stream.read())


def warc_record(kind: str, body: bytes, url: str = "http://example.org/", content: str = "text/html") -> bytes:
    """A record of a WARC file."""
    block = "application/http; msgtype=response" if kind == "response" else content
    if kind == "response":
        body = f"HTTP/1.1 200 OK\r\nContent-Type: {content}; charset=utf-8\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2021-01-01T00:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{url}>\r\nContent-Type: {block}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body + b"\r\n\r\n"


def page(text: str) -> bytes:
    """A page with the text in it."""
    paragraphs = "".join(f"<p>{line}</p>" for line in text.splitlines() if line.strip())
    return (
        f"<html><head><title>T</title></head><body><article><h1>Head</h1>{paragraphs}</article></body></html>".encode()
    )


def corpus(*args: str | Path, workers: int = 1) -> int:
    """Run the command in this process."""
    return main(["corpus", "--quiet", "--workers", str(workers), *map(str, args)])


def start(*args: str | Path, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command in a process, and a session, of its own."""
    return subprocess.Popen([*COMMAND, *map(str, args)], stderr=subprocess.PIPE, start_new_session=True, **options)


def contents(folder: Path, own: bool = True) -> dict[str, bytes]:
    """All files of a folder with their bytes; without ``own`` those of the run itself are left out."""
    names = [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "lock"]
    return {str(name): (folder / name).read_bytes() for name in names if own or name.parts[0] != RUN}


def rejected(folder: Path) -> list[tuple[str, int | None, str]]:
    """File, row and reason of what was rejected."""
    rows = [json.loads(line) for line in (folder / REJECTED).read_text(encoding="utf-8").splitlines()]
    return [(Path(row["file"]).name, row["row"], row["reason"]) for row in rows]


def summary(folder: Path) -> dict[str, Any]:
    """What ``summary.json`` holds."""
    return dict(json.loads((folder / SUMMARY).read_text(encoding="utf-8")))
