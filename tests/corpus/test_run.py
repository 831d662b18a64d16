"""`cleaner corpus` on small corpora of all kinds, on one machine."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is missing: install the extra `corpus`")
pytest.importorskip("fsspec", reason="fsspec is missing: install the extra `corpus`")

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
    summary,
    texts,
    unpacked,
    warc_record,
    write,
    write_parquet,
)

from cleaner import Cleaner
from cleaner.cli import main
from cleaner.corpus import clean_batch
from cleaner.corpus.manifest import REJECTED

DOCUMENTS = texts(40)
CLEAN = list(Cleaner().clean_many(DOCUMENTS))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_parquet_becomes_what_the_kernel_makes_of_it(folder: Path) -> None:
    """A Parquet file comes out as the kernel gives it, with all other columns."""
    write_parquet(folder / "in" / "a.parquet", [*DOCUMENTS, None, ""])
    assert corpus("in", "--output", "out") == 0
    after = pq.read_table("out/a.parquet")
    assert after == clean_batch(pq.read_table("in/a.parquet"))
    assert after["text"].to_pylist() == [*CLEAN, None, ""]
    assert summary(folder / "out")["rows"] == {"in": 42, "out": 42, "set_aside": 0, "rejected": 0}


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_json_lines_change_in_the_text_alone(folder: Path, ending: str) -> None:
    """Lines stay as they were written but for the text and what is added; files stay packed as they were."""
    before = lines(DOCUMENTS)
    write(folder / f"a.jsonl{ending}", before)
    assert corpus(f"a.jsonl{ending}", "--output", "out") == 0
    after = unpacked(folder / "out" / f"a.jsonl{ending}").splitlines()
    for old, new, text in zip(before.splitlines(), after, CLEAN, strict=True):
        head, text_and_rest = old.split(b'"text" : ')
        rest = text_and_rest[len(json.dumps(json.loads(old)["text"])) :]
        removed = json.loads(new)["removed"]
        kept = json.loads(old)["text"] if text == json.loads(old)["text"] else None
        written = json.dumps(text) if kept is not None else json.dumps(text, ensure_ascii=False)
        tail = rest[:-1] + b', "removed": ' + json.dumps(removed).encode() + b"}"
        assert new == head + b'"text" : ' + written.encode() + tail


def test_texts_and_pages_become_texts(folder: Path) -> None:
    """Folders keep their shape; pages are extracted first."""
    write(folder / "in" / "a.txt", SEEDS[0])
    write(folder / "in" / "deep" / "a.txt", SEEDS[1])
    write(folder / "in" / "p.html", page(SEEDS[2]))
    write(folder / "in" / "empty.txt", "")
    write(folder / "in" / "other.png", b"\x89PNG")
    assert corpus("in", "--output", "out") == 0
    cleaner = Cleaner()
    assert contents(folder / "out", own=False) == {
        "a.txt": (cleaner.clean(SEEDS[0]) + "\n").encode(),
        "deep/a.txt": (cleaner.clean(SEEDS[1]) + "\n").encode(),
        "empty.txt": b"",
        "p.html.txt": (cleaner.clean_html(page(SEEDS[2])) + "\n").encode(),
    }


@pytest.mark.parametrize("ending", ["", ".gz", ".zst"])
def test_warc_becomes_parquet(folder: Path, ending: str) -> None:
    """Pages among the responses, and conversion records, are cleaned; the others are no documents."""
    pytest.importorskip("fastwarc", reason="fastwarc is missing: install the extra `corpus`")
    records = [
        warc_record("warcinfo", b"software: none"),
        warc_record("response", page(SEEDS[0]), "http://example.org/a"),
        warc_record("response", b"\x89PNG", "http://example.org/b.png", "image/png"),
        warc_record("response", page(SEEDS[1]), "http://example.org/c", "application/xhtml+xml"),
        warc_record("conversion", SEEDS[2].encode(), "http://example.org/d", "text/plain"),
    ]
    write(folder / f"a.warc{ending}", b"".join(records))
    assert corpus(f"a.warc{ending}", "--output", "out") == 0
    rows = pq.read_table("out/a.parquet").to_pylist()
    cleaner = Cleaner()
    assert [row["url"][-1] for row in rows] == ["a", "c", "d"]
    assert [row["text"] for row in rows] == [
        cleaner.clean_html(page(SEEDS[0])),
        cleaner.clean_html(page(SEEDS[1])),
        cleaner.clean(SEEDS[2]),
    ]
    assert {row["date"] for row in rows} == {"2021-01-01T00:00:00Z"}


def test_pages_are_labelled_as_by_label_html(folder: Path) -> None:
    """Pages are tagged with the lines that `label_html` gives, over the text that these index."""
    pages = [page(text) for text in SEEDS]
    write(
        folder / "a.warc", b"".join(warc_record("response", data, f"http://e.org/{k}") for k, data in enumerate(pages))
    )
    assert corpus("a.warc", "--output", "tagged", "--tag", "--max-removed", "1") == 0
    for row, data in zip(pq.read_table("tagged/a.parquet").to_pylist(), pages, strict=True):
        expected = Cleaner().label_html(data, row["url"])
        assert [row["text"][span["start"] : span["end"]] for span in row["spans"]] == [line.text for line in expected]
        assert [(s["start"], s["end"], s["label"]) for s in row["spans"]] == [
            (line.start, line.end, line.label) for line in expected
        ]
    assert corpus("a.warc", "--output", "cut") == 0
    assert pq.read_table("cut/a.parquet")["text"].to_pylist() == [Cleaner().clean_html(data) for data in pages]


def test_servers_pack_pages_and_name_encodings(folder: Path) -> None:
    """Pages come in pieces, packed, and in the encoding that the server named."""
    prose = "<p>Мост через реку снова откроют в понедельник, сообщил городской совет.</p>" * 3
    data = gzip.compress(f"<html><body><article><h1>Мост</h1>{prose}</article></body></html>".encode("windows-1251"))
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
    head = "Content-Type: text/html; charset=windows-1251\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked"
    record = warc_record("response", page("x")).split(b"\r\n\r\n")[0].decode()
    block = f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body
    record = re.sub(r"Content-Length: \d+", f"Content-Length: {len(block)}", record)
    write(folder / "a.warc.gz", record.encode() + b"\r\n\r\n" + block + b"\r\n\r\n")
    assert corpus("a.warc.gz", "--output", "out") == 0
    (text,) = pq.read_table("out/a.parquet")["text"].to_pylist()
    assert "Мост через реку снова откроют" in text


def test_files_in_many_members(folder: Path) -> None:
    """Files that were packed a piece at a time are read to their end."""
    whole = lines(DOCUMENTS)
    for ending in ("gz", "zst"):
        packed = [
            write(folder / "x" / f"p.jsonl.{ending}", row).read_bytes() for row in whole.splitlines(keepends=True)
        ]
        (folder / f"a.jsonl.{ending}").write_bytes(b"".join(packed))
        assert corpus(f"a.jsonl.{ending}", "--output", f"out-{ending}") == 0
        assert unpacked(folder / f"out-{ending}" / f"a.jsonl.{ending}").count(b"\n") == len(DOCUMENTS)


@pytest.mark.parametrize("to", ["parquet", "jsonl", "jsonl.gz", "jsonl.zst"])
def test_a_text_alone_keeps_its_name(folder: Path, to: str) -> None:
    """Nothing is said of others."""
    write(folder / "in" / "a.txt", DOCUMENTS[0])
    assert corpus("in", "--output", "out", "--to", to) == 0
    assert list(contents(folder / "out", own=False)) == [f"a.txt.{to}"]


@pytest.mark.parametrize("to", ["parquet", "jsonl", "jsonl.gz", "jsonl.zst"])
def test_every_format_becomes_every_other(folder: Path, to: str) -> None:
    """The same texts come out of every format in every other."""
    write_parquet(folder / "in" / "a.parquet", DOCUMENTS)
    write(folder / "in" / "b.jsonl.gz", lines(DOCUMENTS))
    for number, text in enumerate(DOCUMENTS):
        write(folder / "in" / "c" / f"{number:02}.txt", text)
    assert corpus("in", "--output", "out", "--to", to) == 0
    names = list(contents(folder / "out", own=False))
    assert names == [f"a.{to}", f"b.{to}", f"c/00.txt.and-39-more.{to}"]
    for name in names:
        if to == "parquet":
            found = pq.read_table(folder / "out" / name)["text"].to_pylist()
        else:
            found = [json.loads(line)["text"] for line in unpacked(folder / "out" / name).splitlines()]
        assert found == CLEAN


def test_names_never_clash(folder: Path) -> None:
    """Files of one name in different folders, or of one stem, become different files."""
    write(folder / "x" / "a.jsonl", lines(DOCUMENTS[:3]))
    write(folder / "y" / "a.jsonl", lines(DOCUMENTS[3:5]))
    write_parquet(folder / "y" / "a.parquet", DOCUMENTS[5:6])
    assert corpus("x", "y/a.jsonl", "y/a.parquet", "--output", "out", "--to", "parquet") == 0
    rows = {name: pq.read_table(folder / "out" / name).num_rows for name in contents(folder / "out", own=False)}
    assert rows == {"x/a.parquet": 3, "y/a.jsonl.parquet": 2, "y/a.parquet.parquet": 1}


def test_json_of_all_shapes_becomes_a_table(folder: Path) -> None:
    """Columns that are missing in some lines, or differ in kind, find their place in a Parquet file."""
    rows = [
        {"text": SEEDS[0], "n": 1, "date": "2021-01-01", "deep": {"a": 1}},
        *({"text": "Prose.", "filler": "x" * 1000} for _ in range(1500)),
        {"n": "one", "text": None, "late": [1, 2], "deep": {"a": 1, "b": "x"}},
        {"n": 10**30, "text": "", "deep": 5},
    ]
    write(folder / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    assert corpus("a.jsonl", "--output", "out", "--to", "parquet") == 0
    table = pq.read_table("out/a.parquet")
    first, *_, null, last = table.to_pylist()
    assert (first["date"], first["text"], first["late"]) == ("2021-01-01", Cleaner().clean(SEEDS[0]), None)
    assert (null["n"], null["text"], null["removed"], null["late"]) == ('"one"', None, None, [1, 2])
    assert (json.loads(last["n"]), last["text"], json.loads(last["deep"])) == (10**30, "", 5)


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_tag_leaves_the_text(folder: Path, form: str) -> None:
    """With --tag the text stays, and each line's span is told."""
    write_parquet(folder / "a.parquet", DOCUMENTS)
    assert corpus("a.parquet", "--output", "out", "--tag", "--column", "lines", "--to", form) == 0
    if form == "parquet":
        rows = pq.read_table("out/a.parquet").to_pylist()
    else:
        rows = [json.loads(line) for line in (folder / "out" / "a.jsonl").read_bytes().splitlines()]
    expected = clean_batch(pq.read_table("a.parquet"), mode="tag", column="lines").to_pylist()
    assert rows == expected


