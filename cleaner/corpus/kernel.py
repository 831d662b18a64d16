"""Arrow batches -> cleaned or tagged Arrow batches: the one function that all engines call."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.document import LABELS
from cleaner.lines import join_lines, split_joined, split_lines
from cleaner.pipeline import BATCH, Cleaner
from cleaner.rules import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from cleaner.corpus.tally import Tally
    from cleaner.document import Batch
    from cleaner.html import Page

Mode = Literal["rewrite", "tag"]

REMOVED = pa.struct([pa.field(label.value, pa.int32()) for label in LABELS])
SPAN = pa.struct(
    [
        pa.field("start", pa.int32()),
        pa.field("end", pa.int32()),
        pa.field("label", pa.string()),
        pa.field("probability", pa.float64()),
    ]
)
COLUMNS: dict[str, tuple[str, pa.DataType]] = {"rewrite": ("removed", REMOVED), "tag": ("spans", pa.list_(SPAN))}
SET_ASIDE = "set_aside"
DIGITS = 4  # of a probability


def clean_batch(batch: pa.Table | pa.RecordBatch, text: str = "text", **options: Any) -> pa.Table | pa.RecordBatch:
    """Clean, or tag, the documents in the column ``text``; all other columns stay as they are.

    ``mode="rewrite"`` (the default) replaces each text by its body, and adds a column ``removed``: how
    many characters of lines of each label were removed. ``mode="tag"`` leaves the text, and adds a column
    ``spans``: ``start, end, label, probability`` of each line that is not blank, in characters of the text.
    Rows stay in order. Where the text is null, so is all that is made of it; U+FFFD stands for bytes that
    are no UTF-8.

    ``cleaner``: the ``Cleaner`` to use. ``column``: another name for the added column. ``max_removed``: a
    document that would lose a larger share of the characters of its lines keeps its text and is marked in
    the column ``set_aside``. ``tally``: a ``Tally`` to count in. ``pages``: for each text the ``Page`` that it is
    the text of, or None.

    Raises ``KeyError`` if there is no such column, ``TypeError`` if it does not hold strings, and
    ``ValueError`` if a column to be added is there already or an option is wrong.
    """
    schema = output_schema(batch.schema, text, **options)
    if isinstance(batch, pa.RecordBatch):
        return clean_record_batch(batch, text, schema, **options)
    parts = [clean_record_batch(part, text, schema, **options) for part in batch.to_batches()]
    return pa.Table.from_batches(parts, schema)


def clean_batches(batches: Iterable[pa.RecordBatch], text: str = "text", **options: Any) -> Iterator[pa.RecordBatch]:
    """``clean_batch`` for each batch of a stream, which is the shape that Spark's ``mapInArrow`` wants."""
    for batch in batches:
        yield clean_batch(batch, text, **options)


def output_schema(
    schema: pa.Schema,
    text: str = "text",
    *,
    mode: Mode = "rewrite",
    column: str | None = None,
    max_removed: float | None = None,
    **_: Any,
) -> pa.Schema:
    """The schema of what ``clean_batch`` makes of batches with this schema; raises what that raises."""
    if mode not in get_args(Mode):
        raise ValueError(f"unknown mode {mode!r}: it is rewrite or tag")
    if max_removed is not None and not 0 <= max_removed <= 1:
        raise ValueError(f"max_removed is {max_removed}: it is a share, from 0 to 1")
    name, kind = COLUMNS[mode]
    found = schema.get_all_field_indices(text)
    if len(found) != 1:
        what = "more than one column" if found else "no column"
        raise KeyError(f"there is {what} {text!r}; the columns are {', '.join(schema.names) or 'none'}")
    if not is_text(schema.field(found[0]).type):
        raise TypeError(f"the column {text!r} holds {schema.field(found[0]).type}, not strings")
    added = [pa.field(column or name, kind)]
    added += [] if max_removed is None else [pa.field(SET_ASIDE, pa.bool_())]
    for new in added:
        if new.name in schema.names:
            raise ValueError(f"there is a column {new.name!r} already: give the added column another name, or drop it")
        schema = schema.append(new)
    if pa.types.is_null(schema.field(found[0]).type):
        schema = schema.set(found[0], schema.field(found[0]).with_type(pa.string()))
    return schema


