"""Write anew what stands under the commands in README.md, after the model, a rule or the help has changed.

    python benchmarks/readme.py

Runs each command of a ```console block, as `tests/test_readme.py` does to check it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"(```console\n\$ (.*)\n)(?s:.*?)(```)")


def shown(block: re.Match[str]) -> str:
    """The block with what the command prints now."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "80"}
    done = subprocess.run(block[2].split(), cwd=ROOT, env=environment, capture_output=True, check=True)
    return f"{block[1]}{done.stdout.decode()}{block[3]}"


def main() -> None:
    """Write the README."""
    README.write_text(BLOCK.sub(shown, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
