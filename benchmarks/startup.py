"""How long it takes to start: medians of the wall time of ten runs each, in seconds."""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 10
SMALL = Path(__file__).parent.parent / "seeds" / "000_10df4b1adf147f17.txt"
LIMITS = {"python, to compare": None, "import cleaner": 0.15, "cleaner --help": 0.1, "cleaner, one small file": 0.5}


def seconds(command: list[str], folder: str) -> float:
    """Wall time of a command that must succeed."""
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Print the medians beside what they are to stay under."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=SMALL, help="a small text")
    file = parser.parse_args().file.resolve()
    beside = Path(sys.executable).with_name("cleaner")  # that of this environment, if there is one
    program = str(beside) if beside.exists() else shutil.which("cleaner")
    if program is None:
        parser.error("the command `cleaner` is not installed here: pip install -e .")
    commands = [
        [sys.executable, "-c", ""],
        [sys.executable, "-c", "import cleaner"],
        [program, "--help"],
        [program, str(file)],
    ]
    with tempfile.TemporaryDirectory() as folder:
        for (name, limit), command in zip(LIMITS.items(), commands, strict=True):
            seconds(command, folder)  # what is read from disk for the first time does not count
            times = [seconds(command, folder) for _ in range(RUNS)]
            aim = "" if limit is None else f"   (aim: {limit})"
            print(f"{name:<26}{statistics.median(times):.3f}   {min(times):.3f} to {max(times):.3f}{aim}")


if __name__ == "__main__":
    main()
