"""The bytes of a page -> its text: by a byte order mark, else as declared, else as guessed."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from cleaner import reading

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 4096  # bytes in which a declaration is looked for
SAMPLE = 1 << 16  # bytes from which an encoding is guessed
FALLBACK = "cp1252"
STATEFUL = ("iso2022", "hz", "utf_7")  # these look like ASCII


def decode(data: bytes, encoding: str | None = None, strict: bool = False) -> tuple[str, int]:
    r"""The text of a page, and how often U+FFFD had to stand in for bytes that are no text.

    Without ``encoding`` it is what the byte order mark says; else UTF-8, if the bytes are nothing but that;
    else what the page declares; else a guess. Raises ``UnicodeDecodeError`` for bad bytes if ``strict``, and
    ``LookupError`` for an unknown ``encoding``.

    >>> decode(b'<meta charset="latin1">caf\xe9')
    ('<meta charset="latin1">café', 0)
    """
    if encoding is None and not reading.marked(data):
        encoding = next(candidates(data), FALLBACK)
    return reading.decode(data, encoding, strict)


def candidates(data: bytes) -> Iterator[str]:
    """Encodings that the bytes may be in, the likeliest first."""
    if wide := without_mark(data):
        yield wide
    name = declared(data)
    if name and codecs.lookup(name).name.replace("-", "_").startswith(STATEFUL):
        yield name
    if fits(data, "utf-8"):
        yield "utf-8"
    if name and name != "utf-8":
        yield name
    yield "utf-8" if nearly(data) else guessed(data)


def without_mark(data: bytes) -> str | None:
    """The form of UTF-16 in which a page starts without a byte order mark, if it does."""
    start = data.lstrip(b" \t\r\n\x00")[:8] if data[:2] in (b" \x00", b"\x00 ", b"\n\x00", b"\x00\n") else data[:8]
    if start[:2] == b"<\x00" and start[3:4] == b"\x00":
        return "utf-16-le"
    return "utf-16-be" if data[:2] == b"\x00<" and start[2:3] == b"\x00" else None


def declared(data: bytes) -> str | None:
    """The encoding that the page names in its head, if Python knows it."""
    from w3lib.encoding import html_body_declared_encoding

    name = html_body_declared_encoding(data[:HEAD])
    return None if name is None or name.startswith("utf-16") else str(name)  # in UTF-16 it could not be read


def fits(data: bytes, encoding: str) -> bool:
    """Whether the bytes are text in this encoding."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def nearly(data: bytes) -> bool:
    """Whether nearly all that is not ASCII is UTF-8."""
    from cleaner.reading import REPLACEMENT

    text = data.decode("utf-8", "replace")
    return text.count(REPLACEMENT) < 0.1 * sum(not char.isascii() for char in text)


def guessed(data: bytes) -> str:
    """The encoding that the bytes look like; of those that are as likely, the commonest."""
    from charset_normalizer import from_bytes

    found = from_bytes(data[:SAMPLE])
    best = found.best()
    if best is None:
        return FALLBACK
    as_likely = {match.encoding for match in found if (match.chaos, match.coherence) == (best.chaos, best.coherence)}
    return FALLBACK if FALLBACK in as_likely else str(best.encoding)
