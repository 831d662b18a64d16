"""Documents of our own writing that train: well-formed, and strangers to what the tests measure with."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from cleaner.document import LABELS
from cleaner.training.documents import WRITTEN, Labelled, is_validation, read_gold

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "gold" / WRITTEN
NAME = re.compile(r"[a-z]{2}(-[a-z]+)?-\d{3}")
TELLING = 40  # characters: a line of text of so many stands in two documents only if it is copied
TEXT = {LABELS.index("heading"), LABELS.index("body")}  # the set phrases of blog software are alike everywhere

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="the folder gold/ is not beside the tests")


@pytest.fixture(scope="module")
def written() -> list[Labelled]:
    """All documents."""
    return read_gold(FOLDER)


def telling(documents: list[Labelled]) -> Counter[str]:
    """In how many of the documents each long line of text stands."""
    found: Counter[str] = Counter()
    for document in documents:
        rows = zip(document.lines, document.labels, strict=True)
        found.update({line.strip() for line, label in rows if label in TEXT and len(line.strip()) >= TELLING})
    return found


def test_names_tell_the_language(written: list[Labelled]) -> None:
    """A language, for English a kind, and a number, by which some are held out."""
    assert written
    assert [document.name for document in written if not NAME.fullmatch(document.name)] == []
    assert 0.15 < sum(is_validation(document.name) for document in written) / len(written) < 0.25


def test_every_label_is_there(written: list[Labelled]) -> None:
    """Each of the ten, often."""
    count = Counter(label for document in written for label in document.labels)
    assert min(count[number] for number in range(len(LABELS))) > 500


def test_none_is_a_copy(written: list[Labelled]) -> None:
    """No long line of text stands in two documents."""
    assert [line for line, count in telling(written).items() if count > 1] == []


def test_none_shares_a_line_with_the_seeds_or_the_fixtures(written: list[Labelled]) -> None:
    """What is tested must not have been seen in training."""
    tested = telling(read_gold(ROOT / "seeds") + read_gold(ROOT / "fixtures" / "documents"))
    assert sorted(tested.keys() & telling(written).keys()) == []
