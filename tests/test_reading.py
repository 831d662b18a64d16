"""bytes -> str."""

from __future__ import annotations

import codecs
import io
import os
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.reading import CHUNK, MARKS, decode, line_batches

TEXT = "é漢😀\r\none\rtwo\n"


@pytest.mark.parametrize(("mark", "encoding"), MARKS)
def test_a_byte_order_mark_says_the_encoding_and_is_left_out(mark: bytes, encoding: str) -> None:
    """Files from systems that mark their encoding need no option."""
    assert decode(mark + TEXT.encode(encoding)) == (TEXT, 0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "gb18030"])
def test_the_encoding_can_be_named(encoding: str) -> None:
    """What is named is used, and a byte order mark is left out all the same."""
    assert decode(TEXT.encode(encoding), encoding) == (TEXT, 0)


def test_only_the_first_mark_is_left_out() -> None:
    """Within the text U+FEFF is a character like others."""
    assert decode(codecs.BOM_UTF8 + "a\ufeffb\ufeff".encode()) == ("a\ufeffb\ufeff", 0)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_good_text_comes_through_whole(text: str) -> None:
    """No character and no kind of line break is changed."""
    assert decode(b"a" + text.encode()) == ("a" + text, 0)


@given(st.binary())
def test_any_bytes_can_be_read(data: bytes) -> None:
    """Bad bytes are replaced and counted; good ones are not."""
    text, replaced = decode(data, "utf-8")
    assert (replaced == 0) == (data.decode("utf-8", "ignore").encode() == data)
    assert replaced <= text.count("\ufffd")


@pytest.mark.parametrize(
    ("data", "encoding", "expected"),
    [
        (b"caf\xe9 \xff\xfe", None, ("caf� ��", 3)),
        ("genuine � ".encode() + b"\xf0\x9f", None, ("genuine � �", 1)),
        (b"\xff\xfea\x00\x00\xd8b\x00", None, ("a�b", 1)),
        (b"caf\xe9", "latin-1", ("café", 0)),
        (b"a\x81", "cp1252", ("a�", 1)),
        (b"", None, ("", 0)),
        (b"a\x00b", None, ("a\x00b", 0)),
    ],
)
def test_bad_bytes_are_counted(data: bytes, encoding: str | None, expected: tuple[str, int]) -> None:
    """The count holds what was replaced, not what was U+FFFD before."""
    assert decode(data, encoding) == expected


def test_strict_raises() -> None:
    """Whoever asks for it is told of the first bad byte."""
    with pytest.raises(UnicodeDecodeError) as caught:
        decode(b"caf\xe9 one", strict=True)
    assert caught.value.start == 3


@given(st.lists(st.binary(max_size=5)), st.integers(1, 9))
def test_lines_come_in_batches_but_are_the_same(pieces: list[bytes], size: int) -> None:
    """However the bytes arrive, the lines are those of the whole."""
    data = b"\n".join(pieces)
    lines = [line for batch in line_batches(io.BufferedReader(Trickle(data, size))) for line in batch]
    expected = data.split(b"\n")
    assert lines == (expected if expected[-1] else expected[:-1])


def test_a_batch_is_bounded() -> None:
    """A long stream is not held in memory, but a long line is kept whole."""
    data = (b"x" * 99 + b"\n") * 20_000 + b"y" * (3 * CHUNK)
    batches = list(line_batches(io.BufferedReader(io.BytesIO(data))))
    assert max(sum(map(len, batch)) for batch in batches[:-1]) <= CHUNK + 100
    assert batches[-1] == [b"y" * (3 * CHUNK)]


@pytest.mark.skipif(sys.platform != "linux", reason="pipes of other systems keep their size")
def test_a_pipe_holds_a_whole_batch() -> None:
    """What a fast writer sends is read in large pieces."""
    import fcntl

    end, other = os.pipe()
    with os.fdopen(end, "rb") as stream, os.fdopen(other, "wb") as writer:
        lines = line_batches(stream)
        writer.write(b"one\n")
        writer.flush()
        assert next(lines) == [b"one"]
        assert fcntl.fcntl(stream, fcntl.F_GETPIPE_SZ) >= CHUNK


class Trickle(io.RawIOBase):
    """A stream that gives a few bytes at a time."""

    def __init__(self, data: bytes, size: int) -> None:
        self.stream, self.size = io.BytesIO(data), size

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a part of the buffer."""
        data = self.stream.read(min(self.size, len(buffer)))
        buffer[: len(data)] = data
        return len(data)
