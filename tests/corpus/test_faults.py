"""What goes wrong in long runs: nothing is lost, and everything is told."""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is missing: install the extra `corpus`")
pytest.importorskip("fsspec", reason="fsspec is missing: install the extra `corpus`")

import odd_workers
import pyarrow as pa
import pyarrow.parquet as pq
from corpora import (
    COMMAND,
    SEEDS,
    contents,
    corpus,
    lines,
    page,
    rejected,
    start,
    summary,
    texts,
    unpacked,
    warc_record,
    write,
    write_parquet,
)

from cleaner import Cleaner
from cleaner.corpus import readers
from cleaner.corpus.inputs import find_shards
from cleaner.corpus.manifest import MANIFEST, RUN
from cleaner.corpus.run import MiscountError
from cleaner.corpus.settings import Settings
from cleaner.corpus.tasks import MEGABYTE, End, Task
from cleaner.document import LABELS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and limits of POSIX systems")

PROSE = "The bridge over the river reopens on Monday after two years of repairs, the city council said."
KILLS = 20
PATIENCE = 400  # seconds; machines that test may be busy
LARGE = int(os.environ.get("CLEANER_LARGE_ROW", "8"))  # megabytes; the largest row that is promised is 200


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def small_corpus(folder: Path, files: int = 6, rows: int = 60) -> None:
    """Files of several formats, with some rows that are rejected."""
    for number in range(files):
        documents = texts(rows, number)
        write_parquet(folder / f"{number}.parquet", documents)
        write(folder / f"{number}.jsonl.gz", lines(documents) + b"nonsense\n")
        write(folder / "texts" / f"{number}.txt", documents[0])


def gone(process: subprocess.Popen[bytes]) -> bool:
    """Whether no process of this one's session is left."""
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_killed_at_any_moment_it_goes_on(folder: Path) -> None:
    """After twenty kills, before, in and between files, the output is that of a run that nothing disturbed."""
    small_corpus(folder / "in", files=8, rows=80)
    args = ["in", "--output", "out", "--workers", "1", "--max-removed", "0.5", "--quiet"]
    assert corpus(*args[:2], "calm", *args[3:], workers=2) == 1
    whole = contents(folder / "calm")
    everything = len(outputs(folder / "calm"))
    chance = random.Random(5)  # noqa: S311 (no secret)
    kills = midway = 0
    while kills < KILLS:
        awaited = len(outputs(folder / "out")) + chance.randrange(4)
        process = start(*args)
        while process.poll() is None and len(outputs(folder / "out")) < awaited:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.4))
        ended = process.poll() is not None
        process.kill()
        process.communicate(timeout=PATIENCE)
        assert gone(process)
        for name in outputs(folder / "out"):
            assert (folder / "out" / name).read_bytes() == whole[name]  # whole, or not there
        if ended:
            assert process.returncode == 1
            assert contents(folder / "out") == whole
            shutil.rmtree(folder / "out")
        else:
            kills += 1
            midway += 0 < len(outputs(folder / "out")) < everything
    assert corpus(*args) == 1
    assert contents(folder / "out") == whole
    assert midway >= KILLS // 4


def outputs(folder: Path) -> list[str]:
    """The names of the outputs that are there, but for those that are being written."""
    names = [path.relative_to(folder) for path in folder.rglob("*.*") if not path.name.startswith(".cleaner-")]
    return [str(name) for name in names if name.parts[0] != RUN]


def test_a_killed_worker_is_replaced(folder: Path) -> None:
    """A worker that dies while it works takes nothing with it."""
    small_corpus(folder / "in", rows=500)
    assert corpus("in", "--output", "calm", workers=2) == 1
    process = start("in", "--output", "out", "--workers", "2")
    killed = False  # once: a document on which a worker dies a second time is rejected
    for _ in range(2000):
        workers = children(process.pid)
        if not killed and workers and (folder / "out").exists():
            os.kill(workers[0], signal.SIGKILL)
            killed = True
        if process.poll() is not None:
            break
        time.sleep(0.01)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said
    assert killed
    assert contents(folder / "out") == contents(folder / "calm")


