"""The command, run as a user would run it."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import re
import select
import signal
import stat
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import cleaner.cli
from cleaner.cli import COMMANDS, EPILOG, main, make_parser
from cleaner.document import LABELS, Label

PROSE = (
    "The bridge over the river reopens on Monday after two years of repairs, the city council said in a"
    " statement, and the first buses will cross it before six in the morning. Engineers replaced the old"
    " bearings one by one, while ferries carried some nine thousand people to work and back every day."
)
MORE = (
    "Those who live on the eastern bank had asked for a second crossing since the floods of last spring, when"
    " the water stood so high that the ferries stopped for eleven days. A plan for it exists, but the council"
    " has yet to find the money, and several members doubt that it will be built within the next ten years."
)
CASES = tomllib.loads((Path(__file__).parent / "cases" / "cli.toml").read_text(encoding="utf-8"))["case"]
COMMAND = [sys.executable, "-c", "import sys; from cleaner.cli import main; sys.exit(main())"]
PACKAGE = Path(cleaner.cli.__file__).parents[1]
PATIENCE = 60  # seconds: after which a command that should have ended is taken to hang

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes, signals and terminals of POSIX systems")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return tmp_path


def run(*args: str, stdin: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    return subprocess.run([*COMMAND, *args], input=stdin, capture_output=True, timeout=PATIENCE, check=False, **options)


def start(*args: str, stdin: int = subprocess.PIPE, stdout: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
    """Start the command with pipes on all sides, if not told otherwise."""
    return subprocess.Popen([*COMMAND, *args], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE)


def filled(text: str) -> str:
    """The text of a case with the paragraphs put in."""
    return text.replace("{prose}", PROSE).replace("{more}", MORE)


def document(*lines: str) -> bytes:
    """Lines as the bytes of a file."""
    return "".join(f"{line}\n" for line in lines).encode()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(case: dict[str, Any], folder: Path) -> None:
    """What the command writes, says and returns is what the case says."""
    for name, text in case.get("files", {}).items():
        (folder / name).write_bytes(filled(text).encode())
    done = run(*case.get("args", []), stdin=filled(case.get("stdin", "")).encode())
    messages = done.stderr.decode()
    assert done.stdout.decode() == filled(case["stdout"])
    assert case["stderr"] in messages if "stderr" in case else not messages
    assert done.returncode == case.get("rc", 0)
    assert "Traceback" not in messages


@pytest.mark.parametrize("case", [case for case in CASES if "keep" in case], ids=lambda case: case["name"])
def test_case_in_the_library(case: dict[str, Any]) -> None:
    """The library gives what the command gives, but for the line break at the end."""
    kept = cleaner.Cleaner(keep=case["keep"]).clean(filled(case["stdin"]))
    assert kept == filled(case["stdout"]).removesuffix("\n")


# Help


def test_help_loads_nothing_heavy() -> None:
    """Help appears at once, as what takes long to load is not loaded for it."""
    code = "import sys, cleaner.cli; cleaner.cli.make_parser().format_help(); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert not {"numpy", "regex", "lxml", "trafilatura", "shtab", "importlib.metadata"} & set(loaded)


def test_help_is_short_or_long() -> None:
    """`-h` shows the options, `--help` also labels, exit codes and examples."""
    short, full = run("-h"), run("--help")
    assert (short.returncode, full.returncode) == (0, 0)
    assert full.stdout.startswith(short.stdout)
    assert full.stdout.decode().endswith(EPILOG)
    assert all(label in EPILOG for label in LABELS)


def test_version_names_all_that_decides() -> None:
    """A result can be told from another by the versions of program, model and rules, also of one's own."""
    Path("mine.toml").write_text('[pack]\nid = "mine"\nversion = "7"\n', encoding="utf-8")
    done = run("--version", "--rules", "mine.toml")
    program, model, page_model, rules = done.stdout.decode().splitlines()
    assert program == f"cleaner {cleaner.__version__}"
    assert model.startswith("model ")
    assert page_model.startswith("model of pages ")
    assert re.fullmatch(r"rules .+, mine 7 \([0-9a-f]{6,}\)", rules)


