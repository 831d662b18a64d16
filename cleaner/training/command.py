"""``cleaner train``: a model for documents that are labelled already."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.document import LABELS
from cleaner.filter import DONE, FAILED, USAGE, complain, reason
from cleaner.score import FORMS, compare, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cleaner.pipeline import Cleaner
    from cleaner.score import Comparison
    from cleaner.training.documents import Labelled
    from cleaner.training.train import Settings, Trained

DESCRIPTION = """\
train a model on labelled documents

Goes on from the model that comes with the program, so that some dozen documents do; --anew starts from
nothing, which wants thousands. Needs PyTorch: pip install 'linesift[train]'
"""

EPILOG = f"""\
{FORMS}
what is shown:
  How the model that was there and the new one label the documents, as cleaner score shows it. For this
  each document is labelled by a model that was trained without it, and without all others of its site.
  The model that is written is trained on all.

exit status:
  0     done
  1     some documents cannot be read, or they do not suffice: nothing is written
  2     the command line is wrong, or something is missing that training needs
  130   stopped by Ctrl-C: nothing is written; a model that was there stays

examples:
  cleaner --jsonl --labels news.jsonl > labelled.jsonl      labels to be put right by hand
  cleaner train labelled.jsonl --output mine
  cleaner --model mine article.txt
