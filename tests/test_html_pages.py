"""Whole pages of our own writing, each with a trap, and the right label of every line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cleaner import Cleaner, Label, ModelError
from cleaner.html import read_page
from cleaner.html.charset import decode
from cleaner.html.model import DEFAULT

FOLDER = Path(__file__).parent.parent / "fixtures" / "pages"
PAGES = sorted(path.stem for path in FOLDER.glob("*.html"))
TEXT = {Label.HEADING, Label.BODY}
KNOWN = json.loads((FOLDER / "known_failures.json").read_text(encoding="utf-8"))
COMMAND = [sys.executable, "-c", "import sys; from cleaner.cli import main; sys.exit(main())"]


def html_of(name: str) -> str:
    """A page."""
    return (FOLDER / f"{name}.html").read_text(encoding="utf-8")


def rows_of(name: str) -> list[tuple[str, str]]:
    """The label and the text of each of its lines."""
    rows = (FOLDER / f"{name}.tsv").read_text(encoding="utf-8").rstrip("\n").split("\n")
    return [(label, line) for label, _, line in (row.partition("\t") for row in rows)]


@pytest.mark.parametrize("name", PAGES)
def test_lines(name: str) -> None:
    """A page has these lines."""
    assert read_page(html_of(name)).tree.lines == [line for _, line in rows_of(name)]


@pytest.mark.parametrize("name", PAGES)
def test_text_is_kept_and_the_rest_is_not(cleaner: Cleaner, name: str) -> None:
    """The lines of the text, and no others, are labelled as such, but for failures that are known."""
    known = set(KNOWN.get(name, []))
    lines = cleaner.label_html(html_of(name))
    wrong = {
        number
        for number, (line, (label, _)) in enumerate(zip(lines, rows_of(name), strict=True), 1)
        if (line.label in TEXT) != (label in TEXT)
    }
    new = [f"{number}: {lines[number - 1].label}: {lines[number - 1].text}" for number in sorted(wrong - known)]
    assert not new, "\n".join([name, *new])
    assert not known - wrong, f"{name}: lines {sorted(known - wrong)} are right now: take them off known_failures.json"


def test_known_failures_do_not_grow() -> None:
    """A model that gets more lines wrong than this is a step back."""
    assert set(KNOWN) <= set(PAGES)
    assert sum(map(len, KNOWN.values())) <= MOST_WRONG


MOST_WRONG = 0  # lower it when it falls, never raise it


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_other_encodings(cleaner: Cleaner, name: str, encoding: str) -> None:
    """A page says the same in another encoding, though what it declares is wrong then."""
    data = html_of(name).encode(encoding)
    assert decode(data) == (html_of(name), 0)
    if name == PAGES[0]:
        assert cleaner.label_html(data) == cleaner.label_html(html_of(name))


@pytest.mark.parametrize("name", PAGES)
def test_truncated_pages(cleaner: Cleaner, name: str) -> None:
    """A page cut off anywhere is a page."""
    html = html_of(name)
    for end in range(0, len(html), max(len(html) // 9, 1)):
        lines = cleaner.label_html(html[:end])
        text = read_page(html[:end]).text
        assert all(text[line.start : line.end] == line.text for line in lines)


def test_nesting_changes_nothing_that_is_kept(cleaner: Cleaner) -> None:
    """A page deep within elements keeps its text."""
    html = html_of("first-paragraphs-apart")
    inner = html.replace("<main>", "<main>" + "<div>" * 3000).replace("</main>", "</div>" * 3000 + "</main>")
    text = cleaner.clean_html(inner)
    assert "On Tuesday the coast authority gave in." in text


def test_the_title_is_left_out_on_request(cleaner: Cleaner) -> None:
    """A heading that repeats the page's title is a heading, and kept as all are unless that is not wanted."""
    html = html_of("captions-without-pictures")
    title = "Old ferry sold for the price of its bell"
    assert [line.label for line in cleaner.label_html(html) if line.text == title] == [Label.HEADING]
    assert title not in Cleaner(title=False).clean_html(html)
    assert cleaner.clean_html(html).startswith(title + "\n")


def test_a_page_without_lines_has_no_headings() -> None:
    """A title that no heading could repeat changes nothing."""
    assert Cleaner(title=False).clean_html("<title>The ferry leaves</title><p> </p>") == ""


@pytest.mark.parametrize("name", ["line", "verdict", "hidden", "score"])
def test_weights_too_large_for_exact_sums_are_refused(name: str) -> None:
    """Sums of a model for pages are exact, as those of a model for text."""
    with (DEFAULT / "weights.npz").open("rb") as file, np.load(file) as arrays:
        data = dict(arrays)
    data[f"{name}_weight"] = np.full_like(data[f"{name}_weight"], 100)
    with pytest.raises(ModelError, match=f"{name}_weight are too large"):
        Cleaner(page_model=data).clean_html("<p>The boat has left.")