def test_manual_has_every_option() -> None:
    """The manual page is made from the same table as the help."""
    done = run("--man")
    page = done.stdout.decode()
    assert page.startswith('.TH "CLEANER"')
    for option in re.findall(r"--?[a-z][a-z-]*", make_parser().format_help().partition("labels:")[0]):
        assert option.replace("-", "\\-") in page
    for name in ("NAME", "SYNOPSIS", "DESCRIPTION", "EXIT STATUS", "EXAMPLES"):
        assert f"\n.SH {name}\n" in page


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion_knows_the_options(shell: str) -> None:
    """A script for each shell is made from the same table as the help."""
    pytest.importorskip("shtab")
    done = run("--completion", shell)
    assert done.returncode == 0
    assert b"output-dir" in done.stdout
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=done.stdout, check=True)


def test_subcommands_have_modules_of_their_own(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A subcommand gets the arguments after its name, and its exit code is the command's."""
    (folder / "a_subcommand.py").write_text("def main(argv): return len(argv)", encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setitem(COMMANDS, "count", "a_subcommand")
    assert main(["count", "--these", "two"]) == 2


# Forms


def test_labels_of_all_lines() -> None:
    """`--labels` shows each line that is not blank with label and probability, and tabs stay in the line."""
    done = run("--labels", stdin=document(f"{PROSE}\tend", "", "Advertisement", MORE))
    rows = [row.split("\t", 2) for row in done.stdout.decode().splitlines()]
    assert [(label, text) for label, _, text in rows] == [
        ("body", f"{PROSE}\tend"),
        ("ad", "Advertisement"),
        ("body", MORE),
    ]
    assert all(0 <= float(probability) <= 1 for _, probability, _ in rows)


def test_records_of_all_lines() -> None:
    """`--lines` tells all that is known of a line, and its place in the file."""
    Path("a.txt").write_bytes(b"\xef\xbb\xbf" + document(PROSE, "", "Advertisement"))
    Path("b.txt").write_bytes(document(MORE))
    records = [json.loads(row) for row in run("--lines", "a.txt").stdout.splitlines()]
    text = Path("a.txt").read_text(encoding="utf-8-sig")
    assert [text[each["start"] : each["end"]] for each in records] == [PROSE, "Advertisement"]
    assert [each["text"] for each in records] == [PROSE, "Advertisement"]
    assert [(each["label"], each["kept"]) for each in records] == [("body", True), ("ad", False)]
    assert all(each["reasons"] and "path" not in each for each in records)
    assert set(records[0]["scores"]) == set(Label)
    several = [json.loads(row) for row in run("--lines", "a.txt", "b.txt").stdout.splitlines()]
    assert [each["path"] for each in several] == ["a.txt", "a.txt", "b.txt"]


def test_explanation() -> None:
    """`--explain` names files where there are several, and has no colour on a pipe."""
    Path("a.txt").write_bytes(document(PROSE, "Advertisement"))
    Path("b.txt").write_bytes(document(MORE))
    rows = run("--explain", "a.txt", "b.txt").stdout.decode().splitlines()
    assert rows[0] == "== a.txt"
    assert rows[1].startswith("  body")
    assert rows[2].startswith("- ad")
    assert rows[3:6] == ["1 of 2 lines kept", "", "== b.txt"]
    assert "\x1b" not in "".join(rows)


def test_disabled_rules_give_no_reasons() -> None:
    """A rule that is switched off is no reason any more."""
    (record,) = (json.loads(row) for row in run("--lines", stdin=b"Advertisement").stdout.splitlines())
    rule = next(reason for reason in record["reasons"] if "." in reason)
    (record,) = (
        json.loads(row) for row in run("--lines", "--disable", rule, stdin=b"Advertisement").stdout.splitlines()
    )
    assert rule not in record["reasons"]


def test_labels_of_json_lines() -> None:
    """With `--labels` a record keeps its text and gets spans that point into it."""
    text = f"😀 {PROSE}\nAdvertisement"
    done = run("--jsonl", "--labels", stdin=json.dumps({"text": text}).encode())
    record = json.loads(done.stdout)
    assert list(record) == ["text", "labels"]
    assert record["text"] == text
    assert [(text[a:b], label) for a, b, label, _ in record["labels"]] == [
        (f"😀 {PROSE}", "body"),
        ("Advertisement", "ad"),
    ]


def test_explanation_of_json_lines() -> None:
    """With `--explain` each record is shown under the place where it stands."""
    Path("a.jsonl").write_text('{"text": "Advertisement"}\n\n{"text": ""}\n', encoding="utf-8")
    rows = run("--jsonl", "--explain", "a.jsonl").stdout.decode().splitlines()
    assert [rows[0], *rows[2:]] == [
        "== a.jsonl:1",
        "0 of 1 lines kept",
        "",
        "== a.jsonl:3",
        "0 of 0 lines kept",
    ]


# Bytes


def test_bad_bytes_are_replaced_and_counted() -> None:
    """U+FFFD stands for bad bytes, and one message per file says how many."""
    Path("a.txt").write_bytes(document(PROSE) + b"caf\xe9 \xff\n")
    Path("b.txt").write_bytes(document(MORE, "Genuine � here"))
    done = run("--keep", ",".join(LABELS), "a.txt", "b.txt")
    assert "caf� �\n" in done.stdout.decode()
    assert done.stderr.decode() == (
        "cleaner: a.txt: U+FFFD stands for bad bytes in 2 places; --encoding may be needed\n"
    )
    assert done.returncode == 0


def test_strict_refuses_bad_bytes() -> None:
    """`--strict` leaves a file with bad bytes out, and says where they are."""
    Path("a.txt").write_bytes(document(PROSE) + b"caf\xe9\n")
    Path("b.txt").write_bytes(document(MORE))
    done = run("--strict", "a.txt", "b.txt")
    assert done.stdout == document(MORE)
    assert done.stderr.startswith(b"cleaner: a.txt:2: not utf-8 (byte 0xe9): name the encoding")
    assert done.returncode == 1


def test_bad_bytes_in_json_lines() -> None:
    """In JSON Lines, too, they are replaced and counted, or the line is left out if strict."""
    Path("a.jsonl").write_bytes(b'{"text": "", "n": "\xff"}\n{"text": "", "n": "\xfe"}\n{"text": ""}\n')
    done = run("--jsonl", "a.jsonl")
    assert done.stdout.decode() == '{"text": "", "n": "�"}\n' * 2 + '{"text": ""}\n'
    assert b"a.jsonl: U+FFFD stands for bad bytes in 2 places" in done.stderr
    done = run("--jsonl", "--strict", "a.jsonl")
    assert done.stdout == b'{"text": ""}\n'
    assert b"a.jsonl:2: line left out: not utf-8 (byte 0xfe)" in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(encoding: str) -> None:
    """Text and JSON Lines with a byte order mark are read as it says, and leave as plain UTF-8."""
    text = f"é {PROSE}\nAdvertisement\n"
    Path("a.txt").write_bytes(text.encode(encoding))
    assert run("a.txt").stdout.decode() == f"é {PROSE}\n"
    Path("a.jsonl").write_bytes('{"text": "Advertisement"}\n{"é": "Ċ", "text": ""}\n'.encode(encoding))
    assert run("--jsonl", "a.jsonl").stdout.decode() == '{"text": ""}\n{"é": "Ċ", "text": ""}\n'


def test_encoding_can_be_named() -> None:
    """`--encoding` says what UTF-8 is not."""
    data = f"Überall: {PROSE}\n".encode("cp1252")
    assert run("--encoding", "cp1252", stdin=data).stdout.decode() == f"Überall: {PROSE}\n"
    data = json.dumps({"text": "", "ü": 1}, ensure_ascii=False).encode("latin-1")
    assert run("--jsonl", "--encoding", "latin-1", stdin=data).stdout.decode() == '{"text": "", "ü": 1}\n'


def test_a_very_long_line() -> None:
    """Ten million letters on one line are no trouble."""
    line = b"a" * 10_000_000
    assert run("--keep", ",".join(LABELS), stdin=line).stdout == line + b"\n"
    record = json.dumps({"text": line.decode()}).encode()
    assert run("--jsonl", "--keep", ",".join(LABELS), stdin=record).stdout == record + b"\n"


# Outputs


def test_output_is_one_file_for_all() -> None:
    """`--output` takes all inputs, also if some fail, and follows links."""
    Path("a.txt").write_bytes(document(PROSE, "Advertisement"))
    Path("link.txt").symlink_to("out.txt")
    done = run("a.txt", "missing.txt", "-", "--output", "link.txt", stdin=document(MORE))
    assert (done.returncode, done.stdout) == (1, b"")
    assert Path("out.txt").read_bytes() == document(PROSE, "", MORE)
    assert {path.name for path in Path().iterdir()} == {"a.txt", "link.txt", "out.txt"}


@pytest.mark.parametrize("args", [["missing.txt"], ["--jsonl", "a.jsonl"]])
def test_output_stays_if_there_is_nothing_to_write(args: list[str]) -> None:
    """A mistyped name does not cost the result of the last run."""
    Path("out.txt").write_bytes(b"old")
    Path("a.jsonl").write_bytes(b'{"content": "wrong field"}\n')
    done = run(*args, "-o", "out.txt")
    assert done.returncode == 1
    assert b"out.txt: not written" in done.stderr
    assert Path("out.txt").read_bytes() == b"old"


def test_empty_output_is_written() -> None:
    """An input of which nothing is kept is done, too."""
    assert run("-o", "out.txt", stdin=b"Advertisement\n").returncode == 0
    assert Path("out.txt").read_bytes() == b""


def test_output_folder_has_a_file_for_each() -> None:
    """`--output-dir` is made if need be, and holds the outputs of what could be read, under their names."""
    Path("in").mkdir()
    Path("in/a.txt").write_bytes(document(PROSE, "Advertisement"))
    Path("b.txt").write_bytes(document(MORE))
    done = run("in/a.txt", "missing.txt", "b.txt", "--output-dir", "out/clean")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"cleaner: missing.txt: No such file or directory\n")
    assert {path.name: path.read_bytes() for path in Path("out/clean").iterdir()} == {
        "a.txt": document(PROSE),
        "b.txt": document(MORE),
    }


def test_output_folder_for_json_lines() -> None:
    """Records in a file of their own need not tell their path."""
    for name in ("a.jsonl", "b.jsonl"):
        Path(name).write_bytes(b'{"text": "Advertisement"}\n')
    assert run("--jsonl", "a.jsonl", "b.jsonl", "--output-dir", "out").returncode == 0
    assert Path("out/b.jsonl").read_bytes() == b'{"text": ""}\n'


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a.txt", "-o", "a.txt"], "a.txt: is also an input"),
        (["a.txt", "-o", "link.txt"], "link.txt: is also an input"),
        (["a.txt", "--output-dir", "."], "a.txt: is also an input"),
        (
            ["b.txt", "in/a.txt", "a.txt", "--output-dir", "out"],
            "out/a.txt: would be the output of in/a.txt and of a.txt",
        ),
    ],
)
def test_nothing_is_overwritten(args: list[str], message: str) -> None:
    """Outputs that would replace an input or each other are refused before anything is written."""
    Path("in").mkdir()
    for name in ("a.txt", "b.txt", "in/a.txt"):
        Path(name).write_bytes(document(PROSE, "Advertisement"))
    Path("link.txt").symlink_to("a.txt")
    done = run(*args)
    assert message in done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b"")
    assert Path("a.txt").read_bytes() == document(PROSE, "Advertisement")
    assert not Path("out").exists()


