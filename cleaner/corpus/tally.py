"""Counts of what was removed, and examples of it; tallies of parts add up to that of the whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from cleaner.document import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cleaner.document import Batch
    from cleaner.rules import Evidence

EXAMPLES = 5  # dropped lines shown per label
SHOWN = 160  # characters of each
HALF = 0.5
LARGEST = np.iinfo(np.uint64).max
SEED = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class Tally:
    """What was found in some documents.

    ``removed`` holds lines and characters per label, ``rules`` how many lines each rule hit. ``examples``
    holds for each label the dropped lines with the lowest keys: a key is a hash of the line's place and
    of the document's size, so that the choice is random, but the same in every run and on any engine.
    """

    documents: int = 0
    empty: int = 0
    repaired: int = 0
    halved: int = 0
    lines_in: int = 0
    lines_out: int = 0
    characters_in: int = 0
    characters_out: int = 0
    removed: dict[str, list[int]] = field(default_factory=dict)
    rules: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[tuple[int, str]]] = field(default_factory=dict)

    def add(
        self,
        batch: Batch,
        labels: NDArray[np.int64],
        keep: NDArray[np.bool_],
        evidence: Evidence,
        ids: Sequence[str],
        removed: NDArray[np.int64],
        share: NDArray[np.float64],
    ) -> None:
        """Count the lines of a batch.

        ``removed`` is documents x labels, in characters; ``share`` is that of all characters of a document.
        """
        dropped = np.bincount(labels[~keep], minlength=len(LABELS))
        self.empty += int((np.diff(batch.first_line) == 0).sum())
        self.halved += int((share > HALF).sum())
        self.lines_in += len(labels)
        self.lines_out += int(keep.sum())
        for number in np.flatnonzero(dropped).tolist():
            entry = self.removed.setdefault(LABELS[number], [0, 0])
            entry[0] += int(dropped[number])
            entry[1] += int(removed[:, number].sum())
        hits = np.bincount(evidence.rule, minlength=len(ids))
        self.rules.update({ids[rule]: int(hits[rule]) for rule in np.flatnonzero(hits).tolist()})
        self.add_examples(batch, labels, keep)

    def add_examples(self, batch: Batch, labels: NDArray[np.int64], keep: NDArray[np.bool_]) -> None:
        """Take dropped lines of the batch as examples where their keys are low enough."""
        lines = np.flatnonzero(~keep)
        document = np.searchsorted(batch.first_line, lines, "right") - 1
        start = batch.starts[lines] - batch.offsets[document]
        keys = mixed(mixed(start) + mixed(batch.ends[lines] - batch.starts[lines]) + np.diff(batch.offsets)[document])
        for number in np.unique(labels[lines]).tolist():
            known = self.examples.get(LABELS[number], [])
            enough = known[-1][0] if len(known) == EXAMPLES else LARGEST
            mine = np.flatnonzero((labels[lines] == number) & (keys < enough))
            found: dict[str, int] = {}
            for k in mine[np.argsort(keys[mine], kind="stable")].tolist():
                text = batch.text[batch.starts[lines[k]] : batch.ends[lines[k]]][:SHOWN]
                found.setdefault(text, int(keys[k]))
                if len(found) == EXAMPLES:
                    break
            self.examples[LABELS[number]] = lowest_keys(known, [(key, text) for text, key in found.items()])

    def merge(self, other: Tally) -> None:
        """Add another tally to this one."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for label, (lines, characters) in other.removed.items():
            entry = self.removed.setdefault(label, [0, 0])
            entry[0] += lines
            entry[1] += characters
        self.rules.update(other.rules)
        for label, examples in other.examples.items():
            self.examples[label] = lowest_keys(self.examples.get(label, []), examples)

    def as_data(self) -> dict[str, Any]:
        """Plain data, in an order that does not depend on how it was counted."""
        data = asdict(self)
        data["removed"] = {label: self.removed[label] for label in LABELS if label in self.removed}
        data["rules"] = dict(sorted(self.rules.items(), key=lambda item: (-item[1], item[0])))
        data["examples"] = {label: self.examples[label] for label in LABELS if label in self.examples}
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Tally:
        """The tally that ``as_data`` was made of."""
        examples = {label: [(key, text) for key, text in found] for label, found in data["examples"].items()}
        return cls(**{**data, "rules": Counter(data["rules"]), "examples": examples})


COUNTS = tuple(entry.name for entry in fields(Tally) if entry.type == "int")


def lowest_keys(some: list[tuple[int, str]], more: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The different examples with the lowest keys."""
    lowest: dict[str, int] = {}
    for key, text in sorted([*some, *more]):
        lowest.setdefault(text, key)
    return [(key, text) for text, key in lowest.items()][:EXAMPLES]


def mixed(numbers: NDArray[Any]) -> NDArray[np.uint64]:
    """Numbers spread over all 64 bits (splitmix64)."""
    bits = numbers.astype(np.uint64) + SEED
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(bits ^ (bits >> np.uint64(31)))
