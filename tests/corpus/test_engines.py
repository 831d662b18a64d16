"""Ray, datatrove, Spark and the table libraries give, row for row and byte for byte, what `clean_many` gives."""

from __future__ import annotations

import os
import re
import shutil
import sys
import warnings
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyarrow", reason="pyarrow is missing: install the extra `corpus`")
pytest.importorskip("fsspec", reason="fsspec is missing: install the extra `corpus`")

import pyarrow as pa
import pyarrow.parquet as pq
from corpora import contents, corpus, rejected, summary, texts, write, write_parquet

from cleaner import Cleaner
from cleaner.corpus import clean_batch

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs" / "corpus.md"
ALL = os.environ.get("CLEANER_ENGINES") == "all"  # must be there: what is missing is no reason to skip
DOCUMENTS = [*texts(60), ""]
CLEAN = list(Cleaner().clean_many(DOCUMENTS))
EXPECTED = clean_batch(pa.table({"id": range(len(DOCUMENTS)), "text": DOCUMENTS}))

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of other people's libraries
    pytest.mark.usefixtures("folder"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test works in an empty folder of its own, with a table in it."""
    monkeypatch.chdir(tmp_path)
    pq.write_table(pa.table({"id": range(len(DOCUMENTS)), "text": DOCUMENTS}), "news.parquet")
    return tmp_path


def needs(package: str, extra: str | None = None) -> Any:
    """The package; the test is skipped where it is missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if ALL:
            return import_module(package)
        return pytest.importorskip(package, reason=f"{package} is missing: install {extra or package}")


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """Ray on this machine; two workers clean, the others are left to read."""
    module = needs("ray", "the extra `ray`")
    module.init(num_cpus=4, log_to_driver=False, include_dashboard=False, logging_level="error")
    yield module
    module.shutdown()


def test_engine_ray_writes_the_same_bytes(folder: Path, ray: Any) -> None:
    """`--engine ray` with two workers writes what one process writes, bad rows included."""
    for number in range(3):
        write_parquet(folder / "in" / f"{number}.parquet", texts(30, number))
    write(folder / "in" / "bad.jsonl", b'{"text": 1}\n')
    assert corpus("in", "--output", "local") == 1
    assert corpus("in", "--output", "ray", "--engine", "ray", workers=2) == 1
    assert contents(folder / "ray", own=False) == contents(folder / "local", own=False)
    assert summary(folder / "ray") == summary(folder / "local")
    assert rejected(folder / "ray") == rejected(folder / "local")
    assert corpus("in", "--output", "ray", "--engine", "ray", "--resume") == 1


def test_engine_ray_tells_what_fails(folder: Path, ray: Any, capfd: Any) -> None:
    """An output that cannot be written ends a run on Ray with a word, as elsewhere."""
    write_parquet(folder / "in" / "a.parquet", texts(3))
    assert corpus("in", "--output", "out") == 0
    (folder / "out" / "a.parquet").unlink()
    (folder / "out" / "a.parquet").mkdir()
    assert corpus("in", "--output", "out", "--engine", "ray", "--restart", workers=2) == 1
    assert "a.parquet: Is a directory: what is done stays done" in capfd.readouterr().err


def test_ray_data_maps_the_kernel(folder: Path, ray: Any) -> None:
    """The class for `map_batches` gives what the kernel gives."""
    from cleaner.corpus.ray import CleanBatches

    data = ray.data.read_parquet(str(folder / "news.parquet"), override_num_blocks=4)
    found = data.map_batches(CleanBatches, batch_format="pyarrow", concurrency=2).to_arrow_refs()
    table = pa.concat_tables(ray.get(found)).sort_by("id")
    assert table["text"].to_pylist() == CLEAN
    assert table["removed"].to_pylist() == EXPECTED["removed"].to_pylist()


def test_datatrove_runs_the_block(folder: Path) -> None:
    """The block stands in a pipeline of datatrove's local executor, with two tasks, and counts."""
    needs("datatrove", "the extra `datatrove`")
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter

    from cleaner.corpus.datatrove import LineCleaner

    for number in range(2):
        pq.write_table(
            pa.table({"id": [f"{number}-{k:02}" for k in range(61)], "text": DOCUMENTS}), f"{number}.parquet"
        )
    Path("in").mkdir()
    for number in range(2):
        shutil.move(f"{number}.parquet", "in")
    pipeline = [ParquetReader("in"), LineCleaner(batch_size=7), ParquetWriter("out")]
    stats = LocalPipelineExecutor(pipeline, tasks=2, workers=1, logging_dir="logs").run()
    rows = sorted(
        (row for path in Path("out").glob("*.parquet") for row in pq.read_table(path).to_pylist()),
        key=lambda row: row["id"],
    )
    # datatrove's readers leave out empty documents, and its writers make empty texts null
    assert [row["text"] or "" for row in rows] == CLEAN[:-1] * 2
    block = stats.stats[1].stats
    assert block["total"].total == 120
    assert block["removed_ad"].total == 2 * sum(row["ad"] for row in EXPECTED["removed"].to_pylist())


def test_datatrove_sets_aside(folder: Path) -> None:
    """Documents that lose too much go to the exclusion writer, whole."""
    needs("datatrove", "the extra `datatrove`")
    from datatrove.data import Document
    from datatrove.pipeline.writers import ParquetWriter

    from cleaner.corpus.datatrove import LineCleaner

    block = LineCleaner(max_removed=0.5, exclusion_writer=ParquetWriter("aside"))
    documents = [Document(text=text, id=str(k)) for k, text in enumerate([DOCUMENTS[0], "Advertisement"])]
    assert [document.text for document in block.run(iter(documents))] == [CLEAN[0]]
    assert pq.read_table(next(Path("aside").glob("*.parquet")))["text"].to_pylist() == ["Advertisement"]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """Spark on this machine, with two cores."""
    needs("pyspark", "the extra `spark`")
    if shutil.which("java") is None:
        pytest.skip("Java is missing: apt-get install default-jre-headless")
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
        yield session
        session.stop()


def test_spark_maps_the_kernel(folder: Path, spark: Any) -> None:
    """`mapInArrow` on a local Spark with two cores gives what the kernel gives."""
    from cleaner.corpus.spark import clean_frame

    frame = spark.read.parquet(str(folder / "news.parquet")).repartition(3)
    rows = clean_frame(frame).orderBy("id").collect()
    assert [row["text"] for row in rows] == CLEAN
    assert [row["removed"].asDict() for row in rows] == EXPECTED["removed"].to_pylist()
    tags = clean_frame(frame, mode="tag").orderBy("id").collect()
    expected = clean_batch(pq.read_table("news.parquet"), mode="tag")["spans"].to_pylist()
    assert [[span.asDict() for span in row["spans"]] for row in tags] == expected


def run_example(package: str, **names: Any) -> dict[str, Any]:
    """Run the example for a package as it stands in the documentation; what is named there afterwards."""
    example = next(
        code
        for code in re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
        if package in code
    )
    for name in ("news.parquet", "clean"):  # engines that run already stay in the folder that they were started in
        example = example.replace(f'("{name}")', f'("{Path(name).absolute()}")')
    exec(compile(example, str(DOCS), "exec"), names)  # noqa: S102 (our own documentation)
    return names


def written(folder: str) -> list[str]:
    """The texts in a folder of Parquet files, in the order of their ids."""
    tables = [pq.read_table(path, columns=["id", "text"]) for path in sorted(Path(folder).glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    return [row["text"] or "" for row in sorted(rows, key=lambda row: row["id"])]


@pytest.mark.parametrize("package", ["datasets", "polars", "duckdb"])
def test_the_example_in_the_docs(package: str) -> None:
    """Each example in the documentation gives what `clean_many` gives."""
    needs(package)
    found = run_example(package)["cleaned"]
    rows = found["text"].to_pylist() if hasattr(found["text"], "to_pylist") else list(found["text"])
    assert rows == CLEAN


def test_the_example_for_ray(ray: Any) -> None:
    """The example for Ray Data reads, cleans and writes."""
    run_example("cleaner.corpus.ray")
    assert written("clean") == CLEAN


def test_the_example_for_datatrove() -> None:
    """The example for datatrove leaves out what loses more than half."""
    needs("datatrove", "the extra `datatrove`")
    Path("news").mkdir()
    kept = clean_batch(pa.table({"id": [f"{k:02}" for k in range(61)], "text": DOCUMENTS}), max_removed=0.5)
    pq.write_table(kept.select(["id"]).append_column("text", pa.array(DOCUMENTS)), "news/news.parquet")
    run_example("cleaner.corpus.datatrove")
    assert written("clean") == [row["text"] for row in kept.to_pylist() if row["text"] and not row["set_aside"]]


def test_the_example_for_spark(spark: Any) -> None:
    """The example for Spark reads, cleans and writes."""
    run_example("cleaner.corpus.spark", spark=spark)
    assert written("clean") == CLEAN


def test_the_kernel_can_be_sent(folder: Path) -> None:
    """What engines send to other processes can be pickled, options included."""
    import pickle

    function = pickle.loads(pickle.dumps(partial(clean_batch, cleaner=Cleaner(keep=["ad"]))))
    assert function(pq.read_table("news.parquet"))["text"].to_pylist() == list(
        Cleaner(keep=["ad"]).clean_many(DOCUMENTS)
    )
