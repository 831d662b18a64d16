"""The model for pages, from the pages it is trained on.

Held out, and never looked at here: every fifth page of each file, with all pages of their sites, and gold
documents whose number ends in 0 or 5, with all pages of theirs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING, Any

from cleaner.training.build import FIFTH, hand_labelled
from cleaner.training.documents import HAND_LABELS, LabelledError, host_of, is_validation
from cleaner.training.page_lines import MIN_AGREEMENT, LabelledPage, labelled_page
from cleaner.training.pages import read_pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from cleaner.training.documents import Labelled

BATCH = 64  # pages handed out at a time


def build_pages(
    shared: Path, gold: Path, output: Path, workers: int, report: Callable[[str], None], every: int = 1
) -> None:
    """Train the model for pages on what lies in ``shared`` and ``gold`` and write it to ``output``."""
    import torch

    from cleaner.rules import RuleSet, built_in_packs
    from cleaner.training.page_network import PageShape
    from cleaner.training.store import save_model
    from cleaner.training.train_pages import PageSettings, prepare, train

    torch.set_num_threads(1)  # more gain little, and lose much on a busy machine
    files = sorted((shared / "data").glob("*.jsonl*"))
    if not files or not (shared / "gold").is_dir():
        raise LabelledError(f"{shared}: no folders data/ and gold/ with pages and labelled documents there")
    hand: dict[str, list[Labelled]] = defaultdict(list)
    for name, document in by_hand(shared, gold / HAND_LABELS, files):
        hand[name].append(document)
    report(f"{sum(map(len, hand.values()))} texts labelled by hand, of {len(hand)} pages")
    pages = list(labelled(files, held_out(shared, files), hand, workers))[::every]
    report(f"{len(pages)} pages")
    rules: RuleSet = RuleSet(rule for pack in built_in_packs() for rule in pack.rules)
    shape, settings = PageShape(), PageSettings()
    prepared = [prepare(page, rules, shape, settings) for page in pages]
    report(f"features of {sum(map(len, prepared))} lines")
    arrays = train(prepared, shape, settings, report)
    save_model(output, head_of(rules.digest(), pages), arrays)
    report(f"written to {output}")


def head_of(digest: str, pages: Sequence[LabelledPage]) -> dict[str, Any]:
    """What a model says of itself."""
    return {
        "id": "html-2026.11",
        "rules": digest,
        "pages": len(pages),
        "lines": {
            "by hand": sum(sum(page.by_hand) for page in pages),
            "by main text and markup": sum(len(page.by_hand) - sum(page.by_hand) for page in pages),
        },
    }


def by_hand(shared: Path, hand_labels: Path, files: Sequence[Path]) -> Iterator[tuple[str, Labelled]]:
    """The texts that are labelled by hand and may train, with the ids of their pages."""
    index = json.loads((shared / "gold" / "index.json").read_text(encoding="utf-8"))
    for document in hand_labelled(shared, hand_labels, files):
        yield index[document.name]["id"] if document.name in index else document.name.rpartition("/")[0], document


def held_out(shared: Path, files: Sequence[Path]) -> frozenset[str]:
    """The sites that are measured on."""
    index = json.loads((shared / "gold" / "index.json").read_text(encoding="utf-8"))
    hosts = {host_of(entry["url"]) for name, entry in index.items() if is_validation(name)}
    hosts |= {host_of(page["url"]) for file in files for page in read_pages(file) if page["row"] % FIFTH == 0}
    return frozenset(hosts - {""})


def labelled(
    files: Sequence[Path], hosts: frozenset[str], hand: dict[str, list[Labelled]], workers: int
) -> Iterator[LabelledPage]:
    """The pages that may train, with the labels of their lines; without those that do not agree with their text."""
    from concurrent.futures import ProcessPoolExecutor

    pages = (
        page
        for file in files
        for page in read_pages(file)
        if page["row"] % FIFTH != 0 and host_of(page["url"]) not in hosts
    )
    with ProcessPoolExecutor(workers) as pool:
        while batch := list(islice(pages, BATCH)):
            found = pool.map(labelled_page, batch, [hand.get(page["id"], []) for page in batch])
            yield from (page for page in found if page is not None and page.agreement >= MIN_AGREEMENT)