def test_workers_do_not_change_a_byte(folder: Path) -> None:
    """One worker or four: every file of the output, counts and examples included, is the same."""
    for number in range(3):
        write_parquet(folder / "in" / f"{number}.parquet", texts(400, number), row_group_size=100)
        write(folder / "in" / f"{number}.jsonl.zst", lines(texts(600, number)))
        write(folder / "in" / f"{number}.jsonl.gz", lines(texts(600, number)))
    assert corpus("in", "--output", "one", workers=1) == 0
    assert corpus("in", "--output", "four", workers=4) == 0
    assert contents(folder / "one") == contents(folder / "four")
    assert summary(folder / "one")["rows"]["in"] == 4800


def test_set_aside_is_a_file_of_its_own(folder: Path) -> None:
    """Documents that would lose too much stand whole in a file of their own."""
    write_parquet(
        folder / "in" / "a.parquet", [SEEDS[0], "Advertisement", "Prose that stays as it is.", "Advertisement"]
    )
    write(folder / "in" / "b.jsonl", lines(["Advertisement", SEEDS[0]]))
    write(folder / "in" / "c.txt", "Advertisement")
    assert corpus("in", "--output", "out", "--max-removed", "0.5") == 0
    assert pq.read_table("out/a.parquet")["id"].to_pylist() == [0, 2]
    aside = pq.read_table("out/_run/set-aside/a.parquet")
    assert aside["text"].to_pylist() == ["Advertisement"] * 2
    assert "set_aside" not in aside.column_names
    assert len((folder / "out/b.jsonl").read_bytes().splitlines()) == 1
    assert json.loads((folder / "out/_run/set-aside/b.jsonl").read_bytes())["removed"] == {"ad": 13}
    assert (folder / "out/_run/set-aside/c.txt").read_text() == "Advertisement\n"
    assert not (folder / "out/c.txt").exists()
    assert summary(folder / "out")["rows"] == {"in": 7, "out": 3, "set_aside": 4, "rejected": 0}
    assert corpus("in", "--output", "out", "--max-removed", "0.5", "--resume") == 0


