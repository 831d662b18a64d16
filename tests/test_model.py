"""The learned line classifier: weights and scores."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_models import SAMPLE, TOY, random_model

from cleaner import Cleaner, ModelError
from cleaner.document import BODY_TEXT, LABELS
from cleaner.features import CONTEXT_FEATURES, LINE_FEATURES, extract
from cleaner.lines import split_lines
from cleaner.model import (
    ARRAYS,
    BOUND,
    HINTS,
    NEIGHBOURS,
    UNIT,
    WINDOWS,
    Model,
    load_model,
    make_model,
    relu,
    seen_by,
    softmax,
)
from cleaner.rules import RuleSet, built_in_packs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

RULES = RuleSet(rule for pack in built_in_packs() for rule in pack.rules)
TEXTS = [
    SAMPLE,
    "",
    "one",
    "\n\n",
    "word " * 5000,
    "\n".join(f"Line {i} of a list, and {'more ' * (i % 7)}." for i in range(150)),
    SAMPLE[::-1],
]


def scores_of(model: Model, texts: Sequence[str]) -> list[NDArray[np.float64]]:
    """Scores (in context) of the lines of each text, worked on together."""
    batch = split_lines(texts)
    if not len(batch):
        return [np.empty((0, len(LABELS))) for _ in texts]
    _, scores = model.scores(extract(batch, RULES), batch.stretch_line)
    return [scores[a:b] for a, b in pairwise(batch.first_line)]


# Sums


@pytest.mark.parametrize("width", [1, 3, 4, 11, 16])
def test_packed_sums_are_plain_sums(width: int) -> None:
    """Four sums in one 64-bit addition give what adding one by one gives, extremes of a full line included."""
    data = random_model(3, rows=512, width=width)
    data["table"][::3], data["table"][1::3] = 127, -127
    model = make_model(data)
    random = np.random.default_rng(0)
    count = np.array([1, 2, 256, 256, 256, 7, 100])
    rows = random.integers(0, 512, count.sum())
    rows[3:259], rows[259:515] = 0, 1  # 256 times 127, and -127
    start = np.append(0, np.cumsum(count))
    found = model.embed(rows, start)
    for i, (a, b) in enumerate(pairwise(start)):
        plain = data["table"][rows[a:b]].sum(axis=0)
        units = np.rint(plain * (data["table_scale"] * UNIT) / np.sqrt(b - a))
        assert found[i].tolist() == np.clip(units, -BOUND * UNIT, BOUND * UNIT).tolist()
    assert data["table"][:2, 0].tolist() == [127, -127]


@pytest.mark.parametrize("seed", range(3))
def test_scores_do_not_depend_on_the_batch(seed: int) -> None:
    """A line's scores are the same bit for bit, alone and in any company."""
    model = make_model(random_model(seed))
    alone = [scores_of(model, [text])[0] for text in TEXTS]
    order = np.random.default_rng(seed).permutation(len(TEXTS))
    for numbers in (range(len(TEXTS)), order, [*order, *order[::-1]], [5] * 9):
        for number, found in zip(numbers, scores_of(model, [TEXTS[n] for n in numbers]), strict=True):
            assert found.tobytes() == alone[number].tobytes()


