"""Pages are read in the encoding that they are written in."""

from __future__ import annotations

import pytest

from cleaner.html import charset, sniff

TEXT = "<p>Där står en båt, för 5 € – “ja”</p>"
JAPANESE = "<p>今日は船が港を出ました。明日も出ます。</p>"
RUSSIAN = "<html><body><p>Паром вышел из порта рано утром и вернулся поздно вечером.</p></body></html>"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (TEXT.encode(), TEXT),
        (b"\xef\xbb\xbf" + TEXT.encode(), TEXT),
        (b"\xff\xfe" + TEXT.encode("utf-16-le"), TEXT),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), TEXT),
        (TEXT.encode("utf-16-le"), TEXT),
        (TEXT.encode("utf-16-be"), TEXT),
        (b'<meta charset="iso-8859-1">' + TEXT.encode("cp1252"), '<meta charset="iso-8859-1">' + TEXT),
        (b'<meta charset="utf-8">' + TEXT.encode("cp1252"), '<meta charset="utf-8">' + TEXT),  # it lies
        (b"<meta charset=latin1>" + TEXT.encode(), "<meta charset=latin1>" + TEXT),  # so does it
        (TEXT.encode("cp1252"), TEXT),
        (b"<meta charset=shift_jis>" + JAPANESE.encode("cp932"), "<meta charset=shift_jis>" + JAPANESE),
        (b"<meta charset=iso-2022-jp>" + JAPANESE.encode("iso2022_jp"), "<meta charset=iso-2022-jp>" + JAPANESE),
        (
            b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">' + RUSSIAN.encode("cp1251"),
            '<meta http-equiv="Content-Type" content="text/html; charset=windows-1251">' + RUSSIAN,
        ),
        (RUSSIAN.encode("koi8-r"), RUSSIAN),
        (b"<meta charset=no-such>" + TEXT.encode(), "<meta charset=no-such>" + TEXT),
        (b"", ""),
    ],
)
def test_encodings(data: bytes, text: str) -> None:
    """Byte order mark, declaration or guess; a declaration that cannot be true is passed over."""
    assert charset.decode(data) == (text, 0)


def test_bad_bytes_are_counted() -> None:
    """A few bad bytes in UTF-8 do not make it another encoding."""
    for head in (b"<meta charset=utf-8>", b"<p>"):
        text, bad = charset.decode(head + ("åäö " * 50).encode() + b"\xff" + ("åäö " * 50).encode())
        assert bad == 1
        assert text.count("åäö") == 100


def test_the_encoding_can_be_given() -> None:
    """What the caller says goes before all else."""
    assert charset.decode(b"<meta charset=utf-8>\xe5", "latin-1") == ("<meta charset=utf-8>å", 0)
    with pytest.raises(UnicodeDecodeError):
        charset.decode(b"\xff\xff", "utf-8", strict=True)
    with pytest.raises(LookupError):
        charset.decode(b"a", "no-such")


@pytest.mark.parametrize(
    ("data", "page"),
    [
        (b"<!DOCTYPE html><p>a", True),
        (b"\n <!-- x --> <!doctype HTML public>", True),
        (b"\xef\xbb\xbf<html lang=en>", True),
        ("<html><p>å".encode("utf-16-le"), True),
        (b"\xff\xfe" + "<html><p>å".encode("utf-16-le"), True),
        (b'<?xml version="1.0"?>\n<html xmlns="x">', True),
        (b"<div class=a><p>a</p></div>", True),
        (b"<nav>a</nav><p>a</p>", True),
        (b"<header class=top><a href=x>a</a></header>", True),
        (b"<link rel=stylesheet href=x><p>a</p>", True),
        (b"<!-- " + b"x" * 9000 + b" -->\n\n<html><p>a", True),
        (b"\n" * 9000 + b"<html><p>a", True),
        (b"\n" * 9000 + b"a line", False),
        (b"<!-- never closed <html>", False),
        (b"<p>a line that starts with a tag", False),
        (b"<htmlx>", False),
        (b'<?xml version="1.0"?><rss><channel>', False),
        (b"A text about <html> and <body>.", False),
        (b"< 5 is less than five", False),
        (b"", False),
        (b'{"text": "<html>"}', False),
    ],
)
def test_what_looks_like_a_page(data: bytes, page: bool) -> None:
    """Pages are told from text by how they start."""
    assert sniff.is_page(data) is page


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\x1f\x8b\x08\x00", "gzip-compressed"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\x00\x01\x02<p>", "binary"),
        (b"plain text", "not HTML"),
        (b"<p>a", None),
        ("<p>a".encode("utf-16"), None),
    ],
)
def test_what_is_no_page(data: bytes, what: str | None) -> None:
    """What cannot be a page is called what it is."""
    found = sniff.fault_as_page(data)
    assert found is None if what is None else (found or "").startswith(what)
