"""The default model, from the labelled documents and pages it is trained on.

Held out, and never looked at here: gold and written documents whose number ends in 0 or 5, every fifth
page of each file, and for the weak labels all other pages of the sites of both.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cleaner.document import LABEL_INDEX
from cleaner.training.documents import (
    HAND_LABELS,
    UNKNOWN,
    WRITTEN,
    Labelled,
    LabelledError,
    host_of,
    is_validation,
    join_hashed,
    labels_of_pages,
    line_hash,
    read_gold,
    without_hosts,
)
from cleaner.training.extractors import extract
from cleaner.training.pages import Weak, read_pages, type_of, weak_corpus
from cleaner.training.variants import variant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cleaner.rules import RuleSet

FIFTH = 5  # every fifth page of a file validates
TIMES = 2  # that a document of our own writing counts in context: they are short
VARIANTS = 2  # of each document that is labelled by hand


def build(shared: Path, gold: Path, output: Path, workers: int, report: Callable[[str], None], every: int = 1) -> None:
    """Train the default model on what lies in ``shared`` and ``gold``, or just every so many pages of it; write it."""
    import torch

    from cleaner.rules import RuleSet, built_in_packs
    from cleaner.training.network import Shape
    from cleaner.training.store import save_model
    from cleaner.training.train import Settings, prepare, train

    torch.set_num_threads(1)  # more would round otherwise, and gain little
    files = sorted((shared / "data").glob("*.jsonl*"))
    if not files or not (shared / "gold").is_dir():
        raise LabelledError(f"{shared}: no folders data/ and gold/ with pages and labelled documents there")
    by_hand = hand_labelled(shared, gold / HAND_LABELS, files)[::every]
    report(f"{len(by_hand)} documents labelled by hand")
    own = written(gold / WRITTEN)[::every]
    report(f"{len(own)} documents of our own writing")
    weak = weakly_labelled(shared, files, labels_of_pages(by_hand), workers, every)
    report(f"{len(weak)} documents labelled by markup, and by hand where a line of the page was")
    rules: RuleSet = RuleSet(rule for pack in built_in_packs() for rule in pack.rules)
    shape, settings = Shape(), Settings()
    varied = [variant(document, 1 + number) for number in range(VARIANTS) for document in by_hand + own]
    hand, ours, marked, more = (prepare(some, rules, shape.bits) for some in (by_hand, own, weak, varied))
    report("features")
    arrays = train(hand + ours * TIMES + marked + more, shape, settings, report).arrays
    save_model(output, head_of(rules, by_hand, own, weak), arrays)
    report(f"written to {output}")


def head_of(
    rules: RuleSet, by_hand: Sequence[Labelled], own: Sequence[Labelled], weak: Sequence[Labelled]
) -> dict[str, Any]:
    """What a model says of itself."""
    return {
        "id": "text-2026.11",
        "rules": rules.digest(),
        "documents": {"by hand": len(by_hand), "by ourselves": len(own), "by markup": len(weak)},
        "lines": {
            "by hand": known_lines(by_hand),
            "by ourselves": known_lines(own),
            "by markup": sum(len(document.markup) for document in weak),
        },
    }


def known_lines(documents: Sequence[Labelled]) -> int:
    """How many lines have a label."""
    return sum(label != UNKNOWN for document in documents for label in document.labels)


def hand_labelled(shared: Path, hand_labels: Path, files: Sequence[Path]) -> list[Labelled]:
    """The gold documents that may train, and the texts of pages that the hand labels were made on."""
    gold = read_gold(shared / "gold")
    held_out = {document.host for document in gold if is_validation(document.name)}
    records: dict[str, list[dict[str, str]]] = {}
    for row in hand_labels.read_text(encoding="utf-8").splitlines():
        record = json.loads(row)
        records.setdefault(record["page"], []).append(record)
    documents = [document for document in gold if not is_validation(document.name)]
    for file in files:
        for page in read_pages(file):
            for record in records.get(page["id"], []):
                text = extract(record["extractor"], page["html"]).replace("\r", "")
                joined = join_hashed(record, text, host_of(page["url"]))
                documents += [replace(joined, page_type=type_of(page))] if joined else []
    return without_hosts(documents, held_out)


def written(folder: Path) -> list[Labelled]:
    """The documents of our own writing that may train, each as a site of its own."""
    documents = [document for document in read_gold(folder) if not is_validation(document.name)]
    return [replace(document, host=document.name, kind="written") for document in documents]


def weakly_labelled(
    shared: Path, files: Sequence[Path], known: Mapping[str, Mapping[str, int]], workers: int, every: int
) -> list[Labelled]:
    """What extractors make of the pages that may train, with labels from their markup; ``known`` ones go first."""
    index = json.loads((shared / "gold" / "index.json").read_text(encoding="utf-8"))
    held = [entry for name, entry in index.items() if is_validation(name)]
    pages, hosts = {entry["id"] for entry in held}, {host_of(entry["url"]) for entry in held}
    for file in files:
        hosts |= {host_of(page["url"]) for page in read_pages(file) if page["row"] % FIFTH == 0}

    def trains(page: dict[str, Any]) -> bool:
        chosen = page["row"] % every == 1 % every and page["row"] % FIFTH != 0
        return chosen and page["id"] not in pages and host_of(page["url"]) not in hosts

    return [labelled(weak, known.get(weak.page, {})) for weak in weak_corpus(files, trains, workers)]


def labelled(weak: Weak, known: Mapping[str, int]) -> Labelled:
    """A weak document as a labelled one; ``known`` holds labels given by hand, by the hash of a line."""
    rows = [(line.replace("\r", " "), label) for line, label in zip(weak.lines, weak.labels, strict=True)]
    rows = [row for row in rows if row[0].strip()]
    return Labelled(
        f"{weak.page}/{weak.view}",
        "\n".join(line for line, _ in rows),
        tuple(known.get(line_hash(line), UNKNOWN) for line, _ in rows),
        weak.host,
        weak.view,
        weak.page,
        weak.page_type,
        tuple(UNKNOWN if label is None else LABEL_INDEX[label] for _, label in rows),
    )
