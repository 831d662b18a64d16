"""Workers for tests: they die, hang or fail on rows that say so."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cleaner.corpus.tasks import Rejected, Result, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from cleaner.corpus.settings import Settings


def make() -> Callable[[Task], Result]:
    """A worker that gives rows back in capitals."""
    return work


def make_none() -> Callable[[Task], Result]:
    """A worker that cannot be made."""
    raise SystemExit(3)


def work(task: Task) -> Result:
    """Do what the rows say."""
    result = Result(task.shard, task.position)
    for number, row in enumerate(task.rows, task.first):
        assert isinstance(row, bytes)
        obey(row)
        result.rows += 1
        if row == b"reject":
            result.rejected.append(Rejected(number, "as told"))
        else:
            result.kept.append(row.upper())
            result.out += 1
    return result


def obey(row: bytes) -> None:
    """Die, hang or fail if the row says so."""
    if row.startswith(b"die once "):
        marker = Path(row.removeprefix(b"die once ").decode())
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), 9)
    elif row == b"die":
        os.kill(os.getpid(), 9)
    elif row == b"exit":
        os._exit(7)
    elif row == b"hang":
        while True:
            pass
    elif row == b"sleep":
        time.sleep(0.3)
    elif row == b"fail":
        raise ValueError("as told")


class Forgetful:
    """A worker that loses a row."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, task: Task) -> Result:
        """Write all rows but the last."""
        rows = [row for row in task.rows if row]
        return Result(task.shard, task.position, rows=len(rows), out=len(rows) - 1, kept=rows[:-1])


class Failing:
    """A worker that can do nothing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(self, task: Task) -> Result:
        """Fail."""
        raise ValueError(f"as told, at row {task.first}")
