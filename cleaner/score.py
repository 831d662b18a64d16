"""``cleaner score``: how good the labels are on documents that are labelled already."""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cleaner.document import LABELS
from cleaner.filter import DONE, FAILED, USAGE, complain, reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cleaner.pipeline import Cleaner
    from cleaner.training.documents import Labelled

FORMS = """\
labelled documents:
  NAME.tsv      a document: rows of label, TAB, line; blank lines stay blank; a line feed ends the last row, too
  NAME.jsonl    a document a line, as {"text": "...", "labels": ["body", "ad", ...]}, with a label for each line
                that is not blank, in order, or null; or what cleaner --jsonl --labels writes, put right;
                "lines", a list, may stand for "text"; "id" names the document, "url" or "host" its site
  Of a folder, all files of these names.
"""

DESCRIPTION = """\
measure labels against those of labelled documents

Labels the documents anew and compares: precision, recall and F1 of each label, what is dropped and lost,
which labels are taken for which, and the documents that come out worst.
"""

EPILOG = f"""\
{FORMS}
figures:
  macro F1              mean of the labels' F1
  boilerplate dropped   all labels but heading and body taken as one
  body lost             share of the lines of heading and body that are labelled as boilerplate
  In brackets: 95 % intervals, from documents drawn at random (bootstrap).

exit status:
  0   done
  1   some documents cannot be read: nothing is done
  2   the command line is wrong, or a rule pack or model cannot be used

examples:
  cleaner score labelled/
  cleaner score labelled/ --model mine --json > figures.json
"""