def is_text(kind: pa.DataType) -> bool:
    """Whether a column of this type holds strings, if anything."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return any(
        is_kind(kind)
        for is_kind in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    )


def clean_record_batch(
    batch: pa.RecordBatch,
    text: str,
    schema: pa.Schema,
    *,
    mode: Mode = "rewrite",
    cleaner: Cleaner | None = None,
    column: str | None = None,  # noqa: ARG001 (the schema has it)
    max_removed: float | None = None,
    tally: Tally | None = None,
    pages: Sequence[Page | None] | None = None,
) -> pa.RecordBatch:
    """``clean_batch`` for a record batch and a given output schema."""
    at = batch.schema.get_field_index(text)
    cleaner = cleaner or default_cleaner()
    texts, repaired = readable(batch.column(at))
    null = texts.is_null()
    filled = pc.fill_null(texts, "")
    parts = []
    done = 0
    for part in slices(filled):
        parts.append(clean_slice(cleaner, part, mode, tally, pages and pages[done : done + len(part)]))
        done += len(part)
    new, added, share = (pa.concat_arrays([part[k] for part in parts]) for k in range(3))
    extra = [blanked(added, null)]
    if max_removed is not None:
        aside = pc.greater(share, pa.scalar(max_removed))
        new = pc.if_else(aside, filled, new)
        extra.append(aside)
    if tally is not None:
        tally.documents += len(texts)
        tally.repaired += repaired
        tally.characters_in += characters(filled)
        tally.characters_out += characters(new)
    columns = batch.columns
    columns[at] = blanked(new, null).cast(schema.field(at).type)
    return pa.RecordBatch.from_arrays([*columns, *extra], schema=schema)


def clean_slice(
    cleaner: Cleaner, texts: pa.Array, mode: Mode, tally: Tally | None, pages: Sequence[Page | None] | None = None
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """The new texts, the added column, and the share of the characters that is not kept."""
    batch = joined(texts)
    if not pages:  # none are given, or there are no texts
        labels, scores, evidence = cleaner.decide(batch)
        keep = cleaner.kept[labels]
    else:
        labels, scores, evidence, keep = decide_each(cleaner, texts, pages)
    removed = removed_characters(batch, labels, keep)
    share = shares(batch, removed)
    if tally is not None:
        tally.add(batch, labels, keep, evidence, cleaner.rules.ids, removed, share)
    if mode == "tag":
        return texts, spans(batch, labels, cleaner.probabilities(labels, scores, evidence)), pa.array(share)
    counts = [pa.array(count) for count in removed.astype(np.int32).T]
    return (
        pa.array(list(join_lines(batch, keep)), pa.large_string()),
        pa.StructArray.from_arrays(counts, fields=list(REMOVED)),
        pa.array(share),
    )


def decide_each(
    cleaner: Cleaner, texts: pa.Array, pages: Sequence[Page | None]
) -> tuple[NDArray[np.int64], NDArray[np.float32], Evidence, NDArray[np.bool_]]:
    """``Cleaner.decide`` for texts of which some are those of pages, and which lines are kept."""
    columns: list[tuple[NDArray[Any], ...]] = []
    before = 0
    for text, page in zip(texts.to_pylist(), pages, strict=True):
        if page is None:
            labels, scores, evidence = cleaner.decide(split_lines([text]))
            keep = cleaner.kept[labels]
        else:
            _, labels, scores, evidence = cleaner.decide_page(page)
            keep = cleaner.kept_of(page, labels)
        columns.append((labels, scores, evidence.line + before, evidence.rule, keep))
        before += len(labels)
    labels, scores, line, rule, keep = (np.concatenate(column) for column in zip(*columns, strict=True))
    return labels, scores, Evidence(line, rule), keep


# What goes in


@lru_cache(maxsize=1)
def default_cleaner() -> Cleaner:
    """The cleaner for those who do not bring one; loaded once."""
    return Cleaner()


def readable(column: pa.Array) -> tuple[pa.Array, int]:
    """The column as ``large_string``, and in how many rows U+FFFD had to stand for bad bytes."""
    texts = column.cast(pa.large_string())
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        data = texts.cast(pa.large_binary()).to_pylist()
        repaired = [None if row is None else row.decode("utf-8", "replace") for row in data]
        bad = sum(row is not None and row != str(text).encode() for row, text in zip(data, repaired, strict=True))
        return pa.array(repaired, pa.large_string()), bad
    return texts, 0


def slices(texts: pa.Array) -> Iterator[pa.Array]:
    """The texts in slices of about ``BATCH`` characters, at least one."""
    ends = np.cumsum(lengths(texts))
    start = 0
    while start < len(texts) or not start:
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + BATCH)) + 1)
        yield texts.slice(start, stop - start)
        start = stop


def joined(texts: pa.Array) -> Batch:
    """The lines of the texts; they become one string without a string for each."""
    offsets = np.append(0, np.cumsum(lengths(texts) + 1))
    whole = pc.binary_join(
        pa.ListArray.from_arrays(pa.array([0, len(texts)], pa.int32()), texts), pa.scalar("\n", pa.large_string())
    )
    return split_joined(whole[0].as_py(), offsets)


def lengths(texts: pa.Array) -> NDArray[np.int64]:
    """The characters of each text."""
    return np.asarray(pc.utf8_length(texts), np.int64)


def characters(texts: pa.Array) -> int:
    """The characters of all texts."""
    return int(lengths(texts).sum())


# What comes out


def removed_characters(batch: Batch, labels: NDArray[np.int64], keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Characters of the lines that are not kept: documents x labels."""
    document = np.repeat(np.arange(len(batch.first_line) - 1), np.diff(batch.first_line))
    cell = document[~keep] * len(LABELS) + labels[~keep]
    width = (batch.ends - batch.starts)[~keep]
    shape = (len(batch.first_line) - 1, len(LABELS))
    return np.bincount(cell, width, minlength=shape[0] * shape[1]).astype(np.int64).reshape(shape)