def test_the_summary_is_true(folder: Path) -> None:
    """Counts, rules and examples are those of the lines that were removed."""
    write(folder / "a.jsonl", lines(DOCUMENTS))
    assert corpus("a.jsonl", "--output", "out") == 0
    found = summary(folder / "out")
    dropped = [
        line
        for document in Cleaner().label_many(DOCUMENTS)
        for line in document
        if line.label not in {"body", "heading"}
    ]
    for label in {line.label for line in dropped}:
        mine = [line.text for line in dropped if line.label == label]
        assert found["removed"][label] == {"lines": len(mine), "characters": sum(map(len, mine))}
        assert {example[:160] for example in found["examples"][label]} <= {text[:160] for text in mine}
    assert found["characters"] == {"in": sum(map(len, DOCUMENTS)), "out": sum(map(len, CLEAN))}
    assert found["rules"]
    assert list(found["rules"].values()) == sorted(found["rules"].values(), reverse=True)


def test_a_finished_run_is_not_done_again(folder: Path) -> None:
    """The same command again leaves every file alone, and does what is new or changed."""
    write(folder / "in" / "a.jsonl", lines(DOCUMENTS[:5]))
    write(folder / "in" / "b.jsonl", lines(DOCUMENTS[:5]) + b"nonsense\n")
    assert corpus("in", "--output", "out") == 1
    paths = [folder / "out" / name for name in ("a.jsonl", "b.jsonl", REJECTED)]
    before = [path.stat().st_mtime_ns for path in paths]
    assert corpus("in", "--output", "out", "--resume") == 1
    assert [path.stat().st_mtime_ns for path in paths] == before
    write(folder / "in" / "b.jsonl", lines(DOCUMENTS[:7]))
    write(folder / "in" / "c.jsonl", lines(DOCUMENTS[:2]))
    assert corpus("in", "--output", "out") == 0
    assert rejected(folder / "out") == []
    assert corpus("in", "--output", "anew") == 0
    assert contents(folder / "out", own=False) == contents(folder / "anew", own=False)
    assert summary(folder / "out") == summary(folder / "anew")