"""

FOLDS = 3
STEPS = 40  # an epoch has at least so many steps, while batches are large enough to learn from
GENTLE = {"line_rate": 0.02, "table_rate": 0.1, "context_rate": 0.02}  # shares of the usual rates, to train further
GENTLE_EPOCHS = 2  # over the context: more, or faster, and a model forgets what the new documents do not show
EVERY_SITE = 50  # sites for each site on which words must have been seen, when training anew


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    typed = make_parser().parse_args(argv)
    try:
        import torch  # noqa: F401 (is it there?)
    except ImportError as error:
        complain(f"{error.name} is missing: install what training needs with: pip install 'linesift[train]'")
        return USAGE
    from cleaner.pipeline import Cleaner
    from cleaner.training.documents import LabelledError, read_all
    from cleaner.training.store import check_place

    try:
        check_place(typed.output)
        tool = Cleaner(packs=typed.rules, disable=typed.disable, model=typed.model)
    except OSError as error:
        complain(f"{error.filename}: {reason(error)}")
        return USAGE
    except ValueError as error:
        complain(error)
        return USAGE
    try:
        documents = read_all(typed.labelled)
        check(documents)
        train_on(documents, tool, typed)
    except LabelledError as error:
        complain(error)
        return FAILED
    except OSError as error:
        complain(f"{error.filename or typed.output}: {reason(error)}: nothing is written")
        return FAILED
    return DONE


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    from cleaner.cli import Parser, names

    parser = Parser(
        prog="cleaner train",
        usage="cleaner train [OPTION ...] LABELLED ... --output MODEL",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("labelled", metavar="LABELLED", nargs="+", type=Path, help="labelled files, or folders of them")
    add("-o", "--output", metavar="MODEL", type=Path, required=True, help="the folder of the model to write")
    add("--name", help="what the model is called (default: the name of its folder)")
    add = parser.add_argument_group("how it is trained").add_argument
    add("--model", metavar="PATH", help="go on from another model")
    add("--anew", action="store_true", help="start from nothing")
    add("--rules", metavar="PACK.toml", action="append", default=[], help="add a rule pack; may be repeated")
    add("--disable", metavar="RULES", type=names, action="extend", default=[], help="switch off rules, by id")
    add("--threads", metavar="N", type=int, default=1, help="threads (default: 1); another number may round otherwise")
    add("--quiet", action="store_true", help="no progress, no figures")
    return parser


def check(documents: Sequence[Labelled]) -> None:
    """Raise ``LabelledError`` unless something can be learned from the documents."""
    from cleaner.training.documents import LabelledError

    counts = [0] * len(LABELS)
    for document in documents:
        for label in document.labels:
            counts[label] += label >= 0
    used = [label.value for label, count in zip(LABELS, counts, strict=True) if count]
    if len(used) < 2:
        raise LabelledError(f"all {sum(counts)} lines have the label {used[0]}: at least two labels are needed")
    if len({site(document) for document in documents}) < FOLDS:
        raise LabelledError(f"only {len(documents)} documents: at least {FOLDS} are needed, of as many sites")


def site(document: Labelled) -> str:
    """What a document is kept together with: its site, or itself where none is known."""
    return document.host or document.name


def train_on(documents: Sequence[Labelled], tool: Cleaner, typed: argparse.Namespace) -> None:
    """Train, show what came of it, and write the model."""
    import torch

    from cleaner.pipeline import Cleaner
    from cleaner.training.network import Shape, shape_of
    from cleaner.training.store import arrays_of, save_model
    from cleaner.training.train import prepare, train

    torch.set_num_threads(typed.threads)
    started = time.monotonic()

    def report(what: str) -> None:
        if not typed.quiet:
            complain(f"{time.monotonic() - started:4.0f} s  {what}")

    begin = None if typed.anew else arrays_of(typed.model)
    shape = Shape() if begin is None else shape_of(begin)
    known = [replaced(document, number) for number, document in enumerate(documents)]
    prepared = prepare(known, tool.rules, shape.bits)
    settings = settings_for([document.host for document in known], sum(len(d.labels) for d in known), begin)
    trained = train(prepared, shape, settings, report, begin)
    new = Cleaner(rules=tool.rules.rules, model={"id": "new", **trained.arrays})
    if not typed.quiet:
        print(judged(documents, tool, new, trained), end="")
    head = {
        "id": typed.name or typed.output.resolve().name,
        "rules": tool.rules.digest(),
        "begun_from": None if typed.anew else tool.model.id,
        "documents": {"by hand": len(documents)},
        "lines": {"by hand": sum(label >= 0 for document in documents for label in document.labels)},
    }
    save_model(typed.output, head, trained.arrays)
    report(f"written to {typed.output}")


def replaced(document: Labelled, number: int) -> Labelled:
    """The document with a site, its own where none is known."""
    from dataclasses import replace

    return document if document.host else replace(document, host=f"{document.name}#{number}")


def settings_for(hosts: Sequence[str], lines: int, begin: Mapping[str, Any] | None) -> Settings:
    """Settings that fit so many lines of these sites."""
    from dataclasses import replace

    from cleaner.training.train import Settings

    usual = Settings()
    fit = replace(
        usual,
        folds=FOLDS,
        line_batch=min(usual.line_batch, max(32, lines // STEPS)),
        context_batch=min(usual.context_batch, max(64, lines // STEPS)),
        fewest_sites=min(usual.fewest_sites, 1 + len(set(hosts)) // EVERY_SITE),
    )
    if begin is None:
        return fit
    return replace(
        fit,
        passes=len(begin["hidden_bias"]),
        context_epochs=GENTLE_EPOCHS,
        line_rate=GENTLE["line_rate"] * usual.line_rate,
        table_rate=GENTLE["table_rate"] * usual.table_rate,
        table_decay=usual.decay,  # what the model knows does not fade
        context_rate=GENTLE["context_rate"] * usual.context_rate,
    )


def judged(documents: Sequence[Labelled], before: Cleaner, after: Cleaner, trained: Trained) -> str:
    """How the documents are labelled before, and after, by models that have not seen them."""
    from cleaner.scoring import judge

    old = compare(documents, [found.labels for found in judge(before, (document.text for document in documents))])
    new = compare(documents, [decided(after, *pair) for pair in zip(documents, trained.scores, strict=True)])
    return (
        f"before, by {before.model.id}:\n\n{summary(old)}\n"
        f"after, each document by a model trained without it:\n\n{shown(new)}"
    )


def summary(found: Comparison) -> str:
    """The figures alone."""
    from cleaner.score import figure_rows

    return "\n".join(figure_rows(found)) + "\n"


def decided(tool: Cleaner, document: Labelled, scores: NDArray[Any]) -> NDArray[Any]:
    """Labels of the lines of a document, from their scores."""
    from cleaner.features import extract
    from cleaner.lines import split_lines

    batch = split_lines([document.text])
    return tool.labels(scores, extract(batch, tool.rules).evidence, batch.stretch_line)
