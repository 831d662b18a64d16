"""Spark: a function for ``mapInArrow``, and a schema for what it gives."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from cleaner.corpus.kernel import clean_batches, output_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def clean_frame(frame: DataFrame, text: str = "text", **options: Any) -> DataFrame:
    """``clean_batch`` for a Spark data frame, lazily and on all its executors; options are those of the kernel.

    The package, with the extra ``spark``, has to be installed on the executors.
    """
    schema = output_schema(to_arrow_schema(frame.schema), text, **options)
    return frame.mapInArrow(partial(clean_batches, text=text, **options), from_arrow_schema(schema))
