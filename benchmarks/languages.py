"""Figures by language: on labelled documents, on those of our own writing, and on pages whose main text is known.

    python benchmarks/languages.py [SHARED]

SHARED has a folder gold/ with NAME.tsv (rows `label TAB line`), of which the documents count whose number ends in 0 or
5, as of those in gold/written here, and a folder data/ with pages as JSON Lines, of which every fifth counts. Of a page
the text is cleaned that trafilatura extracts from it; word F1 compares bags of words with the page's main text.
py3langid (extra `bench`) tells the language, of a page that of its main text.
"""

from __future__ import annotations

import argparse
import logging
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ablation import held_out, row

from cleaner import Cleaner
from cleaner.scoring import confusion, judge
from cleaner.training.documents import WRITTEN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cleaner.training.documents import Labelled

FIFTH = 5
WORD = re.compile(r"\w+")
NAMED = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "pl": "Polish",
    "ja": "Japanese",
    "no": "Norwegian",
    "nb": "Norwegian",
    "nn": "Norwegian",
}
MORE = {  # which documents of our own writing are in, besides
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "it": "Italian",
    "ko": "Korean",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
FEWEST = 3  # documents of our own writing in a language that has a row of its own
OTHERS = "all others"
GOLD = Path(__file__).parents[1] / "gold"
LINES_HEAD = "| language | documents | macro F1 | drop F1 | body lost |\n| --- | --- | --- | --- | --- |"
PAGES_HEAD = (
    "| language | pages | extracted, word F1 | cleaned, word F1 | difference |\n| --- | --- | --- | --- | --- |"
)
ROUNDS = 1000


def language(text: str) -> str:
    """The language of a text, by name if it is one that is reported on."""
    import py3langid

    return NAMED.get(py3langid.classify(text)[0], OTHERS)


def ordered(names: Sequence[str]) -> list[str]:
    """The languages, in the order in which they are reported."""
    return [name for name in dict.fromkeys([*NAMED.values(), *sorted(MORE.values()), OTHERS]) if name in names]


def lines_report(documents: Sequence[Labelled], names: Sequence[str]) -> str:
    """The table of labelled documents; ``names`` are their languages."""
    groups: dict[str, list[NDArray[np.int64]]] = defaultdict(list)
    found = judge(Cleaner(), (document.text for document in documents))
    for document, name, each in zip(documents, names, found, strict=True):
        groups[name].append(confusion(document.labels, each.labels))
    return "\n".join([LINES_HEAD, *(row(name, groups[name]) for name in ordered(list(groups)))])


def gold_report(folder: Path) -> str:
    """The table of the labelled documents of web pages that validate."""
    documents = held_out(folder)
    return lines_report(documents, [language(document.text) for document in documents])


def written_report() -> str:
    """The table of documents of our own writing that validate; their names say in which language they are."""
    documents = held_out(GOLD / WRITTEN)
    names = [(NAMED | MORE).get(document.name.partition("-")[0], OTHERS) for document in documents]
    return lines_report(documents, [name if names.count(name) >= FEWEST else OTHERS for name in names])


def word_f1(text: str, gold: str) -> float:
    """How well two bags of words agree."""
    found, right = (Counter(WORD.findall(each.lower())) for each in (text, gold))
    if not found or not right:
        return float(found == right)
    return 2 * (found & right).total() / (found.total() + right.total())


def pages(folder: Path, limit: int | None) -> Iterator[tuple[str, float, float]]:
    """Language, and word F1 before and after cleaning, of every fifth page of the files of a folder."""
    import trafilatura

    from cleaner.training.pages import read_pages

    logging.disable(logging.CRITICAL)
    tool = Cleaner()
    for path in sorted(folder.glob("*.jsonl*")):
        for page in read_pages(path):
            if limit is not None and page["row"] >= FIFTH * limit:
                break
            if page["row"] % FIFTH == 0:
                text = trafilatura.extract(page["html"]) or ""
                yield language(page["gold"]), word_f1(text, page["gold"]), word_f1(tool.clean(text), page["gold"])


def pages_report(folder: Path, limit: int | None = None) -> str:
    """The table of pages; in brackets the 95 % interval of the difference, by page."""
    groups: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for name, before, after in pages(folder, limit):
        groups[name].append((before, after))
    rows = []
    for name in ordered(list(groups)):
        values = np.array(groups[name])
        gain = values[:, 1] - values[:, 0]
        draws = np.random.default_rng(0).integers(0, len(gain), (ROUNDS, len(gain)))
        low, high = np.percentile(gain[draws].mean(axis=1), [2.5, 97.5])
        before, after = values.mean(axis=0)
        rows.append(
            f"| {name} | {len(values)} | {before:.3f} | {after:.3f} | {gain.mean():+.3f} [{low:+.3f} {high:+.3f}] |"
        )
    return "\n".join([PAGES_HEAD, *rows])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", type=Path, nargs="?", default=Path("../shared"))
    parser.add_argument("--limit", type=int, help="pages of each file")
    arguments = parser.parse_args()
    print(gold_report(arguments.shared / "gold"), end="\n\n")
    print(written_report(), end="\n\n")
    print(pages_report(arguments.shared / "data", arguments.limit))


if __name__ == "__main__":
    main()
