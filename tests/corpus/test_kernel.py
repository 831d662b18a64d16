"""The Arrow kernel gives what ``clean_many`` and ``label_many`` give, in columns."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow", reason="pyarrow is missing: install the extra `corpus`")

from cleaner import Cleaner
from cleaner.corpus import clean_batch, clean_batches, output_schema
from cleaner.corpus.tally import Tally
from cleaner.document import LABELS
from cleaner.lines import STRETCH
from cleaner.render import spans

SEEDS = [path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "seeds").glob("*.txt"))]
TEXTS = [
    *SEEDS,
    "",
    "Advertisement",
    " \n ",
    "Prose « ça » 🚲 that stays.\r\nPicture: Getty Images\r\n\r\nMore of it.",
    *SEEDS,
]
KINDS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]


def table(texts: list[str | None], kind: Any = None) -> pa.Table:
    """A table of texts between two other columns."""
    rows = range(len(texts))
    return pa.table({"id": list(rows), "text": pa.array(texts, kind or pa.string()), "tags": [[str(k)] for k in rows]})


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_rewrite_is_clean_many(kind: Any) -> None:
    """Texts become what `clean_many` makes of them, whatever kind of string the column holds."""
    before = table(TEXTS, kind)
    after = clean_batch(before)
    assert after["text"].to_pylist() == list(Cleaner().clean_many(TEXTS))
    assert after.schema.field("text").type == kind
    assert after.select(["id", "tags"]) == before.select(["id", "tags"])
    assert after.column_names == ["id", "text", "tags", "removed"]


def test_removed_adds_up() -> None:
    """The characters that each label removed are those of its lines that are not kept."""
    cleaner = Cleaner(keep=["body", "caption"])
    found = clean_batch(table(TEXTS), cleaner=cleaner)["removed"].to_pylist()
    for counts, lines in zip(found, cleaner.label_many(TEXTS), strict=True):
        assert list(counts) == [label.value for label in LABELS]
        for label in LABELS:
            width = sum(len(line.text) for line in lines if line.label == label)
            assert counts[label.value] == (0 if label in cleaner.keep else width)


def test_tag_is_label_many() -> None:
    """The text stays, and the spans are those of `label_many`."""
    before = table(TEXTS)
    after = clean_batch(before, mode="tag")
    assert after.drop_columns(["spans"]) == before
    expected = [spans(lines) for lines in Cleaner().label_many(TEXTS)]
    assert [[list(span.values()) for span in row] for row in after["spans"].to_pylist()] == expected


def test_nulls_and_empty_rows_keep_their_place() -> None:
    """Null stays null, in the text and in what is added; empty stays empty."""
    texts = [None, SEEDS[0], "", None, "Advertisement"]
    after = clean_batch(table(texts)).to_pylist()
    assert [row["text"] for row in after] == [None, Cleaner().clean(SEEDS[0]), "", None, ""]
    assert [row["removed"] is None for row in after] == [True, False, False, True, False]
    tagged = clean_batch(table(texts), mode="tag")["spans"].to_pylist()
    assert [row is None for row in tagged] == [True, False, False, True, False]
    assert tagged[2] == []


@pytest.mark.parametrize("texts", [[], [None], [None, None], [""]], ids=str)
@pytest.mark.parametrize("mode", ["rewrite", "tag"])
def test_next_to_nothing(texts: list[str | None], mode: str) -> None:
    """No rows, only nulls, or only an empty text are no trouble, also in a column without a type."""
    assert clean_batch(table(texts), mode=mode)["text"].to_pylist() == texts
    if not any(isinstance(text, str) for text in texts):
        after = clean_batch(table(texts, pa.null()), mode=mode)
        assert after["text"].to_pylist() == texts
        assert after.schema.field("text").type == pa.string()


def test_a_record_batch_gives_a_record_batch() -> None:
    """What goes in as a record batch comes out as one, slices included, and streams stay streams."""
    batch = table(TEXTS).to_batches()[0]
    whole = clean_batch(batch)
    assert isinstance(whole, pa.RecordBatch)
    assert clean_batch(batch.slice(2, 4)).equals(whole.slice(2, 4))
    assert [part.num_rows for part in clean_batches([batch, batch.slice(1)])] == [len(TEXTS), len(TEXTS) - 1]
    assert whole.schema == output_schema(batch.schema)
    whole.validate(full=True)


def test_bad_bytes_are_replaced() -> None:
    """U+FFFD stands for bytes that are no UTF-8, and the rows are counted."""
    data = pa.array([b"caf\xe9 au lait", b"plain", None], pa.binary())
    column = pa.Array.from_buffers(pa.string(), 3, data.buffers())
    tally = Tally()
    after = clean_batch(pa.record_batch({"text": column}), tally=tally, mode="tag")
    assert after["text"].to_pylist()[0] == "caf� au lait"
    assert tally.repaired == 1


def test_max_removed_leaves_the_text() -> None:
    """A document that would lose too much keeps its text and is marked."""
    texts = ["Advertisement", SEEDS[0], "", None]
    after = clean_batch(table(texts), max_removed=0.9)
    assert after["set_aside"].to_pylist() == [True, False, False, False]
    assert after["text"].to_pylist() == ["Advertisement", Cleaner().clean(SEEDS[0]), "", None]
    assert after["removed"].to_pylist()[0]["ad"] == len("Advertisement")


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"text": "body"}, KeyError, "no column 'body'; the columns are id, text, tags"),
        ({"text": "id"}, TypeError, "holds int64, not strings"),
        ({"text": "tags"}, TypeError, "not strings"),
        ({"column": "id"}, ValueError, "a column 'id' already"),
        ({"mode": "drop"}, ValueError, "rewrite or tag"),
        ({"max_removed": 50}, ValueError, "from 0 to 1"),
        ({"colum": "x"}, TypeError, "colum"),
    ],
)
def test_what_cannot_be_done_is_told(options: dict[str, Any], error: type[Exception], words: str) -> None:
    """Columns that are missing, of another kind or there already, and wrong options are refused."""
    with pytest.raises(error, match=words):
        clean_batch(table(TEXTS), **options)


def test_two_columns_of_one_name_are_refused() -> None:
    """It is not for the kernel to choose one of two columns."""
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    with pytest.raises(KeyError, match="more than one"):
        clean_batch(twice)


def test_metadata_stays() -> None:
    """Metadata of the schema and of its columns is kept."""
    before = table(TEXTS).replace_schema_metadata({"made": "here"})
    assert clean_batch(before).schema.metadata == {b"made": b"here"}


def test_one_long_document_among_others() -> None:
    """A document of more lines than are worked on together comes out as alone."""
    long = "\n".join([*(f"Line {number} of a long list of things." for number in range(5 * STRETCH)), "Advertisement"])
    texts = ["Advertisement", long, SEEDS[0]]
    assert clean_batch(table(texts))["text"].to_pylist() == [Cleaner().clean(text) for text in texts]


def test_tallies_add_up() -> None:
    """However the rows are cut, the tallies of the parts make that of the whole."""
    rows = table([*TEXTS, None]).combine_chunks().to_batches()[0]
    whole, parts = Tally(), Tally()
    clean_batch(rows, tally=whole)
    for start in reversed(range(rows.num_rows)):
        part = Tally()
        clean_batch(rows.slice(start, 1), tally=part)
        parts.merge(Tally.from_data(part.as_data()))
    assert parts.as_data() == whole.as_data()
    assert whole.documents == len(TEXTS) + 1
    assert whole.lines_in == whole.lines_out + sum(lines for lines, _ in whole.removed.values())
    assert whole.characters_out == sum(map(len, Cleaner().clean_many(TEXTS)))


def test_a_cleaner_can_be_sent() -> None:
    """Engines send the cleaner to other processes."""
    cleaner = Cleaner(keep=["ad"])
    sent = pickle.loads(pickle.dumps(cleaner))
    assert clean_batch(table(TEXTS), cleaner=sent) == clean_batch(table(TEXTS), cleaner=cleaner)


@given(
    st.lists(st.none() | st.text(st.sampled_from("aé🚲 \n\r\tBy:Photo©|2"), max_size=60), max_size=8), st.integers(0, 8)
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_texts_in_any_slices(texts: list[str | None], cut: int) -> None:
    """Cut anywhere, a column comes out as its texts do one by one."""
    cleaner = Cleaner()
    batch = pa.record_batch({"text": pa.array(texts, pa.string())})
    parts = [clean_batch(batch.slice(0, cut)), clean_batch(batch.slice(cut))]
    expected = [None if text is None else cleaner.clean(text) for text in texts]
    assert [row for part in parts for row in part["text"].to_pylist()] == expected