def shares(batch: Batch, removed: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of the characters of each document's lines that is not kept."""
    before = np.append(0, np.cumsum(batch.ends - batch.starts))
    held = before[batch.first_line[1:]] - before[batch.first_line[:-1]]
    return np.asarray(removed.sum(axis=1) / np.maximum(held, 1))


def spans(batch: Batch, labels: NDArray[np.int64], probabilities: NDArray[np.float64]) -> pa.ListArray:
    """Start, end, label and probability of each line, in a list for each document."""
    offset = np.repeat(batch.offsets[:-1], np.diff(batch.first_line))
    names = pa.DictionaryArray.from_arrays(pa.array(labels.astype(np.int8)), pa.array([str(label) for label in LABELS]))
    columns = [
        pa.array((batch.starts - offset).astype(np.int32)),
        pa.array((batch.ends - offset).astype(np.int32)),
        names.cast(pa.string()),
        pa.array(np.round(probabilities, DIGITS)),
    ]
    lines = pa.StructArray.from_arrays(columns, fields=list(SPAN))
    return pa.ListArray.from_arrays(pa.array(batch.first_line.astype(np.int32)), lines)


def blanked(column: pa.Array, null: pa.Array) -> pa.Array:
    """The column with nulls where the text was null."""
    return pc.if_else(null, pa.scalar(None, column.type), column) if pc.any(null).as_py() else column
