"""datatrove: a block that stands in its pipelines next to its own filters."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import islice
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from datatrove.pipeline.base import PipelineStep
from datatrove.utils.typeshelper import StatHints

from cleaner.corpus.kernel import COLUMNS, SET_ASIDE, clean_batch
from cleaner.corpus.work import without_surrogates
from cleaner.pipeline import Cleaner

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from datatrove.data import Document, DocumentsPipeline

BATCH = 256  # documents that are cleaned together


class LineCleaner(PipelineStep):  # type: ignore[misc]  # of no known type where datatrove is missing
    """Cleans, or tags, the text of each document; what was removed, or the spans, go to its metadata.

    ``cleaner`` holds options of ``Cleaner``, the others are those of ``clean_batch``. With ``max_removed``,
    documents that would lose more go to ``exclusion_writer``, whole, or are dropped where there is none.
    Statistics: documents, characters and characters removed per label.
    """

    name = "🧽 cleaner"
    type = "✂️ - FORMAT"

    def __init__(
        self,
        cleaner: Mapping[str, Any] | None = None,
        exclusion_writer: Any = None,
        batch_size: int = BATCH,
        **options: Any,
    ) -> None:
        super().__init__()
        self.cleaner = dict(cleaner or {})
        self.exclusion_writer = exclusion_writer
        self.batch_size = batch_size
        self.options = options
        self.added = options.get("column") or COLUMNS[options.get("mode", "rewrite")][0]

    def run(self, data: DocumentsPipeline, rank: int = 0, world_size: int = 1) -> Generator[Document, None, None]:  # noqa: ARG002
        """Clean the documents, in order."""
        cleaner = Cleaner(**self.cleaner)
        with self.exclusion_writer or nullcontext() as writer:
            for batch in batched(data or (), self.batch_size):
                with self.track_time("batch"):
                    rows = self.cleaned(batch, cleaner)
                for document, row in zip(batch, rows, strict=True):
                    if self.note(document, row):
                        yield document
                    elif writer is not None:
                        writer.write(document, rank)

    def cleaned(self, batch: list[Document], cleaner: Cleaner) -> list[dict[str, Any]]:
        """What the kernel makes of some documents."""
        texts = pa.array([without_surrogates(document.text) for document in batch], pa.string())
        table = pa.record_batch({"text": texts})
        return list(clean_batch(table, cleaner=cleaner, **self.options).to_pylist())

    def note(self, document: Document, row: Mapping[str, Any]) -> bool:
        """Put what was found into the document and the statistics; whether the document goes on."""
        before = len(document.text)
        found = row[self.added]
        self.stat_update(StatHints.total)
        if isinstance(found, dict):
            for label, count in found.items():  # all labels stay: tables want the same fields in every row
                if count:
                    self.stat_update(f"removed_{label}", value=count, unit="characters")
        document.metadata[self.added] = found
        if row.get(SET_ASIDE):
            self.stat_update(StatHints.dropped, f"{StatHints.dropped}_lost_too_much")
            return False
        document.text = row["text"]
        self.stat_update(StatHints.forwarded)
        self.stat_update("characters_in", value=before)
        self.update_doc_stats(document)
        return True


def batched(data: Iterable[Document], size: int) -> Iterator[list[Document]]:
    """Documents, some at a time."""
    source = iter(data)
    while batch := list(islice(source, size)):
        yield batch
