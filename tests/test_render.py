"""Labelled lines -> what is shown."""

from __future__ import annotations

import json

from cleaner import render
from cleaner.document import BODY_TEXT, LABELS, Label, Line


def line(text: str, label: Label, *reasons: str, probability: float = 0.98765) -> Line:
    """A line as the pipeline would give it."""
    scores = dict.fromkeys(LABELS, 0.0) | {label: probability}
    return Line(text, 3, 3 + len(text), label, probability, reasons or ("model",), scores)


LINES = [
    line("A plain\tline", Label.BODY),
    line("Advertisement", Label.AD, "ad.slot", "model", probability=1),
]


def test_text_ends_with_one_newline() -> None:
    """Text has one newline at its end, and nothing has none."""
    assert render.text("one\r\ntwo") == "one\r\ntwo\n"
    assert render.text("") == ""


def test_tsv_has_the_line_last() -> None:
    """A line with tabs can be read back: it is all from the third field on."""
    assert render.tsv(LINES) == "body\t0.9877\tA plain\tline\nad\t1.0000\tAdvertisement\n"
    assert render.tsv([]) == ""


def test_each_record_is_one_line() -> None:
    """Records are parted by line feeds, and letters stand as they are."""
    rows = render.records([line("é\r", Label.BODY), *LINES], BODY_TEXT).split("\n")
    assert len(rows) == 4
    assert "é" in rows[0]
    assert rows[-1] == ""


def test_a_record() -> None:
    """What programs read has names that say what they hold."""
    record = json.loads(render.records(LINES[1:], BODY_TEXT))
    scores = record.pop("scores")
    assert record == {
        "text": "Advertisement",
        "start": 3,
        "end": 16,
        "label": "ad",
        "probability": 1,
        "kept": False,
        "reasons": ["ad.slot", "model"],
    }
    assert list(scores) == list(LABELS)
    assert json.loads(render.records(LINES[:1], BODY_TEXT, "a.txt"))["path"] == "a.txt"


def test_spans_are_plain_data() -> None:
    """Spans can be written as JSON as they are."""
    assert render.spans(LINES) == [[3, 15, "body", 0.9877], [3, 16, "ad", 1]]


def test_an_explanation_marks_what_is_dropped() -> None:
    """Without colour a sign tells dropped lines from kept ones."""
    assert render.explanation(LINES, BODY_TEXT).splitlines() == [
        "  body        0.99  model          A plain\tline",
        "- ad          1.00  ad.slot,model  Advertisement",
        "1 of 2 lines kept",
    ]


def test_an_explanation_dims_what_is_dropped() -> None:
    """With colour dropped lines, and no others, are dimmed."""
    title, kept, dropped, total = render.explanation(LINES, BODY_TEXT, "a.txt", color=True).splitlines()
    assert title == "== a.txt"
    assert dropped.startswith("\x1b[2m- ad")
    assert dropped.endswith("\x1b[0m")
    assert "\x1b" not in title + kept + total


def test_an_explanation_of_nothing() -> None:
    """A document without lines has one, too."""
    assert render.explanation([], BODY_TEXT) == "0 of 0 lines kept\n"


def test_text_cannot_command_the_terminal() -> None:
    """Control characters are shown, not sent."""
    shown = render.explanation([line("\x1b]0;title\x07 \x9b31m \x7f", Label.BODY)], BODY_TEXT)
    assert r"\x1b]0;title\x07 \x9b31m \x7f" in shown
