"""Whether some bytes are a page."""

from __future__ import annotations

import re

HEAD = 4096  # bytes that are looked at, after the comments and white space that a page may begin with
BEFORE = re.compile(rb"(?:\s+|<!--.*?-->)*", re.DOTALL)
PAGE = re.compile(
    rb"(?:<\?xml[^>]*>|<!--.*?-->|\s)*<(?:!doctype\s+html|html|head|body|title|meta|base|link)\b",
    re.IGNORECASE | re.DOTALL,
)
FRAGMENT = re.compile(
    rb"(?:<!--.*?-->|\s)*<(div|p|article|section|main|nav|header|footer|aside|form|figure|blockquote|pre|table|h[1-6]"
    rb"|ul|ol|dl|span|a|center|noscript|script|style)\b[^<>]*>",
    re.DOTALL,
)
TAG = re.compile(rb"<[a-zA-Z!/][^<>]*>")
MAGIC = (
    (b"\x1f\x8b", "gzip-compressed: unpack it first, as with zcat"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed: unpack it first, as with zstdcat"),
    (b"\xfd7zXZ\x00", "xz-compressed: unpack it first, as with xzcat"),
    *((b"BZh%d1AY&SY" % level, "bzip2-compressed: unpack it first, as with bzcat") for level in range(1, 10)),
    (b"PK\x03\x04", "a ZIP archive or office document: take its text out first"),
    (b"%PDF-", "a PDF document: take its text out first, as with pdftotext"),
    (b"\x89PNG\r\n", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def narrow(data: bytes) -> bytes:
    """The head of the bytes, of two-byte characters just the ASCII ones."""
    head = data[:HEAD].removeprefix(b"\xef\xbb\xbf")
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<"))
    return head.removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\x00", b"") if wide else head


def is_page(data: bytes) -> bool:
    """Whether the bytes start like a page, or like a part of one that goes on in tags.

    >>> is_page(b"<!DOCTYPE html><p>Text"), is_page(b"1 < 2"), is_page(b"<div><p>One</p></div>")
    (True, False, True)
    """
    before = BEFORE.match(data)
    begin = before.end() if before else 0
    head = narrow(data[begin : begin + HEAD])
    if PAGE.match(head):
        return True
    return bool((start := FRAGMENT.match(head)) and b"</" + start[1] in data)


def fault(data: bytes) -> str | None:
    """Why the bytes are certainly no text, or None."""
    return next((what for magic, what in MAGIC if data.startswith(magic)), None)


def fault_as_page(data: bytes) -> str | None:
    """Why the bytes cannot be a page, or None."""
    if not data.strip():
        return "empty"
    if what := fault(data):
        return what
    head = narrow(data)
    if b"\x00" in head:
        return "binary"
    if not TAG.search(data.replace(b"\x00", b"")):
        return "not HTML, for it has no tag: leave out --html, or say --input text"
    return None