def test_a_redirected_output_is_no_input() -> None:
    """`cleaner *.jsonl > all.jsonl` does not read what it writes, without end."""
    Path("a.jsonl").write_bytes(b'{"text": ""}\n')
    Path("all.jsonl").write_bytes(b'{"text": ""}\n')
    with Path("all.jsonl").open("ab") as out:
        done = subprocess.run(
            [*COMMAND, "--jsonl", "a.jsonl", "all.jsonl"],
            stdout=out,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"cleaner: all.jsonl: is also the output")
    assert Path("all.jsonl").read_bytes() == b'{"text": ""}\n{"text": "", "path": "a.jsonl"}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told() -> None:
    """Output that cannot be written is an error with a reason, not a traceback."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(COMMAND, input=document(PROSE), stdout=full, stderr=subprocess.PIPE, check=False)
        helps = [[*command, "--help"] for command in ([], ["score"], ["train"], ["corpus"])]
        told = [subprocess.run([*COMMAND, *args], stdout=full, stderr=subprocess.PIPE, check=False) for args in helps]
    assert (done.returncode, done.stderr) == (1, b"cleaner: <stdout>: No space left on device\n")
    assert [(one.returncode, one.stderr) for one in told] == [(done.returncode, done.stderr)] * len(helps)
    done = run("-o", "/dev/full", stdin=document(PROSE))
    assert (done.returncode, done.stderr) == (1, b"cleaner: /dev/full: No space left on device\n")


def test_too_little_memory_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An input that does not fit into memory is an error with a name; the others are done."""
    names = [tmp_path / "large.txt", tmp_path / "small.txt"]
    for name in names:
        name.write_bytes(document(PROSE, name.stem))
    clean = cleaner.Cleaner.clean

    def short_of_memory(self: cleaner.Cleaner, text: str) -> str:
        if "large" in text:
            raise MemoryError
        return clean(self, text)

    monkeypatch.setattr(cleaner.Cleaner, "clean", short_of_memory)
    assert main([str(name) for name in names]) == 1
    out, err = capfd.readouterr()
    assert out.startswith(PROSE)
    assert err == f"cleaner: {names[0]}: there is not enough memory for it\n"


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_records_are_told_once(pack: Any) -> None:
    """Not line by line of what is no text."""
    done = run("--jsonl", stdin=pack(b'{"text": "A line."}\n' * 9))
    assert done.returncode == 1
    assert re.fullmatch(rb"cleaner: <stdin>: is \w+-compressed: unpack it first, as with \w+cat\n", done.stderr)