def test_a_file_that_only_looks_changed_is_not_done_again(folder: Path) -> None:
    """Touching an input changes nothing, as its digest is the same."""
    path = write(folder / "a.jsonl", lines(DOCUMENTS[:5]))
    assert corpus("a.jsonl", "--output", "out") == 0
    before = (folder / "out/a.jsonl").stat().st_mtime_ns
    path.touch()
    assert corpus("a.jsonl", "--output", "out") == 0
    assert (folder / "out/a.jsonl").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--keep", "body"], "keep"),
        (["--tag"], "mode rewrite, not tag"),
        (["--to", "parquet"], "to null, not parquet"),
        (["--disable", "ad.advertisement-alone"], "disable"),
    ],
)
def test_other_options_are_refused(folder: Path, args: list[str], words: str, capsys: Any) -> None:
    """A run does not go on with other options; it says which differ, and what to do."""
    if "--disable" in args:
        args = ["--disable", Cleaner().rules.ids[0]]
    write(folder / "a.jsonl", lines(DOCUMENTS[:2]))
    assert corpus("a.jsonl", "--output", "out") == 0
    before = contents(folder / "out")
    assert corpus("a.jsonl", "--output", "out", *args) == 2
    message = capsys.readouterr().err
    assert "was begun with" in message
    assert words in message
    assert "--restart" in message
    assert contents(folder / "out") == before
    assert corpus("a.jsonl", "--output", "out", "--restart", *args) == 0


