"""``python -m cleaner.training``: build the default model again, or with ``--html`` that for pages."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from cleaner.training.build import build
from cleaner.training.build_pages import build_pages
from cleaner.training.documents import LabelledError


def main() -> int:
    """Parse the arguments and build."""
    parser = argparse.ArgumentParser(prog="python -m cleaner.training", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"), help="folder with gold/ and data/")
    parser.add_argument("--gold", type=Path, default=Path("gold"), help="folder with hand-labels.jsonl and written/")
    parser.add_argument("--html", action="store_true", help="build the model for pages")
    parser.add_argument("--output", type=Path, help="model folder to write (default: cleaner/models/text or html)")
    parser.add_argument("--workers", type=int, default=2, help="processes that read pages (default: 2)")
    parser.add_argument("--every", type=int, default=1, help="take just every so many pages: to try the command")
    arguments = parser.parse_args()
    begin = time.monotonic()

    def report(what: str) -> None:
        print(f"{time.monotonic() - begin:6.0f} s  {what}", file=sys.stderr, flush=True)

    make, name = (build_pages, "html") if arguments.html else (build, "text")
    output = arguments.output or Path("cleaner/models") / name
    try:
        make(arguments.shared, arguments.gold, output, arguments.workers, report, arguments.every)
    except LabelledError as error:
        print(f"cleaner.training: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
