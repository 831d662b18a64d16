"""``cleaner score``: figures for labelled documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cleaner.cli import main
from cleaner.document import LABELS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "documents"
GOOD = "body\tThe boat has left the pier, and some three hundred people came to see it go.\nad\tAdvertisement\n"


def test_the_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells of each label, of the whole, of mistakes, and of the worst documents, the worst first."""
    (tmp_path / "good.tsv").write_text(GOOD, encoding="utf-8")
    (tmp_path / "bad.tsv").write_text(
        "body\tAdvertisement\nbody\tAdvertisement\n\nad\tAdvertisement\n", encoding="utf-8"
    )
    assert main(["score", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("2 documents, 5 lines with a label\n")
    assert "ad              0.500   1.000   0.667        2        4" in out
    assert "lines labelled right           0.600" in out
    assert "body lost                      0.667" in out
    header, row = out.splitlines()[-2:]
    assert header.split("  ") == ["worst documents", "wrong", "of lines", "body lost", "boilerplate kept"]
    assert row.split() == ["bad", "2", "3", "2", "0"]
    assert len(row) == len(header)


def test_the_report_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON holds the same, the intervals, and what decided."""
    assert main(["score", str(FIXTURES), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["documents"] == len(list(FIXTURES.glob("*.tsv")))
    assert set(found["labels"]) == set(LABELS)
    assert sum(map(sum, found["confusion"])) == found["lines"]
    low, high = found["intervals"]["macro_f1"]
    assert low < found["macro_f1"] < high
    assert found["versions"]["model"]
    wrong = [row["wrong"] for row in found["worst"]]
    assert wrong == sorted(wrong, reverse=True)
    assert sum(wrong) == round((1 - found["accuracy"]) * found["lines"])


def test_where_there_is_nothing_to_measure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No boilerplate, nothing to find: no figure, rather than one of 0; null in JSON."""
    for name in "abcdef":
        (tmp_path / f"{name}.tsv").write_text(GOOD.partition("ad\t")[0], encoding="utf-8")
    assert main(["score", str(tmp_path)]) == 0
    assert "boilerplate dropped: F1        -  [- -]\n" in capsys.readouterr().out
    assert main(["score", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert (found["drop_f1"], found["intervals"]["drop_f1"], found["body_lost"]) == (None, [None, None], 0)


def test_options_reach_the_cleaner(capsys: pytest.CaptureFixture[str]) -> None:
    """What is measured is what was asked for: recall loses no more of the body, precision no less."""
    lost = []
    for favor in ("recall", "balanced", "precision"):
        assert main(["score", str(FIXTURES), "--json", "--favor", favor]) == 0
        lost.append(json.loads(capsys.readouterr().out)["body_lost"])
    assert lost == sorted(lost)
    assert lost[0] < lost[2]


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["nowhere"], 1, "cleaner: nowhere: cannot be read"),
        (["nowhere", "--model", "no-model"], 2, "cleaner: no-model: no model can be read there"),
        (["nowhere", "--threshold", "7"], 2, "cleaner: threshold is 7.0: it is a probability"),
        (["nowhere", "--rules", "none.toml"], 2, "none.toml"),
    ],
)
def test_what_cannot_be_done(argv: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says why, and the exit code whether it was the command line."""
    assert main(["score", *argv]) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert not captured.out


def test_it_needs_no_extra() -> None:
    """Figures are to be had without what training needs."""
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['torch'] = sys.modules['tqdm'] = None\n"
        f"from cleaner.cli import main; sys.exit(main(['score', {str(FIXTURES)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert done.returncode == 0
    assert not done.stderr
