"""What the README shows is what happens.

``python tests/test_readme.py`` puts what happens now into the console blocks.
"""

import doctest
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
BLOCK = re.compile(r"```console\n\$ (.*)\n((?s:.*?))```")
CONSOLE = BLOCK.findall(README.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with nothing but the fixtures, where the commands are run one after the other."""
    made = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "fixtures", made / "fixtures")
    return made


@pytest.mark.parametrize(("command", "shown"), CONSOLE, ids=[command for command, _ in CONSOLE])
def test_console_blocks_are_real(command, shown, folder):
    """Each command in a console block prints what stands under it."""
    if "corpus" in command or "pyarrow" in command:
        for package in ("fastwarc", "filelock", "fsspec", "pyarrow"):
            pytest.importorskip(package, reason=f"{package} is missing: install the extra `corpus`")
    done = run(command, folder)
    assert done.stdout.decode().rstrip("\n") == shown.rstrip("\n")
    assert done.returncode == 0


def run(command, folder):
    """Run a command in a folder, on a terminal of 80 columns."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
    }
    return subprocess.run(shlex.split(command), cwd=folder, env=environment, capture_output=True, check=False)


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


def update():
    """Put the output of each command into its block."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "fixtures", Path(folder) / "fixtures")
        text = BLOCK.sub(
            lambda block: f"```console\n$ {block[1]}\n{run(block[1], folder).stdout.decode().rstrip()}\n```",
            README.read_text(encoding="utf-8"),
        )
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    update()
