"""``cleaner train``, and what training promises: the same again, bit for bit, and nothing lost on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is missing: it comes with the extra `train`")

from cleaner import Cleaner
from cleaner.cli import main
from cleaner.document import LABELS
from cleaner.model import EDGE, UNCALIBRATED, load_model, softmax
from cleaner.rules import RuleSet
from cleaner.scoring import calibration
from cleaner.training import store
from cleaner.training.calibration import fit
from cleaner.training.documents import UNKNOWN, Labelled
from cleaner.training.network import Shape
from cleaner.training.train import Settings, beside, folds_of, model_of, prepare, train, train_lines

SMALL = Shape(bits=8, dimensions=4, line=8, hidden=8)
QUICK = Settings(line_epochs=2, context_epochs=2, fewest_sites=1)


def documents(count: int = 8) -> list[Labelled]:
    """Documents of a language of one's own: what begins with an o is an ad."""
    random = np.random.default_rng(0)
    found = []
    for number in range(count):
        words = random.choice(["apa", "oto", "ipi", "ono", "ulu", "omo"], 12)
        lines = [f"{word} says {random.integers(90)} times" for word in words]
        labels = tuple(LABELS.index("ad" if line[0] == "o" else "body") for line in lines)
        found.append(Labelled(f"d{number}", "\n".join(lines), labels, f"site{number}.example"))
    return found


def write(folder: Path, some: list[Labelled]) -> Path:
    """Write documents as files."""
    folder.mkdir(exist_ok=True)
    for document in some:
        pairs = zip(document.labels, document.text.split("\n"), strict=True)
        rows = "".join(f"{LABELS[label]}\t{line}\n" for label, line in pairs)
        (folder / f"{document.name}.tsv").write_text(rows, encoding="utf-8")
    return folder


def trained(**options: Any) -> dict[str, np.ndarray]:
    """The arrays of a small model."""
    some = prepare(documents(), RuleSet([]), SMALL.bits)
    return train(some, SMALL, replace(QUICK, **options)).arrays


# The same again


def test_training_twice_gives_the_same_bits() -> None:
    """The same documents and settings give the same model; another seed gives another."""
    one, again, other = trained(), trained(), trained(seed=1)
    assert one.keys() == again.keys()
    for name, array in one.items():
        assert array.tobytes() == again[name].tobytes(), name
    assert one["line_weight"].tobytes() != other["line_weight"].tobytes()


