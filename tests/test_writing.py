"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from cleaner.writing import whole_file


def write(path: Path, data: bytes) -> None:
    """Write a file whole."""
    with whole_file(path) as file:
        file.write(data)


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    """Nobody sees half a file."""
    path = tmp_path / "new.txt"
    with whole_file(path) as file:
        file.write(b"half")
        file.flush()
        assert not path.exists()
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("new.txt", b"half")]


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError, SystemExit])
def test_nothing_is_left_of_a_failure(tmp_path: Path, trouble: type[BaseException]) -> None:
    """The old file stays, and no other lies about."""
    path = tmp_path / "old.txt"
    path.write_bytes(b"old")

    def fail() -> None:
        """Write, and then fail."""
        with whole_file(path) as file:
            file.write(b"new")
            raise trouble

    with pytest.raises(trouble):
        fail()
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("old.txt", b"old")]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    """Others can read it if the umask lets them."""
    (tmp_path / "plain.txt").touch()
    write(tmp_path / "new.txt", b"new")
    assert (tmp_path / "new.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


def test_permissions_are_kept(tmp_path: Path) -> None:
    """A private file stays private."""
    path = tmp_path / "old.txt"
    path.touch(mode=0o600)
    path.chmod(0o640)
    write(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_links_are_followed(tmp_path: Path) -> None:
    """The file that a link points to is replaced, not the link."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link.txt").symlink_to("folder/file.txt")
    write(tmp_path / "link.txt", b"new")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "folder" / "file.txt").read_bytes() == b"new"


def test_devices_are_not_replaced() -> None:
    """/dev/null stays a device."""
    write(Path(os.devnull), b"gone")
    assert not stat.S_ISREG(Path(os.devnull).stat().st_mode)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no names for open files")
def test_pipes_are_written_to() -> None:
    """A pipe that has only a number for a name can be an output, as in `>(command)`."""
    end, other = os.pipe()
    write(Path(f"/dev/fd/{other}"), b"through")
    assert os.read(end, 99) == b"through"
    os.close(end)
    os.close(other)


@pytest.mark.parametrize("name", ["missing/file.txt", "folder", "file.txt/inside.txt"])
def test_where_no_file_can_be_written_that_is_told(tmp_path: Path, name: str) -> None:
    """It is an error before any work is done."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.txt").touch()
    with pytest.raises(OSError, match="director"):
        write(tmp_path / name, b"new")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="may write anywhere")
def test_a_protected_file_is_not_replaced(tmp_path: Path) -> None:
    """Who may not write to a file may not replace it either."""
    path = tmp_path / "old.txt"
    path.touch(mode=0o400)
    with pytest.raises(PermissionError):
        write(path, b"new")