# The command


def run(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the command."""
    return subprocess.run([*COMMAND, *arguments], input=data, capture_output=True, check=False, cwd=FOLDER)


def test_the_command_finds_out_by_itself(cleaner: Cleaner) -> None:
    """A page in a pipe or a file is a page; with --input text it is a text."""
    html = html_of("news-with-comments")
    kept = (cleaner.clean_html(html) + "\n").encode()
    assert run(data=html.encode()).stdout == kept
    assert run("news-with-comments.html").stdout == kept
    assert run("--html", "news-with-comments.html").stdout == kept
    assert b"<p>" in run("--input", "text", "--keep", ",".join(Label), "news-with-comments.html").stdout


def test_records() -> None:
    """A record holds text, lines with their spans, and what the page says of itself."""
    done = run("--format", "jsonl", "news-with-comments.html", "inline-elements.html")
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first)[:2] == ["path", "title"]
    assert (first["title"], first["language"]) == ("Quay gets a waiting room", "en")
    assert second["path"] == "inline-elements.html"
    for record in (first, second):
        assert record["labels"]
        assert "\n".join(record["text"][a:b] for a, b, _, _ in record["labels"]) == record["text"]
        assert {label for _, _, label, _ in record["labels"]} <= set(TEXT)


def test_markdown_and_text_of_pages() -> None:
    """Markdown keeps lists, tables, code and emphasis, and links if they are wanted."""
    shown = run("--format", "markdown", "lists-tables-code.html").stdout.decode()
    assert "# Reading the tide gauge\n" in shown
    assert "\n## Fields\n" in shown
    assert "| Letter | Meaning |\n| --- | --- |\n| R | rising |" in shown
    assert "```\ndef turn(lines):\n    for line in lines:\n" in shown
    assert "so that `turn` can" in shown
    linked = run("--format", "markdown", "--links", "inline-elements.html").stdout.decode()
    assert "The [captain](/captain), a Mr **O**rme" in linked


def test_records_that_hold_pages(cleaner: Cleaner) -> None:
    """With --jsonl --html the text of a page takes its place in the record."""
    html = html_of("inline-elements")
    row = json.dumps({"id": 7, "raw": html}).encode()
    done = run("--jsonl", "--html", "--field", "raw", data=row)
    assert json.loads(done.stdout) == {"id": 7, "raw": cleaner.clean_html(html)}
    spans = json.loads(run("--jsonl", "--html", "--labels", "--field", "raw", data=row).stdout)
    assert spans["raw"] == read_page(html).text
    assert len(spans["labels"]) == len(rows_of("inline-elements"))


def test_via_trafilatura() -> None:
    """What trafilatura extracts can be cleaned instead."""
    shown = run("--via", "trafilatura", "captions-without-pictures.html").stdout.decode()
    assert "nobody wanted the part that floats" in shown
    assert "Terms of use" not in shown


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        (b"", ["--html"], "<stdin>: is empty"),
        (b"\x1f\x8b\x08\x00\x00", [], "<stdin>: is gzip-compressed: unpack it first"),
        (b"%PDF-1.7 ...", ["--html"], "<stdin>: is a PDF document"),
        (b"Just words.", ["--html"], "<stdin>: is not HTML, for it has no tag"),
        (b"<p>\x00\x01\x02\x03", ["--html"], "<stdin>: is binary"),
    ],
)
def test_what_is_no_page(data: bytes, arguments: list[str], message: str) -> None:
    """A message names the input and says what it is; the exit code is that of an input that failed."""
    done = run(*arguments, data=data)
    assert done.returncode == 1
    assert f"cleaner: {message}" in done.stderr.decode()
    assert done.stdout == b""


def test_bad_bytes_are_reported() -> None:
    """U+FFFD stands for bad bytes, and the message counts them."""
    data = html_of("malformed").encode().replace(b"buses", ("ä" * 40).encode() + b"\xff")
    done = run("--html", "--keep", ",".join(Label), data=data)
    assert "\N{REPLACEMENT CHARACTER}" in done.stdout.decode()
    assert b"U+FFFD stands for bad bytes in 1 place" in done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--links"],
        ["--format", "jsonl", "--labels"],
        ["--format", "markdown", "--jsonl"],
        ["--via", "trafilatura", "--input", "text"],
        ["--via", "trafilatura", "--format", "markdown"],
        ["--format", "html"],
        ["--no-title", "--explain"],
        ["--no-title", "--lines"],
        ["--no-title", "--labels"],
        ["--no-title", "--via", "trafilatura"],
    ],
)
def test_options_that_do_not_fit(arguments: list[str]) -> None:
    """They are wrong usage."""
    assert run(*arguments, "malformed.html").returncode == 2
