"""Requests of the system to end, taken as exceptions, so that nothing is left half written."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HANG_UP = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none
KILLED = 128  # and the number of the signal: the exit code, as shells tell it


class Stopped(BaseException):
    """The system wants the program to end, with the exit code ``code``."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.code = KILLED + number


@contextmanager
def stopping(*numbers: int) -> Iterator[None]:
    """Let these signals pass as ``Stopped``, but for those that are ignored, as under nohup.

    Outside of the main thread, where Python takes no signals, nothing changes.
    """

    def stop(number: int, _: object) -> None:
        raise Stopped(number)

    here = threading.current_thread() is threading.main_thread()
    taken = [number for number in numbers if here and signal.getsignal(number) == signal.SIG_DFL]
    for number in taken:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
