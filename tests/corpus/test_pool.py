"""Workers that die, hang or fail take no other row with them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is missing: install the extra `corpus`")

import odd_workers

from cleaner.corpus.pool import AHEAD, Pool, PoolError
from cleaner.corpus.tasks import End, Result, Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 4.0  # seconds; more than a busy machine takes for nothing


def tasks(*rows: list[bytes]) -> list[Task | End]:
    """A task for each list of rows, and the end."""
    found: list[Task | End] = []
    first = 1
    for some in rows:
        found.append(Task(0, "jsonl", first, 0, some))
        first += len(some)
    return [*found, End(0, first - 1)]


def done(*rows: list[bytes], size: int = 2, limit: float = LIMIT) -> tuple[list[bytes], list[tuple[int, str]]]:
    """What is kept of the rows, and what is rejected."""
    with closing(Pool(odd_workers.make, size, limit)) as pool:
        *results, end = pool.map(tasks(*rows))
    assert isinstance(end, End)
    found = [result for result in results if isinstance(result, Result)]
    assert len(found) == len(rows)
    assert sum(result.rows for result in found) == end.rows
    kept = [piece for result in found for piece in result.kept]
    return kept, [tuple(entry) for result in found for entry in result.rejected]


def test_results_come_in_order() -> None:
    """However long each takes, the results stand in the order of the tasks."""
    rows = [[b"sleep" if number % 3 == 0 else b"a%d" % number] for number in range(12)]
    assert done(*rows, size=3) == ([row.upper() for (row,) in rows], [])


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"die", "the worker died (SIGKILL)"),
        (b"exit", "the worker died (exit code 7)"),
        (b"fail", "ValueError: as told"),
        (b"hang", "took longer than 4 seconds"),
    ],
)
def test_only_the_bad_row_is_rejected(bad: bytes, reason: str) -> None:
    """The row that is to blame is rejected, with the reason; its neighbours are not."""
    kept, rejected = done([b"a", bad, b"reject", b"b"], [b"c"])
    assert kept == [b"A", b"B", b"C"]
    assert rejected == [(2, reason), (3, "as told")]


def test_a_worker_killed_by_others_costs_nothing(tmp_path: Path) -> None:
    """A row on which a worker died once is tried again."""
    rows = [f"die once {tmp_path / name}".encode() for name in "abc"]
    kept, rejected = done([b"x", rows[0]], [rows[1]], [rows[2], b"y"])
    assert kept == [b"X", *(row.upper() for row in rows), b"Y"]
    assert rejected == []


def test_workers_that_cannot_start_are_an_error() -> None:
    """If workers cannot be made there is an error, not an endless row of them."""
    with closing(Pool(odd_workers.make_none, 2, LIMIT)) as pool, pytest.raises(PoolError, match="cannot start"):
        list(pool.map(tasks([b"a"])))


def test_no_more_is_read_than_needed() -> None:
    """What is read ahead does not grow with the input."""
    read = 0

    def endless() -> Iterator[Task]:
        nonlocal read
        while True:
            read += 1
            yield Task(0, "jsonl", read, 0, [b"a"])

    with closing(Pool(odd_workers.make, 2, LIMIT)) as pool:
        results = pool.map(endless())
        for _ in range(10):
            next(results)
    assert read <= 10 + AHEAD * 2


def test_large_rows_are_not_under_way_together() -> None:
    """The bytes under way are bounded, too."""
    read = 0

    def large() -> Iterator[Task]:
        nonlocal read
        for read in range(1, 9):
            yield Task(0, "jsonl", read, 0, [b"x" * (40 << 20)])

    with closing(Pool(odd_workers.make, 2, LIMIT)) as pool:
        results = pool.map(large())
        next(results)
        assert read <= 3
