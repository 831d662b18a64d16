"""Workers that can be killed: tasks go to child processes, what became of them comes back in order.

A task that takes too long, or on which a worker dies, is split into its rows: the rows that are to blame
are rejected, the others are not touched by it. No more tasks are under way than memory is meant for.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import connection
from typing import TYPE_CHECKING, Any

from cleaner.corpus.tasks import MEGABYTE, End, Result, Task, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

AHEAD = 4  # tasks under way per worker
MOST_BYTES = 64 * MEGABYTE  # in tasks under way; one may be larger
START_LIMIT = 120.0  # seconds
FALSE_STARTS = 3  # in a row: more, and there is something wrong
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


class PoolError(RuntimeError):
    """Workers cannot work at all; the message says why."""


@dataclass
class Ticket:
    """A task, or an end that is only passed on, and what has become of it so far."""

    item: Task | End
    results: list[Result | None] = field(default_factory=lambda: [None])

    @property
    def done(self) -> bool:
        """Whether all of it is done."""
        return isinstance(self.item, End) or None not in self.results

    def result(self) -> Result | End:
        """What has become of it."""
        if isinstance(self.item, End):
            return self.item
        whole = Result(self.item.shard, self.item.position)
        for part in self.results:
            assert part is not None
            whole.add(part)
        return whole


@dataclass
class Job:
    """A task, or a row of one, for a worker."""

    ticket: Ticket
    index: int
    task: Task
    rows: int | None = None  # 1 if it has been split
    tries: int = 0


class Child:
    """A worker process."""

    def __init__(self, make: Callable[[], Callable[[Task], Result]]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, make), daemon=True)
        with one_thread():
            self.process.start()
        theirs.close()
        self.job: Job | None = None
        self.ready = False
        self.deadline = time.monotonic() + START_LIMIT

    def give(self, job: Job, limit: float) -> None:
        """Send a job; raises ``OSError`` if the worker is dead."""
        self.job = job
        self.deadline = time.monotonic() + limit * max(1, job.task.size / MEGABYTE)
        self.pipe.send(job.task)

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


class Pool:
    """Some workers, made by ``make`` in each of them; ``limit`` is in seconds for a row, or a megabyte of it."""

    def __init__(self, make: Callable[[], Callable[[Task], Result]], size: int, limit: float) -> None:
        self.make, self.limit = make, limit
        self.jobs: deque[Job] = deque()
        self.false_starts = 0
        self.children = [Child(make) for _ in range(size)]

    def close(self) -> None:
        """Kill all workers."""
        for child in self.children:
            child.kill()

    def map(self, items: Iterable[Task | End]) -> Iterator[Result | End]:
        """What becomes of each task, in order, with the ends between them."""
        waiting: deque[Ticket] = deque()
        source, more = iter(items), True
        while more or waiting:
            while more and self.has_room(waiting):
                item = next(source, None)
                more = item is not None
                if item is not None:
                    waiting.append(Ticket(item))
                    if isinstance(item, Task):
                        self.jobs.append(Job(waiting[-1], 0, item))
                        self.hand_out()
            if waiting and waiting[0].done:
                yield waiting.popleft().result()
            elif waiting:
                self.collect()

    def has_room(self, waiting: deque[Ticket]) -> bool:
        """Whether another task may be read."""
        size = sum(ticket.item.size for ticket in waiting if isinstance(ticket.item, Task))
        return len(waiting) < AHEAD * len(self.children) and size < MOST_BYTES

    def hand_out(self) -> None:
        """Give jobs to the workers that have none."""
        for child in self.children:
            if child.ready and child.job is None and self.jobs:
                try:
                    child.give(self.jobs.popleft(), self.limit)
                except OSError:
                    self.lost(child, "the worker died")

    def collect(self) -> None:
        """Wait until something happens, and see to it."""
        self.hand_out()
        awaited = [child for child in self.children if child.job or not child.ready]
        patience = min(child.deadline for child in awaited) - time.monotonic()
        ready = connection.wait([child.pipe for child in awaited], max(patience, 0))
        for child in awaited:
            if child.pipe in ready:
                self.receive(child)
            elif time.monotonic() > child.deadline:
                self.lost(child, f"took longer than {self.limit:g} seconds", in_time=False)

    def receive(self, child: Child) -> None:
        """Take what a worker has to say."""
        try:
            answer = child.pipe.recv()
        except (EOFError, OSError):
            self.lost(child, "the worker died")
            return
        if child.job is None:
            child.ready = True
            self.false_starts = 0
            return
        job, child.job = child.job, None
        if isinstance(answer, Result):
            job.ticket.results[job.index] = answer
        else:
            self.failed(job, answer)

    def lost(self, child: Child, reason: str, in_time: bool = True) -> None:
        """Replace a worker that is dead or has to be."""
        job = child.job
        child.kill()
        if not child.ready:
            self.false_starts += 1
            if self.false_starts > FALSE_STARTS:
                raise PoolError(f"workers cannot start ({reason}): what they said stands above")
        self.children[self.children.index(child)] = Child(self.make)
        if job is None:
            return
        if in_time and child.process.exitcode:
            reason += f" ({exit_reason(child.process.exitcode)})"
        if in_time and job.rows == 1 and not job.tries:  # perhaps it was not the row's fault
            job.tries += 1
            self.jobs.appendleft(job)
        else:
            self.failed(job, reason)

    def failed(self, job: Job, reason: str) -> None:
        """Split a task that failed into its rows, or reject the row."""
        if job.rows == 1:
            job.ticket.results[job.index] = refused(job.task, reason)
            return
        rows = job.task.split()
        job.ticket.results = [None] * len(rows)
        self.jobs.extendleft(Job(job.ticket, k, rows[k], rows=1) for k in reversed(range(len(rows))))


def exit_reason(code: int) -> str:
    """What an exit code says."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


@contextmanager
def one_thread() -> Iterator[None]:
    """Processes started in this block compute on one thread each: there is a worker for each core."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# In the child


def serve(pipe: connection.Connection, make: Callable[[], Callable[[Task], Result]]) -> None:
    """Do tasks until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    threading.Thread(target=end_with_parent, daemon=True).start()
    work: Any = make()
    pipe.send("ready")
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            answer: Result | str = work(task)
        except Exception as error:  # noqa: BLE001 (a task that fails is split and its rows are tried one by one)
            answer = f"{type(error).__name__}: {error}"
        pipe.send(answer)


def end_with_parent() -> None:
    """End this process when its parent ends, even if it is busy."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