def test_surroundings_are_seen_within_the_stretch() -> None:
    """A line sees its neighbours, and means of what stands before, after and all around it, found one by one."""
    random = np.random.default_rng(1)
    verdict = (random.integers(-400, 400, (90, len(LABELS))) / 64).astype(np.float32)
    line = random.integers(0, 99, (90, len(LINE_FEATURES))).astype(np.float32) / UNIT
    context = random.integers(0, 99, (90, len(CONTEXT_FEATURES))).astype(np.float32) / UNIT
    stretch_line = np.array([0, 1, 1, 70, 74, 90])
    hints = random.integers(0, 65, (90, HINTS)).astype(np.float32)
    found = seen_by(verdict, hints, line, context, stretch_line)
    behind = verdict - verdict.max(axis=1, keepdims=True)
    own, view = np.rint(np.maximum(behind * 8, -64)), np.rint(np.maximum(64 + behind * 32, 0))
    zero = np.zeros(len(LABELS))

    def mean(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.rint(rows.sum(axis=0) / np.float32(len(rows))) if len(rows) else zero

    for top, end in pairwise(stretch_line.tolist()):
        for i in range(top, end):
            steps = (*range(-NEIGHBOURS, 0), *range(1, NEIGHBOURS + 1))
            expected = [own[i], view[i], *(view[i + step] if top <= i + step < end else zero for step in steps)]
            for width in WINDOWS:
                expected += [mean(view[max(i - width, top) : i]), mean(view[i + 1 : min(i + 1 + width, end)])]
            expected += [mean(view[top:end]), line[i] * UNIT, context[i] * UNIT, hints[i]]
            assert found[i].tolist() == np.concatenate(expected).tolist(), i


def test_what_lines_let_expect_is_seen_by_their_neighbours() -> None:
    """A line sees what it lets expect, what the next line does before it, and what the last one does after it."""
    data = random_model(5)
    model = make_model(data)
    hidden = np.random.default_rng(3).integers(0, 513, (9, len(data["line_bias"]))).astype(np.float32)
    hints = np.zeros((9, HINTS), np.float32)
    model.expect(hidden, np.array([0, 0, 4, 5, 9, 9]), hints)
    scores = hidden @ model.weights["expected_weight"] / UNIT + model.weights["expected_bias"]
    half = scores.shape[1] // 2
    parts = [part - part.max(axis=1, keepdims=True) for part in (scores[:, :half], scores[:, half:])]
    before, after = (np.rint(np.maximum(UNIT + part * (UNIT / 2), 0)) for part in parts)
    for top, end in ((0, 4), (4, 5), (5, 9)):
        for i in range(top, end):
            from_next = before[i + 1] if i + 1 < end else np.zeros(half)
            from_last = after[i - 1] if i > top else np.zeros(half)
            assert hints[i, : 4 * half].tolist() == [*before[i], *after[i], *from_next, *from_last], i
    assert not hints[:, 4 * half :].any()


def test_the_lines_of_a_stretch_say_together_what_type_of_page_it_is() -> None:
    """All lines of a stretch see the same, which is what the mean of its lines says, and no other stretch counts."""
    data = random_model(4)
    model = make_model(data)
    hidden = np.random.default_rng(2).integers(0, 513, (9, len(data["line_bias"]))).astype(np.float32)
    found = model.page_types(hidden, np.array([0, 0, 4, 9, 9]))
    for a, b in ((0, 4), (4, 9)):
        mean = np.rint(hidden[a:b].sum(axis=0) / np.float32(b - a))
        scores = mean @ model.weights["page_type_weight"] / UNIT + model.weights["page_type_bias"]
        expected = np.rint(np.maximum(UNIT + (scores - scores.max()) * (UNIT / 2), 0))
        assert found[a:b].tolist() == [expected.tolist()] * (b - a)
    assert found[0].tolist() != found[4].tolist()


@settings(deadline=None, derandomize=True)
@given(st.lists(st.floats(-(2.0**99), 2.0**99, width=32), min_size=1))
def test_activations_are_whole_units(values: list[float]) -> None:
    """What a layer hands on is a whole number of units, within the bound, and as near as can be."""
    found = relu(np.array(values, np.float32), np.full(len(values), 0.5, np.float32))
    assert np.all(found == np.rint(found))
    assert np.all(np.abs(found - np.clip(np.array(values) + UNIT / 2, 0, BOUND * UNIT)) <= 0.5 + 1e-4)


def test_probabilities() -> None:
    """They are positive, sum to one, follow the scores, and bear extreme ones."""
    found = softmax(np.array([[0.0, 0, 0], [1, 2, 3], [1e6, -1e6, 0]]))
    assert found.sum(axis=1) == pytest.approx(1)
    assert found[0] == pytest.approx(1 / 3)
    assert found[1].argsort().tolist() == [0, 1, 2]
    assert found[2].tolist() == [1, 0, 0]


# Toy models


def test_a_toy_adds_up_scores_of_words() -> None:
    """Words count in any case, pairs count, what is unknown does not, and the bias is there."""
    words = {"apple": {"ad": 4, "body": 1}, "red apple": {"ad": 8}, "pear": {"notice": 60}}
    model = make_model({"words": words, "bias": {"body": 3}})
    batch = split_lines(["APPLE\nstone\n\nRed apple\nPear"])
    alone, scores = model.scores(extract(batch, RuleSet([])), batch.stretch_line)
    apple, stone, red_apple, pear = ({label.value: row[i] for i, label in enumerate(LABELS)} for row in alone)
    assert stone == dict.fromkeys(LABELS, 0) | {"body": 3}
    assert 0 < apple["ad"] < red_apple["ad"]
    assert apple["body"] > 3
    assert pear["notice"] == BOUND
    assert [LABELS[label].value for label in scores.argmax(axis=1)[[1, 3]]] == ["body", "notice"]


def test_a_toy_labels_as_it_was_told() -> None:
    """Tests can say by plain data what a word means."""
    labels = [line.label.value for line in Cleaner(model=TOY, rules=[]).label("Advertisement\nA boat.\n\nGetty")]
    assert labels == ["ad", "body", "caption"]


# Models that cannot be used


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A good model folder."""
    save(tmp_path, random_model())
    return tmp_path


def save(folder: Path, data: dict[str, Any]) -> None:
    """Write a model folder."""
    head = {name: data[name] for name in ("id", "rules")}
    (folder / "model.json").write_text(json.dumps(head), encoding="utf-8")
    np.savez_compressed(folder / "weights.npz", **{name: array for name, array in data.items() if name not in head})


def test_a_model_folder_gives_the_model_that_was_saved(folder: Path) -> None:
    """Reading a model changes no score."""
    read, made = load_model(folder), make_model(random_model())
    assert read.id == "random-0"
    assert read.rules == "none"
    for one, other in zip(scores_of(read, TEXTS), scores_of(made, TEXTS), strict=True):
        assert one.tobytes() == other.tobytes()


def missing_head(folder: Path) -> None:
    """No head."""
    (folder / "model.json").unlink()


def missing_weights(folder: Path) -> None:
    """No weights."""
    (folder / "weights.npz").unlink()


def empty_weights(folder: Path) -> None:
    """Weights of no bytes."""
    (folder / "weights.npz").write_bytes(b"")


def truncated_weights(folder: Path) -> None:
    """Half of the weights."""
    data = (folder / "weights.npz").read_bytes()
    (folder / "weights.npz").write_bytes(data[: len(data) // 2])


def flipped_weights(folder: Path) -> None:
    """Weights with some bytes turned round."""
    data = bytearray((folder / "weights.npz").read_bytes())
    data[200:240] = bytes(255 - byte for byte in data[200:240])
    (folder / "weights.npz").write_bytes(data)


def no_archive(folder: Path) -> None:
    """Something else than weights."""
    (folder / "weights.npz").write_text("weights", encoding="utf-8")


def not_json(folder: Path) -> None:
    """A head that is no JSON."""
    (folder / "model.json").write_text('{"id": ', encoding="utf-8")


def not_text(folder: Path) -> None:
    """A head that is no text."""
    (folder / "model.json").write_bytes(b"\xff\xfe\x00")


def not_an_object(folder: Path) -> None:
    """A head that is a list."""
    (folder / "model.json").write_text("[1]", encoding="utf-8")


def pickled(folder: Path) -> None:
    """Weights that would run code when they are read."""
    np.savez(folder / "weights.npz", **{**random_model(), "table": np.array([print], object)})


@pytest.mark.parametrize(
    "damage",
    [
        missing_head,
        missing_weights,
        empty_weights,
        truncated_weights,
        flipped_weights,
        no_archive,
        not_json,
        not_text,
        not_an_object,
        pickled,
    ],
    ids=lambda damage: damage.__name__,
)
def test_a_damaged_folder_is_named(folder: Path, damage: Any) -> None:
    """Whatever is wrong with a model, the message says which model it is."""
    damage(folder)
    with pytest.raises(ModelError) as caught:
        Cleaner(model=folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("path", ["nowhere", "model.json"])
def test_what_is_no_folder_is_named(folder: Path, path: str) -> None:
    """A path that leads nowhere, or to a file, is said to be no model."""
    with pytest.raises(ModelError, match="no model can be read there") as caught:
        Cleaner(model=str(folder / path))
    assert str(folder / path) in str(caught.value)


def test_a_model_that_failed_can_be_mended(folder: Path) -> None:
    """A failure is not remembered."""
    not_json(folder)
    with pytest.raises(ModelError):
        load_model(folder)
    save(folder, random_model())
    assert load_model(folder).id == "random-0"


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize("fault", ["missing", "cut", "deeper", "flat", "number", "words", "nan", "infinite"])
def test_wrong_arrays_are_named(folder: Path, name: str, fault: str) -> None:
    """An array that is missing, has another shape or holds no numbers is a fault of the model, which is named."""
    data = random_model()
    good = np.array(data.pop(name))
    if fault != "missing":
        nan = np.full_like(good, np.nan, float)
        data[name] = {
            "cut": good[:-1],
            "deeper": good[..., None],
            "flat": good.reshape(-1)[: good.size - 1],
            "number": good.flat[0],
            "words": np.full(good.shape, "many"),
            "nan": nan,
            "infinite": nan - np.inf if name == "table" else np.where(good == good.flat[0], np.inf, good),
        }[fault]
    save(folder, data)
    for source, given_model in (("model", data), (str(folder), folder)):
        with pytest.raises(ModelError) as caught:
            Cleaner(model=given_model)
        assert str(caught.value).startswith(f"{source}: ")


@pytest.mark.parametrize("array", [np.ones(10), np.ones((3, 10)), np.ones((2, 9)), np.full((2, 10), np.nan)])
def test_a_wrong_calibration_is_named(array: NDArray[np.float64]) -> None:
    """It has a scale and a shift for each label, if there is one."""
    with pytest.raises(ModelError, match=r"calibration|not finite"):
        make_model(random_model() | {"calibration": array})


def test_calibration_changes_probabilities_and_labels_in_doubt_alone() -> None:
    """Scores are scaled and shifted before they become probabilities; what is decided stays, or is text in doubt."""
    scale, shift = np.linspace(0.25, 2, 10), np.linspace(-1, 1, 10)
    plain, calibrated = make_model(random_model()), make_model(random_model() | {"calibration": [scale, shift]})
    (scores,) = scores_of(plain, [SAMPLE])
    by_hand = np.exp(scores * np.rint(scale * 512) / 512 + np.rint(shift * 512) / 512)
    assert calibrated.probabilities(scores) == pytest.approx(by_hand / by_hand.sum(axis=1, keepdims=True), abs=1e-6)
    assert plain.probabilities(scores).tolist() == softmax(scores).tolist()
    before, after = (Cleaner(model=model).label(SAMPLE) for model in (plain, calibrated))
    changed = [(one, other) for one, other in zip(before, after, strict=True) if one.label != other.label]
    assert len(changed) < len(before) / 2
    assert all((one.label in BODY_TEXT) != (other.label in BODY_TEXT) for one, other in changed)
    assert [line.scores for line in before] != [line.scores for line in after]


@pytest.mark.parametrize("rows", [0, 1, 3, 255])
def test_a_table_has_a_power_of_two_rows(rows: int) -> None:
    """Rows are found by the upper bits of a hash: other numbers of rows would not do."""
    data = random_model()
    data["table"] = data["table"][:rows]
    with pytest.raises(ModelError, match="power of two"):
        make_model(data)


def test_entries_of_the_table_have_eight_bits() -> None:
    """An entry that does not fit is an error, not another number."""
    data = random_model()
    data["table"][5, 0] = 300
    with pytest.raises(ModelError):
        make_model(data)


@pytest.mark.parametrize("data", [{}, {"id": "nothing"}, {"table": [[1]]}])
def test_plain_data_that_is_no_model(data: dict[str, Any]) -> None:
    """Data without weights is told what is missing."""
    with pytest.raises(ModelError, match="is missing"):
        make_model(data)