def test_a_model_is_saved_with_the_same_bits(tmp_path: Path) -> None:
    """Files, too, are the same when they are written again, later."""
    arrays = trained()
    store.save_model(tmp_path / "a", {"id": "a"}, arrays)
    time.sleep(2.1)  # archives know time by two seconds
    store.save_model(tmp_path / "b", {"id": "a"}, arrays)
    for name in ("model.json", "weights.npz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_folds_part_sites() -> None:
    """A site is in one fold, and no fold is empty, however few there are."""
    hosts = ["a", "b", "a", "c", "b", "d", "e", "a"]
    folds = folds_of(hosts, 3)
    assert len(dict(zip(hosts, folds, strict=True)).items()) == len(set(zip(hosts, folds, strict=True)))
    assert set(folds_of(["x", "y", "z"], 3)) == {0, 1, 2}


# What stands beside a line


def test_labels_beside_a_line() -> None:
    """The one before and the next one, as far as they are known; at either end there is none."""
    assert beside(np.array([3, UNKNOWN, 5])).tolist() == [[EDGE, UNKNOWN], [3, 5], [UNKNOWN, EDGE]]
    assert beside(np.array([7])).tolist() == [[EDGE, EDGE]]


def test_what_lines_let_expect_is_learned() -> None:
    """Where each word is always followed by the same, its line says so, whatever its own label."""
    words, labels = ["apa", "oto", "ipi"], [LABELS.index(name) for name in ("body", "ad", "notice")]
    texts = [(f"d{number}", [(number + k) % 3 for k in range(30)]) for number in range(12)]
    some = [
        Labelled(name, "\n".join(words[k] for k in order), tuple(labels[k] for k in order), f"{name}.example")
        for name, order in texts
    ]
    settings = replace(QUICK, line_epochs=60, line_batch=4, drop=0.0, drop_rows=0.0)
    prepared = prepare(some, RuleSet([]), SMALL.bits)
    model = model_of(train_lines(prepared, SMALL, settings))
    one = prepared[0]
    _, hints = model.read(one.rows, one.row_start, one.line, np.array([0, len(one.labels)]))
    half = EDGE + 1
    for place in range(1, 29):
        before, after, from_next, from_last = (hints[place, a : a + half].argmax() for a in range(0, 4 * half, half))
        assert (before, after) == (labels[(place - 1) % 3], labels[(place + 1) % 3])
        assert from_next == from_last == labels[place % 3]


# Calibration


def test_calibration_takes_back_what_was_exaggerated() -> None:
    """Scores three times too large, and one label spoken for too much, are found out."""
    random = np.random.default_rng(0)
    scores = random.normal(0, 2, (20000, 10)).astype(np.float32)
    labels = (softmax(scores).cumsum(axis=1) > random.random((20000, 1))).argmax(axis=1)
    loud = scores * 3
    loud[:, 4] += 2
    scale, shift = fit(loud, labels)
    before, after = softmax(loud), softmax((loud * scale + shift).astype(np.float32))
    for number in range(10):
        assert calibration(after[:, number], labels == number).error < 0.01
    assert calibration(before.max(axis=1), before.argmax(axis=1) == labels).error > 0.1
    assert scale == pytest.approx(1 / 3, abs=0.02)


def test_calibration_does_not_follow_a_few_lines() -> None:
    """A label that was hardly seen keeps the scale and shift of the model that was there."""
    prior = np.array(UNCALIBRATED)
    prior[0] = 0.7
    found = fit(np.zeros((3, 10), np.float32), np.array([0, 1, 1]), prior)
    assert found == pytest.approx(prior, abs=0.15)


# The command


def test_a_model_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It learns what the documents say, tells how well, and can be used and trained further."""
    folder, model = write(tmp_path / "labelled", documents(12)), tmp_path / "mine"
    assert main(["train", str(folder), "--output", str(model)]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"before, by {load_model().id}:\n\nmacro F1")
    assert "12 documents, 144 lines with a label" in captured.out
    assert "worst documents" in captured.out or "lines labelled right           1.000" in captured.out
    assert f"written to {model}" in captured.err
    tool = Cleaner(model=model)
    assert tool.versions()["model"] == "mine"
    assert main(["score", str(folder), "--model", str(model), "--json"]) == 0
    assert main(["train", str(folder), "--model", str(model), "--output", str(model), "--quiet"]) == 0
    assert not capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labelled", "mine"]


def test_a_model_from_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Anew means that nothing of the shipped model is in it."""
    folder = write(tmp_path / "labelled", documents(6))
    for name in ("one", "two"):
        assert main(["train", str(folder), "--anew", "--quiet", "--name", "n", "--output", str(tmp_path / name)]) == 0
    weights = [(tmp_path / name / "weights.npz").read_bytes() for name in ("one", "two")]
    assert weights[0] == weights[1]
    new, shipped = (store.arrays_of(path) for path in (tmp_path / "one", None))
    assert (new["table"] != 0).mean() < 0.1 < (shipped["table"] != 0).mean()
    assert not capsys.readouterr().out


LABELLED = "body\tThe boat has left.\nad\tAdvertisement\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.tsv": "body\tone\nbodi\ttwo\n"}, "a.tsv:2: unknown label 'bodi'"),
        ({"a.tsv": ""}, "no line with a label"),
        ({"a.tsv": LABELLED, "b.tsv": "body\tcut in the mid"}, "b.tsv:1: the last row has no line feed"),
        (dict.fromkeys(["a.tsv", "b.tsv", "c.tsv"], "body\tone\nbody\ttwo\n"), "all 6 lines have the label body"),
        ({"a.tsv": LABELLED, "b.tsv": LABELLED}, "only 2 documents"),
    ],
)
def test_documents_that_do_not_do(
    tmp_path: Path, files: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are refused with file and line, and a model that was there stays."""
    folder, model = tmp_path / "labelled", tmp_path / "mine"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    store.save_model(model, {"id": "old"}, store.arrays_of(None))
    assert main(["train", str(folder), "--output", str(model)]) == 1
    assert message in capsys.readouterr().err
    assert load_model(model).id == "old"


def test_places_that_are_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder with other things in it is not overwritten, nor is a file; before any work is done."""
    folder = write(tmp_path / "labelled", documents(1))
    assert main(["train", str(folder), "--output", str(folder)]) == 2
    assert "is a folder with other things than a model" in capsys.readouterr().err
    assert main(["train", str(folder), "--output", str(folder / "d0.tsv")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["d0.tsv"]


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError(28, "No space left on device"), SystemExit])
@pytest.mark.parametrize("moment", ["savez_compressed", "rename"])
def test_what_fails_leaves_the_old_model(tmp_path: Path, monkeypatch: Any, trouble: Any, moment: str) -> None:
    """Whenever writing stops, the old model is there, whole, and nothing else is."""
    model, arrays = tmp_path / "mine", store.arrays_of(None)
    store.save_model(model, {"id": "old"}, arrays)
    before = {path.name: path.read_bytes() for path in model.iterdir()}
    rename = Path.replace

    def fail(*_: Any, **__: Any) -> None:
        raise trouble

    def fail_second(path: Path, target: Path) -> Path:
        if target == model and not path.name.endswith("-old"):
            raise trouble
        return rename(path, target)

    if moment == "rename":
        monkeypatch.setattr(Path, "replace", fail_second)
    else:
        monkeypatch.setattr(np, moment, fail)
    with pytest.raises(trouble if isinstance(trouble, type) else type(trouble)):
        store.save_model(model, {"id": "new"}, arrays)
    assert {path.name: path.read_bytes() for path in model.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX systems")
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_an_interrupted_training_leaves_the_old_model(tmp_path: Path, sent: signal.Signals, code: int) -> None:
    """Ctrl-C in the middle: what was there is still there, and works."""
    folder, model = write(tmp_path / "labelled", documents(60)), tmp_path / "mine"
    store.save_model(model, {"id": "old"}, store.arrays_of(None))
    command = "import sys; from cleaner.cli import main; sys.exit(main())"
    argv = [sys.executable, "-c", command, "train", str(folder), "--output", str(model)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"lines" in process.stderr.readline()
        process.send_signal(sent)
        rest = process.stderr.read()
    assert process.returncode == code
    assert b"Traceback" not in rest
    assert load_model(model).id == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labelled", "mine"]
