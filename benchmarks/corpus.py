"""Corpora, measured: kernel against `clean_many`, one worker against two, memory and time as input grows.

    python benchmarks/corpus.py --sizes 10 100 1000 --workers 1 2

The text is that of the seeds, cut and shuffled, in files of about 8 MB. All ratios are of one run on one machine.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"  # as in the workers

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner import Cleaner
from cleaner.corpus import clean_batch

SEEDS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[1] / "seeds").glob("*.txt"))]
MEGABYTE = 1_000_000
FILE = 8 * MEGABYTE
RUN = (
    "import resource, sys; from cleaner.cli import main; code = main(sys.argv[1:]);"
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss);"
    "sys.exit(code)"
)


def documents(size: int, seed: int = 0) -> list[str]:
    """About so many bytes of documents, all different."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    found = []
    while size > 0:
        lines = chance.choice(SEEDS).splitlines()
        cut = chance.randrange(len(lines))
        text = "\n".join([f"Document {len(found)} of {seed}", *lines[cut:], *lines[:cut]])
        found.append(text)
        size -= len(text.encode())
    return found


def write_corpus(folder: Path, megabytes: int, form: str) -> None:
    """A corpus of so many megabytes of text."""
    folder.mkdir(parents=True)
    for number in range(max(megabytes * MEGABYTE // FILE, 2)):
        texts = documents(min(FILE, megabytes * MEGABYTE // 2), number)
        if form == "parquet":
            pq.write_table(pa.table({"text": texts}), folder / f"{number:04}.parquet", use_dictionary=False)
        else:
            rows = "".join(json.dumps({"text": text}) + "\n" for text in texts)
            (folder / f"{number:04}.jsonl").write_text(rows, encoding="utf-8")


def overhead(megabytes: int, rounds: int) -> dict[str, float]:
    """Seconds of the processor for `clean_many` and for the kernel, in turn: the medians, and that of the ratios."""
    texts = documents(megabytes * MEGABYTE)
    table = pa.table({"text": texts})
    cleaner = Cleaner()
    seconds = {"clean_many": [], "kernel": []}
    for _ in range(rounds + 1):
        for way, work in (
            ("clean_many", lambda: sum(1 for _ in cleaner.clean_many(texts))),
            ("kernel", lambda: clean_batch(table, cleaner=cleaner)),
        ):
            start = time.process_time()
            work()
            seconds[way].append(time.process_time() - start)
    seconds = {way: found[1:] for way, found in seconds.items()}  # the first round warms up
    ratios = [kernel / many for many, kernel in zip(*seconds.values(), strict=True)]
    return {**{way: median(found) for way, found in seconds.items()}, "overhead": median(ratios) - 1}


def measured(source: Path, workers: int) -> dict[str, Any]:
    """Seconds, and the peak memory of all processes of the run together, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        args = ["corpus", str(source), "--output", f"{folder}/out", "--workers", str(workers), "--quiet"]
        start = time.perf_counter()
        process = subprocess.Popen([sys.executable, "-c", RUN, *args], stdout=subprocess.PIPE)
        peak = watched(process)
        if process.returncode:
            raise SystemExit(f"the run failed with {process.returncode}")
        return {"workers": workers, "seconds": time.perf_counter() - start, "peak_mb": peak}


def watched(process: subprocess.Popen[bytes]) -> int:
    """Wait for a process; the most memory that it and its children held at one time, in MB."""
    peak = 0
    done = threading.Event()

    def look() -> None:
        nonlocal peak
        while not done.wait(0.05):
            peak = max(peak, sum(map(held, family(process.pid))))

    watcher = threading.Thread(target=look)
    watcher.start()
    process.communicate()
    done.set()
    watcher.join()
    return peak // 1024


def family(pid: int) -> list[int]:
    """A process and its children."""
    try:
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [pid, *(int(child) for task in tasks for child in (task / "children").read_text().split())]
    except OSError:
        return []


def held(pid: int) -> int:
    """The proportional share of memory that a process holds, in KB: what several share counts once."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        return next(int(row.split()[1]) for row in rows if row.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 100], help="of the corpora, in MB")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--form", choices=("parquet", "jsonl"), default="parquet")
    parser.add_argument("--repeats", type=int, default=1, help="of each run, in turn; the best time counts")
    parser.add_argument("--rounds", type=int, default=9, help="of the kernel against clean_many")
    parser.add_argument("--kernel", type=int, default=5, help="MB for that")
    typed = parser.parse_args()
    kernel = overhead(typed.kernel, typed.rounds)
    print(
        f"clean_many {typed.kernel / kernel['clean_many']:.1f} MB/s, kernel {typed.kernel / kernel['kernel']:.1f} MB/s,"
        f" overhead {100 * kernel['overhead']:+.1f} %"
    )
    print(f"{'MB':>6} {'workers':>8} {'seconds':>8} {'MB/s':>6} {'times one':>10} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for size in typed.sizes:
            source = Path(folder) / str(size)
            write_corpus(source, size, typed.form)
            rows = [measured(source, workers) for _ in range(typed.repeats) for workers in typed.workers]
            first = None
            for workers in typed.workers:
                mine = [row for row in rows if row["workers"] == workers]
                seconds, peak = min(row["seconds"] for row in mine), max(row["peak_mb"] for row in mine)
                first = first or seconds
                print(
                    f"{size:>6} {workers:>8} {seconds:>8.1f} {size / seconds:>6.1f} {first / seconds:>10.2f} {peak:>8}",
                    flush=True,
                )
            shutil.rmtree(source)


if __name__ == "__main__":
    main()