def test_a_field_without_a_name() -> None:
    """JSON allows it."""
    record = json.dumps({"": PROSE, "text": 1}).encode() + b"\n"
    assert run("--jsonl", "--field", "", stdin=record).stdout == record


@pytest.mark.parametrize(
    ("closed", "message"),
    [
        ("<&-", "cleaner: <stdin>: Bad file descriptor\n"),
        (">&-", "cleaner: <stdout>: is closed\n"),
        ("2>&-", ""),
    ],
)
def test_closed_streams(closed: str, message: str) -> None:
    """A stream that the caller closed is no reason for a traceback, nor for messages in the output."""
    script = f'"$@" {closed}'
    args = ["missing.txt"] if closed == "2>&-" else []
    done = subprocess.run(["sh", "-c", script, "sh", *COMMAND, *args], input=b"", capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", message)


# Streams


def read_line(stream: Any) -> bytes:
    """The next line of a pipe; fails if it does not come."""
    assert select.select([stream], [], [], PATIENCE)[0], "nothing came"
    return bytes(stream.readline())


def test_records_come_as_they_go() -> None:
    """The first record is out before the second is in."""
    with start("--jsonl") as process:
        assert process.stdin is not None
        for number in range(3):
            process.stdin.write(b'{"n": %d, "text": "Advertisement"}\n' % number)
            process.stdin.flush()
            assert read_line(process.stdout) == b'{"n": %d, "text": ""}\n' % number
        process.stdin.close()
        assert process.wait(PATIENCE) == 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is told in /proc")
def test_a_long_stream_takes_no_more_memory_than_a_short_one() -> None:
    """Records are not gathered, nor is anything about them."""
    code = COMMAND[2].replace("sys.exit(main())", "main(); print(open('/proc/self/status').read(), file=sys.stderr)")
    record = json.dumps({"text": f"{PROSE}\nAdvertisement\n" * 4}).encode() + b"\n"

    def peak(count: int) -> int:
        """Kilobytes that so many records take."""
        command = [sys.executable, "-c", code, "--jsonl"]
        done = subprocess.run(command, input=record * count, capture_output=True, timeout=PATIENCE, check=True)
        assert done.stdout.count(b"\n") == count
        return int(done.stderr.split(b"VmHWM:")[1].split()[0])

    assert peak(6000) < peak(600) + 12_000


def test_a_reader_that_stops_is_no_error() -> None:
    """`cleaner ... | head -1` ends in silence."""
    for args, data in (
        ((), document(PROSE) * 20_000),
        (("--jsonl",), b'{"text": "Advertisement"}\n' * 100_000),
    ):
        Path("big").write_bytes(data)
        with start(*args, "big", stdin=subprocess.DEVNULL) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert (process.stderr.read(), process.wait(PATIENCE)) == (b"", 0)


def test_a_reader_that_never_reads_is_no_error() -> None:
    """Short output, written when the command ends, is no different; nor is help."""
    for args in ((), ("--help",), ("--man",)):
        end, other = os.pipe()
        os.close(end)
        with start(*args, stdout=other) as process:
            os.close(other)
            assert process.communicate(document(PROSE), PATIENCE)[1] == b""
            assert process.returncode == 0


@pytest.mark.parametrize(
    ("sent", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM), (signal.SIGHUP, 128 + signal.SIGHUP)],
)
def test_an_interrupt_leaves_nothing_behind(folder: Path, sent: signal.Signals, code: int) -> None:
    """Ctrl-C and the like end the command at once, without a traceback and without half of an output."""
    with start("--jsonl", "-o", "out.jsonl") as process:
        assert process.stdin is not None
        process.stdin.write(b'{"text": ""}\n')
        process.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        while not any(path.stat().st_size for path in folder.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(sent)
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
        assert process.returncode == code
    assert not list(folder.iterdir())


def test_a_pipe_may_be_read_like_a_file() -> None:
    """Named pipes, and so `<(command)`, can be inputs."""
    os.mkfifo("pipe")
    with start("pipe", stdin=subprocess.DEVNULL) as process:
        Path("pipe").write_bytes(document(PROSE, "Advertisement"))
        assert process.communicate(timeout=PATIENCE) == (document(PROSE), b"")


def test_a_late_writer_is_waited_for() -> None:
    """A pipe that another process set not to block does not look like its end."""
    end, other = os.pipe()
    os.set_blocking(end, False)
    with start("--jsonl", stdin=end) as process:
        os.close(end)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        os.write(other, b'{"text": "Advertisement"}\n')
        os.close(other)
        assert process.communicate(timeout=PATIENCE) == (b'{"text": ""}\n', b"")


# Terminals


def on_terminal(*args: str) -> bytes:
    """What the command shows on a terminal."""
    terminal, side = os.openpty()
    with start(*args, stdin=subprocess.DEVNULL, stdout=side) as process:
        os.close(side)
        shown = b""
        try:
            while data := os.read(terminal, 1 << 16):
                shown += data
        except OSError:  # how Linux says that the other side was closed
            pass
        os.close(terminal)
        process.communicate(timeout=PATIENCE)
    return shown


@pytest.mark.parametrize(
    ("args", "env", "colored"),
    [
        ([], {}, True),
        ([], {"NO_COLOR": "1"}, False),
        ([], {"NO_COLOR": ""}, True),
        ([], {"TERM": "dumb"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {}, False),
    ],
)
def test_color_on_a_terminal(
    args: list[str], env: dict[str, str], colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An explanation on a terminal has colour, unless somebody minds."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    Path("a.txt").write_bytes(document("Advertisement"))
    shown = on_terminal("--explain", "a.txt", *args)
    assert b"- ad" in shown
    assert (b"\x1b[2m" in shown) == colored


def test_color_only_in_explanations() -> None:
    """Text on a terminal is just the text, and a file is no terminal."""
    Path("a.txt").write_bytes(document(PROSE))
    assert on_terminal("a.txt") == document(PROSE).replace(b"\n", b"\r\n")
    assert on_terminal("a.txt", "--explain", "-o", "out.txt") == b""
    assert b"\x1b" not in Path("out.txt").read_bytes()


def test_usage_on_a_terminal_without_files() -> None:
    """Who types just the command is told how to use it, instead of being waited for."""
    terminal, side = os.openpty()
    with start(stdin=side) as process:
        out, messages = process.communicate(timeout=PATIENCE)
    os.close(terminal)
    os.close(side)
    assert (out, process.returncode) == (b"", 2)
    assert messages.startswith(b"usage: cleaner")
    assert messages.endswith(b"nothing to read: name a file, or pipe text in\n")


def test_the_command_is_installed() -> None:
    """`cleaner` is on the path once the package is installed."""
    script = Path(sys.executable).with_name("cleaner")
    if not script.exists():
        pytest.skip("not installed with its command")
    assert stat.S_IXUSR & script.stat().st_mode
    assert subprocess.run([script, "-h"], capture_output=True, check=True).stdout.startswith(b"usage: cleaner")


def test_the_command_runs_outside_of_the_main_thread(folder: Path) -> None:
    """Where no signals can be taken."""
    path = folder / "a.txt"
    path.write_bytes(document(PROSE))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(main, [str(path), "-o", str(folder / "b.txt")]).result() == 0
    assert (folder / "b.txt").read_bytes() == document(PROSE)