def children(parent: int) -> list[int]:
    """The workers of a run."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(row.split()[0]) for row in listed.stdout.splitlines() if "spawn_main" in row]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_hand_it_leaves_nothing_half_done(folder: Path, number: int, code: int) -> None:
    """Ctrl-C abandons the file that is being written, says how to go on, and leaves no process behind."""
    small_corpus(folder / "in", files=4, rows=150)
    process = start("in", "--output", "out", "--workers", "2")
    deadline = time.monotonic() + PATIENCE
    while not (folder / "out" / "0.jsonl.gz").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert b"the same command goes on" in said
    assert b"Traceback" not in said
    assert gone(process)
    assert not list((folder / "out").rglob(".cleaner-*"))
    assert corpus("in", "--output", "out", workers=2) == 1
    assert corpus("in", "--output", "calm", workers=2) == 1
    assert contents(folder / "out") == contents(folder / "calm")


def test_two_runs_on_one_output(folder: Path) -> None:
    """The second run refuses while the first is at work."""
    small_corpus(folder / "in", rows=400)
    first = start("in", "--output", "out", "--workers", "1")
    deadline = time.monotonic() + PATIENCE
    while not (folder / "out" / MANIFEST).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    second = subprocess.run([*COMMAND, "in", "--output", "out"], capture_output=True, check=False, timeout=PATIENCE)
    first.communicate(timeout=PATIENCE)
    assert second.returncode == 2
    assert b"another run is at work there" in second.stderr
    assert first.returncode == 1


def test_a_full_disk(folder: Path) -> None:
    """A full disk ends the run with a word; what is done stays, and the run goes on when there is room."""
    small_corpus(folder / "in")
    assert corpus("in", "--output", "calm") == 1
    disk = folder / "disk"
    if not mounted(disk, "size=160k"):
        pytest.skip("a small file system cannot be mounted here: that takes root")
    try:
        process = start("in", "--output", disk / "out", "--workers", "1")
        _, said = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert b"No space left on device" in said
        assert b"Traceback" not in said
        assert (disk / "out" / "0.jsonl.gz").exists()
        subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
        assert corpus("in", "--output", disk / "out") == 1
        assert contents(disk / "out") == contents(folder / "calm")
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_limit_on_file_sizes(folder: Path) -> None:
    """Where no disk can be filled, files that may not grow stand in for it."""
    write(folder / "in" / "a.jsonl", lines(texts(5)))
    write(folder / "in" / "b.jsonl", lines(texts(400)))

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    process = start("in", "--output", "out", "--workers", "1", preexec_fn=limited)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert b"File too large" in said
    assert b"Traceback" not in said
    assert set(contents(folder / "out", own=False)) == {"a.jsonl"}
    assert corpus("in", "--output", "out") == 0


def mounted(disk: Path, options: str) -> bool:
    """Whether a small file system could be mounted there, which takes root."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    return shutil.which("mount") is not None and not subprocess.run(mount, capture_output=True, check=False).returncode


def test_a_read_only_output(folder: Path, capfd: Any) -> None:
    """An output that cannot be written is told, whoever runs the command."""
    write(folder / "a.jsonl", lines(texts(2)))
    disk = folder / "locked"
    is_mounted = os.geteuid() == 0 and mounted(disk, "ro")
    if os.geteuid() == 0 and not is_mounted:
        pytest.skip("root may write anywhere, and a file system that is read only cannot be mounted here")
    try:
        if not is_mounted:
            disk.mkdir(mode=0o555)
        assert corpus("a.jsonl", "--output", disk / "out") == 1
        assert ("Read-only file system" if is_mounted else "Permission denied") in capfd.readouterr().err
    finally:
        if is_mounted:
            subprocess.run(["umount", str(disk)], check=True)


