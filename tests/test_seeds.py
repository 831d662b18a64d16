"""The owner's acceptance test: five documents, and variations of them, with every line's label right."""

from __future__ import annotations

import random
import re
import string
import tomllib
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import plain
import pytest
from fixtures_reading import Row, known_failures, read_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cleaner import Cleaner

    Change = Callable[[list[Row], random.Random], list[Row]]

SEEDS = {path.stem: path for path in sorted((Path(__file__).parent.parent / "seeds").glob("*.tsv"))}
CASES = tomllib.loads((Path(__file__).parent / "cases" / "seeds.toml").read_text(encoding="utf-8"))
WORDS, KINDS = CASES["words"], CASES["kinds"]
LONG = 60  # characters: shorter lines of an author box are its heading and the name, which stay on top
BLANK = Row("", "")


# Other words


class Choice(dict[str, Any]):
    """What stands in braces, chosen when it is first asked for: of the given kinds at random, else as it was."""

    def __init__(self, chosen: random.Random, words: Iterable[str], as_it_was: dict[str, Any]) -> None:
        self.random, self.words, self.as_it_was = chosen, set(words), as_it_was

    def __missing__(self, name: str) -> Any:
        """Choose something that has not been chosen yet."""
        word = name.rstrip(string.digits)
        if word not in self.words and name in self.as_it_was:
            self[name] = self.as_it_was[name]
        else:
            taken = [self[other] for other in self if other.rstrip(string.digits) == word]
            self[name] = self.random.choice([entry for entry in WORDS[word] if entry not in taken] or WORDS[word])
        return self[name]


def other_words(seed: str, kinds: Iterable[str], rows: list[Row], chosen: random.Random) -> list[Row]:
    """The rows with words of these kinds exchanged."""
    words = {word for kind in kinds for word in KINDS[kind]}
    templates = {int(number): text for number, text in CASES["seeds"][seed].items() if number != "as"}
    choice = Choice(chosen, words, CASES["seeds"][seed]["as"])
    rows = [
        Row(row.label, templates[number].format_map(choice)) if number in templates else row
        for number, row in enumerate(rows, 1)
    ]
    card, left = 0, []  # its number, and templates of its lines that are still to come
    for number, row in enumerate(rows):
        if row.line == CASES["cards"]["begin"]:
            card, left = card + 1, list(CASES["cards"]["lines"])
        elif row.line and left:
            template = left.pop(0)
            if words & names_in(template):
                line = re.sub(r"{(\w+)", rf"{{\g<1>{card + 1}", template).format_map(choice)
                rows[number] = Row(row.label, line)
    return rows


def names_in(template: str) -> set[str]:
    """Names that stand in braces, without their numbers."""
    return {name.rstrip(string.digits) for name in re.findall(r"{(\w+)", template)}


def kinds_of(seed: str) -> list[str]:
    """Kinds of words that can be exchanged in a seed."""
    templates = [text for number, text in CASES["seeds"][seed].items() if number != "as"]
    if any(row.line == CASES["cards"]["begin"] for row in read_rows(SEEDS[seed])):
        templates += CASES["cards"]["lines"]
    there = {name for template in templates for name in names_in(template)}
    return [kind for kind, words in KINDS.items() if there & set(words)]


# Other order


def moved(rows: list[Row], chosen: random.Random) -> list[Row]:
    """The rows with lines moved within their block, and captions changed for one another; blank lines stay."""
    filled = [row for row in rows if row.line]
    runs = [list(run) for _, run in groupby(filled, key=lambda row: row.label)]
    captions = [run for run in runs if run[0].label == "caption"]
    for run in captions:  # each takes the place of another of as many lines
        other = chosen.choice([each for each in captions if len(each) == len(run)])
        run[:], other[:] = other[:], run[:]
    standfirst = next((run[0] for run in runs if run[0].label == "body"), None)
    for run in runs:
        shuffle(run, standfirst, chosen)
    lines = (row for run in runs for row in run)
    return [next(lines) if row.line else row for row in rows]


def shuffle(run: list[Row], standfirst: Row | None, chosen: random.Random) -> None:
    """Shuffle what can stand in any order in a block: lines, or cards; headings and the standfirst stay on top."""
    begin = CASES["cards"]["begin"]
    if any(row.line == begin for row in run):
        starts = [i for i, row in enumerate(run) if row.line == begin]
        cards = [run[a:b] for a, b in zip(starts, [*starts[1:], len(run)], strict=True)]
        chosen.shuffle(cards)
        run[starts[0] :] = [row for card in cards for row in card]
    elif run[0].label in ("body", "ad", "comment", "link_list", "author_bio"):
        stay = [
            i for i, row in enumerate(run) if row is standfirst or (row.label == "author_bio" and len(row.line) < LONG)
        ]
        top = max(stay, default=-1) + 1
        rest = run[top:]
        chosen.shuffle(rest)
        run[top:] = rest


# Other blank lines


def blanks(how: Callable[[random.Random], int], rows: list[Row], chosen: random.Random) -> list[Row]:
    """The rows with so many blank lines after each as the choice says."""
    spaced = [[row, *[BLANK] * how(chosen)] for row in rows if row.line]
    return [BLANK] * how(chosen) + [row for some in spaced for row in some]


SPACING: dict[str, Callable[[random.Random], int]] = {
    "no blank lines": lambda _: 0,
    "a blank line after each": lambda _: 1,
    "three blank lines after each": lambda _: 3,
    "some blank lines 1": lambda chosen: chosen.choice([0, 0, 1]),
    "some blank lines 2": lambda chosen: chosen.choice([0, 1, 1, 2, 5]),
}


# Other ends of lines

