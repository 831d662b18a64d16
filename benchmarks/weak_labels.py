"""How often weak labels from pages agree with the labels given by hand.

For each hand-labelled document that is not held out for validation: its page is labelled from gold text
and markup, the document's extractor is run on it, and the label of each line is compared with the hand
label. Needs the extra ``train``, and a folder that holds ``gold`` and ``data``.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cleaner.document import LABELS, Label
from cleaner.training.documents import Labelled, is_validation, read_gold
from cleaner.training.pages import read_pages, weak_documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Pair = tuple[Label, Label | None]  # by hand, weak
EVERY = 5  # each fifth page is held out for validation


def hand_labelled(shared: Path) -> dict[str, list[Labelled]]:
    """The gold documents for training, by the id of their page."""
    index = json.loads((shared / "gold" / "index.json").read_text(encoding="utf-8"))
    found: dict[str, list[Labelled]] = {}
    for document in read_gold(shared / "gold"):
        if not is_validation(document.name):
            found.setdefault(index[document.name]["id"], []).append(document)
    return found


def tasks(shared: Path, documents: dict[str, list[Labelled]]) -> Iterator[tuple[dict[str, Any], Labelled]]:
    """Each gold document with its page; pages held out are passed over."""
    for path in sorted((shared / "data").glob("*.jsonl.zst")):
        for page in read_pages(path):
            if page["row"] % EVERY:
                for document in documents.get(page["id"], ()):
                    yield page, document


def compare(task: tuple[dict[str, Any], Labelled]) -> list[Pair] | None:
    """The pairs of labels of a document's lines; None where its page gives no weak document."""
    page, document = task
    weak = weak_documents(page, views=(document.kind,))
    if not weak:
        return None
    by_hand = [line.strip() for line in document.lines]
    lines = [line.strip() for line in weak[0].lines]
    blocks = SequenceMatcher(None, by_hand, lines, autojunk=False).get_matching_blocks()
    return [
        (LABELS[document.labels[block.a + offset]], weak[0].labels[block.b + offset])
        for block in blocks
        for offset in range(block.size)
    ]


def table(pairs: Iterable[Pair]) -> str:
    """Per label: lines by hand, weak lines, precision, recall, and the share of its lines left unknown."""
    counts = Counter(pairs)
    rows = [f"{'label':12}{'hand':>8}{'weak':>8}{'precision':>11}{'recall':>8}{'unknown':>9}"]
    for label in LABELS:
        hand = sum(count for (a, _), count in counts.items() if a is label)
        weak = sum(count for (_, b), count in counts.items() if b is label)
        hit, unknown = counts[label, label], counts[label, None]
        rates = hit / max(weak, 1), hit / max(hand, 1), unknown / max(hand, 1)
        rows.append(f"{label:12}{hand:8}{weak:8}{rates[0]:11.3f}{rates[1]:8.3f}{rates[2]:9.3f}")
    total = counts.total()
    unknown = sum(count for (_, b), count in counts.items() if b is None)
    hit = sum(counts[label, label] for label in LABELS)
    rates = hit / max(total - unknown, 1), hit / max(total, 1), unknown / max(total, 1)
    rows.append(f"{'all':12}{total:8}{total - unknown:8}{rates[0]:11.3f}{rates[1]:8.3f}{rates[2]:9.3f}")
    return "\n".join(rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shared", nargs="?", type=Path, default=Path("../shared"), help="folder with gold and data")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    arguments = parser.parse_args()
    work = list(tasks(arguments.shared, hand_labelled(arguments.shared)))
    with ProcessPoolExecutor(arguments.workers) as pool:
        results = list(pool.map(compare, work, chunksize=4))
    used = [result for result in results if result is not None]
    print(f"{len(work)} documents, {len(work) - len(used)} on pages left out")
    print(table(pair for result in used for pair in result))


if __name__ == "__main__":
    main()