WORST = 10
WORST_TITLE = "worst documents"
ENOUGH = 5  # documents: intervals from fewer say nothing
FIGURES = {
    "macro F1": "macro_f1",
    "lines labelled right": "accuracy",
    "boilerplate dropped: precision": "drop_precision",
    "boilerplate dropped: recall": "drop_recall",
    "boilerplate dropped: F1": "drop_f1",
    "body lost": "body_lost",
}


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    typed = make_parser().parse_args(argv)
    from cleaner.pipeline import Cleaner
    from cleaner.scoring import judge
    from cleaner.training.documents import LabelledError, read_all

    try:
        tool = Cleaner(
            packs=typed.rules,
            disable=typed.disable,
            model=typed.model,
            favor=typed.favor,
            threshold=typed.threshold,
        )
    except OSError as error:
        complain(f"{error.filename}: {reason(error)}")
        return USAGE
    except ValueError as error:
        complain(error)
        return USAGE
    try:
        documents = read_all(typed.labelled)
    except LabelledError as error:
        complain(error)
        return FAILED
    texts = (document.text for document in progress(documents, "documents"))
    found = compare(documents, [judged.labels for judged in judge(tool, texts)])
    print(json.dumps(plain(found, tool)) if typed.json else shown(found, typed.worst), end="\n" if typed.json else "")
    return DONE


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    from cleaner.cli import Parser, add_deciding

    parser = Parser(
        prog="cleaner score",
        usage="cleaner score [OPTION ...] LABELLED ...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("labelled", metavar="LABELLED", nargs="+", type=Path, help="labelled files, or folders of them")
    add_deciding(parser.add_argument_group("how it decides"))
    add = parser.add_argument_group("what is shown").add_argument
    add("--worst", metavar="N", type=count, default=WORST, help=f"so many of the worst documents (default: {WORST})")
    add("--json", action="store_true", help="one JSON object, for programs")
    return parser


def count(typed: str) -> int:
    """A number of things."""
    number = int(typed)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{typed} is less than none")
    return number


def progress(items: Sequence[Any], unit: str) -> Iterator[Any]:
    """The items, with a bar on a terminal if ``tqdm`` is installed."""
    if sys.stderr is not None and sys.stderr.isatty():
        try:
            from tqdm import tqdm
        except ImportError:
            pass
        else:
            return iter(tqdm(items, unit=f" {unit}", dynamic_ncols=True, leave=False))
    return iter(items)


class Comparison(NamedTuple):
    """Labelled documents, and for each a table of counts: right labels x labels found."""

    documents: Sequence[Labelled]
    tables: list[NDArray[np.int64]]

    @property
    def table(self) -> NDArray[np.int64]:
        """The counts of all documents together."""
        import numpy as np

        total: NDArray[np.int64] = np.sum(self.tables, axis=0)
        return total


def compare(documents: Sequence[Labelled], labels: Iterable[NDArray[np.int64]]) -> Comparison:
    """Compare the labels found in each document with the right ones."""
    from cleaner.scoring import confusion

    pairs = zip(documents, labels, strict=True)
    return Comparison(documents, [confusion(document.labels, found) for document, found in pairs])


# What is shown


def shown(found: Comparison, worst: int = WORST) -> str:
    """The report."""
    table = found.table
    lines = [f"{len(found.documents):,} documents, {table.sum():,} lines with a label", ""]
    lines += [*label_rows(table), "", *figure_rows(found), "", *confusion_rows(table)]
    if bad := worst_documents(found)[:worst]:
        width = max(len(WORST_TITLE), *(len(row["document"]) for row in bad))
        lines += ["", f"{WORST_TITLE:<{width}}  wrong  of lines  body lost  boilerplate kept"]
        lines += [
            f"{row['document']:<{width}} {row['wrong']:6} {row['lines']:9} {row['body_lost']:10}"
            f" {row['boilerplate_kept']:17}"
            for row in bad
        ]
    return "\n".join(lines) + "\n"


def label_rows(table: NDArray[np.int64]) -> list[str]:
    """Precision, recall and F1 of each label."""
    from cleaner.scoring import rates

    rows = [f"{'label':<11} precision  recall      F1    lines    found"]
    for number, (label, rate) in enumerate(zip(LABELS, rates(table).tolist(), strict=True)):
        cells = "".join(f"{cell(value):>8}" for value in rate)
        rows.append(f"{label:<11}  {cells} {table[number].sum():8,} {table[:, number].sum():8,}")
    return rows


def figure_rows(found: Comparison) -> list[str]:
    """The figures over all lines, with intervals."""
    from cleaner.scoring import figures, intervals

    value = figures(found.table)._asdict()
    ends: dict[str, str] = {}
    if len(found.tables) >= ENOUGH:
        low, high = intervals(found.tables)
        ends = {name: f"  [{cell(a)} {cell(b)}]" for name, a, b in zip(value, low, high, strict=True)}
    return [f"{title:<30} {cell(value[name])}{ends.get(name, '')}" for title, name in FIGURES.items()]


def cell(value: float) -> str:
    """A figure as it is shown."""
    return "-" if math.isnan(value) else f"{value:.3f}"


def confusion_rows(table: NDArray[np.int64]) -> list[str]:
    """Which labels are taken for which."""
    width = max(4, len(f"{table.max():,}"))
    head = " ".join(f"{label[:width]:>{width}}" for label in LABELS)
    rows = ["rows: the right label; columns: the one found", f"{'':<11} {head}"]
    for label, counts in zip(LABELS, table.tolist(), strict=True):
        rows.append(f"{label:<11} " + " ".join(f"{count or '.':>{width}}" for count in counts))
    return rows


def worst_documents(found: Comparison) -> list[dict[str, Any]]:
    """The documents in which lines are labelled wrong, those with the most first."""
    from cleaner.decoding import TEXT

    rows = []
    for document, table in zip(found.documents, found.tables, strict=True):
        rows.append(
            {
                "document": document.name,
                "wrong": int(table.sum() - table.trace()),
                "lines": int(table.sum()),
                "body_lost": int(table[TEXT][:, ~TEXT].sum()),
                "boilerplate_kept": int(table[~TEXT][:, TEXT].sum()),
            }
        )
    return sorted((row for row in rows if row["wrong"]), key=lambda row: -int(row["wrong"]))


def plain(found: Comparison, tool: Cleaner | None = None) -> dict[str, Any]:
    """The same as plain data, and what decided."""
    from cleaner.scoring import figures, intervals, rates

    table = found.table
    names = ("precision", "recall", "f1")
    result: dict[str, Any] = {
        "documents": len(found.documents),
        "lines": int(table.sum()),
        **{name: known(value) for name, value in figures(table)._asdict().items()},
        "labels": {
            label.value: {name: known(value) for name, value in zip(names, rate, strict=True)}
            | {"lines": int(table[number].sum()), "found": int(table[:, number].sum())}
            for number, (label, rate) in enumerate(zip(LABELS, rates(table).tolist(), strict=True))
        },
        "confusion": table.tolist(),
        "worst": worst_documents(found),
    }
    if len(found.tables) >= ENOUGH:
        low, high = intervals(found.tables)
        result["intervals"] = {
            name: [known(float(a)), known(float(b))]
            for name, a, b in zip(figures(table)._fields, low, high, strict=True)
        }
    return result | ({} if tool is None else {"versions": tool.versions()})


def known(value: float) -> float | None:
    """A figure, or None where there is none: JSON has no ``nan``."""
    return None if math.isnan(value) else value