def test_an_output_that_is_a_file(folder: Path, capsys: Any) -> None:
    """A file cannot be a folder, whoever runs the command."""
    write(folder / "a.jsonl", lines(texts(2)))
    write(folder / "taken", "x")
    assert corpus("a.jsonl", "--output", "taken") == 1
    assert "taken" in capsys.readouterr().err


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_truncated_json_lines(folder: Path, ending: str) -> None:
    """What stands before the break is cleaned, and the break is told."""
    chance = random.Random(0)  # noqa: S311 (no secret)
    documents = [f"{text}\n{chance.randbytes(500).hex()}" for text in texts(400)]
    path = write(folder / "in" / f"a.jsonl.{ending}", lines(documents))
    write(folder / "in" / "b.jsonl", lines(documents[:3]))
    os.truncate(path, path.stat().st_size * 3 // 4)
    assert corpus("in", "--output", "out") == 1
    found = [json.loads(line)["text"] for line in unpacked(folder / "out" / path.name).splitlines()]
    assert 100 < len(found) < 400
    assert found == list(Cleaner().clean_many(documents))[: len(found)]
    ((name, _, reason),) = rejected(folder / "out")
    assert name == path.name
    assert "Truncated" in reason
    assert (folder / "out" / "b.jsonl").exists()
    rows = summary(folder / "out")["rows"]
    assert rows["in"] == rows["out"] + rows["rejected"] == len(found) + 3 + 1


@pytest.mark.parametrize("size", [0, 3, 2000])
def test_a_truncated_parquet_file(folder: Path, size: int) -> None:
    """Without its end a Parquet file cannot be read: the others are done, and it is tried again."""
    write_parquet(folder / "in" / "a.parquet", texts(50))
    whole = (folder / "in" / "a.parquet").read_bytes()
    os.truncate(folder / "in" / "a.parquet", size)
    write_parquet(folder / "in" / "b.parquet", texts(5))
    assert corpus("in", "--output", "out") == 1
    assert set(contents(folder / "out", own=False)) == {"b.parquet"}
    ((name, row, _),) = rejected(folder / "out")
    assert (name, row) == ("a.parquet", None)
    assert list(summary(folder / "out")["failed"]) == ["a.parquet"]
    (folder / "in" / "a.parquet").write_bytes(whole)
    assert corpus("in", "--output", "out") == 0
    assert rejected(folder / "out") == []
    assert pq.read_table("out/a.parquet").num_rows == 50


def test_a_damaged_parquet_page(folder: Path) -> None:
    """Row groups before the damage are cleaned, and the damage is told."""
    write_parquet(folder / "a.parquet", texts(900), row_group_size=300, use_dictionary=False, write_page_checksum=True)
    data = bytearray((folder / "a.parquet").read_bytes())
    column = pq.ParquetFile("a.parquet").metadata.row_group(2).column(1)
    middle = column.data_page_offset + column.total_compressed_size // 2
    data[middle : middle + 60] = b"\x00" * 60
    (folder / "a.parquet").write_bytes(data)
    assert corpus("a.parquet", "--output", "out") == 1
    assert len(rejected(folder / "out")) == 1
    assert pq.read_table("out/a.parquet").num_rows >= 300


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_truncated_warc_file(folder: Path, ending: str) -> None:
    """The records before the break are cleaned, and the one that is cut is rejected."""
    pytest.importorskip("fastwarc", reason="fastwarc is missing: install the extra `corpus`")
    records = [warc_record("response", page(SEEDS[number]), f"http://example.org/{number}") for number in range(3)]
    path = write(folder / f"a.warc{ending}", b"".join(records))
    os.truncate(path, path.stat().st_size - 300)
    assert corpus(path.name, "--output", "out") == 1
    assert pq.read_table("out/a.parquet").num_rows == 2
    assert len(rejected(folder / "out")) == 1


def test_no_warc_at_all(folder: Path) -> None:
    """A file that only has the name is told."""
    pytest.importorskip("fastwarc", reason="fastwarc is missing: install the extra `corpus`")
    write(folder / "a.warc", b"nonsense\n" * 100)
    assert corpus("a.warc", "--output", "out") == 1
    assert rejected(folder / "out")[0][:2] == ("a.warc", None)


def test_bad_bytes(folder: Path) -> None:
    """U+FFFD stands for bytes that are no UTF-8, in every format, and the documents are counted."""
    write(folder / "in" / "a.jsonl", b'{"text": "caf\xe9 au lait"}\n{"text": "\\ud800 half a pair"}\n')
    write(folder / "in" / "b.txt", b"caf\xe9 au lait")
    data = pa.array([b"caf\xe9 au lait", b"plain"], pa.binary())
    pq.write_table(pa.table({"text": pa.Array.from_buffers(pa.string(), 2, data.buffers())}), "in/c.parquet")
    assert corpus("in", "--output", "out", "--to", "parquet", "--keep", ",".join(LABELS)) == 0
    assert pq.read_table("out/c.parquet")["text"].to_pylist()[0] == "caf\ufffd au lait"
    assert pq.read_table("out/a.parquet")["text"].to_pylist() == ["caf\ufffd au lait", "\ufffd half a pair"]
    assert summary(folder / "out")["documents"]["repaired"] == 4


def test_rows_that_hold_no_text(folder: Path, capfd: Any) -> None:
    """Null stays null; numbers, lists and objects are rejected, each with its row; the others are done."""
    rows = [
        json.dumps({"text": PROSE}),
        '{"text": null}',
        "",
        '{"text": 7}',
        '{"text": {"a": "b"}}',
        '{"text": ["a"]}',
        '{"t": ""}',
    ]
    write(folder / "in" / "a.jsonl", "\n".join(rows))
    write_parquet(folder / "in" / "b.parquet", [1, 2])
    write_parquet(folder / "in" / "c.parquet", [{"a": "b"}])
    write_parquet(folder / "in" / "d.parquet", [None, None])
    assert corpus("in", "--output", "out") == 1
    found = rejected(folder / "out")
    assert [(name, row) for name, row, _ in found] == [
        *(("a.jsonl", row) for row in (4, 5, 6, 7)),
        ("b.parquet", None),
        ("c.parquet", None),
    ]
    assert "not strings" in found[-1][2]
    assert "a.jsonl, row 4: field 'text' holds a number" in capfd.readouterr().err
    kept = [json.loads(line) for line in (folder / "out" / "a.jsonl").read_bytes().splitlines()]
    assert kept == [{"text": PROSE, "removed": {}}, {"text": None, "removed": None}]
    assert pq.read_table("out/d.parquet")["text"].to_pylist() == [None, None]


def test_a_document_that_never_ends(folder: Path) -> None:
    """A document on which a rule takes for ever is rejected; those before and behind it are not."""
    pack = """
[pack]
id = "slow"
version = "1"
[[rule]]
id = "slow.stairs"
label = "ad"
pattern = '^trap (?:a|aa|aaa)+$'
first = ["trap"]
hits = ["trap a", "trap aa"]
misses = ["trap b", "trap c"]
max_chars = 4000
"""
    write(folder / "slow.toml", pack)
    trap = "\n".join(f"trap {'a' * 60}{number}" for number in range(1000))
    documents = [*texts(5), trap, *texts(5, 1)]
    write(folder / "a.jsonl", lines(documents))
    assert corpus("a.jsonl", "--output", "out", "--rules", "slow.toml", "--time-limit", "4") == 1
    ((name, row, reason),) = rejected(folder / "out")
    assert (name, row) == ("a.jsonl", 6)
    assert reason == "took longer than 4 seconds"
    kept = [json.loads(line)["text"] for line in (folder / "out" / "a.jsonl").read_bytes().splitlines()]
    assert kept == list(Cleaner().clean_many([*texts(5), *texts(5, 1)]))


def test_what_is_too_large_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line, a text or a page beyond all measure is rejected, before it takes all memory."""
    monkeypatch.setattr("cleaner.corpus.readers.LARGEST", 2 * MEGABYTE)
    large = f"{PROSE}\n" * (3 * MEGABYTE // len(PROSE))
    write(folder / "in" / "a.jsonl", lines([PROSE, large, PROSE]))
    write(folder / "in" / "b.txt", large)
    write(folder / "in" / "c.txt", PROSE)
    write(
        folder / "in" / "d.warc.gz",
        b"".join(warc_record("conversion", text.encode(), content="text/plain") for text in (PROSE, large, PROSE)),
    )
    assert corpus("in", "--output", "out") == 1
    found = rejected(folder / "out")
    assert [(name, row) for name, row, _ in found] == [("a.jsonl", 2), ("b.txt", 1), ("d.warc.gz", 2)]
    assert "longer than 2,097,152 bytes" in found[0][2]
    assert all("larger than" in reason for _, _, reason in found[1:])
    assert (folder / "out" / "c.txt").exists()
    assert pq.read_table("out/d.parquet").num_rows == 2


def test_no_task_is_larger_than_it_must_be(folder: Path) -> None:
    """However a file is made, and however large the files of a folder are, tasks stay at a few megabytes."""
    half = f"{PROSE}\n" * (MEGABYTE // 2 // len(PROSE))
    for number in range(20):
        write(folder / "in" / "texts" / f"{number}.txt", half)
    write_parquet(folder / "in" / "a.parquet", [half] * 100, compression="zstd")  # each but once in the file
    _, shards = find_shards(["in"])
    for shard in shards:
        *found, end = readers.tasks(shard, Settings())
        assert isinstance(end, End)
        assert max(task.size for task in found if isinstance(task, Task)) < 5 * MEGABYTE
        assert end.rows == (100 if shard.kind == "parquet" else 20)


def test_rows_that_go_missing_are_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is counted, and not only what was meant to be."""
    monkeypatch.setattr("cleaner.corpus.run.Worker", odd_workers.Forgetful)
    write(folder / "a.jsonl", lines(texts(5)))
    with pytest.raises(MiscountError, match="5 rows were read, 5 were cleaned, 4 were written"):
        corpus("a.jsonl", "--output", "out")
    assert contents(folder / "out", own=False) == {}


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_a_very_large_row(folder: Path, form: str) -> None:
    """A row far larger than all others comes out as alone, and takes no more memory than it must."""
    size = LARGE << 20
    text = "\n".join(SEEDS)
    large = (text + "\n") * (size // len(text.encode()) + 1)
    documents = [SEEDS[0], large, SEEDS[1]]
    if form == "parquet":
        write_parquet(folder / "a.parquet", documents)
    else:
        write(folder / "a.jsonl", lines(documents))
    # Its own peak is not asked of getrusage: there it begins with the peak of the process that started it.
    watch = (
        "import resource, sys; from cleaner.cli import main; code = main(sys.argv[1:]);"
        " own = next(int(row.split()[1]) for row in open('/proc/self/status') if row.startswith('VmHWM'));"
        " print(max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)); sys.exit(code)"
    )
    args = ["corpus", f"a.{form}", "--output", "out", "--workers", "2", "--quiet"]
    done = subprocess.run([sys.executable, "-c", watch, *args], capture_output=True, check=True)
    peak = int(done.stdout) // 1024  # MB, of the largest process
    if form == "parquet":
        found = pq.read_table("out/a.parquet")["text"].to_pylist()
    else:
        found = [json.loads(line)["text"] for line in (folder / "out" / "a.jsonl").read_bytes().splitlines()]
    assert found == [Cleaner().clean(document) for document in documents]
    assert peak < 500 + 20 * LARGE


def test_a_file_of_which_nothing_is_left(folder: Path) -> None:
    """The folder stays a table where every row of a file is rejected, and the reason says what is wrong."""
    pytest.importorskip("fastwarc", reason="fastwarc is missing: install the extra `corpus`")
    path = write(folder / "in" / "cut.warc.gz", warc_record("response", page(SEEDS[0])))
    os.truncate(path, path.stat().st_size - 300)
    write(folder / "in" / "whole.warc.gz", warc_record("response", page(SEEDS[1])))
    assert corpus("in", "--output", "out") == 1
    assert pq.read_table("out").num_rows == 1
    ((name, _, reason),) = rejected(folder / "out")
    assert name == "cut.warc.gz"
    assert reason.endswith("the record is cut short")


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_a_name_that_is_no_text(folder: Path, form: str) -> None:
    """A file whose name is not UTF-8 is rejected with a word on its name."""
    try:
        write(folder / "in" / os.fsdecode(b"bad\xff.txt"), PROSE)
    except OSError:
        pytest.skip("file systems here take no such name")
    assert corpus("in", "--output", "out", "--to", form) == 1
    ((_, _, reason),) = rejected(folder / "out")
    assert "the name is not UTF-8: rename the file" in reason
    assert all(path.read_bytes()[-4:] == b"PAR1" for path in (folder / "out").rglob("*.parquet"))


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_a_table_without_rows_that_were_done(folder: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Where no worker gave anything back the columns are not known: no file is better than one that is no Parquet."""
    monkeypatch.setattr("cleaner.corpus.run.Worker", odd_workers.Failing)
    if form == "parquet":
        write_parquet(folder / "in" / "a.parquet", texts(2))
    else:
        write(folder / "in" / "a.jsonl", lines(texts(2)))
    write(folder / "out" / "a.parquet", "of an earlier run")
    assert corpus("in", "--output", "out", "--to", "parquet", "--restart") == 1
    assert contents(folder / "out", own=False) == {}
    assert len(rejected(folder / "out")) == 2
    assert corpus("in", "--output", "out", "--to", "parquet") == 1


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
@pytest.mark.parametrize("records", ["none", "pictures"])
def test_a_warc_file_without_pages(folder: Path, records: str, form: str) -> None:
    """Its table has the columns of all others, so that readers of the folder find them."""
    pytest.importorskip("fastwarc", reason="fastwarc is missing: install the extra `corpus`")
    picture = warc_record("response", b"\x89PNG", "http://example.org/b.png", "image/png")
    write(folder / "in" / "a.warc", picture if records == "pictures" else b"")
    write(folder / "in" / "b.warc", warc_record("response", page(SEEDS[0])))
    assert corpus("in", "--output", "out", "--to", form) == 0
    if form == "parquet":
        assert pq.read_schema("out/a.parquet") == pq.read_schema("out/b.parquet")
        assert pq.read_table("out").column_names == ["url", "date", "id", "text", "removed"]
    else:
        assert (folder / "out" / "a.jsonl").read_bytes() == b""


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("left", [5, 60, 120, 160, 240])
def test_a_warc_file_cut_in_a_header(folder: Path, ending: str, left: int) -> None:
    """Where a file ends in the header of a record, it says so; what stands before is cleaned."""
    pytest.importorskip("fastwarc", reason="fastwarc is missing: install the extra `corpus`")
    first = write(folder / f"x.warc{ending}", warc_record("response", page(SEEDS[0]))).read_bytes()
    second = write(folder / f"x.warc{ending}", warc_record("response", page(SEEDS[1]))).read_bytes()
    (folder / f"a.warc{ending}").write_bytes(first + second[:left])
    assert corpus(f"a.warc{ending}", "--output", "out") == 1
    assert pq.read_table("out/a.parquet")["text"].to_pylist() == [Cleaner().clean_html(page(SEEDS[0]))]
    ((name, row, reason),) = rejected(folder / "out")
    assert (name, row) == (f"a.warc{ending}", 2)
    assert ("Invalid WARC header" if (ending, left) == ("", 5) else "the file is cut short") in reason
    (folder / f"b.warc{ending}").write_bytes(second[:left])
    assert corpus(f"b.warc{ending}", "--output", "none") == 1
    assert contents(folder / "none", own=False) == {}


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_warc_file_cut_in_a_picture(folder: Path, ending: str) -> None:
    """What is no page is missed too."""
    pytest.importorskip("fastwarc", reason="fastwarc is missing: install the extra `corpus`")
    noise = random.Random(0).randbytes(5000)  # noqa: S311 (no secret)
    picture = warc_record("response", noise, "http://example.org/b.png", "image/png")
    path = write(folder / f"a.warc{ending}", warc_record("response", page(SEEDS[0])) + picture)
    os.truncate(path, path.stat().st_size - 3000)
    assert corpus(path.name, "--output", "out") == 1
    assert pq.read_table("out/a.parquet").num_rows == 1
    assert "the file is cut short" in rejected(folder / "out")[0][2]