ENDS: dict[str, list[str]] = {
    "CRLF": ["\r\n"],
    "CR": ["\r"],
    "mixed ends": ["\n", "\r\n", "\r"],
    "trailing blanks": ["\n", " \n", "\t\n", "   \t \n"],
    "blanks in blank lines": ["\n", "\n \t\n", "\r\n  \r\n"],
}


def written(rows: list[Row], ends: list[str], chosen: random.Random) -> str:
    """The text, with one of the ends after each line; the last line may have none."""
    text = "".join(row.line + chosen.choice(ends) for row in rows)
    return text if chosen.random() < 0.5 else text.rstrip()


# Variations


@cache
def variations(seed: str) -> dict[str, tuple[list[Row], str]]:
    """Rows and text of all variations of a seed, by name."""
    kinds = kinds_of(seed)
    changes: dict[str, tuple[list[Change], list[str]]] = {"as it is": ([], ["\n"])}
    for kind in kinds:
        changes |= {f"other {kind} {i}": ([partial(other_words, seed, [kind])], ["\n"]) for i in range(1, 4)}
    words = partial(other_words, seed, kinds)
    changes |= {f"other words {i}": ([words], ["\n"]) for i in range(1, 9)}
    changes |= {f"moved {i}": ([moved], ["\n"]) for i in range(1, 6)}
    changes |= {name: ([partial(blanks, how)], ["\n"]) for name, how in SPACING.items()}
    changes |= {name: ([], ends) for name, ends in ENDS.items()}
    for i in range(1, 13):
        spacing, ends = list(SPACING.values())[i % len(SPACING)], list(ENDS.values())[i % len(ENDS)]
        changes[f"all at once {i}"] = ([words, moved, partial(blanks, spacing)], ends)
    made = {}
    for name, (steps, ends) in changes.items():
        chosen = random.Random(f"{seed} {name}")  # noqa: S311
        rows = original = read_rows(SEEDS[seed])
        while True:
            for step in steps:
                rows = step(rows, chosen)
            if rows != original or not name.startswith("other"):
                break  # a word may have been exchanged for itself: then once more
        made[name] = rows, written(rows, ends, chosen)
    return made


def wrong_labels(cleaner: Cleaner, seed: str, variation: str) -> list[str]:
    """The lines that get another label than they should, with what was found."""
    rows, text = variations(seed)[variation]
    expected = [row for row in rows if row.line]
    found = cleaner.label(text)
    assert [line.text.rstrip() for line in found] == [row.line.rstrip() for row in expected]
    return [
        f"{row.label}, not {line.label} ({line.probability:.2f}, {', '.join(line.reasons)}): {row.line}"
        for row, line in zip(expected, found, strict=True)
        if line.label != row.label
    ]


def wrong_text(cleaner: Cleaner, seed: str, variation: str) -> list[str]:
    """What is cleaned, if it is not exactly the headings and the body."""
    rows, text = variations(seed)[variation]
    keep = [row.label in ("heading", "body") for row in rows if row.line]
    cleaned = cleaner.clean(text)
    return [] if cleaned == plain.joined(text, keep) else [cleaned]


def all_variations(what: str) -> list[Any]:
    """All variations of all seeds; those that are known to fail must fail."""
    known = set(known_failures().get(what, []))
    names = [(seed, name, f"{seed}: {name}") for seed in SEEDS for name in variations(seed)]
    marks = {name: [pytest.mark.xfail(reason="known failure", strict=True)] for name in known}
    return [pytest.param(seed, name, id=full, marks=marks.get(full, [])) for seed, name, full in names]


@pytest.mark.parametrize(("seed", "variation"), all_variations("seed labels"))
def test_every_line_is_labelled_right(cleaner: Cleaner, seed: str, variation: str) -> None:
    """Whoever took the pictures and wrote the text, and however it is laid out, lines are known for what they are."""
    wrong = wrong_labels(cleaner, seed, variation)
    assert not wrong, "\n".join([f"{seed}: {variation}", *wrong])


@pytest.mark.parametrize(("seed", "variation"), all_variations("seed texts"))
def test_clean_gives_exactly_headings_and_body(cleaner: Cleaner, seed: str, variation: str) -> None:
    """The output is the headings and the body, each line as it stands."""
    assert not wrong_text(cleaner, seed, variation)


# The variations themselves


@pytest.mark.parametrize("seed", SEEDS)
def test_templates_fit_the_seeds(seed: str) -> None:
    """A template, filled with what stands in the seed, gives the line of the seed."""
    rows = read_rows(SEEDS[seed])
    assert other_words(seed, [], rows, random.Random(0)) == rows  # noqa: S311


@pytest.mark.parametrize("seed", SEEDS)
def test_variations_are_many(seed: str) -> None:
    """There are at least thirty of each seed, no two alike, that keep all lines and labels."""
    made = variations(seed)
    assert len({text for _, text in made.values()}) >= 30
    labels = sorted(row.label for row in read_rows(SEEDS[seed]) if row.line)
    for name, (rows, text) in made.items():
        assert sorted(row.label for row in rows if row.line) == labels, name
        assert [line.strip() for line in plain.lines(text)] == [row.line.strip() for row in rows if row.line], name
        if name.startswith("other"):
            assert rows != read_rows(SEEDS[seed]), name


@pytest.mark.parametrize("seed", SEEDS)
def test_the_text_of_a_seed_is_that_of_its_labels(seed: str) -> None:
    """The .txt of a seed holds the lines of its .tsv."""
    text = SEEDS[seed].with_suffix(".txt").read_text(encoding="utf-8")
    assert plain.lines(text) == [row.line for row in read_rows(SEEDS[seed]) if row.line]


def test_there_are_five_seeds() -> None:
    """None is missing, and each has its templates."""
    assert len(SEEDS) == 5
    assert set(CASES["seeds"]) == set(SEEDS)