def test_another_version_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Output of two versions is never mixed."""
    write(folder / "a.jsonl", lines(DOCUMENTS[:2]))
    assert corpus("a.jsonl", "--output", "out") == 0
    monkeypatch.setattr("cleaner.__version__", "99")
    assert corpus("a.jsonl", "--output", "out") == 2
    assert "program" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nowhere", "--output", "out"], "nowhere"),
        (["a.xyz", "--output", "out"], "endings"),
        (["empty", "--output", "out"], "nothing to read"),
        (["a.jsonl"], "--output DIR is missing"),
        (["a.jsonl", "--output", "full"], "holds no manifest"),
        (["a.jsonl", "--output", "out", "--resume"], "nothing to go on with"),
        (["a.jsonl", "--output", "out", "--rules", "none.toml"], "none.toml"),
        (["a.jsonl", "--output", "out", "--max-removed", "2"], "from 0 to 1"),
        (["a.jsonl", "--output", "out", "--workers", "0"], "at least 1"),
        (["a.txt", "--output", "out", "--tag"], "no place for spans"),
    ],
)
def test_wrong_usage_does_nothing(folder: Path, args: list[str], words: str, capsys: Any) -> None:
    """What cannot be done is told at once, with exit code 2."""
    write(folder / "a.jsonl", lines(DOCUMENTS[:2]))
    write(folder / "a.txt", "text")
    write(folder / "a.xyz", "x")
    write(folder / "full" / "mine.txt", "x")
    (folder / "empty").mkdir()
    try:
        code = main(["corpus", *args])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    assert words in capsys.readouterr().err
    assert contents(folder / "full") == {"mine.txt": b"x"}


def test_a_log_is_told_how_it_goes(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """Without a terminal there are plain lines now and then: share done, documents, speed, share removed, time left."""
    monkeypatch.setattr("cleaner.corpus.progress.EVERY", 0.0)
    write(folder / "a.jsonl", lines(DOCUMENTS))
    assert main(["corpus", "a.jsonl", "--output", "out", "--workers", "1"]) == 0
    said = capfd.readouterr()
    assert re.search(
        r"^cleaner: 100 %, 40 documents, \d+ % removed, [\d.]+ MB/s, about 0 min left$", said.err, re.MULTILINE
    )
    assert "\r" not in said.err
    assert re.search(r"^rows +40  40 written, 0 rejected, 0 set aside$", said.out, re.MULTILINE)


@pytest.mark.skipif(os.name != "posix", reason="terminals of POSIX systems")
def test_a_terminal_shows_a_bar(folder: Path) -> None:
    """On a terminal there is a bar with documents, speed, share removed and time left."""
    write(folder / "a.jsonl", lines(DOCUMENTS))
    import termios

    terminal, side = os.openpty()
    termios.tcsetwinsize(side, (24, 80))
    process = subprocess.Popen([*COMMAND, "a.jsonl", "--output", "out"], stdout=subprocess.DEVNULL, stderr=side)
    os.close(side)
    said = b""
    with suppress(OSError):  # Linux tells the end by an error
        while data := os.read(terminal, 4096):
            said += data
    os.close(terminal)
    assert process.wait() == 0
    assert b"100%|" in said
    assert re.search(rb"\d+:\d\d<\d+:\d\d,.*B/s, 40 documents, \d+ % removed\]", said)


def test_sample_writes_nothing(folder: Path, capsys: Any) -> None:
    """Some documents are shown as `--explain` shows them, the same ones each time."""
    write(folder / "in" / "a.jsonl", lines(DOCUMENTS))
    write_parquet(folder / "in" / "b.parquet", DOCUMENTS)
    assert main(["corpus", "in", "--sample", "3"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("\n== ") + shown.startswith("== ") == 3
    assert shown.count("lines kept") == 3
    assert main(["corpus", "in", "--sample", "3"]) == 0
    assert capsys.readouterr().out == shown
    assert sorted(path.name for path in folder.iterdir()) == ["in"]


def test_addresses_are_read_through_fsspec(folder: Path) -> None:
    """Files on other machines are read as those on this one."""
    import fsspec

    filesystem = fsspec.filesystem("memory")
    filesystem.pipe("/bucket/deep/a.jsonl", lines(DOCUMENTS[:5]))
    filesystem.pipe("/bucket/b.jsonl", lines(DOCUMENTS[5:8]))
    try:
        assert corpus("memory://bucket", "--output", "out") == 0
        found = [json.loads(line)["text"] for line in (folder / "out/deep/a.jsonl").read_bytes().splitlines()]
        assert found == CLEAN[:5]
        assert (folder / "out/b.jsonl").exists()
    finally:
        filesystem.rm("/bucket", recursive=True)


def test_the_output_may_lie_in_the_input(folder: Path) -> None:
    """Outputs are not taken for inputs, also when the run goes on."""
    write(folder / "a.jsonl", lines(DOCUMENTS[:5]))
    assert corpus(".", "--output", "out") == 0
    assert corpus(".", "--output", "out") == 0
    assert set(contents(folder / "out", own=False)) == {"a.jsonl"}


def test_an_output_is_a_table_and_an_input(folder: Path) -> None:
    """What a run keeps for itself, and what it sets aside, is taken neither for rows of a table nor for inputs."""
    write_parquet(folder / "in" / "a.parquet", [*DOCUMENTS, "Advertisement"])
    write_parquet(folder / "in" / "b.parquet", DOCUMENTS)
    write(folder / "in" / "_SUCCESS.txt", "")
    write(folder / "in" / "_temporary" / "c.jsonl", "nonsense")
    write(folder / "in" / ".hidden" / "d.jsonl", "nonsense")
    assert corpus("in", "--output", "out", "--max-removed", "0.99") == 0
    rows = summary(folder / "out")["rows"]
    assert rows["in"] == 81
    assert rows["set_aside"]
    assert pq.read_table("out").num_rows == rows["out"]
    assert corpus("out", "--output", "again", "--column", "more") == 0
    assert summary(folder / "again")["rows"]["in"] == rows["out"]


def test_metadata_and_types_stay(folder: Path) -> None:
    """Column types and the metadata of the schema survive."""
    table = pa.table({"text": pa.array(DOCUMENTS, pa.large_string()), "n": pa.array(range(40), pa.int8())})
    pq.write_table(table.replace_schema_metadata({"made": "here"}), "a.parquet")
    assert corpus("a.parquet", "--output", "out") == 0
    schema = pq.read_schema("out/a.parquet")
    assert schema.field("n").type == pa.int8()
    assert schema.field("text").type == pa.large_string()
    assert schema.metadata[b"made"] == b"here"


def test_help_loads_nothing_heavy() -> None:
    """Neither the filter's help nor that of `corpus` loads what only a run needs."""
    code = (
        "import sys, cleaner.cli, cleaner.corpus.command as c; cleaner.cli.make_parser().format_help();"
        " c.make_parser().format_help(); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout.split()
    assert not {"numpy", "regex", "pyarrow", "fsspec", "tqdm", "fastwarc", "filelock"} & set(loaded)


def test_sample_shows_pages_as_the_run_decides_them(folder: Path, capsys: Any) -> None:
    """A page is labelled by what its markup says, too, not as a text."""
    pages = folder / "pages"
    pages.mkdir()
    source = Path(__file__).parents[2] / "fixtures" / "pages" / "news-with-comments.html"
    shutil.copy(source, pages)
    assert main(["corpus", "pages", "--sample", "1"]) == 0
    shown = capsys.readouterr().out
    lines = Cleaner().label_html(source.read_bytes())
    assert len(lines) > 5
    for line in lines:
        assert f"{line.label:<10}  {line.probability:.2f}" in shown, line
