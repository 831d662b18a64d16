"""Peak memory of `cleaner --jsonl` on streams of any length.

    python benchmarks/stream.py [MEGABYTES ...]

Records are made of the documents in fixtures/ and written to the command's standard input; its output is read and
thrown away. Prints megabytes in, seconds, MB/s and the peak memory of the command.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from itertools import cycle
from pathlib import Path

from cleaner.training.documents import read_gold


def feed(pipe: object, records: list[bytes], size: int) -> None:
    """Write records up to ``size`` bytes, then close the pipe."""
    written = 0
    for record in cycle(records):
        if written >= size:
            break
        pipe.write(record)
        written += len(record)
    pipe.close()


def peak(megabytes: int, records: list[bytes]) -> tuple[float, float]:
    """Seconds, and the command's peak memory in MB."""
    command = [sys.executable, "-m", "cleaner", "--jsonl"]
    begin = time.perf_counter()
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        threading.Thread(target=feed, args=(process.stdin, records, megabytes * 1_000_000)).start()
        while process.stdout.read(1 << 20):
            pass
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - begin, usage.ru_maxrss / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("megabytes", type=int, nargs="*", default=[10, 100, 1000])
    arguments = parser.parse_args()
    documents = read_gold(Path("fixtures/documents"))
    records = [(json.dumps({"id": d.name, "text": d.text}) + "\n").encode() for d in documents]
    print("| MB in | seconds | MB/s | peak MB |\n| --- | --- | --- | --- |")
    for megabytes in arguments.megabytes:
        seconds, memory = peak(megabytes, records)
        print(f"| {megabytes} | {seconds:.1f} | {megabytes / seconds:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main()
