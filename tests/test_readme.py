"""What the README shows is what happens."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
CONSOLE = re.findall(r"```console\n\$ (.*)\n((?s:.*?))```", README.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command for command, _ in CONSOLE])
def test_console_blocks_are_real(command, shown):
    """Each command in a console block prints what stands under it."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
    }
    done = subprocess.run(command.split(), cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.stdout.decode().rstrip("\n") == shown.rstrip("\n")
    assert done.returncode == 0


def test_python_blocks_are_real(monkeypatch):
    """The Python session in the README gives what it shows."""
    monkeypatch.chdir(ROOT)
    failed, tried = doctest.testfile(str(README), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried >= 5
    assert not failed


def test_the_pack_in_the_readme_loads(tmp_path):
    """The rule pack that the README shows can be used as it stands."""
    from cleaner import Cleaner

    (pack,) = re.findall(r"```toml\n((?s:.*?))```", README.read_text(encoding="utf-8"))
    path = tmp_path / "mine.toml"
    path.write_text(pack, encoding="utf-8")
    assert Cleaner(packs=[path]).label("Puzzle of the day: a boat")[0].label == "link_list"
