"""bytes -> str, and streams -> lines of bytes. Line breaks are never translated."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

CHUNK = 1 << 19  # bytes asked for in one read of a stream, and that a pipe can hold
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# The marks of UTF-32 come first: that of its little-endian form begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes, encoding: str | None = None, strict: bool = False) -> tuple[str, int]:
    r"""The text of ``data``, and how often U+FFFD had to stand in for bytes that are no text.

    Without ``encoding`` it is what the byte order mark says, else UTF-8. The mark itself is left out.
    Raises ``UnicodeDecodeError`` for bad bytes if ``strict``, and ``LookupError`` for an unknown encoding.

    >>> decode(b"\xef\xbb\xbfcaf\xc3\xa9 \xff")
    ('café �', 1)
    """
    if encoding is None:
        mark, encoding = marked(data) or (b"", "utf-8")
        data = data[len(mark) :]
    try:
        return data.decode(encoding).removeprefix("\ufeff"), 0
    except UnicodeDecodeError:
        if strict:
            raise
    text = data.decode(encoding, "replace").removeprefix("\ufeff")
    genuine = data.decode(encoding, "ignore").count(REPLACEMENT)
    return text, text.count(REPLACEMENT) - genuine


def marked(data: bytes) -> tuple[bytes, str] | None:
    """The byte order mark at the start of ``data`` and the encoding that it stands for, if there is one."""
    return next(((mark, encoding) for mark, encoding in MARKS if data.startswith(mark)), None)


def line_batches(stream: io.BufferedReader, size: int = CHUNK, longest: int | None = None) -> Iterator[list[bytes]]:
    r"""The lines of a stream, without their ``\n``, in batches of about ``size`` bytes.

    A batch is what has arrived: lines that a slow writer sends one by one come out one by one. Raises
    ``ValueError`` at a line of more than ``longest`` bytes.
    """
    widen(stream)
    rest: list[bytes] = []
    held = 0
    while chunk := stream.read1(size):
        head, line_feed, tail = chunk.rpartition(b"\n")
        if line_feed:
            yield b"".join([*rest, head]).split(b"\n")
            rest, held = [], 0
        rest.append(tail)
        held += len(tail)
        if longest is not None and held > longest:
            raise ValueError(f"a line is longer than {longest:,} bytes: is each record on a line of its own?")
    if last := b"".join(rest):
        yield [last]


def widen(stream: io.BufferedReader) -> None:
    """Let a pipe hold a whole chunk, where the system can: from the 64 KB of Linux come batches that are slow."""
    try:
        import fcntl

        fcntl.fcntl(stream.fileno(), fcntl.F_SETPIPE_SZ, CHUNK)
    except (ImportError, AttributeError, OSError):
        return  # another system, no pipe, or no room for it
